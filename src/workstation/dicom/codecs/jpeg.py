"""JPEG (PS3.5 A.4.1): baseline, extended, progressive, lossless; ISO/IEC 10918-1."""

from __future__ import annotations

from io import BytesIO

import numpy as np

from workstation.dicom import codestream
from workstation.dicom.codecs.decoded import CUT_OFF, IMAGECODECS, CodecPackage, Decoded
from workstation.dicom.pixel_format import PixelFormat

LIBJPEG = CodecPackage("libjpeg")  # pylibjpeg-libjpeg, GPL-3.0: only if somebody installed it
LOSSLESS = frozenset(f"1.2.840.10008.1.2.4.{number}" for number in (57, 58, 65, 66, 70, 80))


def _is_ybr(data: bytes, layout: PixelFormat) -> bool:
    """Whether three components are YCbCr: Photometric Interpretation decides, an Adobe marker overrules it.

    Encoders that leave RGB in the data set while writing YCbCr say so in APP14, or give themselves away by
    coarser chroma; those that write RGB components without any marker are believed.
    """
    adobe = codestream.adobe_transform(data)
    if adobe is not None:
        return adobe == 1
    return layout.photometric.startswith("YBR") or codestream.has_subsampled_colour(data)


def lossy_imagecodecs(data: bytes, layout: PixelFormat) -> Decoded:
    if layout.samples == 1:
        return Decoded(IMAGECODECS.jpeg8_decode(data))
    source = "YCBCR" if _is_ybr(data, layout) else "RGB"
    return Decoded(IMAGECODECS.jpeg8_decode(data, colorspace=source, outcolorspace="RGB"), is_rgb=True)


def lossy_pillow(data: bytes, layout: PixelFormat) -> Decoded:
    """Last resort: libjpeg as Pillow drives it also gives what is there of a cut frame."""
    from PIL import Image, ImageFile  # noqa: PLC0415 - only where the first decoder failed

    ImageFile.LOAD_TRUNCATED_IMAGES = True
    with Image.open(BytesIO(data)) as image:
        if image.format != "JPEG":
            raise ValueError("not a JPEG codestream")
        if image.mode == "RGB" and not _is_ybr(data, layout) and codestream.adobe_transform(data) is None:
            raise ValueError("Pillow would take RGB for YCbCr")
        samples = np.asarray(image)
    whole = data.rstrip(b"\0").endswith(b"\xff\xd9")
    return Decoded(samples, is_rgb=samples.ndim == 3, incomplete="" if whole else CUT_OFF)


def lossless_imagecodecs(data: bytes, layout: PixelFormat) -> Decoded:
    if layout.samples == 1:
        return Decoded(IMAGECODECS.jpeg8_decode(data))
    # Without a colour transform: process 14 keeps the components as they are.
    return Decoded(IMAGECODECS.jpeg8_decode(data, colorspace="RGB", outcolorspace="RGB"))


def lossless_sof3(data: bytes, layout: PixelFormat) -> Decoded:
    return Decoded(np.ascontiguousarray(IMAGECODECS.jpegsof3_decode(data)))


def lossless_lj92(data: bytes, layout: PixelFormat) -> Decoded:
    if layout.samples != 1:
        raise ValueError("one component only")
    return Decoded(IMAGECODECS.ljpeg_decode(data))


def any_libjpeg(data: bytes, layout: PixelFormat) -> Decoded:
    """Every process of the standard, hierarchical ones too; off by one in some lossless frames, so it is last."""
    lossless = layout.transfer_syntax in LOSSLESS
    note = "values may be off by one" if lossless else ""
    return Decoded(np.asarray(LIBJPEG.decode(data)), precision_note=note)
