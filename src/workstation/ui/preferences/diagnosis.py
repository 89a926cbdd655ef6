"""The way to a node step by step, each with what it means and what to change, and a sheet to copy."""

from __future__ import annotations

import itertools

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QCloseEvent, QGuiApplication
from PySide6.QtWidgets import QCheckBox, QDialog, QFrame, QScrollArea, QVBoxLayout, QWidget

from workstation.domain.errors import Cancelled
from workstation.domain.events import JobFinished, PartialResult
from workstation.domain.job import Job
from workstation.services.diagnose import DiagnoseNode
from workstation.services.diagnosis import Diagnosis, Finding, Light
from workstation.services.diagnosis_sheet import sheet
from workstation.ui.assets import DARK
from workstation.ui.desk import Desk
from workstation.ui.messages import notice_of, translate
from workstation.ui.widgets.buttons import button, frame, label
from workstation.ui.widgets.layouts import column, row

_COLOURS = {
    Light.GREEN: DARK.green,
    Light.AMBER: DARK.amber,
    Light.RED: DARK.red,
    Light.SKIPPED: DARK.muted,
    Light.RUNNING: DARK.blue,
}


class DiagnosisDialog(QDialog):
    """Begins when it is shown; closing it ends the diagnosis."""

    def __init__(self, desk: Desk, node: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._node = node
        self._job_id: int | None = None
        self._running = False
        self.diagnosis: Diagnosis | None = None
        self.setWindowTitle(self.tr("Diagnose {node}").format(node=node))
        self.setMinimumSize(360, 420)
        self.resize(720, 640)
        self.summary = label("", "strong", wrap=True)
        self.summary.setAccessibleName(self.tr("Outcome"))
        self._inside = QWidget()
        self._inside.setObjectName("scrolled")
        self._rows = column(None, spacing=10, margins=(2, 2, 10, 2))
        self._shown: list[tuple[Finding, str]] = []
        self._inside.setLayout(self._rows)
        self.steps = QScrollArea()
        self.steps.setAccessibleName(self.tr("Steps"))
        self.steps.setWidget(self._inside)
        self.steps.setWidgetResizable(True)
        self.steps.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.store = QCheckBox(self.tr("Also send back what it gives"))
        self.again = button(self.tr("Run again"), "reset", self.start)
        self.stop = button(self.tr("Stop"), "close", self.cancel)
        self.copy = button(self.tr("Copy sheet for its administrator"), "copy", self.copy_sheet)
        self.shut = button(self.tr("Close"), clicked=self.close, look="primary")
        lower = column(row(self.copy, None), row(self.again, self.stop, None, self.shut))
        layout = column(self.summary, self.steps, self.store, lower, spacing=12, margins=(18, 16, 18, 16))
        layout.setStretch(1, 1)
        self.setLayout(layout)
        desk.bridge.partial_result.connect(self._step_told)
        desk.bridge.job_finished.connect(self._finished)

    def start(self) -> None:
        """Begin, or begin again."""
        if self._running:
            return
        self._job_id, self._running, self.diagnosis = None, True, None
        self._show()
        self._desk.submit(DiagnoseNode(self._node, self.store.isChecked()), self._submitted)

    def cancel(self) -> None:
        if self._running and self._job_id is not None:
            self._desk.cancel(self._job_id)

    def copy_sheet(self) -> None:
        if self.diagnosis is not None:
            QGuiApplication.clipboard().setText(sheet(self.diagnosis))
            self.copy.setText(self.tr("Copied"))

    def reject(self) -> None:
        """Escape closes it, too."""
        self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        self.cancel()
        super().closeEvent(event)

    def _submitted(self, job: Job) -> None:
        self._job_id = job.id
        self._show_buttons()
        if not self.isVisible():  # closed in the meantime
            self.cancel()

    def _is_ours(self, job: Job) -> bool:
        return (
            self._running
            and (job.kind, job.subject) == (DiagnoseNode.kind, self._node)
            and self._job_id in (None, job.id)
        )

    def _step_told(self, event: PartialResult) -> None:
        if self._is_ours(event.job) and isinstance(event.result, Diagnosis):
            self.diagnosis = event.result
            self._show()

    def _finished(self, event: JobFinished) -> None:
        if not self._is_ours(event.job):
            return
        self._running = False
        if isinstance(event.result, Diagnosis):
            self.diagnosis = event.result
        self._show()
        if isinstance(event.error, Cancelled):
            self.summary.setText(self.tr("Stopped."))
        elif self.diagnosis is None and event.error is not None:
            words = notice_of(event.error)
            self.summary.setText(f"{words.text} {words.remedy}".strip())

    def _show(self) -> None:
        findings = self.diagnosis.findings if self.diagnosis else ()
        wanted = [(one, self._words(self._light(one))) for one in findings]
        kept = sum(
            1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(self._shown, wanted, strict=False))
        )
        for _ in range(kept, len(self._shown)):
            _take_away(self._rows, kept)
        for index in range(kept, len(wanted)):
            self._rows.insertWidget(index, _step_row(*wanted[index]))
        self._shown = wanted
        self.summary.setText(self._outcome())
        self._show_buttons()
        if not self._running:
            self._go_to_first_fault()

    def _go_to_first_fault(self) -> None:
        """Once the rows have their places."""
        faults = [index for index, (finding, _) in enumerate(self._shown) if finding.light is Light.RED]
        item = self._rows.itemAt(faults[0]) if faults else None
        widget = item.widget() if item is not None else None
        if widget is not None:
            QTimer.singleShot(0, widget, lambda: self.steps.ensureWidgetVisible(widget, 0, 40))

    def _light(self, finding: Finding) -> Light:
        """A step that was stopped has not been tried to its end."""
        return Light.SKIPPED if finding.light is Light.RUNNING and not self._running else finding.light

    def _show_buttons(self) -> None:
        self.again.setEnabled(not self._running)
        self.stop.setEnabled(self._running and self._job_id is not None)
        self.copy.setEnabled(not self._running and self.diagnosis is not None)
        self.copy.setText(self.tr("Copy sheet for its administrator"))

    def _outcome(self) -> str:
        if self._running:
            return self.tr("Asking {node}…").format(node=self._node)
        findings = self.diagnosis.findings if self.diagnosis else ()
        failed = [one.step.heading for one in findings if one.light is Light.RED]
        if failed:
            return self.tr("What fails: {steps}.").format(steps=", ".join(failed))
        noted = [one.step.heading for one in findings if one.light is Light.AMBER]
        if noted:
            return self.tr("Nothing failed. Worth a look: {steps}.").format(steps=", ".join(noted))
        return self.tr("Everything works.")

    def _words(self, light: Light) -> str:
        return {
            Light.GREEN: self.tr("Works"),
            Light.AMBER: self.tr("Note"),
            Light.RED: self.tr("Fails"),
            Light.SKIPPED: self.tr("Not tried"),
            Light.RUNNING: self.tr("Asking…"),
        }[light]


def _take_away(rows: QVBoxLayout, index: int) -> None:
    item = rows.takeAt(index)
    widget = item.widget() if item is not None else None
    if widget is not None:
        widget.hide()
        widget.deleteLater()


def _step_row(finding: Finding, state: str) -> QFrame:
    """One step; whoever cannot see the colour reads the word."""
    light = label(state, "strong")
    light.setStyleSheet(f"color: {_COLOURS[finding.light]}")
    light.setFixedWidth(84)
    light.setAlignment(Qt.AlignmentFlag.AlignTop)
    took = "" if finding.elapsed_s is None else f"{finding.elapsed_s * 1000:.0f} ms"
    head = row(label(finding.step.heading, "strong"), None, label(took, "muted"))
    words = column(head, spacing=3)
    for sentence, look in ((finding.what, ""), (finding.why, "muted"), (finding.remedy, "")):
        if sentence:
            words.addWidget(label(translate(sentence), look, wrap=True, selectable=True))
    card = frame("card")
    inside = row(light, words, spacing=12, margins=(12, 9, 12, 10))
    inside.setStretch(1, 1)
    card.setLayout(inside)
    card.setAccessibleName(f"{finding.step.heading}: {state}. {finding.what}")
    return card
