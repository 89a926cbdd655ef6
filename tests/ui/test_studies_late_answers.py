"""Answers that come when the table or the pane has moved on."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import shiboken6

from tests.support.ui import Rig, a_study, make_rig, put_into
from workstation.domain.errors import NoPixelData
from workstation.domain.study import Series
from workstation.ui.studies.detail import SeriesCard


def test_what_became_of_an_earlier_study_stays_out_of_a_later_search(rig: Rig, window, qtbot):
    page = window.page("studies")
    put_into(rig.archive, a_study("1.1", "DOE^Jane"))
    page.search()
    qtbot.waitUntil(lambda: page.searching.run.finished and page.model.total_count == 1)
    page.searching.look_up("1.1")
    page.fields.patient_id.edit.setText("nobody")
    page.search()
    qtbot.waitUntil(lambda: page.searching.run.finished)  # answers of one source come in the order of the questions
    assert page.model.total_count == 0


class SlowPictures:
    """A decode pool that answers when it is told to."""

    def __init__(self) -> None:
        self.go_on, self.asked, self.answered = threading.Event(), threading.Event(), threading.Event()

    def frame(self, path: Path, index: int, cancellation: Any = None) -> Any:
        self.asked.set()
        self.go_on.wait(60)
        self.answered.set()
        raise NoPixelData(path=path.name)

    def close(self) -> None:
        self.go_on.set()


def test_a_picture_for_a_card_that_was_replaced_is_dropped(tmp_path, open_window, qtbot):
    pool = SlowPictures()
    rig = make_rig(tmp_path, pool=pool)
    try:
        put_into(rig.archive, a_study("1.1"))
        page = open_window(rig).page("studies")
        qtbot.waitUntil(lambda: page.model.total_count == 1)
        page.select("1.1")
        qtbot.waitUntil(pool.asked.is_set)
        (card,) = page.detail.findChildren(SeriesCard)
        series = Series(card.series.series_instance_uid, "1.1", instance_count=4)
        page.detail.show_series([series], frozenset())
        qtbot.waitUntil(lambda: not shiboken6.isValid(card))
        pool.go_on.set()
        qtbot.waitUntil(pool.answered.is_set)
        told = []
        page._thumbnails._background.ask(lambda: None, told.append)
        qtbot.waitUntil(lambda: bool(told))
    finally:
        rig.close()
