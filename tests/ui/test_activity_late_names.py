"""The name of a study that comes when its job is selected already."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel

from tests.support.ui import Rig, a_study, put_into
from workstation.domain.job import Job, JobState


def test_the_pane_beside_the_jobs_takes_a_late_name(rig: Rig, window, qtbot):
    window.show_page("activity")
    page = window.page("activity")
    job = Job(7, "retrieve", "RADPACS:transfer", "1.1", JobState.SUCCEEDED, created_at=1000.0)
    page.model.follow(job)
    page.table.selectRow(0)
    qtbot.waitUntil(lambda: page.selection() == [job])
    put_into(rig.archive, a_study("1.1", "DOE^Jane"))
    page._ask_name(job)
    qtbot.waitUntil(lambda: any("DOE, Jane" in one.text() for one in page.detail.findChildren(QLabel)))
