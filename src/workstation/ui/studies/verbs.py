"""What the user does with studies: open, retrieve, send, export, delete, import."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QStandardPaths, Qt, Signal
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QFileDialog, QMenu, QMessageBox, QWidget

from workstation.domain.events import InstanceStored, JobFinished
from workstation.domain.job import Job, JobState, Priority
from workstation.services.deletion import delete_study
from workstation.services.ingest import ImportPaths
from workstation.services.move import MoveStudy
from workstation.services.priors import FindPriors
from workstation.services.retrieve import RetrievePrior, RetrieveStudy
from workstation.services.send import SendInstances
from workstation.ui.desk import Desk
from workstation.ui.studies.model import StudyEntry
from workstation.ui.widgets.notice import NoticeText

DONE = frozenset({JobState.SUCCEEDED, JobState.PARTLY})
Selection = Callable[[], list[StudyEntry]]


class StudyVerbs(QObject):
    """`parent` is the page: dialogs and menus belong to it, none of them blocks."""

    retrieved = Signal(str)  # Study Instance UID, whatever the outcome
    deleted = Signal(str)
    imported = Signal(object)  # the Study Instance UIDs that are here now

    def __init__(self, desk: Desk, selection: Selection, parent: QWidget) -> None:
        super().__init__(parent)
        self._desk, self._selection, self._page = desk, selection, parent
        self._opening: set[str] = set()
        desk.bridge.job_finished.connect(self._job_finished)
        desk.bridge.instance_stored.connect(self._instance_stored)

    def open(self) -> None:
        """Open what is here; what is not is retrieved, and opened with its first image."""
        for entry in self._selection()[:1]:
            if entry.local:
                self._desk.wishes.open_study.emit(entry.uid)
            elif entry.nodes:
                self._opening.add(entry.uid)
                self._retrieve(entry, Priority.FIRST)

    def retrieve(self) -> None:
        for entry in self._selection():
            if entry.nodes:
                self._retrieve(entry)

    def choose_send(self) -> None:
        """Ask which node gets the selected studies."""
        menu = QMenu(self._page)
        for node in self._desk.workplace.settings().nodes:
            menu.addAction(f"{node.name}  ({node.ae_title})", partial(self.send, node.name))
        self._add_moves(menu)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(QCursor.pos())

    def _add_moves(self, menu: QMenu) -> None:
        """From a node that has it straight to another one (C-MOVE); nothing comes here."""
        nodes = [node for node in self._desk.workplace.settings().nodes if node.ae_title]
        having = dict.fromkeys(name for entry in self._selection() for name in entry.nodes)
        for source in (node for node in nodes if node.name in having):
            others = [node for node in nodes if node.name != source.name]
            if others:
                from_there = menu.addMenu(self.tr("Send from {node} to").format(node=source.name))
                for other in others:
                    call = partial(self.move, source.name, other.ae_title)
                    from_there.addAction(f"{other.name}  ({other.ae_title})", call)

    def move(self, source: str, ae_title: str) -> None:
        """Have `source` send the selected studies that it has to `ae_title`."""
        for entry in self._selection():
            if source in entry.nodes:
                self._desk.submit(MoveStudy(source, entry.uid, ae_title))

    def send(self, node: str) -> None:
        for entry in self._selection():
            if entry.local:
                self._desk.submit(SendInstances(node, study_instance_uid=entry.uid))

    def export(self) -> None:
        self._desk.wishes.export_studies.emit(tuple(entry.uid for entry in self._selection() if entry.local))

    def choose_delete(self) -> None:
        """Ask, then delete the local copies."""
        chosen = [entry for entry in self._selection() if entry.local]
        if not chosen:
            return
        only_here = sum(1 for entry in chosen if not entry.nodes)
        uids = [entry.uid for entry in chosen]
        count = partial(self._desk.workplace.marks.count, uids)
        ask = partial(self._ask_delete, uids, only_here)
        # What cannot be counted is deleted all the same: the question then says nothing of it.
        self._desk.background.ask(count, ask, lambda _error: ask(0))

    def _ask_delete(self, uids: list[str], only_here: int, marks: int) -> None:
        text = self.tr("Copies on nodes stay as they are.")
        if only_here:
            text += " " + self.tr("No searched node has {n} of them.").format(n=_studies(only_here))
        if marks:
            text += " " + (
                self.tr("The measurement or key image mark on it goes with it.")
                if marks == 1
                else self.tr("{n} measurements and key image marks go with them.").format(n=marks)
            )
        question = QMessageBox(self._page)
        question.setWindowTitle(self.tr("Delete from this computer"))
        question.setText(self.tr("Delete {n} from this computer?").format(n=_studies(len(uids))))
        question.setInformativeText(text)
        delete = question.addButton(self.tr("Delete"), QMessageBox.ButtonRole.DestructiveRole)
        question.setDefaultButton(question.addButton(QMessageBox.StandardButton.Cancel))
        question.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        question.buttonClicked.connect(lambda pressed: self.delete(uids) if pressed is delete else None)
        question.open()

    def delete(self, uids: list[str]) -> None:
        archive, marks = self._desk.workplace.archive, self._desk.workplace.marks
        for uid in uids:
            self._desk.background.ask(
                partial(delete_study, archive, marks, uid), partial(self._deleted, uid), self._desk.complain
            )

    def _deleted(self, uid: str, _: None) -> None:
        self.deleted.emit(uid)

    def import_paths(self, paths: tuple[Path, ...]) -> None:
        """Import files and folders: chosen, or dropped on the window."""
        self._desk.submit(ImportPaths(tuple(str(path) for path in paths)))

    def choose_files(self) -> None:
        self._ask_paths(self.tr("Import files"), QFileDialog.FileMode.ExistingFiles, self.import_paths)

    def choose_folder(self) -> None:
        self._ask_paths(self.tr("Import a folder"), QFileDialog.FileMode.Directory, self.import_paths)

    def choose_disc(self) -> None:
        """Open a CD, a folder or what a DICOMDIR lists, without importing it."""
        title = self.tr("Open a CD or a folder with a DICOMDIR")
        self._ask_paths(title, QFileDialog.FileMode.Directory, self._desk.wishes.open_paths.emit, _media_folder())

    def _ask_paths(
        self, title: str, mode: QFileDialog.FileMode, then: Callable[[tuple[Path, ...]], None], folder: str = ""
    ) -> None:
        dialog = QFileDialog(self._page, title, folder or _home())
        dialog.setFileMode(mode)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.filesSelected.connect(lambda names: then(tuple(Path(name) for name in names)))
        dialog.open()

    def _retrieve(self, entry: StudyEntry, priority: Priority = Priority.NORMAL) -> None:
        """What is to be looked at goes before what is only to be here."""
        self._desk.submit(RetrieveStudy(entry.nodes[0], entry.uid), priority=priority)

    def _job_finished(self, event: JobFinished) -> None:
        job = event.job
        if job.kind == RetrievePrior.kind:
            self.retrieved.emit(job.subject)
        elif job.kind == FindPriors.kind:
            for prior in event.result or ():
                self._desk.submit(prior)
        elif job.kind == RetrieveStudy.kind:
            self.retrieved.emit(job.subject)
            self._look_for_priors(job)
            if job.subject in self._opening:
                self._opening.discard(job.subject)
                if job.state in DONE:
                    self._desk.wishes.open_study.emit(job.subject)
        elif job.kind == ImportPaths.kind and job.state in DONE:
            self._say_imported(event)
            self.imported.emit(event.result.study_instance_uids if event.result is not None else ())

    def _instance_stored(self, event: InstanceStored) -> None:
        """One image is enough to begin with; the rest joins it as it comes."""
        uid = event.summary.study.study_instance_uid
        if uid in self._opening:
            self._opening.discard(uid)
            self._desk.wishes.open_study.emit(uid)

    def _look_for_priors(self, job: Job) -> None:
        """Where the node's settings want some: after the study itself, behind whatever else waits for that node."""
        node = self._desk.workplace.settings().node(job.lane.rpartition(":")[0])
        if job.state in DONE and node is not None and node.priors:
            self._desk.workplace.runner.submit(FindPriors(node.name, job.subject))

    def _say_imported(self, event: JobFinished) -> None:
        result = event.result
        if result is None:
            return
        failed = len(result.failed)
        counts = {
            self.tr("{n} new"): result.stored,
            self.tr("{n} already here"): result.already_present,
            self.tr("{n} in conflict with what is here"): result.conflicts,
            self.tr("{n} not DICOM"): len(result.skipped),
            self.tr("{n} damaged, kept as they are"): len(result.warnings),
            self.tr("{n} could not be read"): failed,
        }
        text = " · ".join(words.format(n=number) for words, number in counts.items() if number)
        remedy = self.tr("The Activity page lists each file that could not be read, and why.") if failed else ""
        tone = "amber" if failed or result.conflicts or result.warnings else "green"
        nothing = self.tr("Nothing to import was found.")
        self._desk.notify(NoticeText(self.tr("Import finished"), text or nothing, remedy, tone=tone))


def _studies(number: int) -> str:
    return "1 study" if number == 1 else f"{number} studies"


def _home() -> str:
    return QStandardPaths.writableLocation(QStandardPaths.StandardLocation.HomeLocation)


def _media_folder() -> str:
    """Where the system shows discs and sticks, if it does."""
    return next((str(path) for path in (Path("/media"), Path("/run/media"), Path("/Volumes")) if path.is_dir()), "")
