"""A job context for calling verbs without a runner: records progress, cancels when asked."""

from __future__ import annotations

from workstation.domain.job import Progress
from workstation.jobs.cancel import Cancellation


class RecordingContext:
    """Stands in for jobs.runner.JobContext; cancelled at the first step that begins with `cancel_at`."""

    def __init__(self, cancel_at: str | None = None) -> None:
        self.job_id = 1
        self.cancellation = Cancellation()
        self.steps: list[Progress] = []
        self.warnings: list[str] = []
        self._cancel_at = cancel_at

    def progress(self, progress: Progress) -> None:
        self.steps.append(progress)
        if self._cancel_at is not None and progress.step.startswith(self._cancel_at) and progress.done:
            self.cancellation.cancel()
        self.cancellation.raise_if_cancelled()

    def warn(self, text: str) -> None:
        self.warnings.append(text)
