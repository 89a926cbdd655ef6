"""What every page is given: the workplace, and the few things of the window that pages share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from workstation.domain.errors import WorkstationError
from workstation.domain.job import Command, Job, Priority
from workstation.services.workplace import Workplace
from workstation.ui.actions import Actions
from workstation.ui.background import Background
from workstation.ui.bridge import EventBridge
from workstation.ui.messages import notice_of
from workstation.ui.node_states import NodeStates
from workstation.ui.widgets.notice import NoticeText


class Wishes(QObject):
    """What a page wants of the window: it asks, the application answers by connecting."""

    notice = Signal(object)  # NoticeText
    viewer_title = Signal(str)  # who and what is looked at, empty when nothing is
    page = Signal(str)
    open_study = Signal(str)  # Study Instance UID
    open_paths = Signal(object)  # tuple[Path, ...]
    export_studies = Signal(object)  # tuple[str, ...]
    import_paths = Signal(object)  # tuple[Path, ...]
    settings_changed = Signal()


@dataclass(frozen=True, slots=True)
class Desk:
    workplace: Workplace
    bridge: EventBridge
    actions: Actions
    background: Background
    nodes: NodeStates
    wishes: Wishes

    def submit(
        self, command: Command, then: Callable[[Job], None] | None = None, priority: int = Priority.NORMAL
    ) -> None:
        """Queue a job without waiting for the journal's disk; a refusal becomes a notice."""
        self.background.ask(lambda: self.workplace.runner.submit(command, priority), then, self.complain)

    def cancel(self, job_id: int) -> None:
        self.background.ask(lambda: self.workplace.runner.cancel(job_id), None, self.complain)

    def retry(self, job_id: int) -> None:
        self.background.ask(lambda: self.workplace.runner.retry(job_id), None, self.complain)

    def pause(self, job_id: int) -> None:
        self.background.ask(lambda: self.workplace.runner.pause(job_id), None, self.complain)

    def prefer(self, job_id: int) -> None:
        """Before all others of its node."""
        self.background.ask(lambda: self.workplace.runner.prefer(job_id), None, self.complain)

    def complain(self, error: WorkstationError) -> None:
        self.wishes.notice.emit(notice_of(error))

    def notify(self, words: NoticeText) -> None:
        self.wishes.notice.emit(words)
