"""Gives the marks of the open study to others: as DICOM objects in the study, as a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QWidget

from workstation.domain.errors import LocalError, WorkstationError
from workstation.domain.events import JobFinished
from workstation.domain.key_objects import KeyObjectTitle
from workstation.services.annotations import KeptMark
from workstation.services.measurement_table import COLUMNS, ImageNumbers, measured, rows
from workstation.services.save_command import Look, SavedMarks, SaveMarks
from workstation.services.workplace import Workplace
from workstation.ui.actions import Actions
from workstation.ui.background import Background
from workstation.ui.bridge import EventBridge
from workstation.ui.messages import notice_of
from workstation.ui.viewer.annotations.keeping import Keeping, own_sets
from workstation.ui.viewer.annotations.save_dialog import SaveDialog
from workstation.ui.viewer.grid import ViewportGrid
from workstation.ui.viewer.model import Viewport
from workstation.ui.viewer.series_model import SeriesModel
from workstation.ui.widgets.notice import NoticeText

Table = list[tuple[str, ...]]


class MarkSaver(QObject):
    """`tell` shows a notice. What is saved are the marks of the study in the viewport that is worked in."""

    def __init__(
        self,
        workplace: Workplace,
        *,
        keeping: Keeping,
        grid: ViewportGrid,
        series: SeriesModel,
        actions: Actions,
        tell: Callable[[NoticeText], None],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._widget = parent
        self._workplace = workplace
        self._keeping = keeping
        self._grid = grid
        self._series = series
        self._tell = tell
        self._jobs: set[int] = set()
        self._background = Background("mark-table", self)
        self._bridge = EventBridge(self)
        self._bridge.job_finished.connect(self._finished)
        self._unsubscribe = workplace.subscribe(self._bridge.publish)
        for name, act in (("save_marks", self.save), ("copy_marks", self.copy), ("export_marks", self.export)):
            actions[f"viewer.{name}"].triggered.connect(lambda _checked=False, act=act: act())

    def close(self) -> None:
        self._unsubscribe()
        self._bridge.close()
        self._background.close()

    # --- DICOM -------------------------------------------------------------------------------

    def save(self) -> None:
        """Ask how, then begin."""
        study, marks = self._study, self._marks()
        if not marks:
            return
        keys = sum(mark.annotation is None for mark in marks)
        self._background.ask(
            lambda: self._workplace.archive.study(study) is not None, partial(self._ask, marks, keys), self._complain
        )

    def _ask(self, marks: tuple[KeptMark, ...], keys: int, archived: bool) -> None:
        dialog = SaveDialog(len(marks) - keys, keys, archived, self._widget)
        dialog.chosen.connect(partial(self._begin, marks))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _begin(self, marks: tuple[KeptMark, ...], title: KeyObjectTitle, description: str, report: bool) -> None:
        files = tuple((uid, str(path)) for uid, path in self._files().items())
        study = marks[0].image.study_instance_uid
        command = SaveMarks(study, marks, files, self._looks(), title, description, report)
        self._jobs.add(self._workplace.runner.submit(command).id)

    def _finished(self, event: JobFinished) -> None:
        if event.job.id not in self._jobs:
            return
        self._jobs.discard(event.job.id)
        if isinstance(event.result, SavedMarks):
            self._tell(self._saved(event.result))
        elif event.error is not None:
            self._complain(event.error)

    def _saved(self, saved: SavedMarks) -> NoticeText:
        parts = (
            (saved.states, self.tr("1 presentation state"), self.tr("{n} presentation states")),
            (saved.key_objects, self.tr("1 key image selection"), self.tr("{n} key image selections")),
            (saved.reports, self.tr("1 report"), self.tr("{n} reports")),
        )
        what = ", ".join(one if count == 1 else many.format(n=count) for count, one, many in parts if count)
        left_out = self.tr("{n} are of images that are not here or have changed; they were left out.")
        return NoticeText(
            self.tr("Saved to the study"),
            what + ".",
            left_out.format(n=saved.left_out) if saved.left_out else self.tr("Send the study to hand them on."),
            tone="amber" if saved.left_out else "green",
        )

    def _looks(self) -> tuple[Look, ...]:
        """How each series is looked at; in the viewport that is worked in, where several show it."""
        looks: dict[str, Look] = {}
        for viewport in (self._grid.viewport, *self._grid.viewports):
            look = _look(viewport)
            if look is not None:
                looks.setdefault(look.series_instance_uid, look)
        return tuple(looks.values())

    # --- tables ------------------------------------------------------------------------------

    def copy(self) -> None:
        self._table(self._put_on_clipboard)

    def export(self) -> None:
        if not self._marks():
            return
        dialog = QFileDialog(self._widget, self.tr("Measurements as a table"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilter(self.tr("Comma-separated values (*.csv)"))
        dialog.setDefaultSuffix("csv")
        dialog.selectFile("measurements.csv")
        dialog.fileSelected.connect(lambda path: self._table(partial(self._write, Path(path))))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _table(self, then: Callable[[Table], None]) -> None:
        marks = self._marks()
        if not marks:
            return
        files, numbers, pool = self._files(), self._numbers(), self._workplace.decode_pool
        self._background.ask(lambda: rows(measured(marks, files, pool), numbers), then, self._complain)

    def _put_on_clipboard(self, table: Table) -> None:
        lines = ["\t".join(cell.replace("\t", " ") for cell in line) for line in (COLUMNS, *table)]
        QGuiApplication.clipboard().setText("\n".join(lines))
        self._tell(NoticeText(self.tr("Measurements copied"), self.tr("Paste them into a spreadsheet."), tone="green"))

    def _write(self, path: Path, table: Table) -> None:
        text = io.StringIO(newline="")
        csv.writer(text).writerows([COLUMNS, *table])
        done = NoticeText(self.tr("Measurements written"), path.name, tone="green")
        self._background.ask(partial(_write_whole, path, text.getvalue()), lambda _: self._tell(done), self._complain)

    # --- what is open ------------------------------------------------------------------------

    @property
    def _study(self) -> str:
        display_set = self._grid.viewport.display_set
        return display_set.study.study_instance_uid if display_set is not None else ""

    def _marks(self) -> tuple[KeptMark, ...]:
        """Says so where there is none."""
        marks = self._keeping.marks_of(self._study) if self._study else ()
        if not marks:
            words = self.tr("Measure something, or mark an image with K.")
            self._tell(NoticeText(self.tr("Nothing is measured or marked in this study"), words, tone="grey"))
        return marks

    def _files(self) -> dict[str, Path]:
        return {ref.sop_instance_uid: ref.path for one in own_sets(self._series.display_sets) for ref in one.frames}

    def _numbers(self) -> Mapping[str, ImageNumbers]:
        return {
            ref.sop_instance_uid: ImageNumbers(one.series.series_number, ref.instance_number)
            for one in own_sets(self._series.display_sets)
            for ref in one.frames
        }

    def _complain(self, error: WorkstationError) -> None:
        self._tell(notice_of(error))


def _look(viewport: Viewport) -> Look | None:
    display_set = viewport.display_set
    if display_set is None or viewport.frame is None or display_set.series.modality == "KO":
        return None
    return Look(display_set.series.series_instance_uid, viewport.shown_view, viewport.size)


def _write_whole(path: Path, text: str) -> None:
    """With the mark by which spreadsheets know UTF-8; the old file stays until the new one is whole."""
    partial_path = path.with_name(f"{path.name}.part")
    try:
        partial_path.write_text(text, encoding="utf-8-sig", newline="")
        partial_path.replace(path)
    except OSError as error:
        partial_path.unlink(missing_ok=True)
        raise LocalError(path=path.parent, reason=error.strerror or type(error).__name__) from error
