"""The user of the whole application, in the user's words, through real widgets and real events.

Every verb ends when the window shows its effect, so that a journey reads as a story and sleeps nowhere.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QMimeData, QModelIndex, QPoint, QPointF, Qt, QTimer, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QLabel, QMenu, QPushButton, QTableView, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from workstation.domain.job import ACTIVE, Job, JobState
from workstation.services.workplace import Workplace
from workstation.ui.activity.model import Column as JobColumn
from workstation.ui.activity.page import ActivityPage
from workstation.ui.main_window import MainWindow
from workstation.ui.studies.model import Column
from workstation.ui.studies.page import StudiesPage
from workstation.ui.studies.search_state import ANY_DATE
from workstation.ui.viewer.page import ViewerPage
from workstation.ui.widgets.notice import NoticeText
from workstation.ui.worklist.page import WorklistPage

PATIENCE_MS = 30_000
LEFT = Qt.MouseButton.LeftButton
BEAT_MS = 5
Widget = TypeVar("Widget", bound=QWidget)


class User:
    """Sits before `window`, which shows `workplace`."""

    def __init__(self, qtbot: QtBot, window: MainWindow, workplace: Workplace) -> None:
        self.qtbot = qtbot
        self.window = window
        self.workplace = workplace
        self._jobs_before: set[int] = set()

    # --- places ------------------------------------------------------------------------------

    @property
    def studies(self) -> StudiesPage:
        return self.window.page("studies")  # type: ignore[return-value]

    @property
    def worklist(self) -> WorklistPage:
        return self.window.page("worklist")  # type: ignore[return-value]

    @property
    def viewer(self) -> ViewerPage:
        return self.window.page("viewer")  # type: ignore[return-value]

    @property
    def activity(self) -> ActivityPage:
        return self.window.page("activity")  # type: ignore[return-value]

    def goes_to(self, page: str) -> User:
        """By the button of the navigation."""
        words = self.window._actions[f"window.{page}"].text()
        self._click(self._visible(QToolButton, lambda one: one.objectName() == "nav" and one.text() == words))
        self._until(lambda: self.window.current_page == page)
        return self

    # --- Studies -----------------------------------------------------------------------------

    def searches(self, name: str = "", *, patient_id: str = "") -> User:
        """Any date, by typing and Enter; ends when every source has answered or failed."""
        self.starts_searching(name, patient_id=patient_id)
        self._until(lambda: self.studies.searching.run.finished)  # type: ignore[union-attr]
        return self

    def starts_searching(self, name: str = "", *, patient_id: str = "") -> User:
        """The same without waiting for answers."""
        if self.window.current_page != "studies":
            self.goes_to("studies")
        fields, before = self.studies.fields, self.studies.searching.run
        fields.date.choice.setCurrentIndex(fields.date.choice.findData(ANY_DATE))
        for edit, text in ((fields.patient_id.edit, patient_id), (fields.name.edit, name)):
            self.qtbot.mouseClick(edit, LEFT)
            edit.selectAll()
            self.qtbot.keyClick(edit, Qt.Key.Key_Delete)
            self.qtbot.keyClicks(edit, text)
        self.qtbot.keyClick(fields.name.edit, Qt.Key.Key_Return)
        self._until(lambda: self.studies.searching.run is not before)
        return self

    @property
    def found(self) -> list[tuple[str, str]]:
        """Patient and place of each study, as the table shows them."""
        model = self.studies.model
        return [
            (str(model.index(row, Column.PATIENT).data()), str(model.index(row, Column.WHERE).data()))
            for row in range(model.rowCount())
            if model.series_at(row) is None
        ]

    @property
    def places(self) -> list[str]:
        return [place for _, place in self.found]

    def sees_places(self, *places: str) -> User:
        """Wait until the Where column says so, in any order."""
        self._until(lambda: sorted(self.places) == sorted(places))
        return self

    def selects(self, patient: str) -> User:
        """Click the row in which `patient` stands."""
        model = self.studies.model
        row = next(row for row in range(model.rowCount()) if patient in str(model.index(row, Column.PATIENT).data()))
        self._click_cell(self.studies.table, model.index(row, Column.PATIENT))
        self._until(lambda: len(self.studies.selection()) == 1)
        return self

    def selects_first(self) -> User:
        self._click_cell(self.studies.table, self.studies.model.index(0, Column.PATIENT))
        self._until(lambda: len(self.studies.selection()) == 1)
        return self

    @property
    def selected_uid(self) -> str:
        return self.studies.selection()[0].uid

    def retrieves(self) -> User:
        """Press Retrieve for what is selected; ends with the job, however it goes."""
        self.starts_retrieving()
        self.awaits_job("retrieve")
        return self

    def retrieves_first(self) -> User:
        return self.selects_first().retrieves()

    def starts_retrieving(self) -> User:
        self._jobs_before = self._job_ids()
        self._press("studies.retrieve")
        return self

    def awaits_job(self, kind: str) -> Job:
        """The job of `kind` that the last verb began, when it is through and Activity says so."""
        model = self.activity.model

        def ended() -> list[Job]:
            return [
                job
                for job in model._jobs.values()
                if job.kind == kind and job.id not in self._jobs_before and job.state not in ACTIVE
            ]

        self._until(lambda: bool(ended()))
        return ended()[0]

    def opens(self) -> User:
        """Press Open; ends when the picture is on the screen."""
        viewer = self.viewer
        with self.qtbot.waitSignals([viewer.opened, viewer.frame_shown], timeout=PATIENCE_MS):
            self._press("studies.open")
        return self.sees_picture()

    def sends_to(self, node: str) -> User:
        """Send…, and `node` in the menu."""
        self._jobs_before = self._job_ids()
        self._press("studies.send")
        menu = self._visible(QMenu, lambda one: any(node in action.text() for action in one.actions()))
        action = next(action for action in menu.actions() if action.text().startswith(node))
        self.qtbot.mouseClick(menu, LEFT, pos=menu.actionGeometry(action).center())
        self.awaits_job("send")
        return self

    def drops(self, *paths: Path) -> User:
        """Drag files and folders from elsewhere onto the Studies page; ends when they are imported."""
        if self.window.current_page != "studies":
            self.goes_to("studies")
        self._jobs_before = self._job_ids()
        self._drop(self.window, paths)
        self.awaits_job("import")
        return self

    # --- Viewer ------------------------------------------------------------------------------

    def opens_files(self, *paths: Path) -> User:
        """Drop files on the viewer; ends when they are shown or the reason why not is."""
        if self.window.current_page != "viewer":
            self.goes_to("viewer")
        ended: list[object] = []
        opener = self.viewer._opener
        connections = [(opener.opened, opener.opened.connect(ended.append))]
        connections.append((opener.failed, opener.failed.connect(ended.append)))
        self._drop(self.viewer, paths)
        self._until(lambda: bool(ended))
        for signal, connection in connections:
            signal.disconnect(connection)
        self._until(lambda: self.viewer.viewport.loading is None)
        return self

    def sees_picture(self) -> User:
        """Wait until the image asked for is the one on the screen."""
        viewport = self.viewer.viewport
        self._until(lambda: viewport.loading is None and viewport.frame is not None)
        self._until(lambda: not self.viewer.grid.canvas.is_draft)
        return self

    @property
    def picture(self) -> NDArray[np.uint8]:
        pixels = self.viewer.grid.canvas.pixels
        assert pixels is not None
        return pixels.copy()

    @property
    def window_level(self) -> tuple[float, float]:
        window = self.viewer.viewport.window
        assert window is not None
        return (window.center, window.width)

    def drags_window(self, across: int, down: int) -> User:
        """With the left mouse button on the picture."""
        return self._drag(LEFT, across, down)

    def pans(self, across: int, down: int) -> User:
        return self._drag(Qt.MouseButton.MiddleButton, across, down)

    def scrolls_to(self, index: int) -> User:
        """With the Down and Up keys, image by image."""
        viewport, canvas = self.viewer.viewport, self.viewer.grid.canvas
        while viewport.index != index:
            before = viewport.index
            self.qtbot.keyClick(canvas, Qt.Key.Key_Down if before < index else Qt.Key.Key_Up)
            self._until(lambda before=before: viewport.index != before)
        return self.sees_picture()

    def presses_key(self, key: Qt.Key) -> User:
        self.window.activateWindow()
        self._until(self.window.isActiveWindow)  # or it hears no shortcut
        self.viewer.grid.canvas.setFocus()
        self.qtbot.keyClick(self.viewer.grid.canvas, key)
        return self.sees_picture()

    def _drag(self, button: Qt.MouseButton, across: int, down: int) -> User:
        canvas = self.viewer.grid.canvas
        start = canvas.rect().center()
        self.qtbot.mousePress(canvas, button, pos=start)
        for step in range(1, 11):
            self._move(canvas, button, start + QPoint(across * step // 10, down * step // 10))
        self.qtbot.mouseRelease(canvas, button, pos=start + QPoint(across, down))
        return self.sees_picture()

    @staticmethod
    def _move(widget: QWidget, button: Qt.MouseButton, place: QPoint) -> None:
        # QTest.mouseMove sends no buttons along.
        event = QMouseEvent(
            QMouseEvent.Type.MouseMove,
            QPointF(place),
            QPointF(widget.mapToGlobal(place)),
            Qt.MouseButton.NoButton,
            button,
            Qt.KeyboardModifier.NoModifier,
        )
        QApplication.sendEvent(widget, event)

    # --- Activity ----------------------------------------------------------------------------

    def selects_job(self, kind: str, *, running: bool = False) -> User:
        """Click the newest (running) job of `kind` on the Activity page, whose chip All shows queries, too."""
        if self.window.current_page != "activity":
            self.goes_to("activity")
        self._click(self._visible(QToolButton, lambda one: one.text() == "All, with queries"))
        model = self.activity.model

        def fits(job: Job | None) -> bool:
            return job is not None and job.kind == kind and (not running or job.state is JobState.RUNNING)

        def row() -> int:
            return next((row for row in range(model.rowCount()) if fits(model.job(row))), -1)

        self._until(lambda: row() >= 0)
        self._click_cell(self.activity.table, model.index(row(), JobColumn.STATE))
        self._until(lambda: len(self.activity.selection()) == 1)
        return self

    @property
    def job(self) -> Job:
        return self.activity.selection()[0]

    @property
    def job_words(self) -> str:
        """What the pane beside the jobs says of the selected one."""
        return _words(self.activity.detail)

    def sees_in_job(self, sentence: str) -> User:
        """Wait until the pane beside the jobs says so."""
        self._until(lambda: sentence in self.job_words)
        return self

    def cancels_job(self) -> float:
        """Press Cancel for the selected job and see it say so; the seconds from the press to the end of the job."""
        job_id = self.job.id
        self._press("activity.cancel")
        pressed_at = time.time()
        self._until(lambda: self.activity.model._jobs[job_id].state is JobState.CANCELLED)
        return (self.activity.model._jobs[job_id].finished_at or 0.0) - pressed_at

    def retries_job(self) -> User:
        self._jobs_before = self._job_ids() - {self.job.id}
        kind = self.job.kind
        self._press("activity.retry")
        self._until(lambda: self.activity.model._jobs[self.job.id].state in ACTIVE | {JobState.SUCCEEDED})
        self.awaits_job(kind)
        return self

    # --- words -------------------------------------------------------------------------------

    @property
    def notices(self) -> tuple[NoticeText, ...]:
        return self.window.notices.notices

    def reads_notice(self) -> str:
        """The newest notice as it stands in the window."""
        self._until(lambda: bool(self.notices))
        return f"{self.notices[0].title}\n{self.notices[0].text}\n{self.notices[0].remedy}"

    def dismisses_notices(self) -> User:
        while self.notices:
            before = len(self.notices)
            self._click(self._visible(QToolButton, lambda one: one.accessibleName() == "Dismiss"))
            self._until(lambda before=before: len(self.notices) < before)
        return self

    def asks_why(self) -> str:
        """The “why?” beside the line of what was found."""
        self.dismisses_notices()
        self._click(self.studies.strip.why_button)
        return self.reads_notice()

    # --- how ---------------------------------------------------------------------------------

    def _until(self, condition: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(condition, timeout=PATIENCE_MS)

    def _click(self, widget: QWidget) -> None:
        self.qtbot.mouseClick(widget, LEFT)

    def _click_cell(self, table: QTableView, index: QModelIndex) -> None:
        table.scrollTo(index)
        self.qtbot.mouseClick(table.viewport(), LEFT, pos=table.visualRect(index).center())

    def _press(self, action_id: str) -> None:
        """The visible button of an action, as soon as it can be used."""
        button: list[QPushButton] = []

        def ready() -> bool:
            words = self.window._actions[action_id].iconText().rstrip("…")
            button[:] = [
                one
                for one in self.window.findChildren(QPushButton)
                if one.isVisible() and one.isEnabled() and one.accessibleName() == words
            ]
            return bool(button)

        self._until(ready)
        self._click(button[0])

    def _visible(self, kind: type[Widget], wanted: Callable[[Widget], bool]) -> Widget:
        found: list[Widget] = []

        def seen() -> bool:
            found[:] = [one for one in self.window.findChildren(kind) if one.isVisible() and wanted(one)]
            return bool(found)

        self._until(seen)
        return found[0]

    def _drop(self, widget: QWidget, paths: tuple[Path, ...]) -> None:
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
        centre, copy, none = widget.rect().center(), Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
        enter = QDragEnterEvent(centre, copy, data, LEFT, none)
        QApplication.sendEvent(widget, enter)
        assert enter.isAccepted()
        QApplication.sendEvent(widget, QDropEvent(QPointF(centre), copy, data, LEFT, none))

    def _job_ids(self) -> set[int]:
        return set(self.activity.model._jobs)


class Heartbeat:
    """Beats on the GUI thread; `stop` gives the longest silence in seconds."""

    def __init__(self) -> None:
        self._beats = [time.monotonic()]
        self._timer = QTimer()
        self._timer.timeout.connect(lambda: self._beats.append(time.monotonic()))
        self._timer.start(BEAT_MS)

    def stop(self) -> float:
        self._timer.stop()
        self._beats.append(time.monotonic())
        return max(later - earlier for earlier, later in pairwise(self._beats))


def _words(widget: QWidget) -> str:
    return "\n".join(one.text() for one in widget.findChildren(QLabel) if one.text() and one.isVisible())
