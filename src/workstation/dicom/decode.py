"""From a file to stored values (PS3.5 chapter 8, PS3.3 C.7.6.3): the frame's bytes, the codec, the fix-ups, RGB.

Compressed frames run native code: outside a worker process use `decode_pool`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from workstation.dicom.attributes import pixel_attributes
from workstation.dicom.codecs import native, registry
from workstation.dicom.codecs.decoded import CUT_OFF, Decoded
from workstation.dicom.frames import FrameIndex, Span, encapsulated_frames, missing_text, one_stream, read_spans
from workstation.dicom.icc import colour_cube, profile_bytes
from workstation.dicom.overlays import embedded_overlays, has_embedded_overlays
from workstation.dicom.pixel_format import PixelFormat, pixel_format
from workstation.dicom.quiet import quiet
from workstation.dicom.read import OpenedFile, open_file
from workstation.dicom.video import VIDEO, Video
from workstation.domain.errors import DamagedFile, DecodeFailed, InputError, NoPixelData
from workstation.imaging.colour import ybr_full_to_rgb, ybr_partial_to_rgb
from workstation.imaging.frame import Frame, Stored

if TYPE_CHECKING:
    from workstation.dicom.pdf_pages import PdfPages

_COLOUR = ("RGB", "PALETTE COLOR")
_WHITE_IS = {"MONOCHROME1", "MONOCHROME2", "PALETTE COLOR"}
_PADDED_LIMIT = 256 << 20  # a frame that is mostly missing is not made up beyond this


@dataclass(frozen=True, slots=True)
class DecodedFrame:
    """Stored values as PixelAttributes mean them, their photometric interpretation, and what is missing."""

    stored: Stored
    photometric: str
    bits_stored: int
    signed: bool
    incomplete: str = ""
    reduction: int = 1  # each value stands for n x n of the full frame
    decoder: str = ""  # which library decoded it, and which failed before
    precision_note: str = ""  # in which way the values are less exact than the file's


class ImageFile:
    """An open file with its frames located; several frames are decoded without reading it again."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._opened: OpenedFile = open_file(path)
        self._video: Video | None = None
        try:
            self.layout: PixelFormat = pixel_format(self._opened)
            self._index = self._locate()
        except InputError as error:
            self._opened.close()
            raise _with_path(error, self.path) from error
        except BaseException:
            self._opened.close()
            raise

    def __enter__(self) -> ImageFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        if self._video is not None:
            self._video.close()
        self._opened.close()

    @property
    def frame_count(self) -> int:
        """Frames the file declares; the ones that are missing raise DecodeFailed."""
        return self.layout.frames

    @property
    def is_native(self) -> bool:
        """Whether no codec is needed, so that it is safe to decode in any process."""
        pixels = self._opened.pixels
        return pixels is not None and pixels.length is not None

    @property
    def has_profile(self) -> bool:
        """Whether a stranger's ICC profile would be opened by native code."""
        return bool(profile_bytes(self._opened.dataset))

    def frame(self, index: int, reduce: int = 0) -> Frame:
        """`reduce` n: halved n times where the codec can. Raises DecodeFailed, UnsupportedObject, DamagedFile."""
        raw, decoded = self._decode(index, reduce)
        dataset, whole = self._opened.dataset, decoded.reduction == 1
        with quiet():
            attributes = pixel_attributes(dataset, index)
            embedded = (
                embedded_overlays(dataset, index, raw.samples) if whole and has_embedded_overlays(dataset) else ()
            )
            profile = colour_cube(profile_bytes(dataset)) if decoded.photometric in _COLOUR else None
        attributes = replace(
            attributes,
            overlays=attributes.overlays + embedded,
            profile=profile,
            photometric_interpretation=decoded.photometric,
            bits_stored=decoded.bits_stored,
            signed=decoded.signed,
            incomplete=decoded.incomplete,
            reduction=decoded.reduction,
            pixel_spacing_mm=_coarser(attributes.pixel_spacing_mm, decoded.reduction),
            decoder=decoded.decoder,
            precision_note=decoded.precision_note,
        )
        return Frame(decoded.stored, attributes)

    def decoded(self, index: int) -> DecodedFrame:
        return self._decode(index, 0)[1]

    def _decode(self, index: int, reduce: int) -> tuple[Decoded, DecodedFrame]:
        """The samples as they are in the file, and what they mean."""
        try:
            raw = self._samples(index, reduce)
            finished = _finish(raw, self.layout)
        except InputError as error:
            raise _with_path(error, self.path, frame=index) from error
        notes = (finished.incomplete, self._index.incomplete, self._opened.incomplete)
        return raw, replace(finished, incomplete="; ".join(note for note in notes if note))

    # -- locating and reading -----------------------------------------------------------------

    def _locate(self) -> FrameIndex:
        pixels, layout = self._opened.pixels, self.layout
        assert pixels is not None
        if pixels.length is None:
            if layout.transfer_syntax in VIDEO:
                return one_stream(self._opened, pixels, layout)
            return encapsulated_frames(self._opened, pixels, layout)
        available = min(pixels.length, self._opened.stream.size - pixels.offset)
        if available <= 0:
            raise NoPixelData(reason="the pixel data is missing from the file")
        whole = available * 8 // layout.frame_bits
        present = min(layout.frames, whole + (1 if whole * layout.frame_bits < available * 8 - 7 else 0))
        present = max(1, present)
        incomplete = missing_text(present, layout.frames) if present < layout.frames else ""
        return FrameIndex(((Span(pixels.offset, available),),) * present, incomplete)

    def _samples(self, index: int, reduce: int) -> Decoded:
        if not 0 <= index < self.layout.frames:
            raise DecodeFailed(reason=f"there are {self.layout.frames} frames")
        if index >= len(self._index):
            raise DecodeFailed(transfer_syntax=self.layout.transfer_syntax, reason=self._index.incomplete)
        if self.is_native:
            return self._native(index)
        if self.layout.transfer_syntax in VIDEO:
            if self._video is None:
                self._video = Video(self._opened.stream, self._index.frames[0], self.layout)
            return self._video.frame(index)
        data = read_spans(self._opened.stream, self._index.frames[index])
        if self.layout.transfer_syntax in registry.NATIVE:  # encapsulated uncompressed, or a syntax that lies
            return native.native_samples(data, self.layout)
        return registry.decode(data, self.layout, reduce)

    def _native(self, index: int) -> Decoded:
        layout, (span,) = self.layout, self._index.frames[index]
        first_bit = index * layout.frame_bits
        offset, skip = first_bit // 8, first_bit % 8
        wanted = (skip + layout.frame_bits + 7) // 8
        available = max(0, min(wanted, span.length - offset))
        if wanted > _PADDED_LIMIT and available < wanted:
            raise DamagedFile(reason=f"declares {layout.rows} x {layout.columns} pixels, most of them missing")
        if not available:
            raise DecodeFailed(transfer_syntax=layout.transfer_syntax, reason="the frame is missing from the file")
        data = self._read(span.offset, offset, available)
        if skip:
            packed = np.frombuffer(data.ljust(wanted, b"\0"), np.uint8)
            problem = "" if len(data) == wanted else CUT_OFF
            return Decoded(native.unpack_bits(packed, layout, skip), incomplete=problem)
        return native.native_samples(data, layout)

    def _read(self, start: int, offset: int, count: int) -> bytes:
        lead = offset % 2 if self.layout.swapped_words else 0
        self._opened.stream.seek(start + offset - lead)
        if not self.layout.swapped_words:
            return self._opened.stream.read(count)
        data = self._opened.stream.read(lead + count + 1)
        data = np.frombuffer(data[: len(data) // 2 * 2], ">u2").astype("<u2").tobytes()
        return data[lead : lead + count]


def decode_frame(path: str | Path, index: int = 0) -> Frame:
    """One frame with its attributes, colour as RGB. Raises InputError of all kinds."""
    with ImageFile(path) as image:
        return image.frame(index)


def decode_stored(path: str | Path, index: int = 0) -> Stored:
    """The stored values of one frame: masked and sign extended to Bits Stored, colour as RGB, palettes as indices."""
    with ImageFile(path) as image:
        return image.decoded(index).stored


def open_frames(path: str | Path) -> ImageFile | PdfPages:
    """The frames of an image, or the pages of an encapsulated PDF. Raises NoPixelData where it is neither."""
    try:
        return ImageFile(path)
    except NoPixelData as error:
        from workstation.dicom.pdf_pages import PdfPages  # noqa: PLC0415 - rarely needed

        try:
            return PdfPages(path)
        except InputError:
            raise error from None


def frame_count(path: str | Path) -> int:
    """Frames the file declares. Raises NoPixelData where there is no image."""
    with ImageFile(path) as image:
        return image.frame_count


def _with_path(error: InputError, path: Path, frame: int | None = None) -> InputError:
    details = {"path": str(path), **error.details}
    if frame is not None and isinstance(error, DecodeFailed):
        details["frame"] = str(frame)
    return type(error)(**details)


# --- fix-ups -----------------------------------------------------------------------------------


def _finish(raw: Decoded, layout: PixelFormat) -> DecodedFrame:
    samples, told = _at_declared_size(raw.samples, layout, raw.reduction)
    bits, photometric = layout.bits_stored, _monochrome(layout)
    if layout.kind == "f":
        stored, signed = samples.astype(samples.dtype.newbyteorder("="), copy=False), True
    else:
        signed = (layout.signed or raw.signed) and samples.ndim == 2
        stored = _stored_values(samples, layout, raw.precision, signed)
    if stored.ndim == 3:
        stored, photometric = _to_rgb(stored, layout, raw.is_rgb), "RGB"
    return DecodedFrame(
        stored,
        photometric,
        bits,
        signed,
        incomplete="; ".join(filter(None, (raw.incomplete, told))),
        reduction=raw.reduction,
        decoder=raw.decoder,
        precision_note=raw.precision_note,
    )


def _coarser(spacing_mm: tuple[float, float] | None, reduction: int) -> tuple[float, float] | None:
    return (spacing_mm[0] * reduction, spacing_mm[1] * reduction) if spacing_mm else None


def _at_declared_size(samples: Stored, layout: PixelFormat, reduction: int) -> tuple[Stored, str]:
    """A smaller codestream (the last tile of a row, say) is set into its frame; a larger one keeps its size."""
    rows, columns = samples.shape[:2]
    declared = -(-layout.rows // reduction), -(-layout.columns // reduction)
    if (rows, columns) == declared:
        return samples, ""
    told = f"the codestream is {rows} x {columns}, the header says {declared[0]} x {declared[1]}"
    if rows > declared[0] or columns > declared[1]:
        return samples, told
    framed = np.zeros((*declared, *samples.shape[2:]), samples.dtype)
    framed[:rows, :columns] = samples
    return framed, told


def _monochrome(layout: PixelFormat) -> str:
    return layout.photometric if layout.photometric in _WHITE_IS else "MONOCHROME2"


def _stored_values(samples: Stored, layout: PixelFormat, precision: int | None, signed: bool) -> Stored:
    """Only Bits Stored count, ending at High Bit (PS3.5 8.1.1).

    A JPEG 2000 codestream may disagree with Pixel Representation about the sign. An unsigned codestream of
    signed values holds their bits, so they are sign extended; a signed one of "unsigned" values is believed.
    """
    size = samples.dtype.itemsize
    unsigned: NDArray[np.unsignedinteger] = samples.astype(f"=i{size}" if samples.dtype.kind == "i" else f"=u{size}")
    unsigned = unsigned.view(f"=u{size}")
    native = layout.transfer_syntax in registry.NATIVE
    shift = layout.high_bit + 1 - layout.bits_stored if native else 0
    bits = layout.bits_stored if precision is None else min(precision, size * 8)
    if shift:
        unsigned = unsigned >> np.asarray(shift, unsigned.dtype)
    if bits < size * 8:
        unsigned = unsigned & np.asarray((1 << bits) - 1, unsigned.dtype)
    if not signed:
        return unsigned
    values: Stored = unsigned.view(f"=i{size}")
    if bits < size * 8:
        spare = np.asarray(size * 8 - bits, values.dtype)
        values = (values << spare) >> spare  # type: ignore[operator]
    return values


def _to_rgb(stored: Stored, layout: PixelFormat, is_rgb: bool | None) -> Stored:
    """YBR to RGB (PS3.3 C.7.6.3.1.2) unless the codec has done it."""
    if is_rgb or not layout.photometric.startswith("YBR"):
        return stored
    if layout.photometric.startswith("YBR_PARTIAL"):
        return ybr_partial_to_rgb(stored, layout.bits_stored)
    if layout.photometric in ("YBR_RCT", "YBR_ICT"):
        return stored
    return ybr_full_to_rgb(stored, layout.bits_stored)
