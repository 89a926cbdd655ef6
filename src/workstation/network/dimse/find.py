"""C-FIND at the four levels (PS3.4 C.4.1): Patient Root for patients, Study Root for the rest."""

from __future__ import annotations

from collections.abc import Iterator

import pydicom  # noqa: F401 - before its parts, or two threads see it half loaded
import pynetdicom  # noqa: F401 - before its parts, or two threads see it half loaded
from pydicom import Dataset
from pynetdicom.presentation import build_context
from pynetdicom.sop_class import PatientRootQueryRetrieveInformationModelFind as PatientRootFind  # type: ignore[attr-defined]
from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelFind as StudyRootFind  # type: ignore[attr-defined]

from workstation.dicom.charset import assume_character_set
from workstation.dicom.summarise import match_from
from workstation.domain.node import LocalAe, Node
from workstation.domain.query import Query
from workstation.domain.study import NOUN_OF_LEVEL, Level, QueryMatch
from workstation.jobs.cancel import Cancellation
from workstation.network.dimse import status as words
from workstation.network.dimse.association import Link, associated
from workstation.network.dimse.identifiers import identifier_of

OPERATION = "C-FIND"


def find(local: LocalAe, node: Node, query: Query, cancellation: Cancellation) -> Iterator[QueryMatch]:
    """Matches as they arrive; raises PeerAborted when the peer goes before it said that the list is complete."""
    identifier = identifier_of(query, node.character_set)
    model = PatientRootFind if query.level is Level.PATIENT else StudyRootFind
    noun = NOUN_OF_LEVEL[query.level]
    with associated(local, node, [build_context(model)], cancellation, OPERATION) as link:
        for answer in ask(link, model, identifier):
            yield match_from(answer, noun)  # type: ignore[type-var]


def ask(link: Link, model: str, identifier: Dataset) -> Iterator[Dataset]:
    """The identifiers that answer one C-FIND request over `link`, texts readable by the node's habit."""
    link.require(model)
    link.heard()
    answers = link.association.send_c_find(identifier, model)
    for status, answer in link.responses(answers):
        code = int(status.Status)
        if code in words.PENDING:
            if answer is not None:
                assume_character_set(answer, link.node.character_set)
                yield answer
        elif code != words.SUCCESS:
            raise link.failure(int(status.Status), words.comment_of(status))
