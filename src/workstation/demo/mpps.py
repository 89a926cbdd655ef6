"""Modality Performed Procedure Step SCP (PS3.4 F.7): a table of states, and what may be set when.

An answer is a DIMSE status with, where it refuses, the attributes at fault (PS3.7 annex C).
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import pydicom  # noqa: F401 - before its parts, or two threads see it half loaded
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

SUCCESS = 0x0000
NO_SUCH_ATTRIBUTE = 0x0105
INVALID_ATTRIBUTE_VALUE = 0x0106
PROCESSING_FAILURE = 0x0110
DUPLICATE_SOP_INSTANCE = 0x0111
NO_SUCH_SOP_INSTANCE = 0x0112
MISSING_ATTRIBUTE = 0x0120
MISSING_ATTRIBUTE_VALUE = 0x0121
NO_LONGER_UPDATABLE = 0xA710  # Error ID of PS3.4 F.7.2.2.2.1

IN_PROGRESS, COMPLETED, DISCONTINUED = "IN PROGRESS", "COMPLETED", "DISCONTINUED"
# PS3.4 F.7.2.2.2: from which status N-SET may lead where.
TRANSITIONS: dict[str, frozenset[str]] = {
    IN_PROGRESS: frozenset({IN_PROGRESS, COMPLETED, DISCONTINUED}),
    COMPLETED: frozenset(),
    DISCONTINUED: frozenset(),
}

# Table F.7.2-1: usage 1 of the SCU in N-CREATE, what N-SET may not touch, what must be filled at the end.
REQUIRED = (
    "ScheduledStepAttributesSequence",
    "PerformedProcedureStepID",
    "PerformedStationAETitle",
    "PerformedProcedureStepStartDate",
    "PerformedProcedureStepStartTime",
    "PerformedProcedureStepStatus",
    "Modality",
)
_NOT_SETTABLE = frozenset(
    {
        "ScheduledStepAttributesSequence",
        "PatientName",
        "PatientID",
        "IssuerOfPatientID",
        "PatientBirthDate",
        "PatientSex",
        "ReferencedPatientSequence",
        "PerformedProcedureStepID",
        "PerformedStationAETitle",
        "PerformedStationName",
        "PerformedLocation",
        "PerformedProcedureStepStartDate",
        "PerformedProcedureStepStartTime",
        "Modality",
        "StudyID",
    }
)
FINAL_REQUIRED = ("PerformedProcedureStepEndDate", "PerformedProcedureStepEndTime", "PerformedSeriesSequence")
_SERIES_REQUIRED = ("ProtocolName", "SeriesInstanceUID")

StepStatusChanged = Callable[[str, str, str], None]  # Study Instance UID, Scheduled Procedure Step ID, status


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, the attributes it is about, and for a created instance without a UID the one it was given."""

    status: int
    comment: str = ""
    attributes: tuple[str, ...] = ()
    error_id: int | None = None
    sop_instance_uid: str = ""

    def status_dataset(self, *, name_attributes: bool = True) -> Dataset:
        """The answer as pynetdicom wants it from a handler; it has no attribute list for N-CREATE."""
        dataset = Dataset()
        dataset.Status = self.status
        if self.comment:
            dataset.ErrorComment = self.comment
        if self.error_id is not None:
            dataset.ErrorID = self.error_id
        tags = [tag for keyword in self.attributes if (tag := tag_for_keyword(keyword)) is not None]
        if tags and name_attributes:
            dataset.AttributeIdentifierList = tags
        return dataset


class PerformedSteps:
    """The performed procedure steps reported to us, by SOP Instance UID. Safe to call from several threads."""

    def __init__(self, on_status: StepStatusChanged) -> None:
        self._on_status = on_status
        self._lock = threading.Lock()
        self._steps: dict[str, Dataset] = {}

    def get(self, sop_instance_uid: str) -> Dataset | None:
        """A copy of what is known of one step."""
        with self._lock:
            step = self._steps.get(sop_instance_uid)
            return copy.deepcopy(step) if step is not None else None

    def uids(self) -> list[str]:
        with self._lock:
            return list(self._steps)

    def create(self, sop_instance_uid: str, attributes: Dataset) -> Answer:
        """N-CREATE (PS3.4 F.7.2.1)."""
        with self._lock:
            if sop_instance_uid in self._steps:
                return Answer(DUPLICATE_SOP_INSTANCE, "this step exists already")
            refusal = _creation_refusal(attributes)
            if refusal is not None:
                return refusal
            uid = sop_instance_uid or str(generate_uid())
            self._steps[uid] = copy.deepcopy(attributes)
        self._announce(attributes, IN_PROGRESS)
        return Answer(SUCCESS, sop_instance_uid=uid)

    def set(self, sop_instance_uid: str, modification: Dataset) -> Answer:
        """N-SET (PS3.4 F.7.2.2)."""
        with self._lock:
            step = self._steps.get(sop_instance_uid)
            if step is None:
                return Answer(NO_SUCH_SOP_INSTANCE, "this step was not created here")
            refusal = _modification_refusal(step, modification)
            if refusal is not None:
                return refusal
            step.update(copy.deepcopy(modification))
            status = str(step.PerformedProcedureStepStatus)
        self._announce(step, status)
        return Answer(SUCCESS)

    def _announce(self, step: Dataset, status: str) -> None:
        for item in step.ScheduledStepAttributesSequence:
            self._on_status(str(item.StudyInstanceUID), str(item.get("ScheduledProcedureStepID", "")), status)


def _creation_refusal(attributes: Dataset) -> Answer | None:
    absent = [keyword for keyword in REQUIRED if keyword not in attributes]
    if absent:
        return Answer(MISSING_ATTRIBUTE, "required attributes are missing", tuple(absent))
    if attributes.PerformedProcedureStepStatus != IN_PROGRESS:
        return Answer(INVALID_ATTRIBUTE_VALUE, "a step begins IN PROGRESS", ("PerformedProcedureStepStatus",))
    empty = _empty(attributes, REQUIRED)
    if not empty and any(not item.get("StudyInstanceUID") for item in attributes.ScheduledStepAttributesSequence):
        empty = ["ScheduledStepAttributesSequence"]
    return Answer(MISSING_ATTRIBUTE_VALUE, "required values are missing", tuple(empty)) if empty else None


def _modification_refusal(step: Dataset, modification: Dataset) -> Answer | None:
    current = str(step.PerformedProcedureStepStatus)
    if not TRANSITIONS[current]:
        return Answer(
            PROCESSING_FAILURE,
            "Performed Procedure Step Object may no longer be updated",
            error_id=NO_LONGER_UPDATABLE,
        )
    keywords = [element.keyword or str(element.tag) for element in modification]
    surplus = [
        keyword
        for keyword in keywords
        if keyword in _NOT_SETTABLE or (keyword not in step and keyword != "SpecificCharacterSet")
    ]
    if surplus:
        return Answer(NO_SUCH_ATTRIBUTE, "these may not be set, or were not created", tuple(surplus))
    if modification.get("SpecificCharacterSet") not in (None, "", step.get("SpecificCharacterSet")):
        return Answer(INVALID_ATTRIBUTE_VALUE, "character set differs from creation", ("SpecificCharacterSet",))
    wanted = str(modification.get("PerformedProcedureStepStatus") or current)
    if wanted not in TRANSITIONS[current]:
        return Answer(INVALID_ATTRIBUTE_VALUE, "no such status", ("PerformedProcedureStepStatus",))
    return _incomplete_end(step, modification) if not TRANSITIONS[wanted] else None


def _incomplete_end(step: Dataset, modification: Dataset) -> Answer | None:
    """What Table F.7.2-1 still misses in the final state."""
    final = Dataset()
    final.update(step)
    final.update(modification)
    empty = _empty(final, FINAL_REQUIRED)
    if not empty:
        series = final.PerformedSeriesSequence
        empty = sorted({keyword for item in series for keyword in _empty(item, _SERIES_REQUIRED)})
    return Answer(MISSING_ATTRIBUTE_VALUE, "required at the end of a step", tuple(empty)) if empty else None


def _empty(dataset: Dataset, keywords: Iterable[str]) -> list[str]:
    return [keyword for keyword in keywords if not dataset.get(keyword)]
