"""Errors, job states and sizes in the user's language: the words of the window.

The English sentences for errors are those of services/explain, so that window and command line agree.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, QLocale

from workstation.domain.errors import WorkstationError
from workstation.domain.job import ErrorReport, Job, JobState
from workstation.services.explain import explain
from workstation.ui.widgets.notice import NoticeText

ShowNotice = Callable[[NoticeText], None]


def T(_context: str, text: str) -> str:
    return text


STATES = {
    JobState.QUEUED: T("messages", "Waiting"),
    JobState.RUNNING: T("messages", "Running"),
    JobState.SUCCEEDED: T("messages", "Done"),
    JobState.PARTLY: T("messages", "Partly done"),
    JobState.FAILED: T("messages", "Failed"),
    JobState.CANCELLED: T("messages", "Cancelled"),
    JobState.INTERRUPTED: T("messages", "Interrupted"),
    JobState.PAUSED: T("messages", "Paused"),
}
STATE_TONES = {
    JobState.QUEUED: "grey",
    JobState.RUNNING: "blue",
    JobState.SUCCEEDED: "green",
    JobState.PARTLY: "amber",
    JobState.FAILED: "red",
    JobState.CANCELLED: "grey",
    JobState.INTERRUPTED: "amber",
    JobState.PAUSED: "grey",
}
KINDS = {
    "search": T("messages", "Search"),
    "worklist": T("messages", "Worklist"),
    "echo": T("messages", "Verify"),
    "diagnose": T("messages", "Diagnose"),
    "retrieve": T("messages", "Retrieve"),
    "retrieve-prior": T("messages", "Retrieve prior study"),
    "find-priors": T("messages", "Look for prior studies"),
    "move": T("messages", "Send from node to node"),
    "send": T("messages", "Send"),
    "import": T("messages", "Import"),
    "deidentify": T("messages", "De-identify & export"),
    "deidentify-files": T("messages", "De-identify files"),
    "send-files": T("messages", "Send files"),
    "open-study": T("messages", "Open"),
    "open-paths": T("messages", "Open files"),
    "save-marks": T("messages", "Save measurements"),
}
_SIZES = ("B", "kB", "MB", "GB", "TB")


def translate(text: str) -> str:
    return QCoreApplication.translate("messages", text)


def notice_of(error: WorkstationError | ErrorReport, tone: str = "red") -> NoticeText:
    """What happened, why, and what to do next."""
    words = explain(error)
    report = error if isinstance(error, ErrorReport) else error.report()
    facts = "\n".join(f"{key}: {value}" for key, value in report.details.items())
    why = " ".join(translate(part) for part in (words.what, words.why) if part)
    return NoticeText(translate(words.title), why, translate(words.remedy), f"{report.code}\n{facts}".strip(), tone)


def one_line(error: WorkstationError | ErrorReport) -> str:
    """The error in one sentence, for a table cell."""
    words = explain(error)
    return translate(words.what or words.title)


def state_words(job: Job) -> str:
    return translate(STATES[job.state])


def kind_words(job: Job) -> str:
    return translate(KINDS.get(job.kind, job.kind.replace("-", " ").capitalize()))


def size(number_of_bytes: float) -> str:
    """`41 GB`, `38.2 MB`: decimal units, as disks are sold."""
    value, unit = float(number_of_bytes), 0
    while value >= 1000 and unit < len(_SIZES) - 1:
        value, unit = value / 1000, unit + 1
    digits = 1 if unit >= 2 and value < 100 else 0
    return f"{QLocale().toString(value, 'f', digits)} {_SIZES[unit]}"


def count(number: int) -> str:
    """`1 284`: thousands apart, the same in every language, so that columns line up."""
    return f"{number:,}".replace(",", "\u202f")
