"""Reading DICOM files that may be headless, cut off, mislabelled or hostile (PS3.10 chapter 7, PS3.5 chapter 7).

Every declared length is checked against the file before anything is allocated; nesting and inflation
have caps. What pydicom would warn about is tolerated here, what it would choke on becomes our error.
"""

from __future__ import annotations

import os
import stat
import struct
import zlib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from pydicom import Dataset
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.filereader import _is_implicit_vr, data_element_generator
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    PrivateTransferSyntaxes,
)

from workstation.dicom.charset import SPECIFIC_CHARACTER_SET, assume_character_set
from workstation.dicom.elements import first_text
from workstation.dicom.header_scan import PIXEL_TAGS, PixelElement
from workstation.dicom.quiet import quiet
from workstation.domain.errors import DamagedFile, NotDicom

__all__ = [
    "NESTING_LIMIT",
    "PIXEL_TAGS",
    "UNDEFINED_LENGTH",
    "BoundedReader",
    "OpenedFile",
    "PixelElement",
    "looks_like_dicom",
    "open_file",
    "read_dataset",
    "read_header",
    "transfer_syntax_of",
]

INFLATED_LIMIT = 512 * 1024 * 1024
NESTING_LIMIT = 100
UNDEFINED_LENGTH = 0xFFFFFFFF
_HOSTILE_LENGTH = 1 << 30  # no element but pixel data is that long: a cut there is no mere truncation
_LONG_VRS = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
_SHORT_VRS = frozenset(b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split())
_VRS = frozenset(vr.decode() for vr in _SHORT_VRS | _LONG_VRS)
Elements = dict[BaseTag, RawDataElement | DataElement]


@dataclass(slots=True)
class OpenedFile:
    """A data set up to its pixel data, the stream it came from, and what is missing of it."""

    dataset: FileDataset
    stream: BoundedReader
    pixels: PixelElement | None
    incomplete: str = ""

    @property
    def little_endian(self) -> bool:
        return bool(self.dataset.original_encoding[1])

    def close(self) -> None:
        self.stream.close()

    def __enter__(self) -> OpenedFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class BoundedReader:
    """A file whose `read` never asks for more than is there, so a lying length allocates nothing."""

    def __init__(self, stream: IO[bytes], size: int, name: str) -> None:
        self._stream = stream
        self.size = size
        self.name = name
        self.seek = stream.seek
        self.tell = stream.tell
        self.close = stream.close

    def read(self, count: int = -1) -> bytes:
        if count > 4096 or count < 0:
            left = max(0, self.size - self.tell())
            count = left if count < 0 else min(count, left)
        return self._stream.read(count)

    def readinto(self, buffer: Any) -> int:
        return int(self._stream.readinto(buffer))  # type: ignore[attr-defined]


def looks_like_dicom(path: str | Path) -> bool:
    """Whether `path` starts like DICOM: a Part 10 preamble, or a bare data set's first element."""
    try:
        with _open_regular(Path(path)) as stream:
            return _starts_like_dicom(stream.read(512))
    except (OSError, NotDicom):
        return False


def read_header(path: str | Path) -> FileDataset:
    """All elements before the pixel data. Raises NotDicom, DamagedFile."""
    with open_file(path) as opened:
        return opened.dataset


def read_dataset(path: str | Path) -> FileDataset:
    """All elements, pixel data included. Raises NotDicom, DamagedFile."""
    with open_file(path, whole=True) as opened:
        return opened.dataset


def open_file(path: str | Path, whole: bool = False) -> OpenedFile:
    """Parse `path` up to its pixel data (or all of it) and leave the stream open behind it.

    Raises NotDicom, DamagedFile, and OSError where the file itself cannot be read.
    """
    path = Path(path)
    stream = _open_regular(path)
    try:
        size = os.fstat(stream.fileno()).st_size
        head = stream.read(512)
        if not _starts_like_dicom(head):
            reason = "gzip-compressed" if head[:2] == b"\x1f\x8b" else "empty" if not head else "no DICOM prefix"
            raise NotDicom(path=path, reason=reason)
        with quiet():
            return _parse(path, BoundedReader(stream, size, str(path)), head, whole)
    except BaseException:
        stream.close()
        raise


def _open_regular(path: Path) -> IO[bytes]:
    if not stat.S_ISREG(path.stat().st_mode):  # a FIFO would block for ever, a device has no end
        raise NotDicom(path=path, reason="not a regular file")
    return path.open("rb")


def transfer_syntax_of(path: str | Path) -> str:
    """The Transfer Syntax UID of the file meta information, empty when there is none or it cannot be read."""
    try:
        with _open_regular(Path(path)) as stream:
            size = os.fstat(stream.fileno()).st_size
            head = stream.read(512)
            start = 132 if head[128:132] == b"DICM" else 0
            with quiet():
                file_meta, _ = _read_meta(Path(path), BoundedReader(stream, size, str(path)), start)
                return first_text(file_meta, "TransferSyntaxUID")
    except (OSError, NotDicom, DamagedFile):
        return ""


# --- telling DICOM from other files ------------------------------------------------------------


def _starts_like_dicom(head: bytes) -> bool:
    if head[128:132] == b"DICM":
        return len(head) > 132
    return len(head) >= 8 and any(_plausible_element(head, order) for order in "<>")


def _plausible_element(head: bytes, order: str) -> bool:
    """Whether a bare data set (or bare group 0002) starts here in this byte order."""
    group, element = struct.unpack(order + "HH", head[:4])
    if group not in (0x0002, 0x0008) or element > 0x3FFF:
        return False
    if head[4:6] in _SHORT_VRS or head[4:6] in _LONG_VRS:
        return True
    (length,) = struct.unpack(order + "L", head[4:8])
    return order == "<" and length <= 256


# --- parsing -------------------------------------------------------------------------------------


def _parse(path: Path, stream: BoundedReader, head: bytes, whole: bool) -> OpenedFile:
    preamble, start = (head[:128], 132) if head[128:132] == b"DICM" else (b"\0" * 128, 0)
    file_meta, start = _read_meta(path, stream, start)
    syntax = first_text(file_meta, "TransferSyntaxUID")
    if syntax == DeflatedExplicitVRLittleEndian:
        inflated = _inflate(path, stream, start)
        stream.close()
        stream, start = BoundedReader(BytesIO(inflated), len(inflated), str(path)), 0
    encoding = _encoding(stream, start, syntax)
    try:
        dataset, pixels, incomplete = _read_elements(stream, start, encoding, whole)
    except DamagedFile as error:
        raise DamagedFile(path=path, **error.details) from error
    except RecursionError as error:
        raise DamagedFile(path=path, reason="nested too deeply") from error
    if not len(dataset):
        raise DamagedFile(path=path, reason=incomplete or "no data set in it")
    implicit, little = (bool(flag) for flag in dataset.original_encoding)
    result = FileDataset(str(path), dataset, preamble, file_meta, implicit, little)
    result.set_original_encoding(implicit, little, dataset.original_character_set)
    if pixels is None and incomplete and not whole:
        pixels = _salvaged_pixels(stream)
    _refuse_deep_nesting(path, result, little)
    assume_character_set(result)
    return OpenedFile(result, stream, pixels, incomplete)


def _read_meta(path: Path, stream: BoundedReader, start: int) -> tuple[FileMetaDataset, int]:
    """The File Meta Information (PS3.10 7.1) and where the data set starts."""
    stream.seek(start)
    if stream.read(2) not in (b"\x02\x00", b"\x00\x02"):
        return FileMetaDataset(), start
    end = _end_of_meta(stream, start)
    stream.seek(start)
    meta_bytes = stream.read(end - start)
    implicit = meta_bytes[4:6] not in _SHORT_VRS | _LONG_VRS
    elements: Elements = {}
    with suppress(Exception):  # what comes before the broken element is kept; pydicom raises anything
        _tolerable(data_element_generator(BytesIO(meta_bytes), implicit, True), elements)
    file_meta = FileMetaDataset(Dataset({tag: each for tag, each in elements.items() if tag >> 16 == 2}))
    file_meta.set_original_encoding(implicit, True, "iso8859")
    return file_meta, end


def _end_of_meta(stream: BoundedReader, start: int) -> int:
    """Walk the elements of group 0002: its group length is often wrong or missing."""
    position = start
    while position + 8 <= stream.size:
        stream.seek(position)
        header = stream.read(12)
        if header[:2] != b"\x02\x00":
            break
        vr = header[4:6]
        if vr in _LONG_VRS and len(header) == 12:
            length, value = struct.unpack("<L", header[8:12])[0], position + 12
        elif vr in _SHORT_VRS:
            length, value = struct.unpack("<H", header[6:8])[0], position + 8
        else:  # implicit VR: not allowed here, but written
            length, value = struct.unpack("<L", header[4:8])[0], position + 8
        if value + length > stream.size:
            break
        position = value + length
    declared = _declared_end_of_meta(stream, start)
    return declared if declared and declared > position else position


def _declared_end_of_meta(stream: BoundedReader, start: int) -> int:
    """Where group length (0002,0000) says it ends, if a data set starts there; 0 otherwise.

    One broken length among the elements would else cost the whole file.
    """
    stream.seek(start)
    first = stream.read(12)
    if first[:8] != b"\x02\x00\x00\x00UL\x04\x00" or len(first) < 12:
        return 0
    end = start + 12 + int.from_bytes(first[8:], "little")
    stream.seek(end)
    return end if _starts_like_dicom(stream.read(8)) else 0


def _inflate(path: Path, stream: BoundedReader, start: int) -> bytes:
    """The deflated data set (PS3.5 A.5), refused beyond a cap: 2 MB may inflate to 2 GB."""
    stream.seek(start)
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        inflated = inflater.decompress(stream.read(), INFLATED_LIMIT)
    except zlib.error as error:
        raise DamagedFile(path=path, reason="deflated data set unreadable") from error
    if inflater.unconsumed_tail:
        raise DamagedFile(path=path, reason=f"inflates to more than {INFLATED_LIMIT >> 20} MiB")
    return inflated


def _encoding(stream: BoundedReader, start: int, syntax: str) -> tuple[bool, bool]:
    """(implicit VR, little endian) by the transfer syntax, or by the first element where it is missing."""
    if syntax == ImplicitVRLittleEndian:
        return True, True
    if syntax == ExplicitVRBigEndian:
        return False, False
    if syntax in PrivateTransferSyntaxes:
        known = PrivateTransferSyntaxes[PrivateTransferSyntaxes.index(syntax)]
        return known.is_implicit_VR, known.is_little_endian
    if syntax:
        return False, True
    stream.seek(start)
    head = stream.read(8)
    explicit = head[4:6] in _SHORT_VRS or head[4:6] in _LONG_VRS
    big = explicit and len(head) == 8 and struct.unpack("<H", head[:2])[0] >= 0x0400
    return not explicit, not big


def _read_elements(
    stream: BoundedReader, start: int, encoding: tuple[bool, bool], whole: bool
) -> tuple[Dataset, PixelElement | None, str]:
    implicit, little = encoding
    pixels: list[PixelElement] = []
    cuts: list[tuple[BaseTag, int]] = []

    def stop_when(tag: BaseTag, vr: str | None, length: int) -> bool:
        position = stream.tell()
        cut = length != UNDEFINED_LENGTH and position + length > stream.size
        if tag in PIXEL_TAGS:
            pixels.append(PixelElement(int(tag), vr or "OW", position, None if length == UNDEFINED_LENGTH else length))
            if whole and cut:
                cuts.append((tag, length))
            return not whole
        if cut:
            cuts.append((tag, length))
        return cut

    stream.seek(start)
    # A syntax that says explicit over a body that is implicit, and the reverse, is common (F38).
    implicit = _is_implicit_vr(stream, implicit, little, stop_when=None, is_sequence=False)  # type: ignore[arg-type]
    stream.seek(start)
    elements: Elements = {}
    incomplete = ""
    try:
        _tolerable(data_element_generator(stream, implicit, little, stop_when), elements)  # type: ignore[arg-type]
    except (EOFError, struct.error):
        incomplete = "the file ends inside a sequence"
    except RecursionError:
        raise
    except Exception as error:  # pydicom raises whatever the bytes provoke
        if not elements:
            raise DamagedFile(reason=type(error).__name__) from error
        incomplete = "the data set cannot be read to its end"
    if cuts:
        tag, length = cuts[0]
        if length >= _HOSTILE_LENGTH and tag not in PIXEL_TAGS:
            raise DamagedFile(reason=f"length of element {_tag_text(tag)} is beyond the end of the file")
        incomplete = f"the file ends inside element {_tag_text(tag)}"
    dataset = Dataset(elements)
    dataset.set_original_encoding(implicit, little, dataset._character_set)
    return dataset, pixels[0] if pixels else None, incomplete


def _tolerable(found: Iterable[RawDataElement | DataElement], into: Elements | None = None) -> Elements:
    """Elements whose later conversion cannot fail for want of a known VR: those become UN.

    Collects into `into`, so that what came before an error is kept.
    """
    kept: Elements = {} if into is None else into
    for element in found:
        kept[element.tag] = _convertible(element) if isinstance(element, RawDataElement) else element
    return kept


def _convertible(element: RawDataElement) -> RawDataElement:
    vr = element.VR if element.VR is None or element.VR in _VRS else "UN"
    if element.tag == SPECIFIC_CHARACTER_SET:
        vr = "CS"  # every text hangs on it
    return element._replace(VR=vr, value=b"" if element.value is None else element.value)


def _salvaged_pixels(stream: BoundedReader) -> PixelElement | None:
    """Native little endian pixel data that ends with the file, after a sequence that was never closed."""
    stream.seek(0)
    head = stream.read(1 << 20)
    position = head.find(b"\xe0\x7f\x10\x00")
    if position < 0:
        return None
    for vr, at in (("OW", 4), ("OW", 8)):
        value = position + at + 4
        length = int.from_bytes(head[position + at : value], "little")
        if length and value + length == stream.size:
            return PixelElement(PIXEL_TAGS[0], vr, value, length)
    return None


def _tag_text(tag: int) -> str:
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"


# --- nesting -------------------------------------------------------------------------------------


def _refuse_deep_nesting(path: Path, dataset: Dataset, little: bool) -> None:
    """Whoever walks the data set later may do so recursively (F32)."""
    waiting: list[tuple[Dataset, int]] = [(dataset, 0)]
    item_tag = b"\xfe\xff\x00\xe0" if little else b"\xff\xfe\xe0\x00"
    while waiting:
        current, depth = waiting.pop()
        if depth > NESTING_LIMIT:
            raise DamagedFile(path=path, reason=f"sequences nested more than {NESTING_LIMIT} deep")
        for tag in list(current.keys()):
            element: Any = current.get_item(tag, keep_deferred=True)
            if isinstance(element, RawDataElement):
                if depth and element != (convertible := _convertible(element)):
                    current[tag] = convertible
                value = element.value
                if isinstance(value, bytes) and element.tag not in PIXEL_TAGS and _deep(value, item_tag, little):
                    raise DamagedFile(path=path, reason=f"sequences nested more than {NESTING_LIMIT} deep")
            elif element is not None and isinstance(element.value, Sequence):
                waiting.extend((item, depth + 1) for item in element.value)


def _deep(value: bytes, item_tag: bytes, little: bool) -> bool:
    """Whether an unparsed sequence of defined length nests beyond the limit.

    Depth is bounded by the number of item tags; where there are many, the chain of items that open
    within one another is followed: each ends where its length says.
    """
    if value.count(item_tag) <= NESTING_LIMIT:
        return False
    order = "<L" if little else ">L"
    open_ends: list[int] = []
    position = value.find(item_tag)
    while position >= 0 and position + 8 <= len(value):
        (length,) = struct.unpack_from(order, value, position + 4)
        end = len(value) if length == UNDEFINED_LENGTH else position + 8 + length
        while open_ends and open_ends[-1] <= position:
            open_ends.pop()
        open_ends.append(end)
        if len(open_ends) > NESTING_LIMIT:
            return True
        position = value.find(item_tag, position + 4)
    return False
