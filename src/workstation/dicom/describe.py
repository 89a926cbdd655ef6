"""What a file says of itself in words: the corner texts of an image, and the list of its attributes.

Both read element by element with caps: printing a hostile data set whole can take for ever.
"""

from __future__ import annotations

import datetime as dt
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydicom import Dataset
from pydicom.datadict import dictionary_description, private_dictionary_description
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag

from workstation.dicom import elements
from workstation.dicom.functional_groups import FrameAttributes
from workstation.dicom.quiet import quiet
from workstation.dicom.read import PIXEL_TAGS, open_file

AttributeRow = tuple[str, str, str, int]  # tag, name, value, depth of nesting
ROW_LIMIT = 5000
_VALUE_LENGTH = 256
_DEEPEST = 100


# --- corner texts ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ImageLabels:
    """The texts around an image, each empty when the file does not say (reference/usability.md 4.5)."""

    patient_name: str = ""
    patient_id: str = ""
    birth: str = ""  # `1970-01-31 (54 y)`, the age at the study
    sex: str = ""
    institution: str = ""
    study_date_time: str = ""
    study_description: str = ""
    accession_number: str = ""
    modality: str = ""
    series: str = ""  # `3 T2 AX`
    technique: str = ""  # `120 kV · 80 mAs · 5 mm`, by modality
    image: str = ""  # `Image 12`
    slice_location: str = ""  # `Slice 12.5 mm`
    laterality: str = ""  # `L CC`


def describe(path: str | Path, frame_index: int = 0) -> ImageLabels:
    """The labels of one frame. Raises NotDicom, DamagedFile."""
    with open_file(path) as opened:
        return labels_of(opened.dataset, frame_index)


def labels_of(dataset: Dataset, frame_index: int = 0) -> ImageLabels:
    with quiet():
        first = _first(dataset)
        number = elements.integer(dataset, "InstanceNumber")
        series = (first("SeriesNumber"), first("SeriesDescription") or first("ProtocolName"))
        side = first("ImageLaterality") or first("Laterality") or first("FrameLaterality")
        return ImageLabels(
            patient_name=elements.person_name(dataset, "PatientName").display,
            patient_id=first("PatientID"),
            birth=_birth(dataset),
            sex=first("PatientSex"),
            institution=first("InstitutionName"),
            study_date_time=f"{date_text(first('StudyDate'))} {time_text(first('StudyTime'))}".strip(),
            study_description=first("StudyDescription"),
            accession_number=first("AccessionNumber"),
            modality=first("Modality"),
            series=" ".join(part for part in series if part),
            technique=" · ".join(_technique(dataset, frame_index)),
            image=f"Image {number}" if number is not None else "",
            slice_location=_slice(dataset, frame_index),
            laterality=f"{side} {first('ViewPosition')}".strip(),
        )


def _first(dataset: Dataset) -> Any:
    return lambda keyword: elements.first_text(dataset, keyword)


def date_text(value: str) -> str:
    """A DA value as `1970-01-31`; what is no date stays as it is."""
    digits = value.replace(".", "")
    return f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}" if len(digits) == 8 and digits.isdecimal() else value


def time_text(value: str) -> str:
    """A TM value as `14:05:09`; what is no time stays as it is."""
    digits = value.replace(":", "").partition(".")[0]
    if len(digits) not in (2, 4, 6) or not digits.isdecimal():
        return value
    return ":".join(digits[start : start + 2] for start in range(0, len(digits), 2))


def _birth(dataset: Dataset) -> str:
    born = elements.first_text(dataset, "PatientBirthDate")
    age = _age_text(elements.first_text(dataset, "PatientAge")) or _age_at(
        born, elements.first_text(dataset, "StudyDate")
    )
    return " ".join(part for part in (date_text(born), f"({age})" if age else "") if part)


def _age_text(value: str) -> str:
    """An AS value `054Y` as `54 y`."""
    if len(value) == 4 and value[:3].isdecimal() and value[3] in "DWMY":
        return f"{int(value[:3])} {value[3].lower()}"
    return ""


def _age_at(born: str, day: str) -> str:
    try:
        birth, study = (dt.date(int(text[:4]), int(text[4:6]), int(text[6:8])) for text in (born, day))
    except ValueError:
        return ""
    years = study.year - birth.year - ((study.month, study.day) < (birth.month, birth.day))
    return f"{years} y" if years >= 0 else ""


_TECHNIQUES: dict[str, tuple[tuple[str, str, str], ...]] = {
    # modality: (macro of the functional groups, keyword, pattern)
    "CT": (
        ("CTXRayDetailsSequence", "KVP", "{} kV"),
        ("CTExposureSequence", "Exposure", "{} mAs"),
        ("CTExposureSequence", "XRayTubeCurrent", "{} mA"),
    ),
    "MR": (
        ("MRTimingAndRelatedParametersSequence", "RepetitionTime", "TR {}"),
        ("MREchoSequence", "EchoTime", "TE {}"),
        ("MRTimingAndRelatedParametersSequence", "FlipAngle", "FA {}°"),
    ),
    "US": (("", "MechanicalIndex", "MI {}"), ("", "TransducerFrequency", "{} kHz")),
}
_PROJECTION = (("", "KVP", "{} kV"), ("", "Exposure", "{} mAs"))
_TECHNIQUES |= dict.fromkeys(("CR", "DX", "MG", "XA", "RF", "PX", "IO"), _PROJECTION)


def _technique(dataset: Dataset, frame_index: int) -> Iterator[str]:
    frame = FrameAttributes(dataset, frame_index)
    for macro, keyword, pattern in _TECHNIQUES.get(elements.first_text(dataset, "Modality"), ()):
        value = elements.number(frame.holder(macro, keyword) if macro else dataset, keyword)
        if value is not None:
            yield pattern.format(_number_text(value))
    thickness = elements.number(frame.holder("PixelMeasuresSequence", "SliceThickness"), "SliceThickness")
    if thickness:
        yield f"{_number_text(thickness)} mm"


def _number_text(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _slice(dataset: Dataset, frame_index: int) -> str:
    if elements.items(dataset, "PerFrameFunctionalGroupsSequence"):
        return ""  # Slice Location at the top level cannot mean this frame
    location = elements.number(dataset, "SliceLocation")
    return f"Slice {_number_text(location)} mm" if location is not None else ""


# --- the list of attributes ------------------------------------------------------------------------


def attributes_of(path: str | Path, limit: int = ROW_LIMIT, *, exact: bool = False) -> list[AttributeRow]:
    """Tag, name, value and depth of every element up to the pixel data, at most `limit` rows.

    `exact`: long values in full and a checksum of binary ones, so that equal rows are equal values.
    Raises NotDicom, DamagedFile. The last row says so when there are more.
    """
    with open_file(path) as opened, quiet():
        rows: list[AttributeRow] = []
        for part in (opened.dataset.file_meta, opened.dataset):
            for row in _rows(part, exact):
                if len(rows) >= limit:
                    rows.append(("", "", f"… more than {limit} elements", 0))
                    return rows
                rows.append(row)
        if opened.pixels is not None:
            length = opened.pixels.length
            size = "encapsulated" if length is None else f"{length} bytes"
            rows.append((_tag_text(opened.pixels.tag), _name(opened.dataset, BaseTag(opened.pixels.tag)), size, 0))
        if opened.incomplete:
            rows.append(("", "", opened.incomplete, 0))
        return rows


def _rows(dataset: Dataset, exact: bool) -> Iterator[AttributeRow]:
    """Depth first without recursion."""
    waiting: list[Iterator[AttributeRow | tuple[Dataset, int]]] = [_elements(dataset, 0, exact)]
    while waiting:
        following = next(waiting[-1], None)
        if following is None:
            waiting.pop()
        elif isinstance(following[0], str):
            yield following
        elif len(waiting) <= _DEEPEST:
            waiting.append(_elements(following[0], following[1], exact))


def _elements(dataset: Dataset, depth: int, exact: bool) -> Iterator[AttributeRow | tuple[Dataset, int]]:
    for tag in sorted(dataset.keys()):
        if tag in PIXEL_TAGS:
            continue
        value = _value(dataset, tag)
        name = _name(dataset, tag)
        if isinstance(value, Sequence):
            yield _tag_text(tag), name, f"{len(value)} items", depth
            for number, item in enumerate(value, 1):
                yield "(FFFE,E000)", f"Item {number}", "", depth + 1
                yield item, depth + 2
        else:
            yield _tag_text(tag), name, _value_text(value, exact), depth


def _value(dataset: Dataset, tag: BaseTag) -> Any:
    raw: Any = dataset.get_item(tag, keep_deferred=True)
    value = raw.value if isinstance(raw, RawDataElement) else None
    if isinstance(value, bytes) and len(value) > 1 << 16 and raw.VR not in ("SQ", None):
        return value  # too long to be read by anyone
    return elements.value_of(dataset, tag)


def _value_text(value: Any, exact: bool) -> str:
    if value is None:
        return ""
    if isinstance(value, bytes):
        return f"{len(value)} bytes" + (f", CRC-32 {zlib.crc32(value):08x}" if exact else "")
    if isinstance(value, MultiValue | list | tuple):
        shown = "\\".join(str(part) for part in list(value)[: None if exact else 32])
        shown += "\\…" if len(value) > 32 and not exact else ""
    elif isinstance(value, DataElement | Dataset):
        return ""
    else:
        shown = str(value)
    shown = elements.clean(shown.replace("\n", " ").replace("\r", " "))
    return shown if exact or len(shown) <= _VALUE_LENGTH else shown[:_VALUE_LENGTH] + "…"


def _name(dataset: Dataset, tag: BaseTag) -> str:
    try:
        if tag.is_private:
            creator = "" if tag.is_private_creator else dataset.get_private_item_creator(tag)
            return "Private Creator" if tag.is_private_creator else private_dictionary_description(tag, creator)
        return dictionary_description(tag)
    except (KeyError, AttributeError, ValueError):
        return _private_name(dataset, tag)


def _private_name(dataset: Dataset, tag: BaseTag) -> str:
    if not tag.is_private:
        return "Unknown"
    creator = elements.first_text(dataset, (tag.group << 16) | (tag.element >> 8))
    try:
        return private_dictionary_description(tag, creator)
    except KeyError:
        return f"Private ({creator})" if creator else "Private"


def _tag_text(tag: int) -> str:
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"
