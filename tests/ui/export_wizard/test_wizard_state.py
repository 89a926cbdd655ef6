"""The steps as a table: what may follow what."""

from __future__ import annotations

from pathlib import Path

import pytest

from workstation.domain.study import Instance, Series, Study
from workstation.ui.export_wizard.model import (
    ChosenImage,
    ChosenStudy,
    DestinationCheck,
    RunState,
    Step,
    Wizard,
    WizardState,
    may_advance,
    may_return,
    reachable,
)
from workstation.ui.export_wizard.reading import check_destination


def chosen(uid: str = "1.2") -> ChosenStudy:
    image = ChosenImage(Path(f"/a/{uid}.dcm"), 1000, Series("1.2.3"), Instance("1.2.3.4"))
    return ChosenStudy(Study(uid), (image, image))


def ready_to_run() -> WizardState:
    check = DestinationCheck("/out", "", Path("/out"), Path("/out-report.json"), 10**9)
    return WizardState(studies=(chosen(),), destination="/out", check=check, step=Step.RUN, furthest=Step.RUN)


def test_without_images_the_first_step_cannot_be_left():
    assert not may_advance(WizardState())
    assert not may_advance(WizardState(studies=(chosen(),), gathering=True))
    assert may_advance(WizardState(studies=(chosen(),)))


def test_a_key_file_that_was_not_read_holds_the_third_step():
    state = WizardState(studies=(chosen(),), step=Step.IDENTITIES, keep_key=True, key_ready=False)
    assert not may_advance(state)


@pytest.mark.parametrize(
    "check",
    [
        None,
        DestinationCheck("/other", ""),
        DestinationCheck("/out", "/another-report.json"),
        DestinationCheck("/out", "", problem="It is full."),
    ],
)
def test_a_destination_counts_only_when_the_disk_agreed_to_it_as_it_stands(check: DestinationCheck | None):
    state = WizardState(studies=(chosen(),), step=Step.DESTINATION, destination="/out", check=check)
    assert not may_advance(state)


def test_steps_are_reachable_when_they_were_visited_and_all_before_them_are_complete():
    state = WizardState(studies=(chosen(),), step=Step.PROFILE, furthest=Step.PREVIEW)
    assert [step for step in Step if reachable(state, step)] == [1, 2, 3, 4, 5]
    broken = WizardState(studies=(chosen(),), furthest=Step.PREVIEW, keep_key=True, key_ready=False)
    assert [step for step in Step if reachable(broken, step)] == [1, 2, 3]


@pytest.mark.parametrize(
    ("run", "runs", "goes_back"),
    [
        (RunState.READY, True, True),
        (RunState.RUNNING, False, False),
        (RunState.DONE, False, True),
        (RunState.FAILED, True, True),
    ],
)
def test_the_last_step_runs_once_and_again_only_after_a_failure(run: RunState, runs: bool, goes_back: bool):
    from dataclasses import replace

    state = replace(ready_to_run(), run=run)
    assert may_advance(state) is runs
    assert may_return(state) is goes_back
    assert reachable(state, Step.STUDIES) is goes_back


@pytest.mark.parametrize("run", [RunState.DONE, RunState.FAILED])
def test_another_choice_after_a_run_makes_it_a_new_export(qtbot, run: RunState):
    wizard = Wizard()
    wizard.change(studies=(chosen(),), destination="/out", check=ready_to_run().check)
    wizard.change(run=run)
    wizard.change(step=Step.PIXELS)
    assert wizard.state.run is run
    wizard.change(accept_pixels=True)
    assert wizard.state.run is RunState.READY
    assert not wizard.state.checked  # the folder is not as it was


def test_taking_a_study_out_takes_back_the_word_for_its_images(qtbot):
    wizard = Wizard()
    wizard.change(studies=(chosen("1"), chosen("2")), accept_pixels=True)
    wizard.remove_study("1")
    assert wizard.state.study_uids == ("2",)
    assert not wizard.state.accept_pixels


def test_a_new_export_keeps_how_and_whereto(qtbot):
    wizard = Wizard()
    wizard.change(studies=(chosen(),), options=("retain-uids",), destination="/out", accept_pixels=True, step=Step.RUN)
    with qtbot.waitSignal(wizard.step_changed) as told:
        wizard.begin()
    assert told.args == [1]
    assert wizard.state == WizardState(options=("retain-uids",), destination="/out")


def test_a_change_to_what_is_already_so_is_not_told(qtbot):
    wizard = Wizard()
    with qtbot.assertNotEmitted(wizard.changed):
        wizard.change(options=())


def test_totals_count_the_images_of_all_studies():
    state = WizardState(studies=(chosen("1"), chosen("2")))
    assert (state.image_count, state.size_bytes, len(state.images)) == (4, 4000, 4)


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs /proc, which is Linux only")
def test_a_folder_that_takes_no_files_is_not_called_full():
    problem = check_destination("/proc/out", "", 1).problem
    assert problem and "free space" not in problem
