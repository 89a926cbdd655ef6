"""Decoding, ms a frame for each transfer syntax: our worker (file to array) beside DCMTK's and GDCM's (file to file).

The programs start and write a file, so each decodes ten frames at a time; a peer that cannot read a syntax has no
figure. A ratio below 1 means that ours is quicker.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path

import imagecodecs
import numpy as np
import support
from numpy.typing import NDArray

from tests.support.dicom_files import image_dataset, write, write_encapsulated
from workstation.dicom.decode_pool import DecodePool
from workstation.settings import DecodeSettings

ROUNDS, FRAMES = 3, 10
PREFIX = "1.2.840.10008.1.2."
REDUCED = {"4.90", "4.91", "4.92", "4.93", "4.201", "4.202", "4.203"}
STREAMS = support.ROOT / "tests" / "data" / "video"
VIDEO_FRAMES = 24
Array = NDArray[np.uint16]
Encode = Callable[[Array], bytes]


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


def _lossless_jpeg(predictor: int) -> Encode:
    return lambda stored: imagecodecs.jpeg8_encode(stored, lossless=True, bitspersample=12, predictor=predictor)


def _baseline(stored: Array) -> bytes:
    return bytes(imagecodecs.jpeg8_encode(_eight_bits(stored), level=90))


def _extended(stored: Array) -> bytes:
    return bytes(imagecodecs.jpeg8_encode(stored, level=90, bitspersample=12))


def _jpeg2000(reversible: bool) -> Encode:
    level = 0 if reversible else 60  # PSNR in dB
    return lambda stored: imagecodecs.jpeg2k_encode(
        stored, level=level, codecformat="j2k", reversible=reversible, bitspersample=12
    )


def _high_throughput(reversible: bool) -> Encode:
    return lambda stored: imagecodecs.htj2k_encode(stored, reversible=reversible)


def _jpeg_xl(lossless: bool) -> Encode:
    return lambda stored: imagecodecs.jpegxl_encode(stored, lossless=lossless, effort=3)


def _deflated(stored: Array) -> bytes:
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    packed = packer.compress(stored.tobytes()) + packer.flush()
    return packed + b"\0" * (len(packed) % 2)


def _eight_bits(stored: Array) -> NDArray[np.uint8]:
    return (stored >> 4).astype(np.uint8)


CASES: dict[str, tuple[str, Encode | None, tuple[str, ...]]] = {
    "implicit VR little endian": ("", None, ("dcmconv", "+te")),
    "explicit VR little endian": ("1", None, ("dcmconv", "+te")),
    "explicit VR big endian": ("2", None, ("dcmconv", "+te")),
    "deflated data set": ("1.99", None, ("dcmconv", "+te")),
    "deflated frame": ("8.1", _deflated, ()),
    "RLE": ("5", _rle, ("dcmdrle",)),
    "JPEG baseline, 8 bit": ("4.50", _baseline, ("dcmdjpeg",)),
    "JPEG extended, 12 bit": ("4.51", _extended, ("dcmdjpeg",)),
    "JPEG lossless, process 14": ("4.57", _lossless_jpeg(6), ("dcmdjpeg",)),
    "JPEG lossless, first order": ("4.70", _lossless_jpeg(1), ("dcmdjpeg",)),
    "JPEG-LS": ("4.80", imagecodecs.jpegls_encode, ("dcmdjpls",)),
    "JPEG-LS near lossless": ("4.81", lambda stored: imagecodecs.jpegls_encode(stored, level=2), ("dcmdjpls",)),
    "JPEG 2000": ("4.90", _jpeg2000(True), ()),
    "JPEG 2000 lossy": ("4.91", _jpeg2000(False), ()),
    "JPEG 2000 part 2": ("4.92", _jpeg2000(True), ()),
    "JPEG 2000 part 2 lossy": ("4.93", _jpeg2000(False), ()),
    "HTJ2K": ("4.201", _high_throughput(True), ()),
    "HTJ2K, RPCL": ("4.202", _high_throughput(True), ()),
    "HTJ2K lossy": ("4.203", _high_throughput(False), ()),
    "JPEG XL lossless": ("4.110", _jpeg_xl(True), ()),
    "JPEG XL from JPEG, 8 bit": ("4.111", lambda stored: imagecodecs.jpegxl_encode_jpeg(_baseline(stored)), ()),
    "JPEG XL": ("4.112", _jpeg_xl(False), ()),
}
VIDEOS = {
    "MPEG-2, 64 x 48": ("4.100", "mpeg2.mpg"),
    "MPEG-4 AVC, 64 x 48": ("4.102", "avc.mp4"),
    "HEVC, 64 x 48": ("4.107", "hevc.mp4"),
    "HEVC 10 bit, 64 x 48": ("4.108", "hevc_main10.mp4"),
}


def main() -> None:
    stored = _mammogram()
    print(
        "\n| syntax | ours | DCMTK | ours / DCMTK | GDCM | ours / GDCM | ours at 1/4 |\n|---|---|---|---|---|---|---|"
    )
    with support.scratch() as folder, DecodePool(DecodeSettings(workers=1)) as pool:
        for title, (syntax, encode, dcmtk) in CASES.items():
            path = _written(folder / "in.dcm", stored, syntax, encode)
            out = folder / "out.dcm"
            pool.frame(path, 0)
            candidates = {"ours": _ours(pool, path)}
            if dcmtk and shutil.which(dcmtk[0]):
                candidates["DCMTK"] = _run([*dcmtk, path, out])
            if shutil.which("gdcmconv") and _reads(["gdcmconv", "--raw", path, out]):
                candidates["GDCM"] = _run(["gdcmconv", "--raw", path, out])
            if syntax in REDUCED:
                candidates["ours at 1/4"] = _ours(pool, path, reduce=2)
            _row(title, support.measure(candidates, ROUNDS), FRAMES)
        for title, (syntax, name) in VIDEOS.items():
            path = folder / f"{syntax}.dcm"
            _write_video(path, syntax, name)
            _row(title, support.measure({"ours": _ours(pool, path, frames=VIDEO_FRAMES)}, ROUNDS), VIDEO_FRAMES)


def _written(path: Path, stored: Array, syntax: str, encode: Encode | None) -> Path:
    eight = syntax in {"4.50", "4.111"}
    shown, bits = (_eight_bits(stored), 8) if eight else (stored, 12)
    dataset = image_dataset(shown, BitsStored=bits, HighBit=bits - 1, NumberOfFrames=FRAMES)
    whole = PREFIX + syntax if syntax else PREFIX.rstrip(".")
    if encode is not None:
        return write_encapsulated(path, dataset, whole, [bytes(encode(stored))] * FRAMES)
    dataset.PixelData = shown.astype(">u2" if syntax == "2" else "<u2").tobytes() * FRAMES
    write(path, dataset, whole)
    if syntax == "1.99":
        dataset.save_as(path, enforce_file_format=True)  # which deflates
    return path


def _write_video(path: Path, syntax: str, name: str) -> None:
    dataset = image_dataset(np.zeros((48, 64, 3), np.uint8), PhotometricInterpretation="YBR_PARTIAL_420")
    dataset.NumberOfFrames = VIDEO_FRAMES
    stream = (STREAMS / name).read_bytes()
    write_encapsulated(path, dataset, PREFIX + syntax, [stream + b"\0" * (len(stream) % 2)], offsets=False)


def _row(title: str, times: dict[str, list[float]], frames: int) -> None:
    cells = [f"{statistics.median(times['ours']) / frames * 1e3:.1f} ms"]
    for peer in ("DCMTK", "GDCM"):
        if peer not in times:
            cells += ["–", "–"]
            continue
        ratio = statistics.median(own / other for own, other in zip(times["ours"], times[peer], strict=True))
        cells += [f"{statistics.median(times[peer]) / frames * 1e3:.1f} ms", f"{ratio:.2f}"]
    reduced = times.get("ours at 1/4")
    cells.append(f"{statistics.median(reduced) / frames * 1e3:.1f} ms" if reduced else "–")
    print(f"| {title} | {' | '.join(cells)} |", flush=True)


def _reads(command: list[str | Path]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _run(command: list[str | Path]) -> Callable[[], float]:
    return lambda: support.seconds(lambda: subprocess.run(command, capture_output=True, check=True))


def _ours(pool: DecodePool, path: Path, reduce: int = 0, frames: int = FRAMES) -> Callable[[], float]:
    def decode() -> None:
        for index in range(frames):
            pool.frame(path, index, reduce=reduce)

    return lambda: support.seconds(decode)


if __name__ == "__main__":
    support.start(main)
