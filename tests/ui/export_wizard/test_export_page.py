"""The wizard from the first step to the last, on a small archive with the real engine."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from tests.support.planted import Cohort
from tests.support.ui import nameless
from tests.ui.export_wizard.conftest import LONG_MS, Bench
from workstation.deidentify.changes import Kind
from workstation.deidentify.options import OPTIONS
from workstation.domain.errors import DiskFull
from workstation.domain.job import JobState
from workstation.services.staging import STAGING_PREFIX
from workstation.ui.export_wizard.model import RunState
from workstation.ui.export_wizard.page import ExportPage
from workstation.ui.export_wizard.preview_model import Column
from workstation.ui.export_wizard.step_list import StepButton


def go_to(page: ExportPage, step: int, qtbot: QtBot, destination: Path | None = None) -> None:
    if destination is not None:
        page.set_destination(destination)
    while page.current_step < step:
        qtbot.waitUntil(page.can_go_next, timeout=LONG_MS)
        page.go_next()


def run(page: ExportPage, qtbot: QtBot) -> Any:
    with qtbot.waitSignal(page.finished, timeout=LONG_MS) as ended:
        page.go_next()
    return ended.args[0]


def test_without_a_study_the_page_says_where_to_choose_one(page, desk, qtbot):
    assert "Choose De-identify & export… on the Studies page." in page._empty.text.text()
    assert not page.can_go_next()
    with qtbot.waitSignal(desk.wishes.page) as asked:
        page._empty_button.click()
    assert asked.args == ["studies"]


def test_the_whole_wizard_exports_what_is_safe_and_lists_what_stays(started, stocked, planted, tmp_path, qtbot):
    steps: list[int] = []
    started.step_changed.connect(steps.append)
    go_to(started, 7, qtbot, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    finished = run(started, qtbot)

    result = finished.result
    assert steps == [2, 3, 4, 5, 6, 7]
    assert started.focusWidget() is started.run_step.report_button
    assert finished.job.state is JobState.PARTLY
    assert result.folder == str(tmp_path / "out")
    assert len(list((tmp_path / "out").rglob("*.dcm"))) == result.written > 0
    assert {held.reason for held in result.held} >= {"burned-in-annotation", "encapsulated-document"}
    rows = started.run_step.held
    assert rows.rowCount() == len(result.held)
    assert not any(rows.index(row, 0).data().endswith(".dcm") for row in range(rows.rowCount()))
    _assert_nothing_planted_in(tmp_path / "out", planted)
    qtbot.waitUntil(started.run_step.residual.isVisible, timeout=LONG_MS)
    outputs = f"{result.written} outputs" if result.written > 1 else "1 output"
    assert started.run_step.residual.words.text().startswith(f"No known identifier found in {outputs}")
    assert Path(result.report_html).exists()


def _assert_nothing_planted_in(folder: Path, planted: Cohort) -> None:
    for path in folder.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        for word in planted.words():
            assert word not in str(path.relative_to(folder))
            assert word.encode() not in content


def test_the_title_line_counts_what_goes_in(started, stocked):
    studies = len(stocked.uids)
    assert started._totals.text().startswith(f"{studies} studies · {started.wizard.state.image_count} images · ")
    assert started.studies.model.rowCount() == studies


def test_a_study_is_taken_out_with_the_delete_key(started, qtbot):
    before = started.studies.model.rowCount()
    started.studies.table.selectRow(0)
    qtbot.keyClick(started.studies.table, Qt.Key.Key_Delete)
    assert started.studies.model.rowCount() == before - 1


def test_taking_out_the_last_study_leads_back_to_the_empty_page(started):
    for uid in started.wizard.state.study_uids:
        started.wizard.remove_study(uid)
    assert started._outer.currentWidget() is started._empty


def test_exactly_the_options_that_the_engine_carries_out_are_offered(page):
    assert set(page.profile.boxes) == {name for name, option in OPTIONS.items() if option.implemented}


def test_full_and_modified_dates_exclude_each_other(started):
    boxes = started.profile.boxes
    boxes["retain-full-dates"].click()
    boxes["retain-uids"].click()
    boxes["retain-modified-dates"].click()
    assert started.wizard.state.options == ("retain-uids", "retain-modified-dates")
    assert not boxes["retain-full-dates"].isChecked()


def test_the_same_key_file_gives_the_same_pseudonyms_again(started, tmp_path, qtbot):
    go_to(started, 3, qtbot)
    qtbot.waitUntil(lambda: started.identities.model.rowCount() > 0, timeout=LONG_MS)
    drawn = [record.pseudonym for record in started.identities.model.records]
    started.identities.use_key_file(str(tmp_path / "trial.key"), create=True)
    assert not started.can_go_next()
    qtbot.waitUntil(lambda: bool(started.can_go_next() and started.identities.model.records), timeout=LONG_MS)
    with_key = [record.pseudonym for record in started.identities.model.records]
    assert with_key != drawn

    started.identities.no_key.click()
    qtbot.waitUntil(lambda: [one.pseudonym for one in started.identities.model.records] != with_key, timeout=LONG_MS)
    started.identities.with_key.click()
    qtbot.waitUntil(lambda: [one.pseudonym for one in started.identities.model.records] == with_key, timeout=LONG_MS)
    finished_names = {record.pseudonym for record in started.identities.model.records}
    go_to(started, 7, qtbot, tmp_path / "out")
    run(started, qtbot)
    assert {path.name for path in (tmp_path / "out").iterdir()} <= finished_names


def test_a_key_file_that_is_none_says_so_and_holds_the_step(started, tmp_path, qtbot):
    (tmp_path / "not.key").write_text("no key")
    go_to(started, 3, qtbot)
    started.identities.use_key_file(str(tmp_path / "not.key"))
    qtbot.waitUntil(lambda: bool(started.identities.problem.text()))
    assert "does not hold a usable key" in started.identities.problem.text()
    assert not started.can_go_next()
    assert started.identities.model.rowCount() == 0


def test_images_with_text_are_shown_with_their_reason_and_documents_apart(started, qtbot):
    go_to(started, 4, qtbot)
    qtbot.waitUntil(lambda: started.pixels.model.rowCount() == 2, timeout=LONG_MS)
    assert started.pixels.documents.rowCount() == 1
    assert "document" in started.pixels.documents.index(0, 1).data()
    qtbot.waitUntil(lambda: not started.pixels.pane.picture.image.isNull(), timeout=LONG_MS)


def test_a_persons_word_lets_images_through_but_no_documents(started, tmp_path, qtbot):
    go_to(started, 4, qtbot, tmp_path / "out")
    qtbot.waitUntil(lambda: started.pixels.model.rowCount() == 2, timeout=LONG_MS)
    started.pixels.accept.click()
    go_to(started, 7, qtbot)
    result = run(started, qtbot).result
    assert {held.reason for held in result.held} == {"encapsulated-document"}


def test_after_a_run_held_images_can_be_let_through_and_exported_anew(started, tmp_path, qtbot):
    go_to(started, 7, qtbot, tmp_path / "out")
    run(started, qtbot)
    qtbot.waitUntil(started.run_step.residual.isVisible, timeout=LONG_MS)
    started.steps.buttons[5].click()
    assert started.current_step == 5
    assert started.preview.residual.words.text().startswith("No known identifier found")

    started.steps.buttons[4].click()
    started.pixels.accept.click()
    assert started.wizard.state.run is RunState.READY
    assert started.preview.residual.words.text().startswith("Made by the run")
    go_to(started, 7, qtbot)
    result = run(started, qtbot).result
    assert result.folder == str(tmp_path / "out" / "export-001")
    assert {held.reason for held in result.held} == {"encapsulated-document"}


def test_the_preview_shows_every_attribute_and_its_filters_count(started, qtbot):
    go_to(started, 5, qtbot)
    model = started.preview.model
    qtbot.waitUntil(lambda: model.rowCount() > 10, timeout=LONG_MS)
    assert started.preview.chips[Kind.REMOVED].text() == f"Removed · {model.count(Kind.REMOVED)}"
    started.preview.chips[Kind.CHANGED].click()
    started.preview.chips[Kind.KEPT].click()
    assert model.rowCount() == model.count(Kind.REMOVED)
    started.preview.chips[Kind.CHANGED].click()
    started.preview.filter.setText("0010,0020")
    qtbot.waitUntil(lambda: model.rowCount() == 1)
    assert model.index(0, Column.ATTRIBUTE).data() == "Patient ID"


def test_the_preview_walks_through_the_instances_and_drops_late_plans(started, qtbot):
    go_to(started, 5, qtbot)
    qtbot.waitUntil(lambda: started.preview.model.rowCount() > 0, timeout=LONG_MS)
    shown: list[object] = []
    original = started.preview._show

    def show(plan: object) -> None:
        shown.append(plan)
        original(plan)

    started.preview._show = show
    for _ in range(3):
        started.preview.show_instance(1)
    qtbot.waitUntil(lambda: bool(shown), timeout=LONG_MS)
    total = started.wizard.state.image_count
    assert started.preview.position.text().startswith(f"Instance 4 of {total}")
    assert len(shown) == 1
    started.preview.show_instance(-10)
    assert not started.preview.back_button.isEnabled()


def test_reading_can_be_stopped_and_taken_up_again(started, qtbot, monkeypatch):
    from workstation.ui.export_wizard import reading

    gate, collect = threading.Event(), reading.collect_identifiers

    def slow(paths: Any, options: Any, key: Any, on_file: Any) -> Any:
        def wait(number: int) -> None:
            gate.wait(60)
            on_file(number)

        return collect(paths, options, key, wait)

    monkeypatch.setattr(reading, "collect_identifiers", slow)
    go_to(started, 5, qtbot)
    scan = started.survey.cohort_scan
    assert scan.running
    started.survey.stop()
    gate.set()
    assert scan.stopped and not scan.running
    assert started.can_go_next()  # nobody is made to wait for a preview
    started.survey.read_again()
    qtbot.waitUntil(lambda: started.preview.model.rowCount() > 0, timeout=LONG_MS)


@pytest.mark.parametrize(
    ("destination", "sentence"),
    [
        ("relative/folder", "whole path"),
        ("{tmp}/data/archive/inside", "local archive"),
        ("{tmp}/a-file", "folder is needed"),
    ],
)
def test_a_destination_that_will_not_do_says_why(started, tmp_path, qtbot, destination, sentence):
    (tmp_path / "a-file").write_text("x")
    go_to(started, 6, qtbot)
    started.set_destination(destination.format(tmp=tmp_path))
    qtbot.waitUntil(lambda: bool(started.destination.problem.text()))
    assert sentence in started.destination.problem.text().replace("A folder", "a folder")
    assert not started.can_go_next()


def test_too_little_room_is_said_before_the_run(started, tmp_path, qtbot, monkeypatch):
    import shutil

    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr("workstation.ui.export_wizard.reading.shutil.disk_usage", lambda _: usage._replace(free=10))
    go_to(started, 6, qtbot)
    started.set_destination(tmp_path / "out")
    qtbot.waitUntil(lambda: "not enough free space" in started.destination.problem.text())


def test_a_folder_in_use_gets_a_new_folder_inside(started, tmp_path, qtbot):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("x")
    go_to(started, 7, qtbot, tmp_path / "full")
    assert "export-001" in started.destination.verdict.text()
    result = run(started, qtbot).result
    assert result.folder == str(tmp_path / "full" / "export-001")


def test_a_full_disk_is_said_in_its_own_sentence_and_nothing_is_exported(started, stocked, tmp_path, qtbot):
    def fail(command: Any, context: Any) -> Any:
        raise DiskFull(path=command.destination)

    stocked.export.append(fail)
    go_to(started, 7, qtbot, tmp_path / "out")
    finished = run(started, qtbot)
    words = started.run_step.verdict.words
    assert finished.job.state is JobState.FAILED
    assert words.title == "The disk is full"
    assert "Nothing was exported" in words.text
    assert words.remedy
    assert not (tmp_path / "out").exists()
    assert started.can_go_next()  # after making room it may be tried again
    assert started.go_back() and started.current_step == 6


def test_a_folder_that_became_unwritable_fails_with_its_sentence(started, tmp_path, qtbot):
    go_to(started, 7, qtbot, tmp_path / "gone" / "out")
    (tmp_path / "gone").write_text("now a file")
    finished = run(started, qtbot)
    assert finished.job.state is JobState.FAILED
    assert started.run_step.verdict.words.title
    assert "Nothing was exported" in started.run_step.verdict.words.text


def test_cancelling_leaves_no_half_export(started, stocked, tmp_path, qtbot):
    reached, real = threading.Event(), stocked.export[-1]

    class Slow:
        """The context of the job, which reports that files are being written and then waits for the cancel."""

        def __init__(self, context: Any) -> None:
            self._context = context

        def __getattr__(self, name: str) -> Any:
            return getattr(self._context, name)

        def progress(self, progress: Any) -> None:
            if progress.step == "exporting" and progress.done == 2:
                reached.set()
                self._context.cancellation.wait(60)
            self._context.progress(progress)

    stocked.export.append(lambda command, context: real(command, Slow(context)))
    go_to(started, 7, qtbot, tmp_path / "out")
    with qtbot.waitSignal(started.finished, timeout=LONG_MS) as ended:
        started.go_next()
        assert reached.wait(60)
        assert started.wizard.state.run is RunState.RUNNING
        started.run_step.cancel()
    assert ended.args[0].job.state is JobState.CANCELLED
    assert started.run_step.verdict.words.title == "The export was cancelled"
    assert not (tmp_path / "out").exists()
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(STAGING_PREFIX)]


def _blocked(stocked: Bench) -> threading.Event:
    """Make the export wait until the event is set."""
    gate, real = threading.Event(), stocked.export[-1]

    def wait(command: Any, context: Any) -> Any:
        gate.wait(60)
        return real(command, context)

    stocked.export.append(wait)
    return gate


def test_a_new_export_while_one_runs_asks_first(started, stocked, tmp_path, qtbot):
    gate = _blocked(stocked)
    go_to(started, 7, qtbot, tmp_path / "out")
    with qtbot.waitSignal(started.finished, timeout=LONG_MS):
        started.go_next()
        started.start(stocked.uids[:1])
        box = started.findChild(QMessageBox, "running-export")
        assert box is not None and started.wizard.state.run is RunState.RUNNING
        box.buttons()[1].click()
        assert started.wizard.state.run is RunState.RUNNING
        gate.set()
    assert started.wizard.state.run is RunState.DONE


def test_another_export_may_begin_while_one_runs_on(started, stocked, tmp_path, qtbot):
    gate = _blocked(stocked)
    go_to(started, 7, qtbot, tmp_path / "out")
    started.go_next()
    qtbot.waitUntil(lambda: started.run_step.job_id is not None)
    started.start(stocked.uids[:1])
    box = started.findChild(QMessageBox, "running-export")
    next(one for one in box.buttons() if "Begin" in one.text()).click()
    qtbot.waitUntil(started.can_go_next, timeout=LONG_MS)
    gate.set()
    runner = stocked.workplace.runner
    qtbot.waitUntil(lambda: runner.jobs()[0].state is JobState.PARTLY, timeout=LONG_MS)
    assert started.current_step == 1
    assert started.wizard.state.study_uids == stocked.uids[:1]


def test_the_state_stays_while_another_page_is_looked_at(started, qtbot):
    go_to(started, 3, qtbot)
    before = started.wizard.state
    started.hide()
    started.show()
    assert started.wizard.state == before


def test_enter_and_alt_arrows_lead_through_the_steps(started, qtbot):
    started.activateWindow()
    qtbot.waitUntil(started.isActiveWindow)
    started.studies.table.setFocus()
    qtbot.keyClick(started.studies.table, Qt.Key.Key_Return)
    assert started.current_step == 2
    qtbot.keyClick(started.profile.boxes["retain-uids"], Qt.Key.Key_Return)
    assert started.current_step == 3
    qtbot.keyClick(started, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    assert started.current_step == 2
    qtbot.keyClick(started, Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier)
    assert started.current_step == 3


def test_steps_that_are_not_reached_yet_cannot_be_clicked(started, qtbot):
    buttons = started.steps.buttons
    assert [button.isEnabled() for button in buttons.values()] == [True] + [False] * 6
    go_to(started, 4, qtbot)
    buttons[2].click()
    assert started.current_step == 2
    assert [button.isEnabled() for button in buttons.values()] == [True] * 4 + [False] * 3
    assert "done" in buttons[1].accessibleName()


@pytest.mark.parametrize("step", range(1, 8))
def test_whatever_takes_the_focus_has_a_name(started, tmp_path, qtbot, step):
    go_to(started, step, qtbot, tmp_path / "out")
    assert nameless(started) == []


def test_the_command_holds_the_choices_and_makes_no_key_by_itself(started, tmp_path, qtbot):
    from workstation.ui.export_wizard.run_step import command_of

    go_to(started, 7, qtbot, tmp_path / "out")
    started.wizard.change(options=("retain-uids",), keep_key=True, key_file=str(tmp_path / "k"), key_ready=True)
    command = command_of(replace(started.wizard.state, accept_pixels=True))
    assert command.options == ("retain-uids",)
    assert (command.pixels, command.create_key_file) == ("accept", False)
    assert command.report == str(tmp_path / "out-report.json")
    assert command.subject == "2 studies"


def test_enter_presses_the_button_that_has_the_focus(started, qtbot):
    started.activateWindow()
    go_to(started, 3, qtbot)
    started.back_button.setFocus()
    qtbot.waitUntil(started.back_button.hasFocus)
    qtbot.keyClick(started.back_button, Qt.Key.Key_Return)
    assert started.current_step == 2


def test_enter_opens_the_focused_step(started, qtbot):
    go_to(started, 2, qtbot)
    first = next(one for one in started.findChildren(StepButton) if one.text() and one.isEnabled())
    qtbot.keyClick(first, Qt.Key.Key_Return)
    assert started.current_step == 1
