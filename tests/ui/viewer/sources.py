"""A decode pool of ours without files: frames made up by index, held back at a gate."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np

from workstation.domain.errors import Cancelled
from workstation.domain.person_name import PersonName
from workstation.domain.study import Series, Study
from workstation.imaging.frame import Frame, PixelAttributes
from workstation.jobs.cancel import Cancellation
from workstation.services.display_sets import DisplaySet, FrameRef

WAIT_S = 60.0


def grey(stored: np.ndarray, **attributes: object) -> Frame:
    return Frame(stored, PixelAttributes("MONOCHROME2", 8, False, **attributes))  # type: ignore[arg-type]


def numbered(index: int) -> Frame:
    """16 x 16 pixels that all hold the index."""
    return grey(np.full((16, 16), index, np.uint8))


class GatedSource:
    """Answers once the gate is open; remembers what was asked for."""

    def __init__(self, open_gate: bool = False, make: Callable[[int], Frame] = numbered) -> None:
        self.asked: list[FrameRef] = []
        self.errors: dict[FrameRef, Exception] = {}
        self._make = make
        self._gate = threading.Event()
        self._started = threading.Event()
        if open_gate:
            self._gate.set()

    def release(self) -> None:
        self._gate.set()

    def hold(self) -> None:
        self._gate.clear()
        self._started.clear()

    def wait_started(self) -> None:
        assert self._started.wait(WAIT_S)

    def frame(
        self, path: str | Path, index: int = 0, cancellation: Cancellation | None = None, reduce: int = 0
    ) -> Frame:
        ref = FrameRef(Path(path), index)
        self.asked.append(ref)
        self._started.set()
        cancelled = threading.Event()
        if cancellation is not None:
            with cancellation.on_cancel(lambda: (cancelled.set(), self._gate.set())):
                assert self._gate.wait(WAIT_S)
        else:
            assert self._gate.wait(WAIT_S)
        if cancelled.is_set():
            raise Cancelled()
        if ref in self.errors:
            raise self.errors[ref]
        return self._make(index)


def display_set(count: int = 10, uid: str = "1.2.3", rate: float | None = None, modality: str = "CT") -> DisplaySet:
    """One multi-frame display set over the made-up source."""
    study = Study(
        study_instance_uid="1.2",
        patient_name=PersonName("DOE^JANE"),
        patient_id="4711",
        birth_date="19610302",
        sex="F",
        description="Abdomen",
        study_date="20261123",
    )
    series = Series(series_instance_uid=uid, series_number=4, modality=modality, description="T1 VIBE FS")
    frames = tuple(FrameRef(Path(f"/nowhere/{uid}.dcm"), index) for index in range(count))
    return DisplaySet(uid, study, series, frames, frame_rate=rate)
