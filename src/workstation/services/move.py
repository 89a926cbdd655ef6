"""Have a node send a study to a third one: C-MOVE, nothing comes here. What counts is what the node counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from workstation.domain.errors import IncompleteTransfer, SettingsError
from workstation.domain.job import Progress
from workstation.jobs.runner import JobContext, Outcome
from workstation.services.ports import DimsePeer, RetrieveTarget, TransferProgress
from workstation.services.search import FindNode, require_node


@dataclass(frozen=True, slots=True)
class MoveStudy:
    """A study of `node`, or one series of it, to `destination`, an AE title that `node` must know."""

    kind: ClassVar[str] = "move"
    version: ClassVar[int] = 1
    journalled: ClassVar[bool] = True

    node: str
    study_instance_uid: str
    destination: str
    series_instance_uid: str = ""

    @property
    def lane(self) -> str:
        return f"{self.node}:transfer"

    @property
    def subject(self) -> str:
        return self.series_instance_uid or self.study_instance_uid


@dataclass(frozen=True, slots=True)
class MoveResult:
    """Sub-operations as the node counts them (PS3.7 9.1.4); `expected` is None when it does not."""

    destination: str
    expected: int | None
    sent: int
    failed: int


def run_move(command: MoveStudy, context: JobContext, *, find_node: FindNode, dimse: DimsePeer) -> Outcome:
    """Partly done when the node says that some did not go; raises IncompleteTransfer when none did."""
    node = require_node(find_node, command.node)
    if not node.speaks_dimse:
        raise SettingsError(
            key=f"nodes.{node.name}.ae_title", expected="a value, to send from there by C-MOVE", found="nothing"
        )

    def on_progress(progress: TransferProgress) -> None:
        step = f"{node.name} to {command.destination}"
        context.progress(Progress(progress.done, progress.total, failed=progress.failed, step=step))

    target = RetrieveTarget(command.study_instance_uid, command.series_instance_uid)
    report = dimse.move(node, target, on_progress, context.cancellation, destination=command.destination)
    for warning in report.warnings:
        context.warn(warning)
    result = MoveResult(command.destination, report.expected, report.transferred, len(report.failures))
    if not report.failures:
        return Outcome(result)
    reasons = dict.fromkeys(failure.reason for failure in report.failures)
    error = IncompleteTransfer(
        node=node.name,
        operation="send to another node",
        expected=report.expected,
        received=report.transferred,
        stored=report.transferred,
        failed=len(report.failures),
        reason="; ".join(list(reasons)[:3]) or None,
    )
    if not report.transferred:
        raise error
    return Outcome(result, partly=True, error=error)
