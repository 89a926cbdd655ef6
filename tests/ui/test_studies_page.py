"""The Studies page as it is used: search, look, retrieve, open, import, delete."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QFileDialog, QLabel, QMessageBox

from tests.support.testdata import require_testdata
from tests.support.ui import RADPACS, Rig, a_study, column_texts, make_rig, put_into
from workstation.dicom.decode_pool import DecodePool
from workstation.domain.errors import IncompleteTransfer
from workstation.domain.events import InstanceStored
from workstation.domain.job import Progress
from workstation.domain.study import Instance, InstanceSummary, Series
from workstation.jobs.runner import Outcome
from workstation.services.annotations import Change, KeptMark, MarkedImage
from workstation.services.retrieve import RetrieveResult
from workstation.settings import Settings
from workstation.ui.studies.detail import SeriesCard
from workstation.ui.studies.model import Column
from workstation.ui.studies.page import StudiesPage
from workstation.ui.studies.search_state import ANY_DATE


@pytest.fixture
def page(window) -> StudiesPage:
    return window.page("studies")


def _search(page: StudiesPage, qtbot) -> None:
    """Search any date and wait for every source."""
    page.fields.date.choice.setCurrentIndex(page.fields.date.choice.findData(ANY_DATE))
    page.search()
    qtbot.waitUntil(lambda: page.searching.run.finished)


def _wait_where(page: StudiesPage, qtbot, words: str) -> None:
    qtbot.waitUntil(lambda: column_texts(page.model, Column.WHERE) == [words])


def test_archive_and_nodes_are_searched_together_and_merged(rig: Rig, page, qtbot):
    put_into(rig.archive, a_study("1.1", "DOE^Jane"))
    rig.peers.studies["RADPACS"] = [a_study("1.1", "DOE^Jane"), a_study("1.2", "ROE^Richard", study_date="20261101")]
    _search(page, qtbot)
    assert column_texts(page.model, Column.PATIENT) == ["DOE, Jane", "ROE, Richard"]
    assert column_texts(page.model, Column.WHERE) == ["Local", "RADPACS"]


def test_a_silent_node_is_named_and_why_tells_the_reason(rig: Rig, window, page, qtbot):
    _search(page, qtbot)
    assert page.strip.summary.endswith("OLDPACS did not answer")
    assert page.strip.why_button.isVisible()
    qtbot.mouseClick(page.strip.why_button, Qt.MouseButton.LeftButton)
    notice = window.notices.notices[0]
    assert "OLDPACS" in notice.text and notice.remedy


def test_switching_a_source_off_asks_the_others_only(rig: Rig, page, qtbot):
    _search(page, qtbot)
    rig.peers.asked.clear()
    page.sources.chip("RADPACS").click()
    qtbot.waitUntil(lambda: page.searching.run.finished)
    assert {node for node, _ in rig.peers.asked} == {"OLDPACS"}


def test_typing_a_name_and_enter_asks_for_it(rig: Rig, page, qtbot):
    page.fields.name.edit.setText("doe")
    rig.peers.asked.clear()
    qtbot.keyClick(page.fields.name.edit, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: page.searching.run.finished)
    assert {query.get("PatientName") for _, query in rig.peers.asked} == {"doe*"}


def test_ctrl_f_goes_to_the_fields_and_f5_searches_again(rig: Rig, window, page, qtbot):
    _search(page, qtbot)
    first = page.searching.run.search_id
    page.table.setFocus()
    qtbot.keyClick(window, Qt.Key.Key_F5)
    assert page.searching.run.search_id > first
    page.fields.description.edit.setFocus()
    qtbot.keyClick(page.fields.description.edit, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert page.fields.name.edit.hasFocus()


def test_late_answers_of_an_older_search_are_dropped(rig: Rig, page, qtbot):
    rig.peers.hanging.add("RADPACS")
    page.search()
    assert rig.peers.reached.wait(60)
    rig.peers.hanging.clear()
    rig.peers.studies["RADPACS"] = [a_study("1.1")]
    _search(page, qtbot)
    assert page.model.total_count == 1


def test_selected_study_shows_its_series_from_the_node(rig: Rig, page, qtbot):
    rig.peers.studies["RADPACS"] = [a_study("1.1")]
    rig.peers.series["1.1"] = [Series("1.1.2", "1.1", 2, "CT", "Bone"), Series("1.1.1", "1.1", 1, "CT", "Topogram")]
    _search(page, qtbot)
    page.select("1.1")
    qtbot.waitUntil(lambda: len(page.detail.findChildren(SeriesCard)) == 2)
    assert [card.series.description for card in page.detail.findChildren(SeriesCard)] == ["Topogram", "Bone"]


def test_priors_of_the_same_patient_are_listed_and_lead_there(rig: Rig, page, qtbot):
    put_into(rig.archive, a_study("1.1", study_date="20261123"))
    put_into(rig.archive, a_study("1.2", study_date="20240211", description="MR Shoulder"))
    page.fields.description.edit.setText("CT*")
    _search(page, qtbot)
    page.select("1.1")
    qtbot.waitUntil(lambda: [prior.uid for prior in page.searching.priors_of("1.1")] == ["1.2"])
    page.detail.prior_chosen.emit("1.2")
    assert [entry.uid for entry in page.selection()] == ["1.2"]


def test_retrieving_shows_progress_then_local(rig: Rig, page, qtbot):
    rig.peers.studies["RADPACS"] = [a_study("1.1", instance_count=4)]
    store = rig.retrieve[-1]
    go_on = threading.Event()

    def slowly(command, context):
        context.progress(Progress(2, 4))
        go_on.wait(60)
        return store(command, context)

    rig.retrieve.append(slowly)
    _search(page, qtbot)
    page.select("1.1")
    page.verbs.retrieve()
    _wait_where(page, qtbot, "50 %")
    go_on.set()
    _wait_where(page, qtbot, "Local")


def test_an_incomplete_retrieval_says_how_much_is_missing(rig: Rig, window, page, qtbot):
    rig.peers.studies["RADPACS"] = [a_study("1.1", instance_count=9)]

    def partly(command, context):
        error = IncompleteTransfer(node="RADPACS", expected=9, received=6, stored=6, failed=3)
        return Outcome(RetrieveResult(9, 6, 6), partly=True, error=error)

    rig.retrieve.append(partly)
    _search(page, qtbot)
    page.select("1.1")
    page.verbs.retrieve()
    _wait_where(page, qtbot, "Failed · 3 images")
    qtbot.waitUntil(lambda: bool(window.notices.notices))
    assert "6 of 9" in window.notices.notices[0].text


def test_double_click_on_a_remote_study_retrieves_and_then_opens_it(rig: Rig, window, page, qtbot):
    rig.peers.studies["RADPACS"] = [a_study("1.1")]
    _search(page, qtbot)
    page.select("1.1")
    with qtbot.waitSignal(page._desk.wishes.open_study) as opened:
        page.table.doubleClicked.emit(page.model.index_of("1.1"))
    assert opened.args == ["1.1"]
    assert rig.archive.study("1.1") is not None
    assert window.current_page == "viewer"


def test_enter_opens_a_local_study(rig: Rig, page, qtbot):
    put_into(rig.archive, a_study("1.1"))
    _search(page, qtbot)
    page.select("1.1")
    with qtbot.waitSignal(page._desk.wishes.open_study) as opened:
        qtbot.keyClick(page.table, Qt.Key.Key_Return)
    assert opened.args == ["1.1"]


def test_actions_can_be_used_only_where_they_make_sense(rig: Rig, window, page, qtbot):
    put_into(rig.archive, a_study("1.1", study_date="20261123"))
    rig.peers.studies["RADPACS"] = [a_study("1.2", study_date="20261122")]
    _search(page, qtbot)
    actions = page._desk.actions
    names = ("studies.open", "studies.retrieve", "studies.export", "studies.delete")

    def enabled(uid: str) -> list[bool]:
        page.select(uid)
        return [actions[name].isEnabled() for name in names]

    assert enabled("1.1") == [True, False, True, True]
    assert enabled("1.2") == [True, True, False, False]
    page.table.clearSelection()
    assert not any(actions[name].isEnabled() for name in names)


def test_deleting_asks_first_and_keeps_what_nodes_have(rig: Rig, page, qtbot):
    put_into(rig.archive, a_study("1.1"))
    rig.peers.studies["RADPACS"] = [a_study("1.1")]
    _search(page, qtbot)
    page.select("1.1")
    for number in (1, 2):
        image = MarkedImage("1.1", "1.1.9", f"1.1.9.{number}")
        rig.workplace.marks.apply([Change(KeptMark(str(number) * 32, image))])
    page.verbs.choose_delete()
    qtbot.waitUntil(lambda: page.findChild(QMessageBox) is not None)
    question = page.findChild(QMessageBox)
    assert "2 measurements and key image marks go with them." in question.informativeText()
    assert rig.archive.study("1.1") is not None
    next(one for one in question.buttons() if one.text() == "Delete").click()
    _wait_where(page, qtbot, "RADPACS")
    assert rig.archive.study("1.1") is None
    assert rig.workplace.marks.count(["1.1"]) == 0


def test_several_studies_can_be_exported_as_soon_as_they_are_here(rig: Rig, page, qtbot):
    rig.peers.studies["RADPACS"] = [a_study("1.1"), a_study("1.2", "ROE^Richard")]
    _search(page, qtbot)
    page.table.selectAll()
    actions = page._desk.actions
    assert not actions["studies.export"].isEnabled()
    actions["studies.retrieve"].trigger()
    qtbot.waitUntil(lambda: actions["studies.export"].isEnabled() and not actions["studies.retrieve"].isEnabled())


def test_files_dropped_on_the_window_are_imported_and_shown(rig: Rig, window, page, qtbot):
    activity = window.page("activity")
    folder = require_testdata() / "charsets"
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(folder))])
    drop = QDropEvent(
        QPointF(10, 10), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    window.dropEvent(drop)  # old studies, while the fields ask for the last days
    qtbot.waitUntil(lambda: any(notice.title == "Import finished" for notice in window.notices.notices), timeout=60_000)
    qtbot.waitUntil(lambda: page.searching.run.finished and page.model.total_count > 0)
    qtbot.waitUntil(lambda: len(page.selection()) == 1)
    assert "new" in window.notices.notices[0].text
    qtbot.waitUntil(lambda: not page.searching._look_ups and activity.model.active_count == 0)
    activity.table.selectRow(0)
    texts = [one.text() for one in activity.detail.findChildren(QLabel)]
    assert "chrSQEncoding.dcm" in texts  # it has no Study Instance UID: refused, by name


def test_local_series_show_their_picture(tmp_path: Path, open_window, qtbot):
    content = next((require_testdata() / "volumes" / "mr_t1_sag_hfs_35").glob("*"))
    pool = DecodePool()
    rig = make_rig(tmp_path, pool=pool)
    try:
        put_into(rig.archive, a_study("1.1"), content=content)
        page = open_window(rig).page("studies")
        _search(page, qtbot)
        page.select("1.1")
        qtbot.waitUntil(lambda: bool(page.detail.findChildren(SeriesCard)))
        card = page.detail.findChildren(SeriesCard)[0]
        qtbot.waitUntil(lambda: any("×" in one.text() for one in card.findChildren(QLabel)), timeout=60_000)
        picture = next(one for one in card.findChildren(QLabel) if one.objectName() == "picture")
        image = picture.pixmap().toImage()
        shades = {image.pixelColor(x, y).red() for x in range(0, 84, 6) for y in range(0, 84, 6)}
        assert len(shades) > 5
    finally:
        rig.close()


def test_what_somebody_sends_us_appears_when_it_fits_the_search(rig: Rig, page, qtbot):
    page.fields.name.edit.setText("DOE")
    _search(page, qtbot)
    for uid, name in (("1.1", "DOE^Jane"), ("1.2", "OTHER^Name")):
        study = a_study(uid, name)
        put_into(rig.archive, study)
        summary = InstanceSummary(study, Series(f"{uid}.9", uid), Instance(f"{uid}.9.1", "1.2", f"{uid}.9", uid))
        rig.workplace.publish(InstanceStored(summary, "CT1"))
    qtbot.waitUntil(lambda: column_texts(page.model, Column.PATIENT) == ["DOE, Jane"])
    qtbot.waitUntil(lambda: not page.searching._look_ups)
    assert page.model.find("1.2") is None


def test_any_date_with_no_key_says_that_nodes_were_asked_for_30_days(rig: Rig, page, qtbot):
    _search(page, qtbot)
    assert "nodes: last 30 days only" in page.strip.summary
    assert page._empty.title.text() == "No studies of the last 30 days found"


def test_nodes_are_asked_for_everything_only_when_the_user_says_so(rig: Rig, page, qtbot):
    _search(page, qtbot)
    qtbot.waitUntil(lambda: page.searching.run.finished and page.strip.everything_button.isVisible())
    assert all(query.get("StudyDate") for _, query in rig.peers.asked)

    qtbot.mouseClick(page.strip.everything_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.searching.run.finished)

    assert rig.peers.asked[-1][1].asks_for_everything
    assert not page.strip.everything_button.isVisible()
    assert "30 days" not in page.strip.summary


def test_a_window_without_nodes_offers_to_add_one(tmp_path: Path, open_window, qtbot):
    rig = make_rig(tmp_path, Settings())
    try:
        window = open_window(rig)
        page = window.page("studies")
        qtbot.waitUntil(lambda: page.searching.run.finished and page._add_node.isVisible())
        qtbot.mouseClick(page._add_node, Qt.MouseButton.LeftButton)
        assert window.current_page == "settings"
    finally:
        rig.close()


def test_an_empty_list_says_what_to_do(rig: Rig, page, qtbot):
    qtbot.waitUntil(lambda: page.searching.run.finished)
    assert page._empty.title.text() == "No studies found"
    for name in ("Local", "RADPACS", "OLDPACS"):
        page.sources.chip(name).setChecked(False)
    assert page._empty.title.text() == "No source is chosen"


def test_a_retrieval_of_an_earlier_run_is_shown_in_its_row(tmp_path: Path, open_window, qtbot):
    rig = make_rig(tmp_path)
    rig.retrieve.append(lambda command, context: (_ for _ in ()).throw(IncompleteTransfer(expected=9, stored=6)))
    from workstation.services.retrieve import RetrieveStudy

    rig.workplace.runner.run(RetrieveStudy(RADPACS.name, "1.1"))
    rig.peers.studies["RADPACS"] = [a_study("1.1")]
    try:
        page = open_window(rig).page("studies")
        _search(page, qtbot)
        _wait_where(page, qtbot, "Failed · 3 images")
    finally:
        rig.close()


def test_import_offers_files_and_a_folder_by_keyboard(page, qtbot):
    menu = page.sources.import_button.menu()
    assert [action.text() for action in menu.actions()] == ["Files…", "Folder…"]
    assert page.sources.import_button.focusPolicy() & Qt.FocusPolicy.TabFocus
    menu.actions()[1].trigger()
    dialog = page.findChild(QFileDialog)
    assert dialog.fileMode() == QFileDialog.FileMode.Directory
    dialog.close()


def test_a_narrow_window_keeps_the_where_column_on_screen(rig: Rig, window, page, qtbot):
    rig.peers.studies["RADPACS"] = [a_study("1.1")]
    _search(page, qtbot)
    window.resize(1280, 800)
    qtbot.waitUntil(lambda: page.detail.width() <= 290)
    header = page.table.horizontalHeader()
    qtbot.waitUntil(lambda: header.length() <= page.table.viewport().width())
    window.resize(1600, 1000)
    qtbot.waitUntil(lambda: page.detail.width() == 360 and header.length() <= page.table.viewport().width())


def test_who_comes_back_goes_on_at_the_selected_row(rig: Rig, window, page, qtbot):
    rig.peers.studies["RADPACS"] = [a_study("1.1")]
    _search(page, qtbot)
    window.show_page("settings")
    window.show_page("studies")
    assert window.focusWidget() is page.fields.name.edit
    page.select("1.1")
    window.show_page("viewer")
    window.show_page("studies")
    assert window.focusWidget() is page.table


def test_an_empty_list_names_who_has_not_answered_yet(rig: Rig, page, qtbot):
    rig.peers.hanging.add("RADPACS")
    page.search()
    qtbot.waitUntil(lambda: page._empty.title.text() == "Still waiting for RADPACS…")
