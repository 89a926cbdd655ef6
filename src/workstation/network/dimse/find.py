"""C-FIND at the four levels (PS3.4 C.4.1): Patient Root for patients, Study Root for the rest, or what there is.

A name beyond ASCII that finds nothing in the node's character set is asked for again in others that hold it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pydicom  # noqa: F401 - before its parts, or two threads see it half loaded
import pynetdicom  # noqa: F401 - before its parts, or two threads see it half loaded
from pydicom.uid import UID
from pynetdicom.pdu_primitives import SOPClassExtendedNegotiation
from pynetdicom.presentation import PresentationContext, build_context
from pynetdicom.sop_class import PatientRootQueryRetrieveInformationModelFind as PatientRootFind  # type: ignore[attr-defined]
from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelFind as StudyRootFind  # type: ignore[attr-defined]

from workstation.dicom.answers import AnswerReader
from workstation.dicom.summarise import match_from
from workstation.domain.errors import PeerFailure
from workstation.domain.node import LocalAe, Node
from workstation.domain.query import OnRemark, Query, QueryRemark, no_remark
from workstation.domain.study import NOUN_OF_LEVEL, Level, Patient, QueryMatch, Study, keywords
from workstation.jobs.cancel import Cancellation
from workstation.network.dimse.asking import Asking, ask, data_set
from workstation.network.dimse.association import Link, associated
from workstation.network.dimse.identifiers import character_sets_for, identifier_of

__all__ = ["OPERATION", "SYNTAXES", "ask", "find"]

OPERATION = "C-FIND"
SYNTAXES = ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2"]
_RELATIONAL, _FUZZY = 0, 2  # bytes of the application information (PS3.4 table C.5.1.1-1)
_OF_PATIENT = frozenset(keywords(Patient).values())


def find(
    local: LocalAe, node: Node, query: Query, cancellation: Cancellation, remark: OnRemark = no_remark
) -> Iterator[QueryMatch]:
    """Matches as they arrive; raises PeerAborted when the peer goes before it said that the list is complete.

    Whoever closes the iterator early has the peer stopped by C-CANCEL.
    """
    character_sets = list(character_sets_for(query, node.character_set))
    # What no peer could match is refused before anybody is called.
    identifier_of(query, character_sets[0] if character_sets else node.character_set)
    contexts, wishes = _contexts(query.level), _wishes(node, query)
    with associated(local, node, contexts, cancellation, OPERATION, extended=wishes) as link:
        search = _Search(link, query)
        if search.declined:
            remark(QueryRemark(declined=search.declined))
        for character_set in character_sets:
            found = False
            for match in search.matches(character_set, first=character_set == character_sets[0]):
                if not found and character_set != node.character_set:
                    remark(QueryRemark(character_set=character_set))
                found = True
                yield match
            if found:
                return


class _Search:
    """One query over an association, in whichever information model the peer has."""

    def __init__(self, link: Link, query: Query) -> None:
        self._link = link
        self._query = query
        usual, other = _models(query.level)
        self._model = other if link.context(usual) is None and link.context(other) is not None else usual
        link.require(self._model)
        agreed = link.agreed(self._model)
        self._relational = _is_set(agreed, _RELATIONAL)
        wished = {
            "relational queries": (_RELATIONAL, link.node.relational),
            "fuzzy matching": (_FUZZY, link.node.fuzzy),
        }
        self.declined = tuple(words for words, (byte, on) in wished.items() if on and not _is_set(agreed, byte))
        self._asking = Asking(link)

    def matches(self, character_set: str, *, first: bool) -> Iterator[QueryMatch]:
        """What the peer has. One that refuses a character set which was not its own's has nothing in it."""
        try:
            if self._model == StudyRootFind and self._query.level is Level.PATIENT:
                yield from self._patients_of_studies(character_set)
            elif self._walks_through_patients:
                yield from self._of_each_patient(character_set)
            else:
                yield from self._ask(self._query, character_set)
        except PeerFailure:
            if first:
                raise

    @property
    def _walks_through_patients(self) -> bool:
        """Whether Patient Root wants to know the patient first (PS3.4 C.4.1.2.1)."""
        if self._model != PatientRootFind or self._query.level is Level.PATIENT or self._relational:
            return False
        patient_id = self._query.get("PatientID")
        return not patient_id or any(character in patient_id for character in "*?\\")

    def _ask(self, query: Query, character_set: str) -> Iterator[QueryMatch]:
        noun: Any = NOUN_OF_LEVEL[query.level]
        identifier = identifier_of(query, character_set)
        implicit, assumed = self._asking.implicit(self._model), self._link.node.character_set
        reader = AnswerReader(noun, implicit=implicit, assumed=assumed)
        answers = self._asking.answers(self._model, identifier, character_set)
        try:
            for data in answers:
                match = reader.read(data)
                yield match or match_from(data_set(data, implicit=implicit, assumed=assumed), noun)
        finally:
            answers.close()  # type: ignore[attr-defined]

    def _patients_of_studies(self, character_set: str) -> Iterator[QueryMatch]:
        """Study Root has no patients (PS3.4 C.6.2): those of its studies."""
        seen: set[tuple[str, str]] = set()
        for study in self._ask(replace(self._query, level=Level.STUDY), character_set):
            if not isinstance(study, Study) or (key := (study.patient_id, study.issuer_of_patient_id)) in seen:
                continue
            seen.add(key)
            yield Patient(study.patient_id, study.patient_name, study.issuer_of_patient_id, study.birth_date, study.sex)

    def _of_each_patient(self, character_set: str) -> Iterator[QueryMatch]:
        """Ask for the patients, and then for what is wanted of each."""
        of_patient = tuple((key, value) for key, value in self._query.keys if key in _OF_PATIENT)
        others = tuple((key, value) for key, value in self._query.keys if key not in _OF_PATIENT)
        whole = bool(self._query.get("StudyInstanceUID"))
        patients = list(self._ask(Query(Level.PATIENT, of_patient), character_set))
        for patient in patients:
            self._link.cancellation.raise_if_cancelled()
            if not isinstance(patient, Patient) or not patient.patient_id:
                continue
            keys = (("PatientID", patient.patient_id), *others)
            found = False
            for match in self._ask(replace(self._query, keys=keys), character_set):
                found = True
                yield _with_patient(match, patient)
            if found and whole and self._query.level is not Level.STUDY:
                return  # what is in one study is of one patient


def _with_patient(match: QueryMatch, patient: Patient) -> QueryMatch:
    """A study of Patient Root need not say whose it is (PS3.4 C.6.1.1.3)."""
    if not isinstance(match, Study):
        return match
    return replace(
        match,
        patient_id=match.patient_id or patient.patient_id,
        patient_name=match.patient_name or patient.patient_name,
        issuer_of_patient_id=match.issuer_of_patient_id or patient.issuer_of_patient_id,
        birth_date=match.birth_date or patient.birth_date,
        sex=match.sex or patient.sex,
    )


def _models(level: Level) -> tuple[str, str]:
    """The information model that is meant, and the one to make do with."""
    models = (str(PatientRootFind), str(StudyRootFind))
    return models if level is Level.PATIENT else (models[1], models[0])


def _contexts(level: Level) -> list[PresentationContext]:
    return [build_context(model, SYNTAXES) for model in _models(level)]


def _wishes(node: Node, query: Query) -> Sequence[SOPClassExtendedNegotiation]:
    """SOP Class Extended Negotiation (PS3.4 C.5.1.1), for those who have it: some peers dislike the very item."""
    if not node.relational and not node.fuzzy:
        return ()
    items = []
    for model in _models(query.level):
        item = SOPClassExtendedNegotiation()
        item.sop_class_uid = UID(model)
        item.service_class_application_information = bytes((node.relational, 0, node.fuzzy, 0, 0))
        items.append(item)
    return items


def _is_set(information: bytes, byte: int) -> bool:
    return len(information) > byte and information[byte] == 1
