"""The journey that the demo makes by itself where nobody looks on: each step by the window's own widgets.

Query → retrieve → open → window/level → de-identify → export, then the other pages; a screenshot of each.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from PySide6.QtCore import QEventLoop, QPoint, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from workstation.domain.events import JobFinished
from workstation.domain.job import JobState
from workstation.services.export_command import ExportResult
from workstation.services.workplace import Workplace
from workstation.ui.application import build_window, make_application
from workstation.ui.export_wizard.page import ExportPage
from workstation.ui.main_window import MainWindow
from workstation.ui.messages import notice_of
from workstation.ui.studies.model import StudyEntry
from workstation.ui.studies.page import StudiesPage
from workstation.ui.viewer.page import ViewerPage
from workstation.ui.worklist.page import WorklistPage

STEP_TIMEOUT_S = 60.0
PREVIEW_STEP, LAST_STEP = 5, 7  # of the wizard
_Answer = TypeVar("_Answer")


class StepFailed(Exception):
    """A step that did not reach its end; the text says which and why."""


def run_tour(workplace: Workplace, screenshots: Path | None, *, say: Callable[[str], None], screen: str) -> int:
    """Make the journey; the exit status. Each step is said with what it did."""
    application = make_application()
    window = build_window(workplace)
    window.show()
    tour = Tour(workplace, window, screenshots, say)
    say(f"Workstation demo on {screen}")
    try:
        tour.make()
    except StepFailed as failure:
        say(f"FAILED  {failure}")
        return 1
    finally:
        window.close()
        application.processEvents()
    if screenshots is not None:
        say(f"Screenshots are in {screenshots}")
    return 0


class Tour:
    def __init__(
        self, workplace: Workplace, window: MainWindow, screenshots: Path | None, say: Callable[[str], None]
    ) -> None:
        self._workplace = workplace
        self._window = window
        self._screenshots = screenshots
        self._say = say
        self._studies = _page(window, "studies", StudiesPage)
        self._viewer = _page(window, "viewer", ViewerPage)
        self._export = _page(window, "export", ExportPage)
        self._worklist = _page(window, "worklist", WorklistPage)

    def make(self) -> None:
        study = self.query()
        self.retrieve(study)
        self.open(study)
        self.window_level()
        self.deidentify_and_export(study)
        self.list_worklist()
        self.show("activity")
        self.show("settings")

    def query(self) -> StudyEntry:
        self._window.show_page("studies")
        model = self._studies.model
        run = _until(lambda: self._studies.searching.run, "query", "no search began")
        _until(lambda: run.finished, "query", "not every source answered")
        if not model.rowCount():
            raise StepFailed("query: no study found")
        entries = [model.entry(model.index(row, 0)) for row in range(model.rowCount())]
        found = [entry for entry in entries if entry is not None and entry.nodes]
        self._say(f"query        {run.summary(model.shown_count, model.total_count)}")
        # The one with the most images: something to scroll through.
        return max(found, key=lambda entry: entry.study.instance_count or 0)

    def retrieve(self, study: StudyEntry) -> None:
        self._studies.select(study.uid)
        self._settle()
        self._picture("studies-found")
        finished = self._job("retrieve", self._studies.verbs.retrieve, "retrieve")
        result = finished.result
        self._say(
            f"retrieve     expected {result.expected} = stored {result.stored + result.already_present} instances, "
            f"{result.bytes / 1e6:.1f} MB by {str(result.method).upper()}"
        )
        _until(lambda: self._entry(study.uid).complete, "retrieve", "the table does not show it as local")
        self._studies.select(study.uid)
        self._settle(1500)  # thumbnails
        self._picture("studies")

    def open(self, study: StudyEntry) -> None:
        shown: list[object] = []
        opened: list[object] = []
        self._viewer.frame_shown.connect(shown.append)
        self._viewer.opened.connect(opened.append)
        started = time.monotonic()
        self._studies.select(study.uid)
        self._studies.verbs.open()
        _until(lambda: shown and opened, "open", "no image appeared")
        viewport = self._viewer.viewport
        self._say(
            f"open         {len(self._viewer.display_sets)} series, image {viewport.index + 1} of {viewport.count} "
            f"on the screen after {time.monotonic() - started:.1f} s"
        )
        self._settle(1000)

    def window_level(self) -> None:
        viewport = self._viewer.viewport
        before = viewport.window
        canvas = self._viewer.grid.canvas
        middle = canvas.rect().center()
        self._drag(canvas, middle, middle + QPoint(-120, 40))
        after = viewport.window
        if before is None or after is None or after == before:
            raise StepFailed("window/level: dragging the mouse did not change the window")
        viewport.step(10)
        _until(lambda: viewport.loading is None, "window/level", "the image ten slices on did not come")
        self._say(
            f"window/level {before.center:.0f}/{before.width:.0f} → {after.center:.0f}/{after.width:.0f} "
            f"by a drag of the left button; scrolled to image {viewport.index + 1}"
        )
        self._settle(800)
        self._picture("viewer")

    def deidentify_and_export(self, study: StudyEntry) -> None:
        self._window.show_page("studies")
        self._studies.select(study.uid)
        self._studies.verbs.export()
        with tempfile.TemporaryDirectory(prefix="workstation-demo-export-") as folder:
            self._export.set_destination(Path(folder, "clean"))
            while self._export.current_step < LAST_STEP:
                self._next_step()
            finished = self._job("deidentify", self._export.run, "export")
            self._settle()
            self._picture("export-finished")
            self._say_exported(finished.result, Path(folder))

    def _next_step(self) -> None:
        step = self._export.current_step
        _until(self._export.can_go_next, "export", f"step {step} could not be left")
        if step == PREVIEW_STEP:
            self._settle(1500)
            self._picture("export")
        self._export.go_next()

    def _say_exported(self, result: ExportResult, folder: Path) -> None:
        files = list(folder.rglob("*.dcm"))
        if len(files) != result.written:
            raise StepFailed(f"export: {result.written} instances reported, {len(files)} files found")
        self._say(
            f"de-identify  {result.written} instances written, {len(result.held)} held back; "
            "every file read back and searched for the patient's identifiers: none found"
        )
        self._say(
            f"export       {result.bytes / 1e6:.1f} MB to a folder, report with digest {result.report_sha256[:16]}…"
        )

    def list_worklist(self) -> None:
        self._window.show_page("worklist")
        model = self._worklist.model
        _until(lambda: model.rowCount() > 0, "worklist", "no scheduled step was listed")
        self._worklist.table.selectRow(0)
        self._say(f"worklist     {model.rowCount()} steps scheduled today")
        self._settle()
        self._picture("worklist")

    def show(self, page: str) -> None:
        self._window.show_page(page)
        self._settle()
        self._picture(page)

    # --- how -----------------------------------------------------------------------------------

    def _entry(self, uid: str) -> StudyEntry:
        entry = self._studies.model.find(uid)
        assert entry is not None
        return entry

    def _job(self, kind: str, begin: Callable[[], object], step: str) -> JobFinished:
        """Begin something and wait for the end of the job of `kind` that it starts."""
        ended: list[JobFinished] = []

        def hear(event: object) -> None:
            if isinstance(event, JobFinished) and event.job.kind == kind:
                ended.append(event)

        unsubscribe = self._workplace.subscribe(hear)
        try:
            begin()
            finished = _until(lambda: ended[0] if ended else None, step, "its job did not end")
        finally:
            unsubscribe()
        if finished.job.state is not JobState.SUCCEEDED:
            words = notice_of(finished.error).title if finished.error is not None else finished.job.state
            raise StepFailed(f"{step}: {words}")
        return finished

    def _drag(self, canvas: Any, start: QPoint, end: QPoint) -> None:
        QTest.mousePress(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start)
        for part in range(1, 11):
            QTest.mouseMove(canvas, start + (end - start) * part / 10)
            _spin(5)
        QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, end)

    def _settle(self, milliseconds: int = 400) -> None:
        _spin(milliseconds)

    def _picture(self, name: str) -> None:
        if self._screenshots is None:
            return
        self._screenshots.mkdir(parents=True, exist_ok=True)
        self._window.grab().save(str(self._screenshots / f"{name}.png"))


_Page = TypeVar("_Page")


def _page(window: MainWindow, name: str, page_type: type[_Page]) -> _Page:
    page = window.page(name)
    assert isinstance(page, page_type)
    return page


def _until(found: Callable[[], _Answer | None], step: str, otherwise: str) -> _Answer:
    """Let the window live until `found` gives something true."""
    deadline = time.monotonic() + STEP_TIMEOUT_S
    while not (answer := found()):
        if time.monotonic() > deadline:
            raise StepFailed(f"{step}: {otherwise} within {STEP_TIMEOUT_S:.0f} s")
        _spin(20)
    return answer


def _spin(milliseconds: int) -> None:
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop, loop.quit)
    loop.exec()
    QApplication.sendPostedEvents()
