"""The window never blocks: a peer that takes the connection and says nothing costs it nothing."""

from __future__ import annotations

import time

from tests.support.driver import Heartbeat
from tests.support.ui import HANGING, RADPACS, a_study, make_rig
from workstation.domain.job import JobState
from workstation.settings import Settings
from workstation.ui.activity.model import Show

LONGEST_GAP_S = 2.0  # 0.1 measured; a window that waits for a peer is silent for as long as the peer is


def test_a_hanging_peer_leaves_the_window_alive_and_is_cancelled_within_half_a_second(tmp_path, open_window, qtbot):
    rig = make_rig(tmp_path, Settings(nodes=(RADPACS, HANGING)))
    rig.peers.hanging.add(HANGING.name)
    rig.peers.studies["RADPACS"] = [a_study("1.1", study_date=time.strftime("%Y%m%d"))]
    try:
        window = open_window(rig)
        page, activity = window.page("studies"), window.page("activity")
        assert rig.peers.reached.wait(60)
        qtbot.waitUntil(lambda: page.model.total_count == 1)  # the other node's answer is not held up
        assert page.strip.summary.endswith("waiting for HANGING")

        heart = Heartbeat()
        window.show_page("activity")
        activity.model.show_only(Show.ACTIVE)
        qtbot.waitUntil(lambda: activity.model.rowCount() == 1)
        activity.table.selectRow(0)
        job = activity.selection()[0]
        pressed_at = time.time()
        activity.cancel()
        qtbot.waitUntil(lambda: activity.model._jobs[job.id].state is JobState.CANCELLED)
        took = activity.model._jobs[job.id].finished_at - pressed_at
        gap = heart.stop()

        assert took < 0.5
        assert gap < LONGEST_GAP_S
        assert page.searching.run.finished and page.searching.run.failures == {}
    finally:
        rig.close()


def test_thousands_of_matches_do_not_stop_the_window(tmp_path, open_window, qtbot):
    rig = make_rig(tmp_path, Settings(nodes=(RADPACS,)))
    today = time.strftime("%Y%m%d")
    rig.peers.studies["RADPACS"] = [a_study(f"1.2.{n}", f"NAME{n % 97}^X", study_date=today) for n in range(1, 5001)]
    try:
        window = open_window(rig)
        page = window.page("studies")
        heart = Heartbeat()
        qtbot.waitUntil(lambda: page.searching.run.finished and page.model.total_count == 5000, timeout=60_000)
        assert heart.stop() < LONGEST_GAP_S
    finally:
        rig.close()
