"""The performed procedure step's state table and Table F.7.2-1 (PS3.4)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pydicom.dataset import Dataset

from tests.support.performed_step import creation, ending
from workstation.demo.mpps import (
    COMPLETED,
    DISCONTINUED,
    DUPLICATE_SOP_INSTANCE,
    IN_PROGRESS,
    INVALID_ATTRIBUTE_VALUE,
    MISSING_ATTRIBUTE,
    MISSING_ATTRIBUTE_VALUE,
    NO_LONGER_UPDATABLE,
    NO_SUCH_ATTRIBUTE,
    NO_SUCH_SOP_INSTANCE,
    PROCESSING_FAILURE,
    SUCCESS,
    TRANSITIONS,
    PerformedSteps,
)

UID = "2.25.1"


@pytest.fixture
def heard() -> list[tuple[str, str, str]]:
    return []


@pytest.fixture
def steps(heard: list[tuple[str, str, str]]) -> PerformedSteps:
    return PerformedSteps(lambda study, step, status: heard.append((study, step, status)))


def test_a_step_begins_and_says_so_of_the_scheduled_step(
    steps: PerformedSteps, heard: list[tuple[str, str, str]]
) -> None:
    assert steps.create(UID, creation()).status == SUCCESS
    assert heard == [("2.25.77", "SPS-1", IN_PROGRESS)]


def test_a_step_created_without_uid_is_given_one(steps: PerformedSteps) -> None:
    answer = steps.create("", creation())
    assert answer.status == SUCCESS
    assert steps.uids() == [answer.sop_instance_uid]


def test_the_same_uid_is_refused_a_second_time(steps: PerformedSteps) -> None:
    steps.create(UID, creation())
    assert steps.create(UID, creation()).status == DUPLICATE_SOP_INSTANCE


@pytest.mark.parametrize("status", [COMPLETED, DISCONTINUED, "", "BEGUN"])
@pytest.mark.filterwarnings("ignore:Invalid value for VR")
def test_a_step_begins_in_progress_only(steps: PerformedSteps, status: str) -> None:
    step = creation()
    step.PerformedProcedureStepStatus = status
    answer = steps.create(UID, step)
    assert (answer.status, answer.attributes) == (INVALID_ATTRIBUTE_VALUE, ("PerformedProcedureStepStatus",))
    assert steps.uids() == []


@pytest.mark.parametrize("keyword", ["ScheduledStepAttributesSequence", "PerformedProcedureStepID", "Modality"])
def test_required_attributes_must_be_present_and_filled(steps: PerformedSteps, keyword: str) -> None:
    absent, empty = creation(), creation()
    delattr(absent, keyword)
    setattr(empty, keyword, [] if keyword.endswith("Sequence") else "")
    assert steps.create(UID, absent).status == MISSING_ATTRIBUTE
    assert steps.create(UID, empty).status == MISSING_ATTRIBUTE_VALUE


@pytest.mark.parametrize("current", list(TRANSITIONS))
@pytest.mark.parametrize("wanted", list(TRANSITIONS))
def test_state_table(steps: PerformedSteps, current: str, wanted: str) -> None:
    steps.create(UID, creation())
    if current != IN_PROGRESS:
        assert steps.set(UID, ending(current)).status == SUCCESS
    answer = steps.set(UID, ending(wanted))
    if wanted in TRANSITIONS[current]:
        assert answer.status == SUCCESS
    else:
        assert (answer.status, answer.error_id) == (PROCESSING_FAILURE, NO_LONGER_UPDATABLE)


def test_an_unknown_step_cannot_be_set(steps: PerformedSteps) -> None:
    assert steps.set(UID, ending(COMPLETED)).status == NO_SUCH_SOP_INSTANCE


def with_value(keyword: str, value: object) -> Callable[[Dataset], None]:
    return lambda dataset: setattr(dataset, keyword, value)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (with_value("PatientName", "Other^Name"), NO_SUCH_ATTRIBUTE),  # not allowed in N-SET
        (with_value("Modality", "MR"), NO_SUCH_ATTRIBUTE),
        (with_value("CommentsOnThePerformedProcedureStep", "x"), NO_SUCH_ATTRIBUTE),  # was not created
        (with_value("PerformedProcedureStepDescription", "Thorax"), SUCCESS),
        (with_value("SpecificCharacterSet", "ISO_IR 100"), INVALID_ATTRIBUTE_VALUE),
        (with_value("SpecificCharacterSet", "ISO_IR 192"), SUCCESS),
        (with_value("PerformedProcedureStepStatus", "PAUSED"), INVALID_ATTRIBUTE_VALUE),
        (with_value("PerformedSeriesSequence", []), MISSING_ATTRIBUTE_VALUE),
        (with_value("PerformedProcedureStepEndTime", ""), MISSING_ATTRIBUTE_VALUE),
    ],
)
def test_what_may_be_set_at_the_end(steps: PerformedSteps, change: Callable[[Dataset], None], status: int) -> None:
    steps.create(UID, creation())
    modification = ending(COMPLETED)
    change(modification)
    assert steps.set(UID, modification).status == status
    stored = steps.get(UID)
    assert stored is not None
    assert stored.PerformedProcedureStepStatus == (COMPLETED if status == SUCCESS else IN_PROGRESS)


def test_a_performed_series_needs_a_protocol_name_at_the_end(steps: PerformedSteps) -> None:
    steps.create(UID, creation())
    modification = ending(DISCONTINUED)
    modification.PerformedSeriesSequence[0].ProtocolName = ""
    answer = steps.set(UID, modification)
    assert (answer.status, answer.attributes) == (MISSING_ATTRIBUTE_VALUE, ("ProtocolName",))
