from __future__ import annotations

import pytest
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import UID

from tests.support.planted import item, put
from workstation.deidentify.identifiers import Identifiers
from workstation.deidentify.identities import Identities, ProjectKey
from workstation.deidentify.verify import identifying_uids, verify

CT = "1.2.840.10008.5.1.4.1.1.2"
OLD = frozenset({"1.2.826.0.1.3680043.9.7777.1"})


def known() -> Identifiers:
    identifiers = Identifiers()
    identifiers.add_name("Quillfeather^Ottoline")
    identifiers.add_id("QF-8817-2204")
    identifiers.add_id("0093881726")
    return identifiers


def clean(**values: object) -> Dataset:
    ds = item(SOPClassUID=CT, SOPInstanceUID="2.25.1", **values)
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = UID("1.2.840.10008.1.2.1")
    return ds


def test_a_clean_file_has_no_residue() -> None:
    assert verify(clean(SoftwareVersions="VB17"), b"clean bytes 2.25.1009388172699", known(), OLD) == ()


@pytest.mark.parametrize(
    "values",
    [
        {"SoftwareVersions": "for ottoline"},
        {"CodeMeaning": "Quillfeather"},
        {"BodyPartExamined": "QUILLFEATHER"},
        {"FrameOfReferenceUID": next(iter(OLD))},
    ],
)
def test_an_identifier_in_an_element_is_found_and_named_by_its_tag(values: dict[str, str]) -> None:
    (residue,) = verify(clean(**values), b"", known(), OLD)
    assert residue.element.startswith("(")
    assert "uill" not in str(residue)


def test_an_identifier_in_a_nested_or_private_element_is_found() -> None:
    inner = Dataset()
    inner.private_block(0x0029, "ACME", create=True).add_new(0x10, "LO", "Quillfeather")
    ds = clean()
    put(ds, "ContributingEquipmentSequence", Sequence([inner]))
    (residue,) = verify(ds, b"", known(), OLD)
    assert residue.element == "(0018,A001)[0]/(0029,1010)"


@pytest.mark.parametrize(
    "content",
    [
        b"..Quillfeather..",
        b"QUILLFEATHER^OTTOLINE",
        "Quillfeather".encode("utf-16-le"),
        "Quillfeather".encode("utf-16-be"),
        b"\0QF-8817-2204\0",
        b"\0" + b"0093881726 ",
        b"UID 1.2.826.0.1.3680043.9.7777.1\0",
    ],
)
def test_an_identifier_anywhere_in_the_bytes_is_found(content: bytes) -> None:
    assert verify(clean(), b"\x01" * 50 + content + b"\x02" * 50, known(), OLD)


def test_a_name_in_the_files_own_character_set_is_found_in_the_bytes() -> None:
    identifiers = Identifiers()
    identifiers.add_name("Yamada^Tarou=山田太^太郎丸")
    assert verify(clean(SpecificCharacterSet=["", "ISO 2022 IR 13"]), "山田太^太郎丸".encode("shift_jis"), identifiers)


def test_native_pixels_are_not_mistaken_for_text_but_long_texts_in_them_are_found() -> None:
    ds = clean()
    pixels = b"\x20" * 600 + b"Ottoline" + b"\x20" * 600
    put(ds, "PixelData", pixels, "OW")
    assert verify(ds, b"head" + pixels + b"tail", known(), OLD) == ()
    ds["PixelData"].value = pixels = b"\x20" * 600 + b"Quillfeather" + b"\x20" * 600
    assert verify(ds, b"head" + pixels + b"tail", known(), OLD)[0].element == "(7FE0,0010)"


def test_a_preamble_and_foreign_meta_information_are_found() -> None:
    ds = clean()
    ds.preamble = b"x".ljust(128, b"\0")
    ds.file_meta.SourceApplicationEntityTitle = "ANY"
    assert {residue.element for residue in verify(ds, b"", known())} == {"preamble", "(0002,0016)"}


def test_where_uids_are_retained_what_they_contain_stays_with_them() -> None:
    content = b"\0\x001.2.826.0093881726.5\0"
    identifiers = known()
    identifiers.add_id("826.0093881726")
    assert verify(clean(), content, identifiers)
    assert verify(clean(), content, identifiers, None) == ()
    assert verify(clean(), content + b"Quillfeather", identifiers, None)


def test_the_uids_to_look_for_are_those_that_identify() -> None:
    identities = Identities(ProjectKey(bytes(32)))
    ds = item(SOPClassUID=CT, SOPInstanceUID="1.2.826.5", FrameOfReferenceUID="1.2.840.10008.1.4.1.1")
    put(ds, "StudyInstanceUID", identities.uid("1"))
    assert identifying_uids(ds, identities) == {"1.2.826.5"}
