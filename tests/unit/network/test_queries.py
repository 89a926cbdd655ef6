"""What is put on the wire for a query, and which presentation contexts are proposed."""

from __future__ import annotations

from dataclasses import fields

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workstation.domain.errors import InvalidQuery
from workstation.domain.query import Query, WorklistQuery
from workstation.domain.study import NOUN_OF_LEVEL, Level, keywords
from workstation.domain.worklist import ORDER_KEYWORDS, STEP_KEYWORDS, WorklistItem
from workstation.network.dicomweb.query import encoded, parameters
from workstation.network.dimse import worklist
from workstation.network.dimse.contexts import MAXIMUM, accepted_storage, for_get, storage_classes, together
from workstation.network.dimse.identifiers import identifier_of

CT = "1.2.840.10008.5.1.4.1.1.2"
GET = "1.2.840.10008.5.1.4.1.2.2.3"


@pytest.mark.parametrize("level", Level)
def test_every_attribute_of_the_noun_is_asked_for(level: Level) -> None:
    identifier = identifier_of(Query(level), "ISO_IR 192")

    wanted = set(keywords(NOUN_OF_LEVEL[level]).values()) - {"TransferSyntaxUID"}
    assert wanted <= {element.keyword for element in identifier}
    assert all(element.is_empty for element in identifier if element.keyword in wanted)
    assert identifier.QueryRetrieveLevel == level.upper()
    assert identifier.SpecificCharacterSet == "ISO_IR 192"
    assert all(element.tag.group != 2 for element in identifier)


def test_keys_keep_ranges_wildcards_and_lists() -> None:
    keys = {"StudyDate": "20040101-20041231", "PatientName": "D?E*", "StudyInstanceUID": "1.2\\1.3", "Rows": "512"}
    identifier = identifier_of(Query.where(Level.STUDY, keys), "ISO_IR 100")

    assert (identifier.StudyDate, str(identifier.PatientName)) == ("20040101-20041231", "D?E*")
    assert list(identifier.StudyInstanceUID) == ["1.2", "1.3"]
    assert identifier.Rows == 512


@pytest.mark.parametrize(
    ("keyword", "value"),
    [("Nonsense", "1"), ("Rows", "many"), ("RequestAttributesSequence", "1"), ("PatientName", "山田")],
)
def test_what_no_peer_could_match_is_refused(keyword: str, value: str) -> None:
    with pytest.raises(InvalidQuery) as error:
        identifier_of(Query.where(Level.STUDY, {keyword: value}), "ISO_IR 100")

    assert error.value.details["keyword"] == keyword
    assert value not in error.value.details.values()


def test_code_extensions_hold_what_any_of_their_sets_holds() -> None:
    query = Query.where(Level.STUDY, {"PatientName": "Yamada^Tarou=山田^太郎"})

    assert identifier_of(query, "\\ISO 2022 IR 87").PatientName == "Yamada^Tarou=山田^太郎"


def test_a_worklist_query_has_one_step_with_its_keys() -> None:
    query = WorklistQuery(date_range="20261124", modality="CT", station_ae_title="CT1", patient_name="DOE*")
    identifier = worklist.identifier_of(query, "ISO_IR 192")

    [step] = identifier.ScheduledProcedureStepSequence
    assert (step.ScheduledProcedureStepStartDate, step.Modality) == ("20261124", "CT")
    assert step.ScheduledStationAETitle == "CT1"
    assert "ScheduledProtocolCodeSequence" in step
    assert "SpecificCharacterSet" not in step
    assert str(identifier.PatientName) == "DOE*"
    for keyword in ("MedicalAlerts", "Allergies", "PregnancyStatus", "SpecialNeeds", "PatientTransportArrangements"):
        assert keyword in identifier


def test_every_worklist_field_is_read_from_somewhere() -> None:
    read = {*STEP_KEYWORDS, *ORDER_KEYWORDS, "node"}
    assert {field.name for field in fields(WorklistItem)} == read


@settings(deadline=None)
@given(count=st.integers(1, 186))
def test_one_association_never_proposes_more_than_128_contexts(count: int) -> None:
    contexts = for_get([GET], storage_classes()[:count])

    assert len(contexts) <= MAXIMUM
    assert contexts[0].abstract_syntax == GET
    if count <= 92:
        assert {context.abstract_syntax for context in contexts[1:]} == set(storage_classes()[:count])


def test_a_known_class_is_offered_in_each_compression_apart() -> None:
    contexts = [context for context in for_get([GET], [CT]) if context.abstract_syntax == CT]

    syntaxes = [str(context.transfer_syntax[0]) for context in contexts]
    assert all(len(context.transfer_syntax) == 1 for context in contexts)
    assert {"1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.5"} <= set(
        syntaxes
    )
    assert len(syntaxes) == len(set(syntaxes))


def test_one_association_gets_no_more_classes_than_it_can_take_in_every_transfer_syntax() -> None:
    classes = storage_classes()[:10]

    offered = together([GET], classes[3:4], classes)

    assert offered[0] == classes[3]
    assert 1 < len(offered) < len(classes)
    contexts = for_get([GET], offered)
    assert len(contexts) < MAXIMUM
    assert len({len([one for one in contexts if one.abstract_syntax == uid]) for uid in offered}) == 1


def test_the_listener_accepts_retired_classes_and_every_compression() -> None:
    contexts = {str(context.abstract_syntax): context for context in accepted_storage()}

    assert "1.2.840.10008.5.1.4.1.1.6" in contexts  # Ultrasound Image Storage (Retired)
    assert len(contexts) > 150
    assert "1.2.840.10008.1.2.4.201" in contexts[CT].transfer_syntax  # HTJ2K Lossless


def test_qido_names_the_narrowest_resource() -> None:
    where = {"StudyInstanceUID": "1.2", "SeriesInstanceUID": "1.3", "InstanceNumber": "4"}

    resource, query = parameters(Query.where(Level.IMAGE, where))

    assert resource == "/studies/1.2/series/1.3/instances"
    assert ("InstanceNumber", "4") in query
    assert "StudyInstanceUID" not in dict(query)


def test_qido_lists_uids_with_commas_and_keeps_odd_ones_out_of_the_path() -> None:
    resource, query = parameters(Query.where(Level.SERIES, {"StudyInstanceUID": "1.2\\../admin"}))

    assert resource == "/series"
    assert ("StudyInstanceUID", "1.2,../admin") in query


def test_qido_escapes_what_would_end_a_value_and_nothing_that_matches() -> None:
    query = [("PatientName", "D?E^J*"), ("StudyDescription", "a&b=c d"), ("StudyDate", "20040101-")]

    assert encoded(query) == "PatientName=D?E^J*&StudyDescription=a%26b%3Dc%20d&StudyDate=20040101-"
