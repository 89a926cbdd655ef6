"""The worklist: the day's steps, safety first, kept when the server fails and marked as old."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from PySide6.QtCore import QPersistentModelIndex, Qt
from PySide6.QtWidgets import QLabel

from tests.support.ui import RADPACS, Rig, column_texts, make_rig
from workstation.domain.errors import PeerTimedOut
from workstation.domain.person_name import PersonName
from workstation.domain.worklist import WorklistItem
from workstation.settings import Settings
from workstation.ui.worklist.detail import warnings
from workstation.ui.worklist.model import Column, Filter, WorklistModel, age_years, patient_line
from workstation.ui.worklist.page import WorklistPage

NOON = datetime(2026, 11, 24, 12, 0)


def an_item(time: str = "0830", name: str = "DOE^Jane", **more: Any) -> WorklistItem:
    given: dict[str, Any] = {
        "node": "RADPACS",
        "start_date": "20261124",
        "start_time": time,
        "modality": "CT",
        "station_name": "CT1",
        "patient_name": PersonName.parse(name),
        "patient_id": f"ID{time}",
        "step_id": f"SPS{time}",
        "requested_procedure_description": "CT Thorax",
        "accession_number": f"ACC{time}",
    }
    return WorklistItem(**(given | more))


def _filled() -> WorklistModel:
    model = WorklistModel()
    items = (an_item("0900", "B^B"), an_item("0800", "A^A", modality="MR", station_name="MR1"), an_item("1000", "C^C"))
    model.take("RADPACS", items, None, NOON)
    return model


def test_model_keeps_qt_s_rules_while_lists_come_and_go(qtmodeltester):
    model = _filled()
    qtmodeltester.check(model)
    model.set_filter(Filter(modality="MR"))
    model.set_filter(Filter())
    model.sort(Column.PATIENT, Qt.SortOrder.DescendingOrder)
    model.take("RADPACS", (an_item("0700", "Z^Z"),), None, NOON)
    model.clear()


def test_steps_stand_in_the_order_of_the_day():
    assert column_texts(_filled(), Column.TIME) == ["08:00", "09:00", "10:00"]


@pytest.mark.parametrize(
    ("wanted", "shown"),
    [
        (Filter(modality="MR"), ["A, A"]),
        (Filter(stations=frozenset({"CT1"})), ["B, B", "C, C"]),
        (Filter(text="acc1000"), ["C, C"]),
        (Filter(text="b^b"), ["B, B"]),
        (Filter(text="ID0800"), ["A, A"]),
        (Filter(modality="CT", text="zzz"), []),
    ],
)
def test_filter_by_modality_station_and_text(wanted, shown):
    model = _filled()
    model.set_filter(wanted)
    assert column_texts(model, Column.PATIENT) == shown


def test_a_failure_keeps_the_last_list_and_its_time():
    model = _filled()
    model.take("RADPACS", (), PeerTimedOut(node="RADPACS"), NOON + timedelta(minutes=5))
    assert model.rowCount() == 3
    assert model.answers["RADPACS"].at == NOON
    model.take("RADPACS", (), None, NOON + timedelta(minutes=6))
    assert model.rowCount() == 0


def test_selection_survives_a_refresh():
    model = _filled()
    kept = QPersistentModelIndex(model.index(1, Column.PATIENT))
    model.take("RADPACS", (an_item("0700", "NEW^X"), an_item("0900", "B^B", step_status="STARTED")), None, NOON)
    assert kept.data() == "B, B"


def test_an_allergy_comes_first_and_no_pregnancy_is_no_warning():
    item = an_item(allergies="iodine", pregnancy_status="0001", medical_alerts="MRSA")
    assert warnings(item) == [("Allergy", "iodine"), ("Medical alert", "MRSA")]
    assert warnings(an_item(pregnancy_status="2")) == [("Pregnancy", "Possibly pregnant")]


def test_patient_line_has_age_and_weight():
    item = an_item(patient_id="4471920", birth_date="19610302", sex="F", weight="68")
    assert patient_line(item, date(2026, 11, 23)) == "4471920 · 1961-03-02 (65 y) · F · 68 kg"
    assert age_years("19610302", date(2026, 3, 1)) == 64
    assert age_years("not a date", date(2026, 3, 1)) is None


@pytest.fixture
def page(rig: Rig, window, qtbot) -> WorklistPage:
    rig.peers.worklist["RADPACS"] = [an_item("0830", allergies="iodinated contrast"), an_item("0900", "ROE^Richard")]
    window.show_page("worklist")
    shown = window.page("worklist")
    qtbot.waitUntil(lambda: shown.model.rowCount() == 2)
    return shown


def test_page_asks_when_shown_and_says_when_it_will_again(page):
    assert "refreshed" in page._line.text() and "next in" in page._line.text()


def test_selected_step_warns_of_the_allergy(page):
    page.select_row(0)
    texts = [one.text() for one in page.detail.findChildren(QLabel)]
    assert "Allergy:" in texts and "iodinated contrast" in texts


def test_a_failing_server_is_named_and_the_old_list_stays(rig: Rig, page, window, qtbot):
    rig.peers.errors["RADPACS"] = PeerTimedOut(node="RADPACS", waited_s=30)
    page.refresh()
    qtbot.waitUntil(lambda: "RADPACS did not answer · list of" in page._line.text())
    assert page.model.rowCount() == 2 and page._old.isVisible()
    qtbot.mouseClick(page._why, Qt.MouseButton.LeftButton)
    assert "RADPACS" in window.notices.notices[0].text


def test_another_day_never_shows_the_steps_of_the_last_one(rig: Rig, page, qtbot):
    rig.peers.hanging.add("RADPACS")
    page.go_to(date.today() + timedelta(days=1))
    assert page.model.rowCount() == 0
    assert page._date.text().startswith("Tomorrow")


def test_a_server_that_owes_an_answer_is_not_asked_again(rig: Rig, page, qtbot):
    rig.peers.hanging.add("RADPACS")
    page.refresh()
    asked = page._asked["RADPACS"]
    page.refresh()
    assert page._asked["RADPACS"] == asked


def test_without_a_worklist_node_the_page_leads_to_settings(tmp_path, open_window, qtbot):
    from dataclasses import replace

    rig = make_rig(tmp_path, Settings(nodes=(replace(RADPACS, worklist=False),)))
    try:
        window = open_window(rig)
        window.show_page("worklist")
        page = window.page("worklist")
        assert page._empty.title.text() == "No worklist is configured"
        qtbot.mouseClick(page._settings_button, Qt.MouseButton.LeftButton)
        assert window.current_page == "settings"
    finally:
        rig.close()


def test_the_pane_gives_way_in_a_narrow_window(window, qtbot):
    window.show_page("worklist")
    page = window.page("worklist")
    qtbot.waitUntil(lambda: page.detail.width() == 420)
    window.resize(1280, 800)
    qtbot.waitUntil(lambda: page.detail.width() == 280)
