"""One line that says how far the reading of the chosen files is, with a way to stop it and to begin again."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QProgressBar

from workstation.ui.export_wizard.survey import Survey
from workstation.ui.messages import count
from workstation.ui.widgets.buttons import button, label
from workstation.ui.widgets.layouts import row


class ProgressLine(QFrame):
    """Hidden when there is nothing to say. `held` of the two scans is the one it speaks of, else pass one."""

    def __init__(self, survey: Survey, *, held: bool) -> None:
        super().__init__()
        self._survey = survey
        self._held = held
        self.setObjectName("strip")
        self.words = label("", "muted")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedSize(180, 6)
        self.bar.setAccessibleName(self.tr("Progress of reading"))
        self.stop_button = button(self.tr("Stop"), "cancel", survey.stop)
        self.again_button = button(self.tr("Read again"), "refresh", survey.read_again)
        self.setLayout(row(self.words, self.bar, None, self.stop_button, self.again_button, margins=(16, 6, 16, 6)))
        survey.progressed.connect(self.refresh)
        (survey.held_changed if held else survey.cohort_changed).connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        scan = self._survey.held_scan if self._held else self._survey.cohort_scan
        self.setVisible(scan.running or scan.stopped)
        doing = (
            self.tr("Looking for images that must be held back") if self._held else self.tr("Collecting identifiers")
        )
        words = self.tr("{doing}: {done} of {total}").format(
            doing=doing, done=count(scan.done), total=count(scan.total)
        )
        self.words.setText(words if scan.running else self.tr("Stopped before all files were read."))
        self.bar.setMaximum(max(1, scan.total))
        self.bar.setValue(scan.done)
        self.bar.setVisible(scan.running)
        self.stop_button.setVisible(scan.running)
        self.again_button.setVisible(scan.stopped)
