"""Studies: search the archive and the nodes together, look at what they have, bring it here, open it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QItemSelectionModel, QPoint, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QShowEvent
from PySide6.QtWidgets import QMenu, QStackedWidget, QWidget

from workstation.domain.events import LOCAL, InstanceStored, JobChanged, JobFinished
from workstation.domain.job import Job, JobState
from workstation.ui.desk import Desk
from workstation.ui.messages import notice_of
from workstation.ui.studies.detail import StudyDetail
from workstation.ui.studies.model import Column, StudiesModel, StudyEntry
from workstation.ui.studies.search_bar import ModalityStrip, SearchFields, SourceBar
from workstation.ui.studies.search_state import SearchRun
from workstation.ui.studies.searching import Searching
from workstation.ui.studies.verbs import StudyVerbs
from workstation.ui.thumbnails import Thumbnails
from workstation.ui.widgets.buttons import action_button, button
from workstation.ui.widgets.empty import EmptyState
from workstation.ui.widgets.layouts import ListAndDetail, column
from workstation.ui.widgets.table import RowTable, row_text, selected_rows, set_widths
from workstation.ui.widgets.timers import single_shot

WIDTHS = [35, 190, 104, 116, 136, 66, 160, 95, 51, 56, 132]
NARROW_WIDTHS = [30, 138, 106, 104, 134, 52, 60, 76, 46, 50, 124]  # of a window 1280 wide
SERIES_AFTER_MS = 120  # so that walking through the table asks for nothing
PRIORS_AFTER_MS = 400
ARRIVED_AFTER_MS = 1000
IMPORTED_SHOWN = 200  # studies of one import


class StudiesPage(QWidget):
    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.setObjectName("page")
        self._desk = desk
        self._jobs: dict[str, Job] = {}  # Study Instance UID -> its last retrieval
        self._thumbnails = Thumbnails(desk.workplace.archive, desk.workplace.decode_pool, parent=self)
        self.model = StudiesModel(self)
        self.searching = Searching(desk, self.model, self)
        self.verbs = StudyVerbs(desk, self.selection, self)
        actions = desk.actions
        self.sources = SourceBar(actions, desk.nodes)
        self.fields = SearchFields(action_button(actions["studies.search"], look="primary"))
        self.strip = ModalityStrip()
        self.table = RowTable(self.tr("Studies found"))
        self.detail = StudyDetail(actions, self._thumbnails)
        self._add_node = button(
            self.tr("Add a PACS…"), "plus", lambda: desk.wishes.page.emit("settings"), look="primary"
        )
        buttons = [action_button(actions[name]) for name in ("studies.import", "studies.import_folder")]
        self._empty = EmptyState("studies", self.tr("Searching…"), "", self._add_node, *buttons)
        self._stack = QStackedWidget()
        self._series_timer = single_shot(self, SERIES_AFTER_MS, self._ask_series)
        self._priors_timer = single_shot(self, PRIORS_AFTER_MS, self._ask_priors)
        self._awaited = ""  # the imported study that is selected as soon as it is in the table
        self._arrived: set[str] = set()  # studies of which something was stored since the last look
        self._arrived_timer = single_shot(self, ARRIVED_AFTER_MS, self._look_at_arrived)
        self._lay_out()
        self._connect_events()
        self._connect_actions()
        self.show_settings()
        desk.background.ask(desk.workplace.runner.jobs, self._know_jobs)
        QTimer.singleShot(0, self, self.search)

    def search(self, *, everything: bool = False) -> None:
        """Ask every chosen source what the fields say; nodes for all they have only with `everything`."""
        self.detail.show_nothing()
        form = replace(self.fields.form(self.strip.modalities), everything=everything)
        self.searching.search(self.sources.sources, form)

    def import_paths(self, paths: tuple[Path, ...]) -> None:
        """Import what was dropped on the window."""
        self._desk.wishes.page.emit("studies")
        self.verbs.import_paths(paths)

    def selection(self) -> list[StudyEntry]:
        """The selected studies; a selected series stands for its study."""
        entries = (self.model.entry(index) for index in selected_rows(self.table))
        return list({entry.uid: entry for entry in entries if entry is not None}.values())

    def select(self, uid: str) -> None:
        index = self.model.index_of(uid)
        if index.isValid():
            only_this = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
            self.table.selectionModel().setCurrentIndex(index.siblingAtColumn(Column.PATIENT), only_this)
            self.table.scrollTo(index)

    def show_settings(self) -> None:
        nodes = self._desk.workplace.settings().nodes
        self.sources.show_nodes(nodes)
        self._add_node.setVisible(not nodes)

    def close_page(self) -> None:
        """End what runs behind this page."""
        self._series_timer.stop()
        self._priors_timer.stop()
        self._arrived_timer.stop()
        self._thumbnails.close()

    def showEvent(self, event: QShowEvent) -> None:
        """Who comes back goes on where he was: at the selected row, or else at the fields."""
        chosen = self.table.selectionModel().hasSelection() and self._stack.currentWidget() is self.table
        self.setFocusProxy(self.table if chosen else self.fields.name)
        super().showEvent(event)

    # --- what was found ----------------------------------------------------------------------

    def _show_summary(self) -> None:
        run = self.searching.run
        if run is None:
            return
        summary = run.summary(self.model.shown_count, self.model.total_count)
        self.strip.show_summary(summary, why=bool(run.failures), narrowed=run.nodes_narrowed and run.finished)
        empty = self.model.shown_count == 0
        if empty:
            self._empty.say(*self._empty_words(run))
        self._stack.setCurrentWidget(self._empty if empty else self.table)

    def _empty_words(self, run: SearchRun) -> tuple[str, str]:
        if not self.sources.sources:
            return self.tr("No source is chosen"), self.tr("Choose at least one source beside the title of this page.")
        if not run.finished and run.answered and not self.model.total_count:
            waiting = ", ".join(sorted(run.waiting))
            return self.tr("Still waiting for {names}…").format(names=waiting), self.tr(
                "No source that has answered has such a study."
            )
        if not run.finished:
            return self.tr("Searching…"), self.tr("Studies appear here as each source answers.")
        if self.model.total_count:
            return self.tr("No study of this modality"), self.tr("Choose All above to see what was found.")
        if len(run.failures) == len(run.answered):
            return self.tr("No source answered"), self.tr("“why?” above says what is wrong and what to do about it.")
        return self._words_of_nothing_found(run)

    def _words_of_nothing_found(self, run: SearchRun) -> tuple[str, str]:
        if run.nodes_narrowed:
            return (
                self.tr("No studies of the last 30 days found"),
                self.tr(
                    "Nodes are asked for older studies only by name, ID, accession or description; * as name finds all."
                ),
            )
        if not self._desk.workplace.settings().nodes:
            return (
                self.tr("No studies found on this computer"),
                self.tr(
                    "Add your PACS to search it too, choose a wider date, or import files or a CD, or drop them here."
                ),
            )
        return (
            self.tr("No studies found"),
            self.tr("Choose a wider date, fewer fields or another source; or import files or a CD, or drop them here."),
        )

    def _explain_failures(self) -> None:
        run = self.searching.run
        for error in run.failures.values() if run is not None else ():
            self._desk.notify(notice_of(error, "amber"))

    def _modalities_changed(self) -> None:
        self.model.show_modalities(self.strip.modalities)
        if self.searching.narrowed_to_other(self.strip.modalities):
            self.search()
        self._show_summary()

    def _rows_inserted(self) -> None:
        """Studies that arrive may be ones that are being retrieved."""
        for job in self._jobs.values():
            self.model.follow(job)

    # --- the selected study ------------------------------------------------------------------

    def show_situation(self) -> None:
        """Enable the actions for what is selected."""
        chosen = self.selection()
        self._desk.actions.follow(
            replace(
                self._desk.actions.situation,
                study=bool(chosen),
                study_local=any(entry.local for entry in chosen),
                study_remote=any(entry.nodes and not entry.complete for entry in chosen),
                nodes=bool(self._desk.workplace.settings().nodes),
            )
        )

    def _selection_changed(self) -> None:
        chosen = self.selection()
        self.show_situation()
        if len(chosen) != 1:
            self.detail.show_nothing(len(chosen))
            return
        self.detail.show_study(chosen[0])
        if chosen[0].series is not None:
            self._show_series(chosen[0].uid)
        self._series_timer.start()
        self._priors_timer.start()

    def _ask_series(self) -> None:
        for entry in self.selection()[:1]:
            self.searching.ask_series(entry.uid)

    def _ask_priors(self) -> None:
        for entry in self.selection()[:1]:
            self.searching.ask_priors(entry, self.sources.sources)

    def _show_series(self, uid: str) -> None:
        entry = self.model.find(uid)
        if entry is not None and self.detail.study_uid == uid:
            self.detail.show_series(entry.series or [], self.searching.local_series(uid))

    def _show_priors(self, uid: str) -> None:
        if self.detail.study_uid == uid:
            self.detail.show_priors(self.searching.priors_of(uid))

    def _local_changed(self, uid: str) -> None:
        self._show_summary()
        if self._awaited == uid:
            self._awaited = ""
            self.select(uid)
        if self.detail.study_uid == uid:
            self._selection_changed()
        elif any(entry.uid == uid for entry in self.selection()):
            self.show_situation()

    def _go_to(self, uid: str) -> None:
        self.searching.add_prior(uid)
        self.select(uid)

    def _show_imported(self, uids: tuple[str, ...]) -> None:
        """Old studies too, whatever the fields say: their owner looks for them now."""
        self.search()
        if LOCAL in self.sources.sources:
            for uid in uids[:IMPORTED_SHOWN]:
                self.searching.look_up(uid, fitting_only=False)
            self._awaited = uids[0] if uids else ""

    def _deleted(self, uid: str) -> None:
        self._jobs.pop(uid, None)
        self.searching.look_up(uid)

    def _copy(self) -> None:
        rows = [
            row_text(self.model, index.row()) for index in selected_rows(self.table) if not index.parent().isValid()
        ]
        QGuiApplication.clipboard().setText("\n".join(rows))

    # --- jobs --------------------------------------------------------------------------------

    def _follow(self, job: Job) -> None:
        if job.kind == "retrieve":
            self._jobs[job.subject] = job
            self.model.follow(job)

    def _know_jobs(self, jobs: list[Job]) -> None:
        for job in reversed(jobs):
            if job.state not in (JobState.SUCCEEDED, JobState.CANCELLED):
                self._follow(job)

    def _job_event(self, event: JobChanged | JobFinished) -> None:
        self._follow(event.job)

    def _instance_stored(self, event: InstanceStored) -> None:
        """Somebody sent something: a modality, a retrieval, an import."""
        self._arrived.add(event.summary.study.study_instance_uid)
        if not self._arrived_timer.isActive():
            self._arrived_timer.start()

    def _look_at_arrived(self) -> None:
        if LOCAL in self.sources.sources:
            for uid in self._arrived:
                self.searching.look_up(uid)
        self._arrived.clear()

    # --- making ------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self.table.setModel(self.model)
        self.table.sortByColumn(Column.DATE, Qt.SortOrder.DescendingOrder)
        set_widths(self.table.horizontalHeader(), WIDTHS, Column.DESCRIPTION)
        self.table.set_narrow_widths(WIDTHS, NARROW_WIDTHS, Column.DESCRIPTION)
        self._stack.addWidget(self.table)
        self._stack.addWidget(self._empty)
        split = ListAndDetail(self._stack, self.detail, sum(WIDTHS), wide=360)
        layout = column(self.sources, self.fields, self.strip, split, spacing=0)
        layout.setStretch(3, 1)
        self.setLayout(layout)
        self.setFocusProxy(self.fields.name)

    def _connect_events(self) -> None:
        self._desk.bridge.job_changed.connect(self._job_event)
        self._desk.bridge.job_finished.connect(self._job_event)
        self._desk.bridge.instance_stored.connect(self._instance_stored)
        self._desk.wishes.settings_changed.connect(self.show_settings)
        self.sources.changed.connect(self.search)
        self.fields.submitted.connect(self.search)
        self.strip.changed.connect(self._modalities_changed)
        self.strip.why_asked.connect(self._explain_failures)
        self.strip.everything_asked.connect(lambda: self.search(everything=True))
        self.model.counts_changed.connect(self._show_summary)
        self.model.counts_changed.connect(self._rows_inserted)
        self.searching.progressed.connect(self._show_summary)
        self.searching.series_known.connect(self._show_series)
        self.searching.priors_known.connect(self._show_priors)
        self.searching.local_changed.connect(self._local_changed)
        self.verbs.retrieved.connect(self.searching.look_up)
        self.verbs.deleted.connect(self._deleted)
        self.verbs.imported.connect(self._show_imported)
        self.table.selectionModel().selectionChanged.connect(lambda *_: self._selection_changed())
        self.table.opened.connect(lambda _: self.verbs.open())
        self.table.fold_wanted.connect(self.model.unfold)
        self.table.customContextMenuRequested.connect(self._show_menu)
        self.detail.series_opened.connect(lambda *_: self.verbs.open())
        self.detail.prior_chosen.connect(self._go_to)

    def _connect_actions(self) -> None:
        actions = self._desk.actions
        actions.attach(self, "studies")
        for name, call in {
            "find": lambda: self.fields.name.edit.setFocus(Qt.FocusReason.ShortcutFocusReason),
            "search": self.search,
            "open": self.verbs.open,
            "retrieve": self.verbs.retrieve,
            "send": self.verbs.choose_send,
            "export": self.verbs.export,
            "import": self.verbs.choose_files,
            "import_folder": self.verbs.choose_folder,
            "open_disc": self.verbs.choose_disc,
            "delete": self.verbs.choose_delete,
            "copy": self._copy,
        }.items():
            actions[f"studies.{name}"].triggered.connect(lambda _checked=False, call=call: call())

    def _show_menu(self, where: QPoint) -> None:
        if not self.selection():
            return
        menu = QMenu(self)
        for name in ("open", "retrieve", "send", "export", "", "copy", "delete"):
            if name:
                menu.addAction(self._desk.actions[f"studies.{name}"])
            else:
                menu.addSeparator()
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self.table.viewport().mapToGlobal(where))
