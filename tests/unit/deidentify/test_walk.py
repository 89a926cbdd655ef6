from __future__ import annotations

import copy
import string

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import UID

from tests.support.planted import code, item, put
from workstation.deidentify.apply import apply
from workstation.deidentify.changes import Action, Kind
from workstation.deidentify.harvest import harvest
from workstation.deidentify.identifiers import Identifiers
from workstation.deidentify.identities import Identities, ProjectKey
from workstation.deidentify.plan import plan
from workstation.deidentify.profile import Profile, load_profile
from workstation.deidentify.tables import confidentiality_table
from workstation.deidentify.texts import element, values_of

CT = "1.2.840.10008.5.1.4.1.1.2"
IDENTITIES = Identities(ProjectKey(bytes(range(32))))
BASIC = load_profile()


def ct(**values: object) -> Dataset:
    ds = item(SOPClassUID=CT, SOPInstanceUID="1.2.826.0.1.1", PatientID="4711", PatientName="Quill^Otto")
    for keyword, value in values.items():
        put(ds, keyword, value)
    return ds


def treated(ds: Dataset, profile: Profile = BASIC) -> Dataset:
    identifiers = Identifiers()
    harvest(ds, profile, identifiers)
    return apply(ds, profile, IDENTITIES, identifiers).dataset


def test_the_original_is_not_changed() -> None:
    ds = ct(ContributingEquipmentSequence=Sequence([item(OperatorsName="A^B")]))
    before = copy.deepcopy(ds)
    treated(ds)
    assert ds == before


def test_patient_gets_a_pseudonym_that_nested_ids_share() -> None:
    ds = ct(ContributingEquipmentSequence=Sequence([item(PatientID="4711", PatientName="Quill^Otto")]))
    after = treated(ds)
    inner = after.ContributingEquipmentSequence[0]
    assert after.PatientID == IDENTITIES.patient("", "4711").pseudonym == inner.PatientID
    assert str(after.PatientName) == f"{after.PatientID}^DEIDENTIFIED" == str(inner.PatientName)


def test_patients_without_an_id_do_not_become_one() -> None:
    first, second = ct(PatientID="", PatientName="A^B"), ct(PatientID="", PatientName="C^D")
    assert treated(first).PatientID != treated(second).PatientID


def test_what_was_done_is_written_into_the_object() -> None:
    after = treated(ct())
    assert after.PatientIdentityRemoved == "YES"
    assert after.DeidentificationMethod == "DICOM PS3.15 2026d Annex E"
    assert [item.CodeValue for item in after.DeidentificationMethodCodeSequence] == ["113100"]
    assert after.LongitudinalTemporalInformationModified == "REMOVED"
    assert "BurnedInAnnotation" not in after


def test_what_others_claimed_before_is_replaced() -> None:
    earlier = Sequence([code("113100", "DCM", "Basic"), code("X", "99Q", "Otto Quill")])
    after = treated(ct(DeidentificationMethod="by Dr Quill", DeidentificationMethodCodeSequence=earlier))
    assert "Quill" not in str(after)


def test_uids_are_mapped_by_vr_and_definitions_stay() -> None:
    reference = item(ReferencedSOPClassUID=CT, ReferencedSOPInstanceUID="1.2.826.0.1.1")
    put(reference, "ContextUID", "1.2.840.10008.6.1.19")
    ds = ct(ReferencedInstanceSequence=Sequence([reference]), PresentationSequenceCollectionUID="1.2.826.0.1.5")
    put(ds, "StorageMediaFileSetUID", "1.2.826.0.1.6")
    put(ds, "FrameOfReferenceUID", "1.2.840.10008.1.4.1.1")
    after = treated(ds)
    inner = after.ReferencedInstanceSequence[0]
    assert inner.ReferencedSOPInstanceUID == after.SOPInstanceUID == IDENTITIES.uid("1.2.826.0.1.1")
    assert inner.ReferencedSOPClassUID == CT == after.SOPClassUID
    assert inner.ContextUID == "1.2.840.10008.6.1.19"
    assert after.FrameOfReferenceUID == "1.2.840.10008.1.4.1.1"
    assert IDENTITIES.is_our_uid(after.PresentationSequenceCollectionUID)


def test_several_uids_in_one_element_are_each_mapped() -> None:
    after = treated(ct(FailedSOPInstanceUIDList=["1.2.826.0.1.1", "1.2.826.0.1.2"]))
    assert list(after.FailedSOPInstanceUIDList) == [IDENTITIES.uid("1.2.826.0.1.1"), IDENTITIES.uid("1.2.826.0.1.2")]


def test_dates_times_and_names_that_the_table_does_not_list_are_dummies() -> None:
    ds = ct(HangingProtocolCreator="ACME")
    put(ds, "ScheduledStepAttributesSequence", Sequence([item(DateOfSecondaryCapture="20180427")]))
    put(ds, "NameOfPhysiciansReadingStudy", "A^B")
    ds.add(element(0x00081161, "DA", "20180427"))  # a known tag with the VR of another
    ds.add(element(0x00081162, "PN", "Quillfeather^Maud"))
    after = treated(ds)
    assert "20180427" not in str(after)
    assert "Maud" not in str(after)


def test_a_tag_that_nobody_knows_is_removed() -> None:
    ds = ct()
    ds.add(element(0x00081FFF, "LO", "anything"))
    assert 0x00081FFF not in treated(ds)


@pytest.mark.parametrize("keyword", ["SoftwareVersions", "ContrastBolusRoute", "WindowCenterWidthExplanation"])
def test_an_unlisted_text_with_an_identifier_loses_it_and_without_one_stays(keyword: str) -> None:
    assert treated(ct(**{keyword: "for Otto"}))[keyword].value == "REMOVED"
    assert treated(ct(**{keyword: "axial"}))[keyword].value == "axial"


def test_one_of_several_values_is_replaced() -> None:
    assert list(treated(ct(SoftwareVersions=["VB17", "Quill"])).SoftwareVersions) == ["VB17", "REMOVED"]


def test_codes_stay_and_codes_of_persons_and_places_do_not() -> None:
    anatomy = code("39607008", "SCT", "Lung structure")
    person = item(PersonIdentificationCodeSequence=Sequence([code("E4711", "99HR", "Wilhelmina O.")]))
    ds = ct(AnatomicRegionSequence=Sequence([anatomy]))
    put(ds, "VerifyingObserverSequence", Sequence([person]))
    after = treated(ds)
    assert after.AnatomicRegionSequence[0].CodeMeaning == "Lung structure"
    who = after.VerifyingObserverSequence[0].PersonIdentificationCodeSequence[0]
    assert (who.CodeValue, who.CodingSchemeDesignator, who.CodeMeaning) == ("REMOVED", "99REMOVED", "REMOVED")


def test_report_texts_are_dummies_and_measurements_stay() -> None:
    number = item(ValueType="NUM", MeasuredValueSequence=Sequence([item(NumericValue="4.2")]))
    text = item(ValueType="TEXT", TextValue="a nodule", ContentSequence=Sequence([number]))
    after = treated(ct(ContentSequence=Sequence([text])))
    assert after.ContentSequence[0].TextValue == "REMOVED"
    assert after.ContentSequence[0].ContentSequence[0].MeasuredValueSequence[0].NumericValue == 4.2


def test_overlays_and_curves_go_with_their_whole_group() -> None:
    ds = ct()
    for tag in (0x60000010, 0x60000022, 0x60003000, 0x60021500, 0x50000005, 0x50003000):
        ds.add(element(tag, "LO", "x"))
    assert not [tag for tag in list(treated(ds).keys()) if tag.group >> 8 in (0x50, 0x60)]


def test_signatures_padding_and_encrypted_attributes_go() -> None:
    ds = ct()
    for tag, vr in ((0xFFFAFFFA, "SQ"), (0x4FFE0001, "SQ"), (0x04000500, "SQ"), (0xFFFCFFFC, "OB")):
        ds.add(element(tag, vr, Sequence([item(PatientID="4711")]) if vr == "SQ" else b"4711"))
    assert not {0xFFFAFFFA, 0x4FFE0001, 0x04000500, 0xFFFCFFFC} & {int(tag) for tag in list(treated(ds).keys())}


def test_the_container_is_new() -> None:
    ds = ct()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = UID("1.2.840.10008.1.2.1")
    ds.file_meta.MediaStorageSOPInstanceUID = UID("1.2.826.0.1.1")
    ds.file_meta.SourceApplicationEntityTitle = "QUILL"
    ds.preamble = b"Quill".ljust(128)
    result = apply(ds, BASIC, IDENTITIES)
    assert result.dataset.preamble == bytes(128)
    assert "QUILL" not in str(result.dataset.file_meta)
    assert result.dataset.file_meta.MediaStorageSOPInstanceUID == result.dataset.SOPInstanceUID
    actions = {change.keyword or change.name: change.action for change in result.changes}
    assert actions["SourceApplicationEntityTitle"] is Action.REMOVED
    assert actions["Preamble"] is Action.EMPTIED


def test_binary_values_with_an_identifier_go() -> None:
    icc = element(0x00282000, "OB", b"profile made for Quillfeather^Ottoline")
    ds = ct(PatientName="Quillfeather^Ottoline")
    ds.add(icc)
    assert "ICCProfile" not in treated(ds)
    ds = ct(PatientName="Somebody^Else")
    ds.add(icc)
    assert treated(ds)["ICCProfile"].value == icc.value


def test_references_of_an_object_that_lists_them_live() -> None:
    reference = item(ReferencedSOPClassUID=CT, ReferencedSOPInstanceUID="1.2.826.0.1.7")
    plain = ct(SourceImageSequence=Sequence([reference]))
    assert "SourceImageSequence" not in treated(plain)
    listing = ct(SourceImageSequence=Sequence([reference]), ReferencedSeriesSequence=Sequence([item(Modality="CT")]))
    after = treated(listing)
    assert after.SourceImageSequence[0].ReferencedSOPInstanceUID == IDENTITIES.uid("1.2.826.0.1.7")


# --- options -------------------------------------------------------------------------------------


def test_modified_dates_keep_intervals_and_times() -> None:
    profile = load_profile("basic", ["retain-modified-dates"])
    ds = ct(
        StudyDate="20180427", SeriesDate="20180430", StudyTime="101112", AcquisitionDateTime="20180427101112.5+0200"
    )
    put(ds, "PatientBirthDate", "19510317")
    after = treated(ds, profile)
    shift = IDENTITIES.patient("", "4711").shift_days
    from datetime import date, timedelta

    assert after.StudyDate == (date(2018, 4, 27) + timedelta(shift)).strftime("%Y%m%d")
    assert after.SeriesDate == (date(2018, 4, 30) + timedelta(shift)).strftime("%Y%m%d")
    assert after.StudyTime == "101112"
    assert after.AcquisitionDateTime == f"{after.StudyDate}101112.5+0200"
    assert after.PatientBirthDate == ""
    assert after.LongitudinalTemporalInformationModified == "MODIFIED"
    assert treated(after, profile) == after


def test_full_dates_keep_all_but_the_birth_date() -> None:
    after = treated(ct(StudyDate="20180427", PatientBirthDate="19510317"), load_profile("basic", ["retain-full-dates"]))
    assert (after.StudyDate, after.PatientBirthDate) == ("20180427", "")


def test_retained_uids_stay() -> None:
    profile = load_profile("basic", ["retain-uids"])
    after = treated(ct(StudyInstanceUID="1.2.826.0.1.9"), profile)
    assert after.StudyInstanceUID == "1.2.826.0.1.9"
    assert after.file_meta.MediaStorageSOPInstanceUID == "1.2.826.0.1.1"
    assert [item.CodeValue for item in after.DeidentificationMethodCodeSequence] == ["113100", "113110"]


def test_safe_private_attributes_stay_with_their_creator_and_others_go() -> None:
    profile = load_profile("basic", ["retain-safe-private"])
    ds = ct()
    safe = ds.private_block(0x7053, "Philips PET Private Group", create=True)
    safe.add_new(0x00, "DS", "1.5")
    safe.add_new(0x05, "LO", "not listed")
    other = ds.private_block(0x0029, "ACME", create=True)
    other.add_new(0x10, "LO", "Quill")
    after = treated(ds, profile)
    assert {int(tag) for tag in list(after.keys()) if tag.is_private} == {0x70530010, 0x70531000}
    assert 0x70531000 not in treated(ds)


def test_a_safe_private_text_is_cleaned_all_the_same() -> None:
    ds = ct()
    block = ds.private_block(0x0019, "GEMS_ACQU_01", create=True)
    block.add_new(0x27, "DS", "1")
    text = ds.private_block(0x0019, "SIEMENS MR HEADER", create=True)
    text.add_new(0x08, "CS", "QUILL")
    text.add_new(0x0B, "FD", 1000.0)
    after = treated(ds, load_profile("basic", ["retain-safe-private"]))
    assert "QUILL" not in str(after)


# --- the preview ---------------------------------------------------------------------------------


def test_the_plan_tells_what_apply_does() -> None:
    ds = ct(StudyDate="20180427", SliceThickness="1.5", PatientComments="x")
    planned, done = plan(ds, BASIC, IDENTITIES), apply(ds, BASIC, IDENTITIES)
    assert tuple(change for change in planned.changes if change.action is not Action.KEPT) == done.changes
    by_keyword = {change.keyword: change for change in planned.changes}
    assert by_keyword["SliceThickness"].kind is Kind.KEPT
    assert by_keyword["PatientComments"].kind is Kind.REMOVED
    name = by_keyword["PatientName"]
    assert (name.kind, name.before_text, name.tag_text) == (Kind.CHANGED, "Quill^Otto", "(0010,0010)")
    assert name.after_text == str(done.dataset.PatientName)
    assert planned.count(Kind.REMOVED) == len(planned.of_kind(Kind.REMOVED))


def test_texts_of_the_plan_are_capped() -> None:
    changes = plan(ct(PatientComments="x" * 5000), BASIC, IDENTITIES).changes
    assert max(len(change.before_text) for change in changes) <= 120


# --- any data set --------------------------------------------------------------------------------

PRINTABLE = st.text(string.ascii_letters + string.digits + " ^-_äöü", min_size=1, max_size=24)
VALUES = {
    "DA": st.dates().map(lambda day: f"{day.year:04}{day.month:02}{day.day:02}"),
    "TM": st.times().map(lambda time: time.strftime("%H%M%S")),
    "DT": st.datetimes().map(lambda when: f"{when.year:04}" + when.strftime("%m%d%H%M%S")),
    "UI": st.from_regex(r"1\.2\.826\.[1-9][0-9]{0,8}\.[1-9][0-9]{0,8}", fullmatch=True),
    "PN": PRINTABLE,
    **dict.fromkeys(("LO", "SH", "ST", "LT", "UT", "UC", "UR"), PRINTABLE),
    **dict.fromkeys(("CS", "AE"), st.text(string.ascii_uppercase + "_", min_size=1, max_size=16)),
    "IS": st.integers(0, 10**6).map(str),
    "DS": st.integers(0, 10**6).map(str),
    "AS": st.integers(0, 120).map(lambda years: f"{years:03}Y"),
    "OB": st.binary(min_size=2, max_size=32).map(lambda value: value + b"\0" * (len(value) % 2)),
    "US": st.integers(0, 65535),
}


def _attributes() -> list[tuple[int, str]]:
    from pydicom.datadict import dictionary_VR

    found = []
    for tag in confidentiality_table().rows:
        try:
            vr = dictionary_VR(tag)
        except KeyError:
            continue
        if vr in VALUES and tag >> 16 not in (0, 2, 4):
            found.append((tag, vr))
    unlisted = [("SoftwareVersions", "LO"), ("SliceThickness", "DS"), ("ScanOptions", "CS"), ("ContentLabel", "CS")]
    from pydicom.tag import Tag

    return found + [(int(Tag(keyword)), vr) for keyword, vr in unlisted]


ATTRIBUTES = st.sampled_from(_attributes())


@st.composite
def elements(draw: st.DrawFn) -> tuple[int, str, object]:
    tag, vr = draw(ATTRIBUTES)
    return tag, vr, draw(VALUES[vr])


@st.composite
def datasets(draw: st.DrawFn, depth: int = 2) -> Dataset:
    ds = Dataset()
    for tag, vr, value in draw(st.lists(elements(), max_size=12)):
        ds.add(element(tag, vr, value))
    if depth:
        for keyword in draw(st.sets(st.sampled_from(["ContributingEquipmentSequence", "ContentSequence"]))):
            put(ds, keyword, Sequence(draw(st.lists(datasets(depth - 1), max_size=2))))
    return ds


def leaves(ds: Dataset, path: tuple[object, ...] = ()) -> dict[tuple[object, ...], tuple[str, ...]]:
    found: dict[tuple[object, ...], tuple[str, ...]] = {}
    for one in ds:
        if one.VR == "SQ":
            for index, part in enumerate(one.value):
                found |= leaves(part, (*path, int(one.tag), index))
        else:
            found[(*path, int(one.tag))] = values_of(one)
    return found


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(datasets(), st.sampled_from([BASIC, load_profile("basic", ["retain-modified-dates", "retain-safe-private"])]))
def test_for_any_data_set_nothing_named_survives_and_applying_twice_changes_nothing_more(
    ds: Dataset, profile: Profile
) -> None:
    put(ds, "SOPClassUID", CT)
    put(ds, "SOPInstanceUID", "1.2.826.0.1.1")
    before = leaves(ds)
    once = apply(ds, profile, IDENTITIES)
    after = leaves(once.dataset)
    for path, value in after.items():
        row = confidentiality_table().row(path[-1])  # type: ignore[arg-type]
        dates = row is not None and "retain_longitudinal_modified_dates" in row.options
        if row is None or not value or (dates and profile is not BASIC):
            continue
        dummies = {"REMOVED", "REMOVED^REMOVED", "000Y", "0", "19000101", "000000", "19000101000000", "0.0"}
        assert value != before.get(path) or set(value) <= dummies or not any(map(str.strip, value))
    twice = apply(once.dataset, profile, IDENTITIES)
    assert twice.dataset == once.dataset
    assert twice.changes == ()
