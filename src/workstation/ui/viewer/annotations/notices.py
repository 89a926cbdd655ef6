"""What the window says of keeping and saving marks."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from workstation.domain.errors import WorkstationError
from workstation.ui.messages import notice_of
from workstation.ui.widgets.notice import NoticeText


def not_kept(error: WorkstationError) -> NoticeText:
    words = notice_of(error)
    return NoticeText(
        _tr("Measurements cannot be saved at the moment"),
        " ".join(part for part in (words.title, words.text) if part),
        _tr("They stay on the images and are tried again every few seconds. {remedy}").format(remedy=words.remedy),
        words.details,
        tone="amber",
    )


def kept_again() -> NoticeText:
    return NoticeText(_tr("All measurements are saved"), tone="green")


def _tr(text: str) -> str:
    return QCoreApplication.translate("annotations", text)
