"""Pass one: collect the identifiers of each patient from all attributes that hold one (PS3.15 E.1.1).

Which attributes those are follows from Table E.1-1: what it removes and no option calls a
descriptor or a characteristic; except for the few below, whose values say nothing about anybody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pydicom import Dataset
from pydicom.dataelem import DataElement
from pydicom.tag import Tag

from workstation.deidentify.identifiers import Identifiers
from workstation.deidentify.profile import Profile
from workstation.deidentify.tables import confidentiality_table
from workstation.deidentify.texts import BINARY, FREE_TEXT, NUMBERS, values_of, vr_of
from workstation.deidentify.words import listed

_COMMON_VALUES = listed(
    """
    BranchOfService CountryOfResidence RegionOfResidence DeviceDescription MilitaryRank PatientReligiousPreference
    PatientTransportArrangements SourceManufacturer LensMake LensModel LensSpecification TextString Arbitrary
    RTAccessoryDeviceSlotID RTAccessoryHolderSlotID ImagePresentationComments TextComments TopicTitle TopicSubject
    TopicKeywords ModifiedImageDescription DeviceLabel TimezoneOffsetFromUTC ClinicalTrialTimePointID DetectorID
    ConfidentialityConstraintOnPatientDataDescription GPSMapDatum GPSSatellites SourceOfPreviousValues
    XRayDetectorID XRayDetectorLabel XRaySourceID CassetteID GantryID GeneratorID PlateID
    ManufacturerDeviceIdentifier ContextGroupVersion ContextGroupLocalVersion ModifyingSystem
    """
)
_NOT_IDENTIFYING = {"clean_descriptors", "retain_patient_characteristics"}
_OF_OPTION = {
    "retain_institution_identity": "retain-institution-identity",
    "retain_device_identity": "retain-device-identity",
}
_PERSON_OR_PLACE = ("Identification", "InstitutionCode", "DepartmentType")
_SAYING_NOTHING = BINARY | NUMBERS | {"AS", "CS", "DS", "IS", "TM", "UI"}
_CODED = frozenset({"CodeValue", "LongCodeValue", "CodeMeaning"})


def patient_key(dataset: Dataset) -> str:
    """What tells patients apart: issuer and ID, else name and birth date, else the study."""
    issuer, patient_id = text_of(dataset, "IssuerOfPatientID"), text_of(dataset, "PatientID")
    return f"id\0{issuer}\0{patient_id}" if patient_id else without_id(dataset)


def without_id(dataset: Dataset) -> str:
    """What tells a patient without an ID from others."""
    name, born = text_of(dataset, "PatientName"), text_of(dataset, "PatientBirthDate")
    if name.strip("^ "):
        return f"name\0{name}\0{born}"
    return f"uid\0{text_of(dataset, 'StudyInstanceUID') or text_of(dataset, 'SOPInstanceUID')}"


def identity_of(dataset: Dataset) -> tuple[str, str, str]:
    """Issuer, ID and what to go by without an ID: the arguments of `Identities.patient`."""
    return text_of(dataset, "IssuerOfPatientID"), text_of(dataset, "PatientID"), without_id(dataset)


def text_of(dataset: Dataset, keyword: str) -> str:
    """The first value of the attribute as text, empty when it is absent or unreadable."""
    try:
        item = dataset.get(Tag(keyword))
        values = values_of(item) if item is not None else ()
    except Exception:  # noqa: BLE001 - pydicom raises whatever the bytes provoke
        return ""
    return values[0].strip() if values else ""


def harvest(
    dataset: Dataset, profile: Profile, into: Identifiers, is_ours: Callable[[str], bool] = lambda _: False
) -> None:
    """Add the identifiers in `dataset` (nested ones too) to `into`, but for pseudonyms, which `is_ours` tells."""
    for item, parent in _elements(dataset, ""):
        if item.VR == "PN":
            for value in values_of(item):
                if not is_ours(value.partition("^")[0]):
                    into.add_name(value)
        elif item.VR in ("DA", "DT"):
            _harvest_date(item, profile, into)
        elif item.VR in FREE_TEXT and _identifies(item, parent, profile):
            for value in values_of(item):
                if not is_ours(value.strip()):
                    into.add_id(value)


def _harvest_date(item: DataElement, profile: Profile, into: Identifiers) -> None:
    if profile.has("retain-full-dates") and profile.code_for(int(item.tag)) in ("K", None):
        return
    if item.keyword in _COMMON_VALUES:
        return
    for value in values_of(item):
        into.add_date(value[:8])


def _identifies(item: DataElement, parent: str, profile: Profile) -> bool:
    if item.keyword in _CODED:
        return any(word in parent for word in _PERSON_OR_PLACE) and not (
            profile.has("retain-institution-identity") and "Identification" not in parent
        )
    if item.keyword in _COMMON_VALUES or item.tag.is_private:
        return False
    row = confidentiality_table().row(int(item.tag))
    if row is None or _NOT_IDENTIFYING & row.options.keys():
        return False
    return not any(profile.has(option) for column, option in _OF_OPTION.items() if column in row.options)


def _elements(dataset: Dataset, parent: str) -> Iterator[tuple[DataElement, str]]:
    """Every readable element but private ones and pixel data, with the keyword of the sequence it is in."""
    for tag in sorted(dataset.keys()):
        if tag.is_private or tag.group == 0x7FE0:
            continue
        if vr_of(dataset.get_item(tag)) in _SAYING_NOTHING:
            continue
        try:
            item = dataset[tag]
        except Exception:  # noqa: BLE001 - what cannot be read is removed by the second pass
            continue
        if item.VR == "SQ":
            for part in item.value or ():
                yield from _elements(part, item.keyword or parent)
        else:
            yield item, parent
