"""What cannot be made safe without a person, and why: held back, listed, never passed (PS3.15 E.1.1, E.3.1)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pydicom import Dataset
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.encaps import generate_fragments
from pydicom.uid import UID

from workstation.deidentify.harvest import text_of
from workstation.deidentify.iod import is_known_sop_class
from workstation.deidentify.pixel_element import UNDEFINED_LENGTH, has_whole_fragments, is_encapsulated
from workstation.deidentify.pixels import has_unblankable_metadata
from workstation.deidentify.texts import values_of
from workstation.deidentify.words import listed

_PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
_ENCAPSULATED_PREFIX = "1.2.840.10008.5.1.4.1.1.104."
_RAW_DATA = frozenset({"1.2.840.10008.5.1.4.1.1.66"})
_DICOMDIR = "1.2.840.10008.1.3.10"
_VIDEO = tuple(f"1.2.840.10008.1.2.4.{number}" for number in range(100, 110))
_STREAMED = ("1.2.840.10008.1.2.4.94", "1.2.840.10008.1.2.4.95", "1.2.840.10008.1.2.4.204", "1.2.840.10008.1.2.4.205")
_TEXT_PRONE_MODALITIES = listed(
    """
    US IVUS OT SC ES XC DOC
    """
)
_RADIOGRAPHIC_MODALITIES = listed(
    """
    CR DX MG XA RF IO PX RG
    """
)
_TEXT_PRONE_CLASSES = (
    "1.2.840.10008.5.1.4.1.1.3.",  # ultrasound multi-frame
    "1.2.840.10008.5.1.4.1.1.6.",  # ultrasound
    "1.2.840.10008.5.1.4.1.1.7",  # secondary capture
)
_SCREENS = frozenset({"SECONDARY", "SCREEN SAVE", "SCREENSAVE", "SCREEN_SAVE", "SCREEN CAPTURE", "LABEL", "OVERVIEW"})
_DERIVED_BY_NATURE = frozenset({"RTIMAGE", "RTDOSE", "SEG"})  # SECONDARY says nothing about a screen here


class Why(StrEnum):
    """Reasons, stable for scripts and free of patient data."""

    ENCAPSULATED_DOCUMENT = "encapsulated-document"
    VIDEO = "video"
    STREAMED_PIXELS = "pixels-elsewhere"
    UNKNOWN_CLASS = "unknown-sop-class"
    RAW_DATA = "raw-data"
    MEDIA_DIRECTORY = "media-directory"
    COMPRESSED_METADATA = "compressed-metadata"
    BURNED_IN_DECLARED = "burned-in-annotation"
    BURNED_IN_LIKELY = "burned-in-likely"
    NO_INSTANCE_UID = "no-sop-instance-uid"
    DAMAGED = "damaged"
    UNREADABLE = "unreadable"


SENTENCES: dict[Why, str] = {
    Why.ENCAPSULATED_DOCUMENT: "It wraps a document (PDF, CDA, model) whose content cannot be cleaned.",
    Why.VIDEO: "It is a video, whose pictures and sound cannot be cleaned.",
    Why.STREAMED_PIXELS: "Its pixel data lies on a server, not in the file.",
    Why.UNKNOWN_CLASS: "Its SOP class is not one of the standard's, so what it holds is not known.",
    Why.RAW_DATA: "It holds raw data in a private form.",
    Why.MEDIA_DIRECTORY: "It is the directory of a medium (DICOMDIR), not an object.",
    Why.COMPRESSED_METADATA: "Its JPEG XL stream carries compressed metadata that cannot be blanked.",
    Why.BURNED_IN_DECLARED: "It says of itself that text is burned into the image.",
    Why.BURNED_IN_LIKELY: "Images of this kind often have the patient's name burned in; somebody must look.",
    Why.NO_INSTANCE_UID: "It has no SOP Instance UID, so it is no complete object.",
    Why.DAMAGED: "It is cut off or contradicts itself, so not all of it can be checked.",
    Why.UNREADABLE: "It cannot be read.",
}
OF_PIXELS = frozenset({Why.BURNED_IN_DECLARED, Why.BURNED_IN_LIKELY})


@dataclass(frozen=True, slots=True)
class Held:
    """One reason to hold; `acknowledgeable` when a person who looked at the image may let it pass."""

    why: Why

    @property
    def acknowledgeable(self) -> bool:
        return self.why in OF_PIXELS

    @property
    def sentence(self) -> str:
        return SENTENCES[self.why]


def why_held(dataset: Dataset, syntax: str) -> Held | None:
    """Why the object must be held back, or None when it need not; pixel reasons last."""
    sop_class = text_of(dataset, "SOPClassUID")
    for why, applies in (
        (Why.MEDIA_DIRECTORY, sop_class == _DICOMDIR or "DirectoryRecordSequence" in dataset),
        (Why.ENCAPSULATED_DOCUMENT, sop_class.startswith(_ENCAPSULATED_PREFIX) or "EncapsulatedDocument" in dataset),
        (Why.RAW_DATA, sop_class in _RAW_DATA),
        (Why.UNKNOWN_CLASS, not _is_known(sop_class)),
        (Why.NO_INSTANCE_UID, not text_of(dataset, "SOPInstanceUID")),
        (Why.VIDEO, syntax.startswith(_VIDEO)),
        (Why.STREAMED_PIXELS, syntax in _STREAMED or "PixelDataProviderURL" in dataset),
        (Why.DAMAGED, _has_damaged_pixels(dataset)),
        (Why.COMPRESSED_METADATA, _has_compressed_metadata(dataset, syntax)),
    ):
        if applies:
            return Held(why)
    return _burned_in(dataset, sop_class)


def _burned_in(dataset: Dataset, sop_class: str) -> Held | None:
    """The image kinds that tend to carry text; that there is none is believed only where machines write it."""
    if not any(keyword in dataset for keyword in _PIXELS):
        return None
    declared = text_of(dataset, "BurnedInAnnotation").upper()
    if declared == "YES":
        return Held(Why.BURNED_IN_DECLARED)
    modality = text_of(dataset, "Modality").upper()
    image_type = {value.strip().upper() for value in _values(dataset, "ImageType")}
    if modality in _TEXT_PRONE_MODALITIES or sop_class.startswith(_TEXT_PRONE_CLASSES):
        return Held(Why.BURNED_IN_LIKELY)
    if text_of(dataset, "SpecimenLabelInImage").upper() == "YES":
        return Held(Why.BURNED_IN_LIKELY)
    screen = modality not in _DERIVED_BY_NATURE and bool(image_type & _SCREENS)
    if declared != "NO" and (modality in _RADIOGRAPHIC_MODALITIES or screen):
        return Held(Why.BURNED_IN_LIKELY)
    return None


def _is_known(sop_class: str) -> bool:
    if is_known_sop_class(sop_class):
        return True
    uid = UID(sop_class)  # newer and retired classes are in the registry (PS3.6) though not in our tables
    return uid.is_valid and not uid.is_private and uid.type == "SOP Class" and "Storage" in uid.name


def _has_compressed_metadata(dataset: Dataset, syntax: str) -> bool:
    if not syntax.startswith("1.2.840.10008.1.2.4.11") or "PixelData" not in dataset:
        return False
    value = dataset.get_item("PixelData").value
    return isinstance(value, bytes) and any(map(has_unblankable_metadata, generate_fragments(value)))


def _has_damaged_pixels(dataset: Dataset) -> bool:
    """Cut off, or fragments that do not add up: what lies behind cannot be checked."""
    if "PixelData" not in dataset:
        return False
    raw: DataElement | RawDataElement = dataset.get_item("PixelData")
    if not isinstance(raw.value, bytes):
        return False
    if is_encapsulated(raw, raw.value):
        return not has_whole_fragments(raw.value)
    return isinstance(raw, RawDataElement) and UNDEFINED_LENGTH != raw.length > len(raw.value)


def _values(dataset: Dataset, keyword: str) -> tuple[str, ...]:
    try:
        return values_of(dataset[keyword]) if keyword in dataset else ()
    except Exception:  # noqa: BLE001 - pydicom raises whatever the bytes provoke
        return ()
