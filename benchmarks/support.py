"""What the benchmarks share: made-up images, interleaved timing, a table of medians and ratios.

Every round times each candidate once, one after the other, so that a busy machine slows all of them; the ratio is the
median of the rounds' own ratios to the reference, the first candidate.
"""

from __future__ import annotations

import gc
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # the peers of the tests are those of the benchmarks
os.environ["TCP_NODELAY"] = "1"  # for DCMTK: with Nagle's algorithm it waits 45 ms for each image, whoever the peer is

Candidates = Mapping[str, Callable[[], float]]  # each returns the seconds it took
CT_IMAGE_STORAGE = "1.2.840.10008.5.1.4.1.1.2"


@dataclass(frozen=True)
class Images:
    """A folder with the images of one series."""

    folder: Path
    count: int
    study_instance_uid: str

    @property
    def paths(self) -> list[Path]:
        return sorted(self.folder.iterdir())

    @property
    def megabytes(self) -> float:
        return sum(path.stat().st_size for path in self.paths) / 1e6


# Title, images, rows, columns: a large CT series, many small images, four mammograms.
WORKLOADS = (("500 x 512 KiB", 500, 512, 512), ("5000 x 30 KiB", 5000, 128, 120), ("4 x 50 MB", 4, 5000, 5000))


def make_images(folder: Path, count: int, rows: int, columns: int) -> Images:
    """`count` CT images of noise, explicit VR little endian, each with its own UIDs and pixels."""
    folder.mkdir(parents=True)
    study, series = generate_uid(), generate_uid()
    noise = np.random.default_rng(7)
    for number in range(1, count + 1):
        meta = FileMetaDataset()
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = CT_IMAGE_STORAGE, generate_uid()
        dataset = FileDataset(str(folder), {}, file_meta=meta, preamble=b"\0" * 128)
        dataset.SOPClassUID, dataset.SOPInstanceUID = CT_IMAGE_STORAGE, meta.MediaStorageSOPInstanceUID
        dataset.StudyInstanceUID, dataset.SeriesInstanceUID = study, series
        dataset.PatientName, dataset.PatientID = "Bench^Mark", "BENCH1"
        dataset.PatientBirthDate, dataset.PatientSex = "19700101", "O"
        dataset.StudyDate, dataset.StudyTime, dataset.StudyID = "20260101", "120000", "1"
        dataset.AccessionNumber, dataset.ReferringPhysicianName = "A1", ""
        dataset.Modality, dataset.SeriesNumber, dataset.InstanceNumber = "CT", 1, number
        dataset.Rows, dataset.Columns = rows, columns
        dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
        dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 12, 11
        dataset.PixelRepresentation = 0
        dataset.PixelData = noise.integers(0, 4096, (rows, columns), np.uint16).tobytes()
        dataset.save_as(folder / f"{number:05d}.dcm", enforce_file_format=True)
    return Images(folder, count, str(study))


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder for the time of one benchmark."""
    with tempfile.TemporaryDirectory(prefix="workstation-bench-") as folder:
        yield Path(folder)


def seconds(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def measure(candidates: Candidates, rounds: int, warm_up: bool = True) -> dict[str, list[float]]:
    """The seconds of each candidate in each round."""
    times: dict[str, list[float]] = {name: [] for name in candidates}
    for number in range(rounds + warm_up):
        for name, candidate in candidates.items():
            gc.collect()
            taken = candidate()
            if number or not warm_up:
                times[name].append(taken)
    return times


def compare(
    title: str, candidates: Candidates, rounds: int, per: tuple[str, float] | None = None, warm_up: bool = True
) -> None:
    """Measure and print. `per` adds how many of something were done a second: ("images/s", 300)."""
    report(title, measure(candidates, rounds, warm_up), per)


def report(title: str, times: Mapping[str, list[float]], per: tuple[str, float] | None = None) -> None:
    """A table; the first candidate is what the others are compared with."""
    first = next(iter(times.values()))
    wide = max(map(len, times))
    print(f"\n{title}  ({len(first)} rounds)")
    print(f"  {'':{wide}}  {'median':>10}  {'fastest':>10}  {'ratio':>6}  {per[0] if per else ''}")
    for name, taken in times.items():
        median = statistics.median(taken)
        ratio = statistics.median(own / other for own, other in zip(taken, first, strict=True))
        rate = f"{per[1] / median:.0f}" if per else ""
        print(f"  {name:{wide}}  {_time(median):>10}  {_time(min(taken)):>10}  {ratio:>6.2f}  {rate}")
    sys.stdout.flush()


def _time(value: float) -> str:
    return f"{value:.2f} s" if value >= 1 else f"{value * 1000:.1f} ms"


def start(main: Callable[[], None]) -> None:
    """Say where this is measured, then measure; a missing peer is said, too."""
    import pytest  # noqa: PLC0415 - what needs no peer needs no pytest

    print(f"{Path(sys.argv[0]).stem}: {_machine()}")
    try:
        main()
    except pytest.skip.Exception as skipped:
        print(f"  left out: it {skipped}")


def _machine() -> str:
    system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return f"{system}, {os.cpu_count()} cores{load}, {time.strftime('%Y-%m-%d %H:%M')}"
