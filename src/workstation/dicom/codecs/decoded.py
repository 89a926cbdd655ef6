"""What a decoder takes and gives; the codec packages themselves, imported when first used."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workstation.dicom.pixel_format import PixelFormat

Samples = NDArray[np.generic]
CUT_OFF = "the frame is cut off"


@dataclass(frozen=True, slots=True)
class Decoded:
    """One frame as it comes out of its codestream: (rows, columns) or (rows, columns, 3).

    `is_rgb` None: the colour space is the data set's; True: the codec already made RGB of it.
    `precision` and `signed` are what the codestream says of its samples, where it says so.
    `reduction` n: each sample stands for n x n of the full frame.
    `decoder` names who did it, and who failed before.
    `precision_note` says in which way the values are less exact than the file's.
    """

    samples: Samples
    is_rgb: bool | None = None
    precision: int | None = None
    signed: bool = False
    incomplete: str = ""
    reduction: int = 1
    decoder: str = ""
    precision_note: str = ""


Decoder = Callable[[bytes, PixelFormat], Decoded]


class CodecPackage:
    """A codec package imported when first used: the window starts without them."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(importlib.import_module(self._name), attribute)

    @property
    def installed(self) -> bool:
        return importlib.util.find_spec(self._name) is not None


IMAGECODECS = CodecPackage("imagecodecs")


def channels_last(samples: Samples) -> Samples:
    """Some codestreams carry their components plane by plane."""
    if samples.ndim == 3 and samples.shape[2] not in (1, 3) and samples.shape[0] in (1, 3):
        samples = np.moveaxis(samples, 0, -1)
    return samples[:, :, 0] if samples.ndim == 3 and samples.shape[2] == 1 else samples


def sample_dtype(layout: PixelFormat, precision: int | None = None) -> np.dtype[np.generic]:
    """Unsigned, native, as wide as a codestream of `precision` bits (Bits Stored without it) needs."""
    bits = precision or layout.bits_stored
    return np.dtype(np.uint8 if bits <= 8 else np.uint16 if bits <= 16 else np.uint32)
