"""JPEG 2000 and HTJ2K (PS3.5 A.4.4, A.4.5, A.4.11); ISO/IEC 15444-1, -2, -15."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from typing import Any

import numpy as np

from workstation.dicom import codestream
from workstation.dicom.codecs.decoded import CUT_OFF, IMAGECODECS, CodecPackage, Decoded, Samples, channels_last
from workstation.dicom.codestream import Jpeg2000Header
from workstation.dicom.pixel_format import PixelFormat

_OPENJPEG = CodecPackage("openjpeg")  # pylibjpeg-openjpeg
_THREADS = min(4, os.cpu_count() or 1)  # of OpenJPEG: one large frame in half the time on two cores, for the same CPU


def _decoded(samples: Any, data: bytes, layout: PixelFormat) -> Decoded:
    """The multiple component transformation is undone by the codec (PS3.5 8.2.4)."""
    header = codestream.jpeg2000_header(data)
    transformed = header is not None and header.component_transform
    declared = layout.photometric in ("RGB", "YBR_RCT", "YBR_ICT")
    return Decoded(
        channels_last(np.asarray(samples)),
        is_rgb=True if transformed or declared else None,
        precision=header.precision if header else None,
        signed=header is not None and header.signed,
        incomplete=CUT_OFF if codestream.jpeg2000_shortfall(data) else "",
    )


def j2k_imagecodecs(data: bytes, layout: PixelFormat) -> Decoded:
    return _decoded(IMAGECODECS.jpeg2k_decode(data, numthreads=_THREADS), data, layout)


def j2k_openjpeg(data: bytes, layout: PixelFormat) -> Decoded:
    return _decoded(_OPENJPEG.decode(BytesIO(data)), data, layout)


def j2k_pillow(data: bytes, layout: PixelFormat) -> Decoded:
    """OpenJPEG as Pillow builds it: another version than the others, which counts on damaged data."""
    return _decoded(_pillow(data, 0), data, layout)


def j2k_cut_imagecodecs(data: bytes, layout: PixelFormat) -> Decoded:
    """What is there of a codestream that lacks its end; a whole one that failed stays failed.

    OpenJPEG refuses a packet that runs over the end. With zeros up to the stated length every missing packet
    reads as an empty one (ISO/IEC 15444-1 B.10.3: a first bit of 0), so the picture only lacks detail.
    """
    if not codestream.jpeg2000_shortfall(data):
        raise ValueError("not cut")
    body = data.rstrip(b"\0").removesuffix(b"\xff\xd9")
    missing = codestream.jpeg2000_shortfall(body)
    if missing > layout.frame_bytes + (1 << 16):
        raise ValueError("it states more bytes than its frame has")
    padded = body + bytes(missing) + b"\xff\xd9"
    return replace(_decoded(IMAGECODECS.jpeg2k_decode(padded, numthreads=_THREADS), data, layout), incomplete=CUT_OFF)


def ht_imagecodecs(data: bytes, layout: PixelFormat) -> Decoded:
    decoded = _decoded(IMAGECODECS.htj2k_decode(data), data, layout)
    return _within_range(decoded) if decoded.incomplete else decoded


def ht_cut_imagecodecs(data: bytes, layout: PixelFormat) -> Decoded:
    """As OpenJPH reads on where a block is missing."""
    if codestream.has_end(data) and not codestream.jpeg2000_shortfall(data):
        raise ValueError("not cut")
    samples = IMAGECODECS.htj2k_decode(codestream.closed_jpeg2000(data), resilient=True)
    return _within_range(replace(_decoded(samples, data, layout), incomplete=CUT_OFF))


def _within_range(decoded: Decoded) -> Decoded:
    """OpenJPH does not clip: what missing wavelet coefficients push below zero comes out near the maximum."""
    samples, bits = decoded.samples, decoded.precision or 0
    size = samples.dtype.itemsize * 8
    if decoded.signed or samples.dtype.kind != "u" or not 0 < bits < size:
        return decoded
    clipped = np.clip(samples.view(f"i{size // 8}"), 0, (1 << bits) - 1).view(samples.dtype)
    return replace(decoded, samples=clipped)


# --- a first look at a fraction of the cost ----------------------------------------------------

Reducer = Callable[[bytes, PixelFormat, int], Decoded]


def reduced_j2k(data: bytes, layout: PixelFormat, halvings: int) -> Decoded:
    """The picture without its `halvings` highest resolution levels (ISO/IEC 15444-1 B.5), or all there are."""
    return _reduced(data, layout, halvings, _pillow)


def reduced_ht(data: bytes, layout: PixelFormat, halvings: int) -> Decoded:
    return _reduced(data, layout, halvings, lambda part, levels: IMAGECODECS.htj2k_decode(part, skipres=levels))


def _reduced(data: bytes, layout: PixelFormat, halvings: int, decode: Callable[[bytes, int], Any]) -> Decoded:
    header = codestream.jpeg2000_header(data)
    levels = min(halvings, header.levels) if header is not None else 0
    if not levels:
        raise ValueError("no lower resolution in it")
    return replace(_decoded(decode(data, levels), data, layout), reduction=1 << levels)


def _pillow(data: bytes, levels: int) -> Samples:
    from PIL import Image  # noqa: PLC0415 - in a worker, and only for this

    header = codestream.jpeg2000_header(data)
    if header is None:
        raise ValueError("no JPEG 2000 header")
    Image.MAX_IMAGE_PIXELS = None  # the size is held against the data set's before (`registry`)
    with Image.open(BytesIO(data)) as image:
        if image.format != "JPEG2000" or image.mode not in ("L", "I;16", "RGB"):
            raise ValueError(f"Pillow reads it as {image.mode}")
        if image.mode == "RGB" and header.precision != 8:
            raise ValueError("Pillow would lose bits")
        if levels:
            _ask_for_fewer(image, header, levels)
        return _unscaled(np.asarray(image), header)


def _ask_for_fewer(image: Any, header: Jpeg2000Header, levels: int) -> None:
    """What `image.reduce = levels` does, but with sizes rounded up as ISO/IEC 15444-1 B-15 does and Pillow does not."""
    size = (-(-header.columns // (1 << levels)), -(-header.rows // (1 << levels)))
    (tile,) = image.tile
    codec, _, *rest = tile.args
    image._size = size
    image.tile = [tile._replace(extents=(0, 0, *size), args=(codec, levels, *rest))]


def _unscaled(samples: Samples, header: Jpeg2000Header) -> Samples:
    """Pillow shifts samples up to 8 or 16 bits and signed ones to above zero: both undone without loss."""
    size = samples.dtype.itemsize * 8
    if header.precision > size:
        raise ValueError("Pillow would lose bits")
    spare = size - header.precision
    if header.signed and samples.ndim == 2:
        middle = np.bitwise_xor(samples, np.asarray(1 << (size - 1), samples.dtype)).view(f"i{size // 8}")
        shifted: Samples = np.right_shift(middle, np.asarray(spare, middle.dtype))
        return shifted
    return np.right_shift(samples, np.asarray(spare, samples.dtype))
