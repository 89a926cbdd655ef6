"""How each node last answered: the dots on chips and in the status bar."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from workstation.domain.errors import Cancelled, PeerError, WorkstationError
from workstation.domain.events import LOCAL, JobFinished, SourceAnswered, WorklistAnswered
from workstation.domain.job import JobState
from workstation.ui.assets import DARK
from workstation.ui.words import refused

_ASKING = frozenset({"echo", "diagnose", "retrieve", "send", "send-files"})


@dataclass(frozen=True, slots=True)
class NodeState:
    colour: str = DARK.disabled
    words: str = ""
    error: WorkstationError | None = None


class NodeStates(QObject):
    """Fed by events; says `changed` with the node's name."""

    changed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._states: dict[str, NodeState] = {LOCAL: NodeState(DARK.green, self.tr("on this computer"))}

    def state(self, name: str) -> NodeState:
        return self._states.get(name, NodeState(words=self.tr("not asked yet")))

    def source_answered(self, event: SourceAnswered) -> None:
        if event.source != LOCAL:
            self._set(event.source, event.error)

    def worklist_answered(self, event: WorklistAnswered) -> None:
        self._set(event.node, event.error)

    def job_finished(self, event: JobFinished) -> None:
        """A verb that talks to a peer says as much as a search does."""
        if event.job.kind not in _ASKING:
            return
        if isinstance(event.error, PeerError):
            self._set(event.error.details.get("node", ""), event.error)
        elif event.job.state is JobState.SUCCEEDED:
            self._set(event.job.lane.rsplit(":", 1)[0], None)

    def _set(self, name: str, error: WorkstationError | None) -> None:
        if not name or isinstance(error, Cancelled):
            return
        if error is None:
            state = NodeState(DARK.green, self.tr("answered"))
        else:
            no = refused(error)
            words = self.tr("refused") if no else self.tr("did not answer")
            state = NodeState(DARK.red if no else DARK.amber, words, error)
        self._states[name] = state
        self.changed.emit(name)
