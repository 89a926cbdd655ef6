"""C-STORE, C-GET and C-MOVE of the embedded PACS, driven by pynetdicom."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage, MRImageStorage
from pynetdicom import build_context, build_role, evt

from tests.support.pynetdicom_peers import Receiver, Scu, move, stored, study_of
from workstation.demo.pacs import EmbeddedPacs
from workstation.demo.sop_classes import STUDY_ROOT_FIND, STUDY_ROOT_GET

Find = Callable[..., list[Dataset]]
SYNTAXES = ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.50"]


def get(
    pacs: EmbeddedPacs, scu: Scu, query: Dataset, syntaxes: list[str] = SYNTAXES
) -> tuple[list[Any], list[Dataset]]:
    """Retrieve by C-GET; the statuses and what came."""
    received: list[Any] = []

    def keep(event: evt.Event) -> int:
        dataset = event.dataset
        dataset.file_meta = event.file_meta
        received.append(dataset)
        return 0x0000

    classes = {str(instance.SOPClassUID) for instance in (e.instances[0] for e in pacs.catalogue.entities("IMAGE"))}
    contexts = [build_context(one, syntax) for one in sorted(classes) for syntax in syntaxes]
    roles = [build_role(one, scp_role=True) for one in sorted(classes)]
    with scu.association(
        pacs, STUDY_ROOT_GET, *contexts, roles=roles, handlers=[(evt.EVT_C_STORE, keep)]
    ) as association:
        statuses = [status for status, _ in association.send_c_get(query, STUDY_ROOT_GET)]
    return statuses, received


@pytest.mark.parametrize("patient_id", ["4471920", "5520071", "4409123"])
def test_get_sends_a_study_as_it_is_kept(pacs: EmbeddedPacs, scu: Scu, patient_id: str) -> None:
    kept = {instance.SOPInstanceUID: instance for instance in stored(pacs, patient_id)}
    syntaxes = [*SYNTAXES, "1.2.840.10008.1.2.4.70"]
    statuses, received = get(pacs, scu, study_of(pacs, patient_id), syntaxes)
    assert (statuses[-1].Status, statuses[-1].NumberOfCompletedSuboperations) == (0x0000, len(kept))
    assert {instance.SOPInstanceUID for instance in received} == set(kept)
    for instance in received:
        original = kept[instance.SOPInstanceUID]
        assert instance.file_meta.TransferSyntaxUID == original.file_meta.TransferSyntaxUID
        assert instance.get("PixelData") == original.get("PixelData")
        assert instance.PatientName == original.PatientName


def test_get_counts_what_the_requester_cannot_take(pacs: EmbeddedPacs, scu: Scu) -> None:
    statuses, received = get(pacs, scu, study_of(pacs, "5520071"), SYNTAXES[:2])
    assert received == []
    assert statuses[-1].Status == 0xA702 or statuses[-1].NumberOfFailedSuboperations == 35


def test_get_of_one_series_and_of_single_instances(pacs: EmbeddedPacs, scu: Scu) -> None:
    instances = stored(pacs, "4471920")
    ct = [instance for instance in instances if instance.Modality == "CT"]
    query = study_of(pacs, "4471920")
    query.QueryRetrieveLevel = "SERIES"
    query.SeriesInstanceUID = ct[0].SeriesInstanceUID
    assert len(get(pacs, scu, query)[1]) == 93
    query.QueryRetrieveLevel = "IMAGE"
    query.SOPInstanceUID = [ct[3].SOPInstanceUID, ct[5].SOPInstanceUID]
    assert {one.SOPInstanceUID for one in get(pacs, scu, query)[1]} == set(query.SOPInstanceUID)


def test_get_without_the_unique_key_is_refused(pacs: EmbeddedPacs, scu: Scu) -> None:
    query = Dataset()
    query.QueryRetrieveLevel = "STUDY"
    statuses, received = get(pacs, scu, query)
    assert (statuses[-1].Status, received) == (0xA900, [])


@pytest.mark.parametrize("patient_id", ["4471920", "5520071", "6120984"])
def test_move_sends_a_study_to_a_known_destination(
    pacs: EmbeddedPacs, scu: Scu, receiver: Receiver, patient_id: str
) -> None:
    pacs.add_destination("RECEIVER", "127.0.0.1", receiver.port)
    kept = {instance.SOPInstanceUID: instance for instance in stored(pacs, patient_id)}
    statuses = move(pacs, scu, study_of(pacs, patient_id), "RECEIVER")
    assert statuses[-1].Status == 0x0000
    assert statuses[-1].NumberOfCompletedSuboperations == len(kept) == len(receiver.received)
    assert statuses[0].NumberOfRemainingSuboperations == len(kept) - 1
    assert all(one.get("PixelData") == kept[one.SOPInstanceUID].get("PixelData") for one in receiver.received)


def test_move_to_an_unknown_destination_is_refused(pacs: EmbeddedPacs, scu: Scu) -> None:
    assert [status.Status for status in move(pacs, scu, study_of(pacs, "4471920"), "NOBODY")] == [0xA801]


# pynetdicom's connect() leaves the socket of a refused connection to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_move_to_an_unreachable_destination_fails_and_the_pacs_goes_on(pacs: EmbeddedPacs, scu: Scu) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refuses
        pacs.add_destination("GONE", "127.0.0.1", taken.getsockname()[1])
        statuses = move(pacs, scu, study_of(pacs, "4471920"), "GONE")
    assert statuses[-1].Status in (0xA801, 0xA702)
    assert len(move(pacs, scu, study_of(pacs, "4471920"), "NOBODY")) == 1


def test_move_of_nothing_ends_with_success_and_no_operations(pacs: EmbeddedPacs, scu: Scu, receiver: Receiver) -> None:
    pacs.add_destination("RECEIVER", "127.0.0.1", receiver.port)
    query = Dataset()
    query.QueryRetrieveLevel = "STUDY"
    query.StudyInstanceUID = "2.25.404"
    statuses = move(pacs, scu, query, "RECEIVER")
    assert (statuses[-1].Status, statuses[-1].NumberOfCompletedSuboperations) == (0x0000, 0)


def test_move_counts_what_the_destination_refuses(pacs: EmbeddedPacs, scu: Scu) -> None:
    refusing = Receiver(status=0xA700)
    try:
        pacs.add_destination("RECEIVER", "127.0.0.1", refusing.port)
        statuses = move(pacs, scu, study_of(pacs, "6120984"), "RECEIVER")
        assert statuses[-1].Status in (0xA702, 0xB000)
        assert statuses[-1].NumberOfFailedSuboperations == 3
    finally:
        refusing.ae.shutdown()


def test_a_stored_instance_is_found_and_can_be_got_back(pacs: EmbeddedPacs, scu: Scu, find: Find) -> None:
    instance = dcmread(next(iter_files()))
    instance.PatientID = "NEW-1"
    instance.StudyInstanceUID = "2.25.1001"
    instance.SeriesInstanceUID = "2.25.1002"
    instance.SOPInstanceUID = instance.file_meta.MediaStorageSOPInstanceUID = "2.25.1003"
    with scu.association(
        pacs, build_context(instance.SOPClassUID, instance.file_meta.TransferSyntaxUID)
    ) as association:
        assert association.send_c_store(instance).Status == 0x0000
    found = find(STUDY_ROOT_FIND, "STUDY", PatientID="NEW-1", StudyInstanceUID="", NumberOfStudyRelatedInstances="")
    assert [(one.StudyInstanceUID, one.NumberOfStudyRelatedInstances) for one in found] == [("2.25.1001", 1)]
    query = Dataset()
    query.QueryRetrieveLevel = "STUDY"
    query.StudyInstanceUID = "2.25.1001"
    received = get(pacs, scu, query)[1]
    assert [one.PixelData == instance.PixelData for one in received] == [True]


def iter_files() -> Iterator[Path]:
    from tests.support.testdata import REPOSITORY

    return (REPOSITORY / "resources" / "samples" / "ct-head" / "axial").glob("*.dcm")


def test_an_instance_that_is_not_what_the_request_says_is_refused(pacs: EmbeddedPacs, scu: Scu) -> None:
    before = len(pacs.catalogue)
    instance = dcmread(next(iter_files()))
    instance.SOPInstanceUID = instance.file_meta.MediaStorageSOPInstanceUID = "2.25.1003"
    del instance.StudyInstanceUID
    with scu.association(pacs, build_context(CTImageStorage)) as association:
        assert association.send_c_store(instance).Status == 0xC000
    assert len(pacs.catalogue) == before


def test_more_storage_classes_than_one_association_can_name_are_accepted(pacs: EmbeddedPacs, scu: Scu) -> None:
    from pynetdicom import AllStoragePresentationContexts

    classes = [str(context.abstract_syntax) for context in AllStoragePresentationContexts]
    assert len(classes) > 128
    for start in range(0, len(classes), 100):
        part = classes[start : start + 100]
        with scu.association(pacs, *part) as association:
            assert len(association.accepted_contexts) == len(part)


def test_many_associations_at_once(pacs: EmbeddedPacs, scu: Scu) -> None:
    from contextlib import ExitStack

    with ExitStack() as stack:
        associations = [stack.enter_context(scu.association(pacs, str(MRImageStorage))) for _ in range(20)]
        assert all(association.is_established for association in associations)
