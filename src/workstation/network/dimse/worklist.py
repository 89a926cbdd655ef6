"""Modality Worklist C-FIND (PS3.4 K.6.1.2.2): all return keys of table K.6-1 that we show or copy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pydicom  # noqa: F401 - before its parts, or two threads see it half loaded
import pynetdicom  # noqa: F401 - before its parts, or two threads see it half loaded
from pydicom import Dataset
from pynetdicom.presentation import build_context
from pynetdicom.sop_class import ModalityWorklistInformationFind  # type: ignore[attr-defined]

from workstation.dicom import elements
from workstation.dicom.quiet import quiet
from workstation.domain.node import LocalAe, Node
from workstation.domain.query import WorklistQuery
from workstation.domain.worklist import ORDER_KEYWORDS, STEP_KEYWORDS, WorklistItem
from workstation.jobs.cancel import Cancellation
from workstation.network.dimse.association import associated
from workstation.network.dimse.find import OPERATION, SYNTAXES, ask
from workstation.network.dimse.identifiers import dataset_of

# Asked for because later steps copy them (PS3.4 F.7.2), though no column shows them.
_STEP_ALSO = ("ScheduledProtocolCodeSequence",)
_ALSO = (
    "RequestedProcedureCodeSequence",
    "StudyDate",
    "StudyTime",
    "ReferencedStudySequence",
    "IssuerOfAccessionNumberSequence",
    "ReferencedPatientSequence",
    "OtherPatientIDsSequence",
    "ReasonForRequestedProcedureCodeSequence",
    "PlacerOrderNumberImagingServiceRequest",
    "FillerOrderNumberImagingServiceRequest",
)
_NAMES = ("performing_physician", "referring_physician", "requesting_physician", "patient_name")


def find_worklist(
    local: LocalAe, node: Node, query: WorklistQuery, cancellation: Cancellation
) -> Iterator[WorklistItem]:
    """Scheduled procedure steps as they arrive."""
    identifier = identifier_of(query, node.character_set)
    contexts = [build_context(ModalityWorklistInformationFind, SYNTAXES)]
    with associated(local, node, contexts, cancellation, OPERATION) as link:
        for answer in ask(link, ModalityWorklistInformationFind, identifier):
            yield item_from(answer, node.name)


def identifier_of(query: WorklistQuery, character_set: str) -> Dataset:
    """Table K.6-1 with the matching values of `query`; all of them match on single values but the date."""
    around = dict.fromkeys((*ORDER_KEYWORDS.values(), *_ALSO), "")
    around["PatientName"] = query.patient_name
    around["PatientID"] = query.patient_id
    around["AccessionNumber"] = query.accession_number
    step = dict.fromkeys((*STEP_KEYWORDS.values(), *_STEP_ALSO), "")
    step["ScheduledProcedureStepStartDate"] = query.date_range
    step["Modality"] = query.modality
    step["ScheduledStationAETitle"] = query.station_ae_title
    dataset = dataset_of(around.items(), character_set)
    item = dataset_of(step.items(), character_set)
    del item.SpecificCharacterSet  # said once, around it
    dataset.ScheduledProcedureStepSequence = [item]
    return dataset


def item_from(answer: Dataset, node: str) -> WorklistItem:
    """The item that `answer` describes; what is absent or unreadable stays empty."""
    step = elements.first_item(answer, "ScheduledProcedureStepSequence") or Dataset()
    values = _values(answer, ORDER_KEYWORDS) | _values(step, STEP_KEYWORDS)
    return WorklistItem(node=node, **values)


def _values(dataset: Dataset, table: dict[str, str]) -> dict[str, Any]:
    with quiet():
        return {
            field: elements.person_name(dataset, keyword) if field in _NAMES else elements.text(dataset, keyword)
            for field, keyword in table.items()
        }
