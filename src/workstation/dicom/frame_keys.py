"""What tells the frames of a file apart in a stack: place, time, echo, b-value, ... (PS3.3 C.7.6.16, C.7.6.17, C.8)."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from workstation.dicom import elements
from workstation.dicom.attributes import frame_geometry
from workstation.dicom.functional_groups import FrameAttributes
from workstation.dicom.header_scan import HeaderScan, NeedsFullHeader
from workstation.dicom.private_elements import (
    private_b_value,
    private_direction,
    private_image_type,
    private_phase,
)
from workstation.dicom.scanned_elements import SCANNED_ELEMENTS
from workstation.dicom.scanned_groups import scanned
from workstation.imaging.stack import Coordinate, Dimension, StackKey

if TYPE_CHECKING:
    from workstation.dicom.elements import Header

# The functional group macro (PS3.3 C.7.6.16.2, C.8.13.5) with its keywords, then those of plain images; the best first.
_NUMBERS: tuple[tuple[Dimension, str, tuple[str, ...], tuple[str, ...]], ...] = (
    (Dimension.TIME, "FrameContentSequence", ("TemporalPositionIndex",), ("TemporalPositionIdentifier",)),
    (Dimension.TRIGGER, "CardiacSynchronizationSequence", ("NominalCardiacTriggerDelayTime",), ("TriggerTime",)),
    (Dimension.ECHO, "MREchoSequence", ("EffectiveEchoTime",), ("EchoTime", "EchoNumbers")),
    (Dimension.INVERSION, "MRModifierSequence", ("InversionTimes",), ("InversionTime",)),
    (Dimension.B_VALUE, "MRDiffusionSequence", ("DiffusionBValue",), ("DiffusionBValue",)),
    (Dimension.ACQUISITION, "FrameContentSequence", ("FrameAcquisitionNumber",), ("AcquisitionNumber",)),
)
_FRAME_TYPES = (
    "MRImageFrameTypeSequence",
    "CTImageFrameTypeSequence",
    "PETFrameTypeSequence",
    "XAXRFFrameCharacteristicsSequence",
)
# Dimension Index Pointers that stand in the key by their own name (PS3.3 C.7.6.17).
_KNOWN_POINTERS = (0x00209056, 0x00209057, 0x00200032, 0x00209128, 0x00209153, 0x00189082, 0x00189087)
# Nuclear medicine counts its frames in vectors (PS3.3 C.8.4.8).
_SLICES, _NUCLEAR_TIMES = 0x00540080, (0x00540070, 0x00540100)
_NUCLEAR_OTHERS = (0x00540010, 0x00540020, 0x00540030, 0x00540050, 0x00540060, 0x00540090)
_SHARED = "SharedFunctionalGroupsSequence"
_PER_FRAME = ("PerFrameFunctionalGroupsSequence", "DetectorInformationSequence")
_RANKS = {dimension: rank for rank, dimension in enumerate(Dimension)}
_TIME = re.compile(r"(\d\d)(\d\d)?(\d\d(?:\.\d+)?)?")


@dataclass(frozen=True, slots=True)
class StackFacts:
    """How the frames of one file take their place among those of their series."""

    keys: tuple[StackKey, ...]  # one for each frame, in the order of the file
    concatenation_uid: str = ""  # the files of one concatenation are one instance (PS3.3 C.7.6.16.1)
    part: int | None = None
    parts: int | None = None
    images_expected: int | None = None  # of the acquisition, as the file says
    acquisition_number: int | None = None

    @property
    def has_places(self) -> bool:
        return self.keys[0].geometry is not None


def stack_facts(header: Header, frames: int) -> StackFacts:
    """The keys of all `frames` of a file; nonsense values count as absent."""
    if frames > 1 and not isinstance(header, HeaderScan):
        try:
            quick = scanned(header)
            if quick is not None:
                return facts_of(quick, frames, pointers=pointers_of(header))
        except NeedsFullHeader:
            pass
    with elements.quietly(header):
        return facts_of(header, frames, pointers=pointers_of(header))


def facts_of(header: Header, frames: int, pointers: Sequence[object] = ()) -> StackFacts:
    """As `stack_facts`, from this header and no other reading of it."""
    concatenation = elements.first_text(header, "ConcatenationUID")
    first = (elements.integer(header, "ConcatenationFrameOffsetNumber") or 0) if concatenation else 0
    acquisition = elements.integer(header, "AcquisitionNumber")
    return StackFacts(
        keys=_Keys(header, first, concatenation, pointers).all(frames),
        concatenation_uid=concatenation,
        part=elements.integer(header, "InConcatenationNumber") if concatenation else None,
        parts=elements.integer(header, "InConcatenationTotalNumber") if concatenation else None,
        images_expected=_expected(header) if frames == 1 else None,
        acquisition_number=acquisition,
    )


def pointers_of(header: Header) -> list[object]:
    return [
        elements.value_of(item, "DimensionIndexPointer") for item in elements.items(header, "DimensionIndexSequence")
    ]


def _expected(header: Header) -> int | None:
    """Images in Acquisition; for PET slices times time slices (PS3.3 C.8.9.1.1.5)."""
    slices = elements.integer(header, "NumberOfSlices")
    if slices and elements.first_text(header, "Modality") == "PT":
        kind = elements.first_text(header, "SeriesType")
        return slices * (elements.integer(header, "NumberOfTimeSlices") or 1) if kind in ("STATIC", "DYNAMIC") else None
    # Elsewhere it counts exposures, projections, what has been thrown away.
    scanned = elements.first_text(header, "Modality") in ("CT", "MR")
    return elements.integer(header, "ImagesInAcquisition") if scanned else None


class _Keys:
    """Reads what all frames share once."""

    def __init__(self, header: Header, first: int, concatenation: str, pointers: Sequence[object]) -> None:
        self._header = header
        self._first = first
        self._number = None if concatenation else elements.integer(header, "InstanceNumber")
        self._uid = concatenation or elements.first_text(header, "SOPInstanceUID")
        self._acquired = acquisition_moment(header)
        self._vectors: dict[int, list[float]] = {}
        self._location = elements.number(header, "SliceLocation")
        plain = ((dimension, _first_number(header, names)) for dimension, _, _, names in _NUMBERS)
        self._plain = {dimension: number for dimension, number in plain if number is not None}
        self._plain_type = "/".join(elements.texts(header, "ImageType")[2:])
        self._plain_direction = ""
        if elements.first_text(header, "Modality") == "MR":
            self._add_private(header)
        self._plain_time = elements.number(header, "FrameReferenceTime")  # ms, PS3.3 C.8.9.4.1.4
        self._pointers = pointers
        self._last_type: tuple[Header | None, str] = (None, "")  # most frames share one item
        present = _macros_of(header)
        self._macros = [row for row in _NUMBERS if row[1] in present]
        self._types = [name for name in _FRAME_TYPES if name in present]

    def _add_private(self, header: Header) -> None:
        """What only private elements tell; for a plain image, since enhanced ones say it in the standard's words."""
        for dimension, read in ((Dimension.B_VALUE, private_b_value), (Dimension.TRIGGER, private_phase)):
            number = read(header) if dimension not in self._plain else None
            if number is not None:
                self._plain[dimension] = number
        if self._plain.get(Dimension.B_VALUE):
            self._plain_direction = _vector(header) or private_direction(header)
        kind = private_image_type(header)
        self._plain_type = "/".join(part for part in (self._plain_type, kind) if part)

    def all(self, frames: int) -> tuple[StackKey, ...]:
        if frames == 1:
            return (self._key(0),)
        self._vectors = self._nuclear_vectors()
        if not self._vectors and not self._differ():
            first = self._key(0)
            return tuple(replace(first, frame_index=self._first + index) for index in range(frames))
        return tuple(self._key(index) for index in range(frames))

    def _differ(self) -> bool:
        sequences = any(elements.items(self._header, keyword) for keyword in _PER_FRAME)
        return sequences or bool(elements.values_of(self._header, "GridFrameOffsetVector"))

    def _key(self, index: int) -> StackKey:
        frame = FrameAttributes(self._header, index)
        content = frame.holder("FrameContentSequence", "InStackPositionNumber")
        place = elements.integer(content, "InStackPositionNumber")
        return StackKey(
            geometry=frame_geometry(frame, index),
            instance_number=self._number,
            frame_index=self._first + index,
            stack_id=elements.first_text(frame.holder("FrameContentSequence", "StackID"), "StackID"),
            in_stack_position=place if place is not None else self._nuclear(index, _SLICES),
            location=self._location,
            acquired=self._moment(frame),
            coordinates=tuple(self._coordinates(frame, index)),
            uid=self._uid,
        )

    def _moment(self, frame: FrameAttributes) -> float | None:
        content = frame.group("FrameContentSequence")
        if content is None:
            return self._acquired
        texts = (elements.first_text(content, name) for name in ("FrameAcquisitionDateTime", "FrameReferenceDateTime"))
        return next((moment for text in texts if (moment := _seconds(text)) is not None), self._acquired)

    def _coordinates(self, frame: FrameAttributes, index: int) -> list[tuple[Dimension, Coordinate]]:
        found: dict[Dimension, Coordinate] = dict(self._plain)
        for dimension, macro, grouped, _ in self._macros:
            group = frame.group(macro)
            number = _first_number(group, grouped) if group is not None else None
            if number is not None:
                found[dimension] = number
        self._add_times(found, index)
        direction = self._direction(frame)
        if direction:
            found[Dimension.DIRECTION] = direction
        kind = self._type(frame)
        if kind:
            found[Dimension.TYPE] = kind
        others = self._other_indices(frame, index)
        if others:
            found[Dimension.INDEX] = others
        return sorted(found.items(), key=_slowest_first)

    def _add_times(self, found: dict[Dimension, Coordinate], index: int) -> None:
        """Where time has another name: frames of PET, vectors of nuclear medicine."""
        if Dimension.TIME in found:
            return
        time = self._plain_time
        for vector in _NUCLEAR_TIMES:
            step = self._nuclear(index, vector)
            time = float(step) if step is not None else time
        if time is not None:
            found[Dimension.TIME] = time

    def _direction(self, frame: FrameAttributes) -> str:
        diffusion = frame.group("MRDiffusionSequence")
        if diffusion is None:
            return self._plain_direction
        item = elements.first_item(diffusion, "DiffusionGradientDirectionSequence")
        direction = _vector(item) if item is not None else ""
        return direction or elements.first_text(diffusion, "DiffusionDirectionality")

    def _type(self, frame: FrameAttributes) -> str:
        """The third value of Image Type and what follows: M, P, WATER, ... (PS3.3 C.7.6.1.1.2)."""
        for sequence in self._types:
            item = frame.group(sequence)
            if item is not None:
                if item is not self._last_type[0]:
                    self._last_type = (item, _frame_type(item))
                return self._last_type[1]
        return self._plain_type

    def _other_indices(self, frame: FrameAttributes, index: int) -> str:
        content = frame.group("FrameContentSequence")
        values = elements.numbers(content, "DimensionIndexValues") if content is not None else []
        others = [
            f"{value:05.0f}"
            for pointer, value in zip(self._pointers, values, strict=False)
            if pointer not in _KNOWN_POINTERS
        ]
        others += [f"{step:05d}" for vector in _NUCLEAR_OTHERS if (step := self._nuclear(index, vector)) is not None]
        return " ".join(others)

    def _nuclear_vectors(self) -> dict[int, list[float]]:
        if elements.first_text(self._header, "Modality") not in ("NM", "PT"):
            return {}
        vectors = {tag: elements.numbers(self._header, tag) for tag in (_SLICES, *_NUCLEAR_TIMES, *_NUCLEAR_OTHERS)}
        return vectors if vectors[_SLICES] else {}  # without slices, the order of the file is the order of the study

    def _nuclear(self, index: int, vector: int) -> int | None:
        values = self._vectors.get(vector, [])
        return int(values[index]) if index < len(values) else None


def _frame_type(item: Header) -> str:
    component = elements.first_text(item, "ComplexImageComponent")
    return "/".join(part for part in (*elements.texts(item, "FrameType")[2:], component) if part)


def _vector(holder: Header) -> str:
    return " ".join(f"{value:.3f}" for value in elements.numbers(holder, "DiffusionGradientOrientation"))


def _macros_of(header: Header) -> frozenset[str]:
    """Those of the functional group macros asked for here that any frame has."""
    asked = (*(row[1] for row in _NUMBERS), *_FRAME_TYPES)
    if not isinstance(header, HeaderScan):
        return frozenset(asked)
    groups = (*header.items_of(_SHARED), *header.items_of(_PER_FRAME[0]))
    tags: set[int] = set().union(*(group.values for group in groups))
    return frozenset(name for name in asked if SCANNED_ELEMENTS[name][0] in tags)


def _slowest_first(item: tuple[Dimension, Coordinate]) -> int:
    return _RANKS[item[0]]


def _first_number(holder: Header, keywords: tuple[str, ...]) -> float | None:
    return next((value for keyword in keywords if (value := elements.number(holder, keyword)) is not None), None)


def acquisition_moment(header: Header) -> float | None:
    """When the image was taken, in seconds: Acquisition DateTime, Date and Time; else Content Date and Time."""
    moment = _seconds(elements.first_text(header, "AcquisitionDateTime"))
    for date, time in (("AcquisitionDate", "AcquisitionTime"), ("ContentDate", "ContentTime")):
        if moment is None:
            clock = elements.first_text(header, time)
            day = elements.first_text(header, date) or elements.first_text(header, "StudyDate")
            moment = _seconds((day or "19000101") + clock) if clock else None
    return moment


def _seconds(text: str) -> float | None:
    """A DT (PS3.5 6.2) of a full date and at least an hour; offsets from UTC are left aside: one scanner, one clock."""
    digits = text.replace(":", "").replace("-", "", 2) if text[4:5] in "-." else text.replace(":", "")
    found = _TIME.match(digits[8:])
    if found is None:
        return None
    try:
        day = datetime.date(int(digits[:4]), int(digits[4:6]), int(digits[6:8])).toordinal()
    except ValueError:
        return None
    hours, minutes, seconds = found.groups()
    return day * 86400.0 + int(hours) * 3600 + int(minutes or 0) * 60 + float(seconds or 0)
