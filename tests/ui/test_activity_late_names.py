"""The name of a study that comes when its job is selected already."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel

from tests.support.ui import Rig, a_study, column_texts, put_into
from workstation.domain.job import Job, JobState
from workstation.ui.activity.model import Column


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


def test_a_retrieval_is_named_by_what_the_node_said_of_its_study(rig: Rig, window, qtbot):
    rig.peers.studies["RADPACS"] = [a_study("1.2.1", "DOE^Jane")]
    studies, page = window.page("studies"), window.page("activity")
    studies.search()
    qtbot.waitUntil(lambda: studies.model.total_count == 1)
    page.model.follow(job := Job(7, "retrieve", "RADPACS:transfer", "1.2.1", JobState.RUNNING, created_at=1000.0))
    page._ask_name(job)
    qtbot.waitUntil(lambda: "DOE, Jane · CT Thorax" in column_texts(page.model, Column.SUBJECT))
