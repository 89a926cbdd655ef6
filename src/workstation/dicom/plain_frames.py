"""Uncompressed frames of plain files, read straight into an array, without pydicom (PS3.5 8.1.1).

Plain is what a `HeaderScan` tells all of: whole pixels of 8 or 16 bits, grey or RGB by pixel, all of them in the file.
Everything else is left to `decode`, which gives the same for these.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workstation.dicom import elements
from workstation.dicom.attributes import pixel_attributes, plane_geometry
from workstation.dicom.header_scan import EXPLICIT, IMPLICIT, HeaderScan, NeedsFullHeader, scan_header
from workstation.dicom.real_world import REAL_WORLD, real_world_values
from workstation.domain.errors import InputError
from workstation.imaging.frame import Frame, PixelAttributes, RealWorldValue

_PIXEL_DATA = 0x7FE00010
_LARGEST = 1 << 30  # bytes of one frame, as in dicom.pixel_format
_POSITION = 0x00200032  # Image Position (Patient)
_ABSENT = "absent"
Samples = NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class PlainFile:
    """A file whose frames can be read by place: `shape` and `dtype` of each, `offset` of the first one."""

    path: Path
    scan: HeaderScan
    shape: tuple[int, ...]  # (rows, columns) or (rows, columns, 3)
    dtype: np.dtype[Any]  # of the stored values as `Frame` gives them
    bits_stored: int
    frames: int
    offset: int

    @property
    def frame_bytes(self) -> int:
        return int(np.prod(self.shape, dtype=np.int64)) * self.dtype.itemsize

    def read_into(self, target: Samples, index: int) -> bool:
        """Fill `target`, contiguous, of `shape` and `dtype`, with one frame; False when the file has become shorter.

        Bits beyond Bits Stored are cleared or made the sign (PS3.5 8.1.1). Raises OSError.
        """
        view = target.reshape(-1).view(np.uint8).data
        with io.FileIO(self.path) as file:  # a third of the time of Path.open
            file.seek(self.offset + index * self.frame_bytes)
            while view:
                got = file.readinto(view)
                if not got:
                    return False
                view = view[got:]
        _keep_stored_bits(target, self.bits_stored)
        return True

    def attributes(self, index: int) -> PixelAttributes:
        """As `decode.ImageFile.frame` gives them. Raises NeedsFullHeader."""
        known = self.scan
        real_world: tuple[RealWorldValue, ...] = ()
        if REAL_WORLD in known:  # Philips writes it into plain images too: no reason to read their pixels slowly
            known, real_world = known.without(REAL_WORLD), self._real_world(index)
        found = pixel_attributes(known, index)
        return replace(
            found,
            real_world=real_world,
            photometric_interpretation="RGB" if len(self.shape) == 3 else found.photometric_interpretation,
            bits_stored=self.bits_stored,
            signed=self.dtype.kind == "i",
        )

    def _real_world(self, index: int) -> tuple[RealWorldValue, ...]:
        from workstation.dicom.read import read_header  # noqa: PLC0415 - pydicom, not needed for other plain files

        try:
            return real_world_values(read_header(self.path), index)
        except InputError:
            raise NeedsFullHeader from None


def plain_frame(path: str | Path, index: int = 0, precedents: Precedents | None = None) -> Frame | None:
    """One frame as `decode.decode_frame` gives it, None where it is not plain or cannot be read."""
    scan = scan_header(path)
    if scan is None:
        return None
    try:
        file, attributes = (precedents or Precedents()).follow(Path(path), scan, index)
        stored = np.empty(file.shape, file.dtype)
        return Frame(stored, attributes) if file.read_into(stored, index) else None
    except (NeedsFullHeader, OSError):
        return None


class Precedents:
    """Remembers the last file: slices of one series tell the same of their pixels, but for the place.

    That takes a third of the time of a slice. What decided is noted while it is worked out, element by element, so
    that the same is only taken for the same.
    """

    def __init__(self) -> None:
        self._last: _Precedent | None = None  # replaced whole, so that threads need no lock

    def follow(self, path: Path, scan: HeaderScan, index: int) -> tuple[PlainFile, PixelAttributes]:
        """Layout and attributes of a frame. Raises NeedsFullHeader where the file is not plain or has no such frame."""
        last = self._last
        if last is not None and index == 0 and last.holds_for(scan):
            pixels = scan.pixels
            assert pixels is not None
            file = replace(last.file, path=path, scan=scan, offset=pixels.offset)
            return file, replace(last.attributes, geometry=plane_geometry(scan))
        values, meta = _Noting(scan.values), _Noting(scan.meta)
        found = _laid_out(path, replace(scan, values=values, meta=meta))
        if found is None or not 0 <= index < found.frames:
            raise NeedsFullHeader
        attributes = found.attributes(index)
        if found.frames == 1 and not scan.sequences:
            self._last = _Precedent(found, attributes, values, meta)
        return found, attributes


@dataclass(frozen=True, slots=True, eq=False)
class _Precedent:
    file: PlainFile
    attributes: PixelAttributes
    values: _Noting
    meta: _Noting

    def holds_for(self, scan: HeaderScan) -> bool:
        before, here = self.file.scan.pixels, scan.pixels
        if before is None or here is None or here.length is None or scan.sequences:
            return False
        return (
            (here.tag, here.vr, here.length) == (before.tag, before.vr, before.length)
            and here.offset + here.length <= scan.size
            and scan.implicit == self.file.scan.implicit
            and self.values.agree_with(scan.values)
            and self.meta.agree_with(scan.meta)
        )


class _Noting(Mapping[int, bytes | None]):
    """Values that note which of them were asked for."""

    def __init__(self, values: Mapping[int, bytes | None]) -> None:
        self._values = values
        self._asked: dict[int, bytes | str | None] = {}

    def __getitem__(self, tag: int) -> bytes | None:
        if tag in self._values:
            value = self._values[tag]
            self._asked[tag] = value
            return value
        self._asked[tag] = _ABSENT
        raise KeyError(tag)

    def __iter__(self) -> Iterator[int]:
        for tag in self._values:
            self._asked[tag] = self._values[tag]
        return iter(self._values)

    def __len__(self) -> int:
        return len(list(iter(self)))

    def agree_with(self, others: Mapping[int, bytes | None]) -> bool:
        """Whether all that was asked for is the same there, but for the place, which is worked out anew."""
        return all(others.get(tag, _ABSENT) == value for tag, value in self._asked.items() if tag != _POSITION)


def _laid_out(path: Path, scan: HeaderScan) -> PlainFile | None:
    pixels = scan.pixels
    if (
        pixels is None
        or not pixels.length
        or pixels.tag != _PIXEL_DATA
        or scan.transfer_syntax not in (IMPLICIT, EXPLICIT)
    ):
        return None
    rows, columns, allocated, samples = (
        elements.integer(scan, keyword) or 0 for keyword in ("Rows", "Columns", "BitsAllocated", "SamplesPerPixel")
    )
    stored = elements.integer(scan, "BitsStored") or 0
    if not rows or not columns or allocated not in (8, 16) or not 0 < stored <= allocated:
        return None
    if elements.integer(scan, "HighBit") != stored - 1 or not _is_plain(scan, samples, allocated, stored):
        return None
    signed = samples == 1 and elements.integer(scan, "PixelRepresentation") == 1
    frames = max(1, elements.integer(scan, "NumberOfFrames") or 1)
    file = PlainFile(
        path=path,
        scan=scan,
        shape=(rows, columns) if samples == 1 else (rows, columns, samples),
        dtype=np.dtype(f"{'i' if signed else 'u'}{allocated // 8}"),
        bits_stored=stored,
        frames=frames,
        offset=pixels.offset,
    )
    needed = frames * file.frame_bytes
    whole = needed <= pixels.length and pixels.offset + pixels.length <= scan.size
    return file if whole and file.frame_bytes <= _LARGEST else None


def _is_plain(scan: HeaderScan, samples: int, allocated: int, stored: int) -> bool:
    """Grey, or RGB in 8 bits, pixel by pixel and without a profile."""
    photometric = elements.first_text(scan, "PhotometricInterpretation").upper()
    if samples == 1:
        return photometric in ("MONOCHROME1", "MONOCHROME2")
    by_pixel = samples == 3 and photometric == "RGB" and elements.integer(scan, "PlanarConfiguration") == 0
    has_profile = "ICCProfile" in scan or "OpticalPathSequence" in scan
    return by_pixel and allocated == 8 and stored == 8 and not has_profile


def _keep_stored_bits(samples: Samples, bits: int) -> None:
    """Mask or sign extend in place, where a value has bits that do not belong to it: hardly ever."""
    spare = samples.dtype.itemsize * 8 - bits
    if not spare:
        return
    if samples.dtype.kind == "u":
        if int(samples.max()) >> bits:
            np.bitwise_and(samples, samples.dtype.type((1 << bits) - 1), out=samples)
        return
    limit = 1 << (bits - 1)
    if int(samples.min()) < -limit or int(samples.max()) >= limit:
        shift = samples.dtype.type(spare)
        np.left_shift(samples, shift, out=samples)
        np.right_shift(samples, shift, out=samples)
