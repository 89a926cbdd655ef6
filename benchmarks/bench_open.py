"""Opening a folder of 1000 CT slices that nobody has opened before: headers, the first picture, the whole volume."""

from __future__ import annotations

import gc
import io
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pydicom
import support
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from workstation.dicom.decode_pool import DecodePool
from workstation.dicom.header_scan import scan_header
from workstation.imaging.frame import Frame
from workstation.jobs.cancel import Cancellation
from workstation.services.open_series import open_paths

COUNT = 1000
ROUNDS = 3
KEYWORDS = ["PatientName", "SeriesInstanceUID", "InstanceNumber", "ImagePositionPatient", "Rows", "WindowCenter"]


def main() -> None:
    with support.scratch() as folder:
        paths = write_slices(folder / "ct", COUNT)
        headers(paths)
        opening(folder / "ct", paths)
        volume(paths)


def headers(paths: list[Path]) -> None:
    """CPU time, since a busy machine lengthens the rest."""
    support.compare(
        f"headers of {COUNT} slices, CPU",
        {
            "open, read 16 KiB": lambda: cpu(lambda: [_begin(path) for path in paths]),
            "scan_header": lambda: cpu(lambda: [scan_header(path) for path in paths]),
            "open_paths, ordered": lambda: cpu(lambda: open_paths([paths[0].parent], Cancellation())),
            "pydicom, six tags": lambda: cpu(lambda: [_pydicom(path, KEYWORDS) for path in paths]),
            "pydicom, all before pixels": lambda: cpu(lambda: [_pydicom(path, None) for path in paths]),
            "dcmdump +P": lambda: cpu(lambda: _dcmdump(paths)),
        },
        ROUNDS,
        ("files/s", COUNT),
    )


def opening(folder: Path, paths: list[Path]) -> None:
    """From the wish to open until the first picture is painted in a window that is there already."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtWidgets import QApplication  # noqa: PLC0415 - after the platform is chosen

    application = QApplication.instance() or QApplication([])
    sys.setswitchinterval(0.0005)  # as the program does
    firsts: list[float] = []

    def first_picture() -> float:
        first, whole = _open_in_window(application, folder)
        firsts.append(whole)
        return first

    support.compare(
        f"opening {COUNT} slices",
        {
            "pydicom, all headers": lambda: support.seconds(lambda: [_pydicom(path, None) for path in paths]),
            "first picture painted": first_picture,
            "all slices in order": lambda: firsts[-1],
        },
        ROUNDS,
    )


def volume(paths: list[Path]) -> None:
    """All frames as the viewer holds them, read by two threads as it reads them."""
    grown: list[float] = []

    def whole() -> float:
        frames: list[Frame] = []
        gc.collect()
        before = _resident_bytes()
        with DecodePool() as pool, ThreadPoolExecutor(2) as threads:
            taken = support.seconds(lambda: frames.extend(threads.map(pool.frame, paths)))
        grown.append((_resident_bytes() - before) / sum(frame.stored.nbytes for frame in frames))
        return taken

    gc.freeze()  # as the program does
    support.compare(
        f"{COUNT} slices in memory, {sum(path.stat().st_size for path in paths) / 1e6:.0f} MB",
        {
            "cat": lambda: support.seconds(lambda: _cat(paths)),
            "frames of the viewer": whole,
            "pydicom pixel_array": lambda: support.seconds(lambda: np.stack([_pixels(path) for path in paths])),
        },
        5,
    )
    print(f"  memory the frames took, of their pixel bytes: {statistics.median(grown):.2f}")


# --- what is measured --------------------------------------------------------------------------


def cpu(action: Callable[[], object]) -> float:
    """User and system seconds of this process and of the children it has waited for."""
    before = _used()
    action()
    return _used() - before


def _used() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def _resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def _begin(path: Path) -> bytes:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return os.read(descriptor, 16384)
    finally:
        os.close(descriptor)


def _pydicom(path: Path, keywords: list[str] | None) -> pydicom.Dataset:
    return pydicom.dcmread(path, stop_before_pixels=True, specific_tags=keywords)  # type: ignore[arg-type]


def _pixels(path: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.generic]]:
    return pydicom.dcmread(path).pixel_array


def _dcmdump(paths: list[Path]) -> None:
    wanted = [word for tag in ("0010,0010", "0020,000e", "0020,0013", "0028,0010") for word in ("+P", tag)]
    subprocess.run(["dcmdump", *wanted, *map(str, paths)], stdout=subprocess.DEVNULL, check=True)


def _cat(paths: list[Path]) -> None:
    subprocess.run(["cat", *map(str, paths)], stdout=subprocess.DEVNULL, check=True)


def _open_in_window(application: object, folder: Path) -> tuple[float, float]:
    """Seconds until the first picture and until everything is there."""
    from PySide6.QtCore import QEventLoop, qInstallMessageHandler  # noqa: PLC0415

    from tests.ui.viewer.conftest import SmallWorkplace  # noqa: PLC0415
    from workstation.jobs.journal import Journal  # noqa: PLC0415
    from workstation.jobs.runner import JobRunner  # noqa: PLC0415
    from workstation.services.broadcast import Broadcast  # noqa: PLC0415
    from workstation.services.open_series import OpenPaths, run_open_paths  # noqa: PLC0415
    from workstation.ui.viewer.page import ViewerPage  # noqa: PLC0415

    broadcast = Broadcast()
    runner = JobRunner({OpenPaths: run_open_paths}, broadcast.publish, Journal(folder.parent / "jobs.sqlite"))
    with DecodePool() as pool:
        qInstallMessageHandler(lambda *_: None)  # the offscreen platform has no window manager and says so
        page = ViewerPage(SmallWorkplace(runner, pool, broadcast))  # type: ignore[arg-type]
        page.resize(1600, 1000)
        page.show()
        application.processEvents()  # type: ignore[attr-defined]
        loop = QEventLoop()
        moments: dict[str, float] = {}

        def note(name: str) -> None:
            if name == "picture":
                page.grid.canvas.repaint()
            moments.setdefault(name, time.perf_counter())
            if len(moments) == 2:
                loop.quit()

        page.frame_shown.connect(lambda _: note("picture"))
        page.opened.connect(lambda _: note("all"))
        started = time.perf_counter()
        page.open_paths([folder])
        loop.exec()
        page.close_page()
        page.deleteLater()
        runner.close()
    return moments["picture"] - started, moments["all"] - started


# --- what is opened ----------------------------------------------------------------------------


def write_slices(folder: Path, count: int) -> list[Path]:
    """512 x 512, about 150 elements each as CT scanners write them, private ones and a sequence among them."""
    folder.mkdir(parents=True)
    noise = np.random.default_rng(3).integers(0, 4096, (512, 512), np.uint16).tobytes()
    dataset = _slice(noise)
    order = np.random.default_rng(5).permutation(count)  # file names that say nothing of the place
    paths = []
    for number, name in enumerate(order, 1):
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        dataset.InstanceNumber = number
        dataset.ImagePositionPatient = [-200.0, -200.0, number * 0.75]
        buffer = io.BytesIO()
        dataset.save_as(buffer, enforce_file_format=True)
        path = folder / f"{name:05d}.dcm"
        path.write_bytes(buffer.getvalue())
        paths.append(path)
    return paths


def _slice(pixels: bytes) -> FileDataset:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID = ExplicitVRLittleEndian, support.CT_IMAGE_STORAGE
    dataset = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    values: dict[str, object] = {
        "SOPClassUID": support.CT_IMAGE_STORAGE,
        "StudyInstanceUID": generate_uid(),
        "SeriesInstanceUID": generate_uid(),
        "FrameOfReferenceUID": generate_uid(),
        "PatientName": "Bench^Mark",
        "PatientID": "BENCH1",
        "Modality": "CT",
        "StudyDate": "20260101",
        "SeriesNumber": 4,
        "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
        "PixelSpacing": [0.75, 0.75],
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "Rows": 512,
        "Columns": 512,
        "BitsAllocated": 16,
        "BitsStored": 12,
        "HighBit": 11,
        "PixelRepresentation": 0,
        "RescaleSlope": 1,
        "RescaleIntercept": -1024,
        "WindowCenter": [40, -600],
        "WindowWidth": [400, 1500],
        "PixelData": pixels,
    }
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    item = pydicom.Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = support.CT_IMAGE_STORAGE, generate_uid()
    dataset.ReferencedImageSequence = [item, item]
    for group in (0x0009, 0x0019, 0x0027, 0x0043):
        block = dataset.private_block(group, "BENCH_01", create=True)
        for element in range(30):
            block.add_new(element, "LO", f"value {element}")
    return dataset


if __name__ == "__main__":
    support.start(main)
