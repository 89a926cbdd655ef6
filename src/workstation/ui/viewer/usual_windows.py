"""Windows in use for a modality, from what is known of the image: never from an assumed number of bits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from workstation.imaging.frame import Frame, VoiFunction, Window
from workstation.imaging.grayscale import to_modality
from workstation.imaging.window import presets

RADIOGRAPHY = ("CR", "DX", "MG", "IO", "PX", "RF", "XA", "RG")
_UPTAKES = (5, 7, 10, 15)  # SUV shown white, in use for FDG
_SHARES = (100, 50, 20)  # per cent of the hottest pixel
_SOFTER, _HARDER = 1.6, 0.6  # times the width of the file's window


def usual_windows(modality: str, frame: Frame) -> tuple[Window, ...]:
    """Named windows; empty where nothing is usual."""
    match modality:
        case "PT":
            return _uptake(frame)
        case "NM":
            return _hottest(frame)
        case "MR":
            return _contrasts(frame)
        case _ if modality in RADIOGRAPHY:
            return (*_contrasts(frame), *_all_bits(frame))
    return presets(modality)


def _uptake(frame: Frame) -> tuple[Window, ...]:
    """From no uptake to an SUV; without the dose there is no SUV (PS3.3 C.8.9.1)."""
    scale = frame.attributes.suv
    if scale is None or not scale.factor:
        return _hottest(frame)
    return tuple(_spanning(f"SUV 0 – {most}", 0.0, most / scale.factor) for most in _UPTAKES)


def _hottest(frame: Frame) -> tuple[Window, ...]:
    most = float(to_modality(np.atleast_2d(np.nanmax(frame.stored)), frame.attributes)[0, 0])
    if most <= 0:
        return ()
    return tuple(_spanning(f"0 – {share} %", 0.0, most * share / 100) for share in _SHARES)


def _contrasts(frame: Frame) -> tuple[Window, ...]:
    if not frame.attributes.windows:
        return ()
    first = frame.attributes.windows[0]
    return (
        replace(first, width=max(1.0, first.width * _SOFTER), explanation="Softer"),
        replace(first, width=max(1.0, first.width * _HARDER), explanation="Harder"),
    )


def _all_bits(frame: Frame) -> tuple[Window, ...]:
    """Everything that Bits Stored can hold (PS3.3 C.7.6.3)."""
    attributes = frame.attributes
    if attributes.modality_lut is not None or frame.stored.dtype.kind not in "iu":
        return ()
    levels = 1 << attributes.bits_stored
    lowest = -levels // 2 if attributes.signed else 0
    ends = [value * attributes.rescale_slope + attributes.rescale_intercept for value in (lowest, lowest + levels - 1)]
    return (_spanning(f"All {attributes.bits_stored} bits", min(ends), max(ends)),)


def _spanning(name: str, low: float, high: float) -> Window:
    return Window((low + high) / 2, max(high - low, 1e-6), name, VoiFunction.LINEAR_EXACT)
