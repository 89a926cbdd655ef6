"""The Export page: the wizard's seven steps around one state. Nothing leaves this computer before the last.

The state outlives a visit to other pages. Everything slow is asked of the survey's threads or is a job.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QFrame, QMessageBox, QPushButton, QStackedWidget, QWidget

from workstation.deidentify.options import OPTIONS
from workstation.deidentify.profile import load_profile
from workstation.domain.errors import WorkstationError
from workstation.domain.events import JobFinished
from workstation.ui.desk import Desk
from workstation.ui.export_wizard import reading
from workstation.ui.export_wizard.destination_step import DestinationStep
from workstation.ui.export_wizard.identities_step import IdentitiesStep
from workstation.ui.export_wizard.model import ChosenStudy, RunState, Step, Wizard, may_advance, may_return, spec
from workstation.ui.export_wizard.pixels_step import PixelsStep
from workstation.ui.export_wizard.preview_model import translate
from workstation.ui.export_wizard.preview_step import PreviewStep
from workstation.ui.export_wizard.profile_step import ProfileStep
from workstation.ui.export_wizard.run_step import RunStep
from workstation.ui.export_wizard.step_list import StepList
from workstation.ui.export_wizard.studies_step import StudiesStep
from workstation.ui.export_wizard.survey import Survey
from workstation.ui.messages import count, size
from workstation.ui.widgets.buttons import Chip, button, frame, label
from workstation.ui.widgets.empty import EmptyState
from workstation.ui.widgets.layouts import clear, column, row

CHIPS_AT = ((1300, 3), (1100, 1), (0, 0))  # page width, and how many options have room in the header


class ExportPage(QWidget):
    """`step_changed` carries the number of the step now open, `finished` the JobFinished of an export."""

    step_changed = Signal(int)
    finished = Signal(object)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.setObjectName("page")
        self._desk = desk
        self._closed = False
        self._was_done = False
        self._asked: tuple[str, ...] = ()
        self._edition = load_profile().edition
        self._shown_chips: object = None
        self._totals = label("", "muted")
        self._chips = row(spacing=9)
        self.wizard = Wizard(self)
        self.survey = Survey(desk.workplace, self.wizard)
        workplace = desk.workplace
        self.studies = StudiesStep(self.wizard)
        self.profile = ProfileStep(self.wizard, self._edition)
        self.identities = IdentitiesStep(self.wizard, self.survey)
        self.pixels = PixelsStep(self.wizard, self.survey, workplace)
        self.preview = PreviewStep(self.wizard, self.survey, workplace)
        self.destination = DestinationStep(self.wizard, self.survey, workplace)
        self.run_step = RunStep(self.wizard, self.survey, desk, self._edition)
        self.steps = StepList(self.wizard)
        self._lay_out()
        self._connect()
        self.refresh()

    # --- what others use -------------------------------------------------------------------------

    @property
    def current_step(self) -> int:
        return int(self.wizard.state.step)

    def start(self, study_uids: tuple[str, ...]) -> None:
        """Begin an export of these studies of the archive; while one runs, ask first."""
        if not study_uids:
            return
        if self.wizard.state.run is RunState.RUNNING:
            self._ask_whether_to_begin(study_uids)
            return
        self._begin(study_uids)

    def can_go_next(self) -> bool:
        """Whether `go_next` enters a step or, on the last one, starts the run."""
        return may_advance(self.wizard.state)

    def go_next(self) -> bool:
        """Enter the next step; on step 7 start the run. Whether anything was done."""
        if not self.can_go_next():
            return False
        if self.wizard.state.step is Step.RUN:
            return self.run()
        return self.wizard.advance()

    def run(self) -> bool:
        """On step 7 start the export; whether it was started."""
        if self.wizard.state.step is not Step.RUN or not self.can_go_next():
            return False
        self.run_step.start()
        return True

    def go_back(self) -> bool:
        state = self.wizard.state
        return may_return(state) and self.wizard.go_to(Step(state.step - 1))

    def set_destination(self, path: str | Path) -> None:
        """Choose the folder. The disk's answer comes later: step 6 can be left when `can_go_next`."""
        self.destination.set_destination(str(path))

    def close_page(self) -> None:
        """End the threads; the page is of no use afterwards. An export that runs is the runner's affair."""
        if not self._closed:
            self._closed = True
            self.survey.close()

    # --- beginning -------------------------------------------------------------------------------

    def _begin(self, study_uids: tuple[str, ...]) -> None:
        self.wizard.begin()
        self._asked = study_uids
        self.wizard.change(gathering=True)
        archive = self._desk.workplace.archive

        def take(found: tuple[ChosenStudy, ...]) -> None:
            if self._asked == study_uids:
                self.wizard.change(studies=found, gathering=False)
                self._focus_step()

        def fail(error: WorkstationError) -> None:
            if self._asked == study_uids:
                self.wizard.change(gathering=False)
                self._desk.complain(error)

        self.survey.questions.ask(lambda: reading.gather(archive, study_uids), take, fail)

    def _new_export(self) -> None:
        self._asked = ()
        self.wizard.begin()

    def _ask_whether_to_begin(self, study_uids: tuple[str, ...]) -> None:
        box = QMessageBox(self)
        box.setObjectName("running-export")
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle(self.tr("An export is running"))
        box.setText(self.tr("An export is running."))
        box.setInformativeText(self.tr("It goes on by itself and is listed in Activity. Begin another one here?"))
        begin = box.addButton(self.tr("Begin another"), QMessageBox.ButtonRole.AcceptRole)
        box.addButton(self.tr("Stay with this one"), QMessageBox.ButtonRole.RejectRole)
        box.buttonClicked.connect(lambda clicked: self._begin(study_uids) if clicked is begin else None)
        box.finished.connect(box.deleteLater)
        box.open()

    # --- showing -----------------------------------------------------------------------------------

    def refresh(self) -> None:
        state = self.wizard.state
        chosen = bool(state.studies) or state.run is not RunState.READY
        self._outer.setCurrentWidget(self._body if chosen else self._empty)
        if state.gathering:
            self._empty.say(self.tr("Reading the studies"), "")
        else:
            words = self.tr("Choose De-identify & export… on the Studies page.")
            self._empty.say(self.tr("Nothing to export"), words)
        self._empty_button.setVisible(not state.gathering)
        self._pages.setCurrentIndex(state.step - 1)
        self._totals.setText(self._totals_words() if state.studies else "")
        if state.run is not RunState.DONE and self._was_done:
            self.preview.residual.show_check(None)
        self._was_done = state.run is RunState.DONE
        self._show_chips()
        self._show_footer()

    def _totals_words(self) -> str:
        state = self.wizard.state
        number = len(state.studies)
        studies = self.tr("1 study") if number == 1 else self.tr("{n} studies").format(n=count(number))
        images = self.tr("1 image") if state.image_count == 1 else self.tr("{n} images")
        return " · ".join((studies, images.format(n=count(state.image_count)), size(state.size_bytes)))

    def _show_chips(self) -> None:
        state = self.wizard.state
        titles = [translate(OPTIONS[name].title) for name in state.options]
        room = next(number for width, number in CHIPS_AT if self.width() >= width)
        shown = (bool(state.studies), room, tuple(titles))
        if shown == self._shown_chips:
            return
        self._shown_chips = shown
        clear(self._chips)
        if not state.studies:
            return
        self._chips.addWidget(self._chip(self.tr("Basic profile · PS3.15 {e}").format(e=self._edition), checked=True))
        for title in titles[:room]:
            self._chips.addWidget(self._chip(title))
        if len(titles) > room:
            words = self.tr("{n} more") if room else self.tr("{n} options") if len(titles) > 1 else self.tr("1 option")
            more = self._chip(words.format(n=len(titles) - room))
            more.setToolTip("\n".join(titles[room:]))
            self._chips.addWidget(more)

    def _chip(self, text: str, *, checked: bool = False) -> Chip:
        """Says what was chosen and leads to where it is chosen, as the step's own button does."""
        chip = Chip(text, checked=checked)
        chip.setCheckable(checked)
        chip.setFocusPolicy(Qt.FocusPolicy.NoFocus)

        def lead() -> None:
            chip.setChecked(checked)
            self.wizard.go_to(Step.PROFILE)

        chip.clicked.connect(lead)
        return chip

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_chips()

    def _show_footer(self) -> None:
        state = self.wizard.state
        following = Step(min(state.step + 1, Step.RUN))
        self.next_button.setEnabled(self.can_go_next())
        self.back_button.setEnabled(may_return(state))
        running, done = state.run is RunState.RUNNING, state.run is RunState.DONE
        self.next_button.setVisible(not running and not (done and state.step is Step.RUN))
        self.back_button.setVisible(not running)
        if state.step is Step.RUN:
            words = self.tr("Run again") if state.run is RunState.FAILED else self.tr("De-identify && export now")
        else:
            words = self.tr("Next: {step}").format(step=translate(spec(following).title))
        self.next_button.setText(words)
        self.next_button.setAccessibleName(words.replace("&&", "&"))
        promise = {
            RunState.RUNNING: self.tr("Nothing appears at the destination before every output is checked."),
            RunState.DONE: self.tr("The originals are as they were."),
            RunState.FAILED: self.tr("Nothing was exported."),
        }.get(state.run, self.tr("Nothing leaves this computer before step 7."))
        if state.step is Step.RUN and state.run is RunState.READY:
            promise = self.tr("Nothing has left this computer yet.")
        self._promise.setText(promise)

    def _run_finished(self, event: JobFinished) -> None:
        """The button that started the run is gone: what it made is what comes next."""
        if self.run_step.report_button.isVisible():
            self.run_step.report_button.setFocus(Qt.FocusReason.OtherFocusReason)
        self.finished.emit(event)

    def _step_changed(self, number: int) -> None:
        self._focus_step()
        self.step_changed.emit(number)

    def _focus_step(self) -> None:
        """Begin where the step begins, unless the person is on another page or in the list of steps."""
        if self.isVisible() and not self.steps.isAncestorOf(self.focusWidget() or self):
            shown = self._pages.currentWidget()
            proxy = shown.focusProxy() if shown is not None else None
            (proxy or self.next_button).setFocus(Qt.FocusReason.OtherFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter presses the button that has the focus, and goes on wherever nothing else wants it."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._outer.currentWidget() is self._body:
            focused = self.focusWidget()
            if isinstance(focused, QPushButton) and focused.hasFocus():
                focused.click()
            else:
                self.go_next()
            return
        super().keyPressEvent(event)

    def _connect(self) -> None:
        self.wizard.changed.connect(self.refresh)
        self.wizard.step_changed.connect(self._step_changed)
        self.run_step.finished.connect(self._run_finished)
        self.run_step.new_export.connect(self._new_export)
        self.run_step.residual_read.connect(self.preview.residual.show_check)
        for table in (self.studies.table, self.identities.table, self.preview.table, self.pixels.documents_table):
            table.opened.connect(lambda _index: self.go_next())
        for keys, call in (("Alt+Left", self.go_back), ("Alt+Right", self.go_next)):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(call)

    def _lay_out(self) -> None:
        header = frame("header")
        header.setFixedHeight(49)
        title = label(self.tr("De-identify & export"), "title")
        header.setLayout(row(title, self._totals, None, self._chips, spacing=10, margins=(16, 0, 16, 0)))
        self._pages = QStackedWidget()
        for step in (
            self.studies,
            self.profile,
            self.identities,
            self.pixels,
            self.preview,
            self.destination,
            self.run_step,
        ):
            self._pages.addWidget(step)
        middle = row(self.steps, self._pages, spacing=0)
        middle.setStretch(1, 1)
        inside = column(middle, self._footer(), spacing=0)
        inside.setStretch(0, 1)
        self._body = QWidget()
        self._body.setLayout(inside)
        self._empty_button = button(self.tr("Go to Studies"), "studies", lambda: self._desk.wishes.page.emit("studies"))
        self._empty = EmptyState("export", "", "", self._empty_button)
        self._outer = QStackedWidget()
        self._outer.addWidget(self._empty)
        self._outer.addWidget(self._body)
        layout = column(header, self._outer, spacing=0)
        layout.setStretch(1, 1)
        self.setLayout(layout)

    def _footer(self) -> QFrame:
        footer = frame("footer")
        footer.setFixedHeight(59)
        self._promise = label("", "muted")
        self.back_button = button(self.tr("Back"), clicked=self.go_back)
        self.next_button = button(self.tr("Next"), clicked=self.go_next, look="primary")
        self.back_button.setToolTip(self.tr("Back  (Alt+Left)"))
        self.next_button.setToolTip(self.tr("Next  (Enter, Alt+Right)"))
        footer.setLayout(row(self._promise, None, self.back_button, self.next_button, margins=(16, 0, 16, 0)))
        return footer
