"""JPEG-LS (PS3.5 A.4.3, ISO/IEC 14495-1) and JPEG XL (PS3.5 A.4.12, ISO/IEC 18181)."""

from __future__ import annotations

import numpy as np

from workstation.dicom import codestream
from workstation.dicom.codecs.decoded import CUT_OFF, IMAGECODECS, Decoded, channels_last, sample_dtype
from workstation.dicom.pixel_format import PixelFormat


def jpegls_imagecodecs(data: bytes, layout: PixelFormat) -> Decoded:
    return Decoded(channels_last(IMAGECODECS.jpegls_decode(_ended(data))))


def _ended(data: bytes) -> bytes:
    """With an EOI: CharLS 2 searches for seconds for the marker that a cut frame lacks."""
    return data if codestream.has_end(data) else data + b"\xff\xd9"


def jpegls_cut_imagecodecs(data: bytes, layout: PixelFormat) -> Decoded:
    """The lines before the damage: CharLS writes them into our array before it gives up."""
    frame = codestream.jpeg_frame(data)
    if frame is None or frame.components not in (1, 3):
        raise ValueError("no frame header")
    shape: tuple[int, ...] = (frame.rows, frame.columns)
    if frame.components == 3:
        interleaved = codestream.scan_components(data) == 3
        shape = (*shape, 3) if interleaved else (3, *shape)
    found = np.zeros(shape, sample_dtype(layout, frame.precision))
    try:
        IMAGECODECS.jpegls_decode(_ended(data), out=found)
    except IMAGECODECS.JpeglsError:
        if not found.any():
            raise
    whole = codestream.has_end(data)
    return Decoded(channels_last(found), incomplete="the frame is damaged" if whole else CUT_OFF)


def jpegxl_imagecodecs(data: bytes, layout: PixelFormat) -> Decoded:
    samples = channels_last(IMAGECODECS.jpegxl_decode(data))
    return Decoded(samples, is_rgb=True if samples.ndim == 3 else None)


def jpegxl_cut_imagecodecs(data: bytes, layout: PixelFormat) -> Decoded:
    """The groups of pixels before the damage: libjxl writes each into our array as it is complete."""
    shape: tuple[int, ...] = (layout.rows, layout.columns)
    found = np.zeros(shape if layout.samples == 1 else (*shape, 3), sample_dtype(layout))
    problem = CUT_OFF
    try:
        IMAGECODECS.jpegxl_decode(data, out=found)
    except IMAGECODECS.JpegxlError as error:
        if not found.any():
            raise
        problem = CUT_OFF if "NEED_MORE_INPUT" in str(error) else "the frame is damaged"
    return Decoded(found, is_rgb=True if found.ndim == 3 else None, incomplete=problem)
