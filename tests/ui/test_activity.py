"""Activity: every job with how far it is, what went wrong in plain words, cancel and retry."""

from __future__ import annotations

import threading
import time

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel

from tests.support.ui import RADPACS, Rig, a_study, column_texts, make_rig
from workstation.domain.errors import PeerAborted
from workstation.domain.job import ErrorReport, Job, JobState, Progress
from workstation.services.retrieve import RetrieveStudy
from workstation.ui.activity.model import Column, JobsModel, Show, progress_words
from workstation.ui.activity.page import ActivityPage
from workstation.ui.start import AfterFirstPicture
from workstation.ui.transfers import Rate, Transfers


def a_job(job_id: int, state: JobState = JobState.RUNNING, **more) -> Job:
    given = {"kind": "retrieve", "lane": "RADPACS:transfer", "subject": "1.2.3", "created_at": 1000.0 + job_id}
    return Job(job_id, state=state, **(given | more))


def test_model_keeps_qt_s_rules_while_jobs_change(qtmodeltester):
    model = JobsModel()
    model.follow(a_job(1))
    qtmodeltester.check(model)
    model.know([a_job(2, JobState.FAILED, error=ErrorReport("peer-aborted", {"node": "RADPACS"}))])
    model.follow(a_job(3, kind="search", lane="Local:query"))
    model.follow(a_job(3, JobState.SUCCEEDED, kind="search", lane="Local:query"))
    model.show_only(Show.ALL)
    model.show_only(Show.PROBLEMS)


def test_a_job_shows_instances_bytes_node_and_state():
    model = JobsModel()
    model.follow(a_job(1, progress=Progress(1184, 1920, bytes_done=412_000_000, failed=2)))
    cells = [model.index(0, column).data() for column in range(6)]
    assert cells == ["Running", "Retrieve", "1.2.3", "RADPACS", "1\u202f184 of 1\u202f920 · 2 failed", "412 MB"]


def test_queries_are_left_out_once_they_are_through():
    model = JobsModel()
    model.follow(a_job(1, kind="search"))
    assert model.rowCount() == 1
    model.follow(a_job(1, JobState.SUCCEEDED, kind="search"))
    assert model.rowCount() == 0
    model.show_only(Show.ALL)
    assert model.rowCount() == 1


def test_jobs_of_before_do_not_hide_what_is_known_already():
    model = JobsModel()
    model.follow(a_job(1, JobState.SUCCEEDED))
    model.know([a_job(1, JobState.RUNNING), a_job(2, JobState.INTERRUPTED)])
    assert column_texts(model, Column.STATE) == ["Interrupted", "Done"]


def test_an_error_is_one_plain_sentence_in_the_row():
    model = JobsModel()
    model.follow(a_job(1, JobState.FAILED, error=ErrorReport("peer-unreachable", {"node": "OLDPACS"})))
    assert "OLDPACS" in column_texts(model, Column.MESSAGE)[0]
    assert "peer-unreachable" not in column_texts(model, Column.MESSAGE)[0]


def test_progress_without_a_total_says_what_it_is_doing():
    assert progress_words(a_job(1, progress=Progress(step="asking what there is"))) == "asking what there is"


def test_speed_is_that_of_the_last_seconds():
    now = [0.0]
    rate = Rate(lambda: now[0])
    for second in range(10):
        now[0] = float(second)
        rate.add(second * 1_000_000)
    assert rate.value == pytest.approx(1_000_000)
    now[0] += 30
    assert rate.value < 200_000


def test_transfers_are_summed_while_they_run():
    transfers = Transfers(lambda: 0.0)
    transfers.follow(a_job(1, progress=Progress(100, 200)))
    transfers.follow(a_job(2, progress=Progress(10, 50)))
    transfers.follow(a_job(3, kind="search"))
    summary = transfers.summary()
    assert (summary.jobs, summary.done, summary.total, summary.kind) == (2, 110, 250, "retrieve")
    transfers.follow(a_job(1, JobState.SUCCEEDED))
    assert transfers.summary().jobs == 1


def test_a_job_that_is_tried_again_says_when():
    model = JobsModel()
    error = ErrorReport("peer-unreachable", {"node": "OLDPACS"})
    model.follow(a_job(1, JobState.FAILED, error=error, due_at=time.time() + 40))
    assert column_texts(model, Column.MESSAGE)[0].startswith("Tries again in ")


def test_waiting_jobs_say_how_many_are_before_them():
    model = JobsModel()
    model.follow(a_job(1))
    for job_id, priority in ((2, 0), (3, 0), (4, 10)):
        model.follow(a_job(job_id, JobState.QUEUED, priority=priority))
    model.follow(a_job(5, JobState.QUEUED, lane="OTHER:transfer"))
    said = {model.job(row).id: column_texts(model, Column.MESSAGE)[row] for row in range(model.rowCount())}
    assert said == {5: "Next", 4: "1 before it", 2: "2 before it", 3: "3 before it", 1: ""}


@pytest.fixture
def page(window) -> ActivityPage:
    window.show_page("activity")
    return window.page("activity")


def _submit(rig: Rig, page: ActivityPage, qtbot) -> None:
    rig.workplace.runner.submit(RetrieveStudy(RADPACS.name, "1.2.3"))
    qtbot.waitUntil(lambda: page.model.rowCount() == 1)
    page.table.selectRow(0)


def test_cancel_ends_a_running_job_and_retry_runs_it_again(rig: Rig, page, window, qtbot):
    rig.peers.studies["RADPACS"] = [a_study("1.2.3")]
    store, began = rig.retrieve[-1], threading.Event()

    def wait(command, context):
        began.set()
        context.cancellation.wait(60)
        context.cancellation.raise_if_cancelled()

    rig.retrieve.append(wait)
    _submit(rig, page, qtbot)
    assert began.wait(60)
    qtbot.waitUntil(page._desk.actions["activity.cancel"].isEnabled)
    qtbot.keyClick(page.table, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: column_texts(page.model, Column.STATE) == ["Cancelled"])
    rig.retrieve.append(store)
    page.table.selectRow(0)
    page.retry()
    qtbot.waitUntil(lambda: column_texts(page.model, Column.STATE) == ["Done"])
    assert window.notices.notices == ()  # what the user wished is no fault


def test_a_transfer_is_paused_and_resumed(rig: Rig, page, qtbot):
    rig.peers.studies["RADPACS"] = [a_study("1.2.3")]
    store, began = rig.retrieve[-1], threading.Event()

    def wait(command, context):
        began.set()
        context.cancellation.wait(60)
        context.cancellation.raise_if_cancelled()

    rig.retrieve.append(wait)
    _submit(rig, page, qtbot)
    assert began.wait(60)
    actions = page._desk.actions
    qtbot.waitUntil(actions["activity.pause"].isEnabled)
    actions["activity.pause"].trigger()
    qtbot.waitUntil(lambda: column_texts(page.model, Column.STATE) == ["Paused"])
    rig.retrieve.append(store)
    qtbot.waitUntil(lambda: actions["activity.retry"].iconText() == "Resume")
    actions["activity.retry"].trigger()
    qtbot.waitUntil(lambda: column_texts(page.model, Column.STATE) == ["Done"])


def test_a_failed_job_says_why_and_what_to_do(rig: Rig, page, window, qtbot):
    def abort(command, context):
        raise PeerAborted(node="RADPACS", operation="C-GET")

    rig.retrieve.append(abort)
    _submit(rig, page, qtbot)
    qtbot.waitUntil(lambda: column_texts(page.model, Column.STATE) == ["Failed"])
    qtbot.waitUntil(lambda: bool(window.notices.notices))
    notice = window.notices.notices[0]
    assert notice.title and "RADPACS" in notice.text and notice.remedy
    qtbot.waitUntil(lambda: notice.title in [one.text() for one in page.detail.findChildren(QLabel)])
    page.copy()
    assert "peer-aborted" in QGuiApplication.clipboard().text()


def test_jobs_of_an_earlier_run_are_listed(tmp_path, open_window, qtbot):
    rig = make_rig(tmp_path)
    rig.peers.studies["RADPACS"] = [a_study("1.2.3")]
    rig.workplace.runner.run(RetrieveStudy(RADPACS.name, "1.2.3"))
    rig.close()
    rig = make_rig(tmp_path)
    try:
        page = open_window(rig).page("activity")
        qtbot.waitUntil(lambda: column_texts(page.model, Column.STATE) == ["Done"])
        assert column_texts(page.model, Column.NODE) == ["RADPACS"]
    finally:
        rig.close()


def test_interrupted_work_is_told_at_the_start(tmp_path, open_window, qtbot):
    rig = make_rig(tmp_path)
    began = threading.Event()

    def wait(command, context):
        began.set()
        context.cancellation.wait(60)
        context.cancellation.raise_if_cancelled()

    rig.retrieve.append(wait)
    rig.workplace.runner.submit(RetrieveStudy(RADPACS.name, "1.2.3"))
    assert began.wait(60)
    rig.close()
    rig = make_rig(tmp_path)
    try:
        window = open_window(rig)
        AfterFirstPicture(window).begin()
        qtbot.waitUntil(lambda: any("interrupted" in notice.title for notice in window.notices.notices))
        assert column_texts(window.page("activity").model, Column.STATE) == ["Interrupted"]
    finally:
        rig.close()


def test_a_study_is_named_in_the_window_only(rig: Rig, page, qtbot):
    rig.peers.studies["RADPACS"] = [a_study("1.2.3", "DOE^Jane")]
    _submit(rig, page, qtbot)
    qtbot.waitUntil(lambda: column_texts(page.model, Column.SUBJECT) == ["DOE, Jane · CT Thorax"])
    page.copy()
    assert "DOE" not in QGuiApplication.clipboard().text()
