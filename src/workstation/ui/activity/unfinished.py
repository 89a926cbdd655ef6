"""What earlier runs left unfinished is gone on with when the window starts, and the user is told."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication

from workstation.domain.job import Job
from workstation.jobs.runner import JobRunner
from workstation.ui.widgets.notice import NoticeText


def take_up(runner: JobRunner, *, resume: bool) -> Sequence[Job]:
    """Begin the interrupted jobs again where `resume`, and try failed ones again from now on; those begun."""
    resumed = runner.resume_interrupted() if resume else []
    runner.keep_trying()
    return resumed


def notice_of_resumed(jobs: Sequence[Job]) -> NoticeText | None:
    """None where nothing was resumed."""
    if not jobs:
        return None
    tr = QCoreApplication.translate
    if len(jobs) == 1:
        title = tr("unfinished", "A transfer goes on where it was interrupted")
    else:
        title = tr("unfinished", "{n} transfers go on where they were interrupted").format(n=len(jobs))
    text = tr("unfinished", "The program ended while they were on their way. What arrived before is not fetched again.")
    if len(jobs) == 1:
        text = tr("unfinished", "The program ended while it was on its way. What arrived before is not fetched again.")
    remedy = tr("unfinished", "Activity shows how far; there it can be paused or cancelled.")
    return NoticeText(title, text, remedy, tone="green")
