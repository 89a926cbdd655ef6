"""Decoding, per transfer syntax: our worker (file to array) beside DCMTK's and GDCM's programs (file to file).

The programs start and write a file, so each decodes ten frames at a time. A peer that cannot read a syntax has no line.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import imagecodecs
import numpy as np
import support
from numpy.typing import NDArray

from tests.support.dicom_files import image_dataset, write_encapsulated
from workstation.dicom.decode_pool import DecodePool
from workstation.settings import DecodeSettings

ROUNDS, FRAMES = 3, 10
PREFIX = "1.2.840.10008.1.2."
Array = NDArray[np.uint16]


def _mammogram() -> Array:
    """1 664 x 2 048, 12 bits: dark air, a bright smooth half disc with noise."""
    rows, columns = np.mgrid[:2048, :1664]
    inside = np.hypot(rows - 1024, columns) < 1000
    noise = np.random.default_rng(1).normal(0, 12, rows.shape)
    return np.where(inside, 2400 - columns + noise, 20 + noise / 6).clip(0, 4095).astype(np.uint16)


def _rle(stored: Array) -> bytes:
    planes = stored.view(np.uint8).reshape(*stored.shape, 2)
    parts = [bytes(imagecodecs.packbits_encode(np.ascontiguousarray(planes[:, :, byte]))) for byte in (1, 0)]
    parts = [part + b"\x80" * (len(part) % 2) for part in parts]
    return np.array([2, 64, 64 + len(parts[0])] + [0] * 13, "<u4").tobytes() + b"".join(parts)


def _lossless_jpeg(stored: Array) -> bytes:
    return bytes(imagecodecs.jpeg8_encode(stored, lossless=True, bitspersample=12, predictor=1))


def _jpeg(stored: Array) -> bytes:
    return bytes(imagecodecs.jpeg8_encode(stored, level=90, bitspersample=12))


def _jpeg2000(stored: Array) -> bytes:
    return bytes(imagecodecs.jpeg2k_encode(stored, level=0, codecformat="j2k", reversible=True, bitspersample=12))


CASES: dict[str, tuple[str, Callable[[Array], bytes], str]] = {
    "JPEG extended, 12 bit": ("4.51", _jpeg, "dcmdjpeg"),
    "JPEG lossless": ("4.70", _lossless_jpeg, "dcmdjpeg"),
    "JPEG-LS": ("4.80", lambda stored: bytes(imagecodecs.jpegls_encode(stored)), "dcmdjpls"),
    "JPEG 2000": ("4.90", _jpeg2000, ""),
    "HTJ2K": ("4.201", lambda stored: bytes(imagecodecs.htj2k_encode(stored)), ""),
    "JPEG XL": ("4.110", lambda stored: bytes(imagecodecs.jpegxl_encode(stored, lossless=True, effort=3)), ""),
    "RLE": ("5", _rle, "dcmdrle"),
}


def main() -> None:
    stored = _mammogram()
    with support.scratch() as folder, DecodePool(DecodeSettings(workers=1)) as pool:
        for title, (syntax, encode, program) in CASES.items():
            dataset = image_dataset(stored, BitsStored=12, HighBit=11, NumberOfFrames=FRAMES)
            path = write_encapsulated(folder / "in.dcm", dataset, PREFIX + syntax, [encode(stored)] * FRAMES)
            out = folder / "out.dcm"
            pool.frame(path, 0)
            candidates = {}
            if program and shutil.which(program):
                candidates[f"DCMTK {program}"] = lambda path=path, out=out, program=program: _run([program, path, out])
            if shutil.which("gdcmconv") and _reads([_gdcm(), "--raw", path, out]):
                candidates["GDCM gdcmconv"] = lambda path=path, out=out: _run([_gdcm(), "--raw", path, out])
            candidates["ours"] = lambda path=path: _ours(pool, path)
            if syntax in {"4.90", "4.201"}:
                candidates["ours, reduced to 1/4"] = lambda path=path: _ours(pool, path, reduce=2)
            support.compare(f"decode {title}", candidates, ROUNDS, ("frames/s", FRAMES))


def _gdcm() -> str:
    return shutil.which("gdcmconv") or "gdcmconv"


def _reads(command: list[str | Path]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _run(command: list[str | Path]) -> float:
    return support.seconds(lambda: subprocess.run(command, capture_output=True, check=True))


def _ours(pool: DecodePool, path: Path, reduce: int = 0) -> float:
    def decode() -> None:
        for index in range(FRAMES):
            pool.frame(path, index, reduce=reduce)

    return support.seconds(decode)


if __name__ == "__main__":
    support.start(main)
