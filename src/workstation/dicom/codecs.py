"""The decoders of each transfer syntax in order of preference (PS3.5 annex A); a failing one falls to the next.

A decoder takes one frame's bytes and gives samples as they come out of the codestream: (rows, columns) or
(rows, columns, 3). Native code runs here, so this is called in a worker process only (decode_pool).
imagecodecs comes first: measured fastest everywhere and exact. `pylibjpeg-libjpeg` (GPL) only if installed;
it is last because it is off by one in some lossless JPEG.
"""

from __future__ import annotations

import importlib
import importlib.util
import itertools
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workstation.dicom import codestream
from workstation.dicom.pixel_format import PixelFormat
from workstation.domain.errors import DecodeFailed, UnsupportedObject

Samples = NDArray[np.generic]


@dataclass(frozen=True, slots=True)
class Decoded:
    """`is_rgb` None: the colour space is the data set's; True: the codec already made RGB of it.

    `precision` and `signed` are what the codestream says of its samples, where it says so.
    """

    samples: Samples
    is_rgb: bool | None = None
    precision: int | None = None
    signed: bool = False
    incomplete: str = ""


Decoder = Callable[[bytes, PixelFormat], Decoded]


class _Module:
    """A codec package imported when first used: the window starts without them."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(importlib.import_module(self._name), attribute)

    @property
    def installed(self) -> bool:
        return importlib.util.find_spec(self._name) is not None


_imagecodecs = _Module("imagecodecs")
_openjpeg = _Module("openjpeg")
_libjpeg = _Module("libjpeg")


# --- JPEG (PS3.5 A.4.1) ------------------------------------------------------------------------


def _jpeg_is_ybr(data: bytes, layout: PixelFormat) -> bool:
    """Whether three components are YCbCr: Photometric Interpretation decides, an Adobe marker overrules it.

    Encoders that leave RGB in the data set while writing YCbCr say so in APP14, or give themselves away by
    coarser chroma; those that write RGB components without any marker are believed.
    """
    adobe = codestream.adobe_transform(data)
    if adobe is not None:
        return adobe == 1
    return layout.photometric.startswith("YBR") or codestream.has_subsampled_colour(data)


def _jpeg_imagecodecs(data: bytes, layout: PixelFormat) -> Decoded:
    if layout.samples == 1:
        return Decoded(_imagecodecs.jpeg8_decode(data))
    source = "YCBCR" if _jpeg_is_ybr(data, layout) else "RGB"
    return Decoded(_imagecodecs.jpeg8_decode(data, colorspace=source, outcolorspace="RGB"), is_rgb=True)


def _jpeg_pillow(data: bytes, layout: PixelFormat) -> Decoded:
    """Last resort: libjpeg as Pillow drives it also gives what is there of a cut frame."""
    from PIL import Image, ImageFile  # noqa: PLC0415 - only where the first decoder failed

    ImageFile.LOAD_TRUNCATED_IMAGES = True
    with Image.open(BytesIO(data)) as image:
        if image.format != "JPEG":
            raise ValueError("not a JPEG codestream")
        if image.mode == "RGB" and not _jpeg_is_ybr(data, layout) and codestream.adobe_transform(data) is None:
            raise ValueError("Pillow would take RGB for YCbCr")
        samples = np.asarray(image)
    whole = data.rstrip(b"\0").endswith(b"\xff\xd9")
    return Decoded(samples, is_rgb=samples.ndim == 3, incomplete="" if whole else "the frame is cut off")


def _jpeg_lossless_imagecodecs(data: bytes, layout: PixelFormat) -> Decoded:
    if layout.samples == 1:
        return Decoded(_imagecodecs.jpeg8_decode(data))
    # Without a colour transform: process 14 keeps the components as they are.
    return Decoded(_imagecodecs.jpeg8_decode(data, colorspace="RGB", outcolorspace="RGB"))


def _jpeg_lossless_sof3(data: bytes, layout: PixelFormat) -> Decoded:
    return Decoded(np.ascontiguousarray(_imagecodecs.jpegsof3_decode(data)))


def _jpeg_lossless_lj92(data: bytes, layout: PixelFormat) -> Decoded:
    if layout.samples != 1:
        raise ValueError("one component only")
    return Decoded(_imagecodecs.ljpeg_decode(data))


def _jpeg_libjpeg(data: bytes, layout: PixelFormat) -> Decoded:
    return Decoded(np.asarray(_libjpeg.decode(data)))


# --- JPEG-LS, JPEG 2000, JPEG XL ---------------------------------------------------------------


def _jpegls_imagecodecs(data: bytes, layout: PixelFormat) -> Decoded:
    return Decoded(_channels_last(_imagecodecs.jpegls_decode(data), layout))


def _jpeg2000(decode: Callable[[bytes], Any], data: bytes, layout: PixelFormat) -> Decoded:
    """The multiple component transformation is undone by the codec (PS3.5 8.2.4)."""
    header = codestream.jpeg2000_header(data)
    samples = _channels_last(np.asarray(decode(data)), layout)
    transformed = header is not None and header.component_transform
    declared = layout.photometric in ("RGB", "YBR_RCT", "YBR_ICT")
    return Decoded(
        samples,
        is_rgb=True if transformed or declared else None,
        precision=header.precision if header else None,
        signed=header is not None and header.signed,
    )


def _jpeg2000_imagecodecs(data: bytes, layout: PixelFormat) -> Decoded:
    return _jpeg2000(_imagecodecs.jpeg2k_decode, data, layout)


def _jpeg2000_openjpeg(data: bytes, layout: PixelFormat) -> Decoded:
    return _jpeg2000(lambda part: _openjpeg.decode(BytesIO(part)), data, layout)


def _htj2k_imagecodecs(data: bytes, layout: PixelFormat) -> Decoded:
    return _jpeg2000(_imagecodecs.htj2k_decode, data, layout)


def _htj2k_cut(data: bytes, layout: PixelFormat) -> Decoded:
    """What is there of a codestream that lacks its end; OpenJPH alone can. A whole one that failed stays failed."""
    if codestream.has_end(data):
        raise ValueError("not cut")
    decoded = _jpeg2000(
        lambda part: _imagecodecs.htj2k_decode(codestream.closed_jpeg2000(part), resilient=True), data, layout
    )
    return replace(decoded, incomplete="the frame is cut off")


def _jpegxl_imagecodecs(data: bytes, layout: PixelFormat) -> Decoded:
    samples = _channels_last(_imagecodecs.jpegxl_decode(data), layout)
    return Decoded(samples, is_rgb=True if samples.ndim == 3 else None)


# --- RLE, deflated frames (PS3.5 annex G, A.4.13) ----------------------------------------------


def _rle_shape(data: bytes, layout: PixelFormat) -> None:
    """Refuse what cannot be: two bytes of RLE make 128 at most (PS3.5 G.3.1)."""
    if layout.frame_bytes > 64 * len(data):
        raise ValueError("the frame is shorter than its rows and columns need")


def _rle_segments(data: bytes, layout: PixelFormat, unpack: Callable[[bytes], bytes]) -> Decoded:
    """Byte planes, most significant first, sample by sample (PS3.5 G.2)."""
    _rle_shape(data, layout)
    header = struct.unpack("<16L", data[:64].ljust(64, b"\0"))
    count, offsets = header[0], header[1:]
    bytes_per_sample = max(1, layout.bits_allocated // 8)
    if count != bytes_per_sample * layout.samples:
        raise ValueError(f"{count} segments")
    bounds = [*offsets[:count], len(data)]
    plane_size = (layout.rows * layout.columns + 7) // 8 if layout.bits_allocated == 1 else layout.rows * layout.columns
    planes, short = [], False
    for first, end in itertools.pairwise(bounds):
        unpacked = unpack(data[first:end])
        short = short or len(unpacked) < plane_size
        planes.append(np.frombuffer(unpacked[:plane_size].ljust(plane_size, b"\0"), np.uint8))
    problem = "the frame is cut off" if short else ""
    if layout.bits_allocated == 1:
        return Decoded(unpack_bits(planes[0], layout), incomplete=problem)
    shape = (layout.rows, layout.columns, layout.samples, bytes_per_sample)
    interleaved = np.empty(shape, np.uint8)
    for index, plane in enumerate(planes):
        sample, byte = divmod(index, bytes_per_sample)
        interleaved[:, :, sample, byte] = plane.reshape(layout.rows, layout.columns)
    samples = interleaved.reshape(-1).view(f">u{bytes_per_sample}").reshape(shape[:3])
    samples = samples.astype(samples.dtype.newbyteorder("="))
    return Decoded(samples[:, :, 0] if layout.samples == 1 else samples, incomplete=problem)


def _rle_imagecodecs(data: bytes, layout: PixelFormat) -> Decoded:
    return _rle_segments(data, layout, lambda part: bytes(_imagecodecs.packbits_decode(part)))


def _rle_python(data: bytes, layout: PixelFormat) -> Decoded:
    return _rle_segments(data, layout, unpack_rle)


def unpack_rle(segment: bytes) -> bytes:
    """One RLE segment (PS3.5 G.3.2), as far as it goes."""
    output = bytearray()
    position = 0
    while position + 1 < len(segment):
        control = segment[position]
        if control < 128:
            output += segment[position + 1 : position + 2 + control]
            position += 2 + control
        elif control > 128:
            output += segment[position + 1 : position + 2] * (257 - control)
            position += 2
        else:
            position += 1
    return bytes(output)


def _deflated(data: bytes, layout: PixelFormat) -> Decoded:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    inflated = inflater.decompress(data, layout.frame_bytes + 1)
    return native_samples(inflated, layout)


# --- native ------------------------------------------------------------------------------------


def native_samples(data: bytes, layout: PixelFormat) -> Decoded:
    """One uncompressed frame that starts at a byte; what is missing at its end reads as zero."""
    missing = layout.frame_bytes - len(data)
    problem = ""
    if missing > 0:
        problem = f"{missing} of {layout.frame_bytes} bytes of the frame are missing"
        data = data.ljust(layout.frame_bytes, b"\0")
    if layout.bits_allocated == 1:
        return Decoded(unpack_bits(np.frombuffer(data, np.uint8), layout), incomplete=problem)
    flat = np.frombuffer(data, layout.dtype, count=layout.frame_bytes // layout.dtype.itemsize)
    if layout.is_subsampled:
        return Decoded(_upsample_422(flat, layout), incomplete=problem)
    if layout.samples == 1:
        return Decoded(flat.reshape(layout.rows, layout.columns), incomplete=problem)
    if layout.planar:
        return Decoded(
            np.moveaxis(flat.reshape(layout.samples, layout.rows, layout.columns), 0, -1), incomplete=problem
        )
    return Decoded(flat.reshape(layout.rows, layout.columns, layout.samples), incomplete=problem)


def unpack_bits(packed: NDArray[np.uint8], layout: PixelFormat, skip: int = 0) -> Samples:
    """1-bit pixels, the first in the least significant bit (PS3.5 8.1.1); `skip` bits belong to the frame before."""
    count = layout.rows * layout.columns * layout.samples
    bits = np.unpackbits(packed, bitorder="little", count=skip + count)[skip:]
    return bits.reshape((layout.rows, layout.columns) if layout.samples == 1 else (layout.rows, layout.columns, -1))


def _upsample_422(flat: Samples, layout: PixelFormat) -> Samples:
    """Y1 Y2 Cb Cr per two pixels (PS3.3 C.7.6.3.1.2) to one triple each."""
    pairs = flat.reshape(-1, 4)
    full = np.empty((pairs.shape[0], 2, 3), flat.dtype)
    full[:, :, 0] = pairs[:, :2]
    full[:, :, 1:] = pairs[:, None, 2:]
    return full.reshape(layout.rows, layout.columns, 3)


def _channels_last(samples: Samples, layout: PixelFormat) -> Samples:
    """Some codestreams carry their components plane by plane."""
    if samples.ndim == 3 and samples.shape[2] not in (1, 3) and samples.shape[0] in (1, 3):
        samples = np.moveaxis(samples, 0, -1)
    return samples[:, :, 0] if samples.ndim == 3 and samples.shape[2] == 1 else samples


# --- the registry ------------------------------------------------------------------------------

_LARGEST_EXCESS = 16
_JPEG: tuple[Decoder, ...] = (_jpeg_imagecodecs, _jpeg_pillow)
_JPEG_LOSSLESS: tuple[Decoder, ...] = (_jpeg_lossless_imagecodecs, _jpeg_lossless_lj92, _jpeg_lossless_sof3)
_JPEG_2000: tuple[Decoder, ...] = (_jpeg2000_imagecodecs, _jpeg2000_openjpeg)
_HTJ2K: tuple[Decoder, ...] = (_htj2k_imagecodecs, _jpeg2000_imagecodecs, _jpeg2000_openjpeg, _htj2k_cut)
_RLE: tuple[Decoder, ...] = (_rle_imagecodecs, _rle_python)

DECODERS: dict[str, tuple[Decoder, ...]] = {
    "1.2.840.10008.1.2.4.50": _JPEG,
    "1.2.840.10008.1.2.4.51": (*_JPEG, _jpeg_lossless_imagecodecs),
    "1.2.840.10008.1.2.4.57": _JPEG_LOSSLESS,
    "1.2.840.10008.1.2.4.70": _JPEG_LOSSLESS,
    "1.2.840.10008.1.2.4.80": (_jpegls_imagecodecs,),
    "1.2.840.10008.1.2.4.81": (_jpegls_imagecodecs,),
    "1.2.840.10008.1.2.4.90": _JPEG_2000,
    "1.2.840.10008.1.2.4.91": _JPEG_2000,
    "1.2.840.10008.1.2.4.92": _JPEG_2000,
    "1.2.840.10008.1.2.4.93": _JPEG_2000,
    "1.2.840.10008.1.2.4.110": (_jpegxl_imagecodecs,),
    "1.2.840.10008.1.2.4.111": (_jpegxl_imagecodecs,),
    "1.2.840.10008.1.2.4.112": (_jpegxl_imagecodecs,),
    "1.2.840.10008.1.2.4.201": _HTJ2K,
    "1.2.840.10008.1.2.4.202": _HTJ2K,
    "1.2.840.10008.1.2.4.203": _HTJ2K,
    "1.2.840.10008.1.2.5": _RLE,
    "1.2.840.10008.1.2.8.1": (_deflated,),
}
_GPL_SYNTAXES = tuple(f"1.2.840.10008.1.2.4.{number}" for number in (50, 51, 57, 70, 80, 81))
NATIVE = frozenset(
    {
        "1.2.840.10008.1.2",
        "1.2.840.10008.1.2.1",
        "1.2.840.10008.1.2.1.98",  # encapsulated uncompressed
        "1.2.840.10008.1.2.1.99",
        "1.2.840.10008.1.2.2",
    }
)
LOSSY = frozenset(
    f"1.2.840.10008.1.2.4.{number}" for number in (50, 51, 81, 91, 93, 112, 203)
)  # the ones that may be: the data set's own flag and the codestream decide


def decoders_of(syntax: str) -> tuple[Decoder, ...]:
    """The decoders of a transfer syntax, the preferred first. Raises UnsupportedObject."""
    found = DECODERS.get(syntax, ())
    if syntax in _GPL_SYNTAXES and _libjpeg.installed:
        found = (*found, _jpeg_libjpeg)
    if not found:
        raise UnsupportedObject(transfer_syntax=syntax, reason="no decoder for this transfer syntax")
    return found


def _refuse_lying_size(data: bytes, layout: PixelFormat) -> None:
    """A codestream far larger than its frame is an attack or damage: decoders work on it for minutes."""
    stated = codestream.dimensions(data)
    if stated is None:
        return
    rows, columns = stated
    if rows * columns > _LARGEST_EXCESS * layout.rows * layout.columns:
        reason = f"the codestream states {rows} x {columns}, the header {layout.rows} x {layout.columns}"
        raise DecodeFailed(transfer_syntax=layout.transfer_syntax, reason=reason)


def decode(data: bytes, layout: PixelFormat) -> Decoded:
    """One encapsulated frame by the first decoder that can. Raises DecodeFailed, UnsupportedObject."""
    _refuse_lying_size(data, layout)
    reasons = []
    for decoder in decoders_of(layout.transfer_syntax):
        try:
            decoded = decoder(data, layout)
        except MemoryError:
            raise
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt | SystemExit):
                raise
            reasons.append(f"{decoder.__name__.strip('_')}: {type(error).__name__}")
            continue
        if decoded.samples.ndim in (2, 3) and decoded.samples.size:
            return decoded if codestream.has_end(data) else replace(decoded, incomplete="the frame is cut off")
        reasons.append(f"{decoder.__name__.strip('_')}: shape")
    if 0 <= len(data) - layout.frame_bytes <= 1 and not codestream.has_start(data):
        # Some writers change the transfer syntax and leave the pixels alone.
        return replace(native_samples(data, layout), incomplete="not compressed, against its transfer syntax")
    raise DecodeFailed(transfer_syntax=layout.transfer_syntax, reason="; ".join(reasons))
