"""Reading waveform objects: samples to physical values, labels, filters, annotations (PS3.3 C.10.9, C.10.10).

Every number of the header is checked against the bytes that are there; a group that cannot be read says why.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from workstation.dicom import elements
from workstation.dicom.object_names import class_name
from workstation.dicom.report_values import coded, day_and_hour, measured, moment, name_of, prose, unit
from workstation.imaging.recording import Channel, MultiplexGroup, Recording, RecordingNote

if TYPE_CHECKING:
    from pydicom import Dataset

_MOST_VALUES = 200_000_000
_MOST_CHANNELS = 512
_MOST_NOTES = 2000
_DATA, _PADDING = 0x54001010, 0x5400100A
_KINDS = {"SB": "i1", "UB": "u1", "SS": "i2", "US": "u2", "SL": "i4", "UL": "u4", "SV": "i8", "UV": "u8"}
_COMPANDED = ("MB", "AB")  # mu-law and A-law (ITU-T G.711), 8 bits
_LEAD = re.compile(r"(?<![A-Za-z])(aV[RLF]|V[1-6]|I{1,3})(?![A-Za-z0-9])", re.IGNORECASE)
_WRITTEN = {name.upper(): name for name in ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")}
_CODES = {"1": "I", "2": "II", "61": "III", "62": "aVR", "63": "aVL", "64": "aVF"} | {
    str(number + 2): f"V{number}" for number in range(1, 7)
}  # PS3.16 CID 3001: MDC 2:n and SCPECG 5.6.3-9-n
_KEPT_UNITS = {"mm[Hg]": "mmHg", "kPa": "kPa", "cm[H2O]": "cmH2O"}


def read_recording(dataset: Dataset) -> Recording:
    """Never raises for what is missing or broken in it: that is said."""
    little = bool(getattr(dataset, "original_encoding", (None, True))[1])
    groups = tuple(_group(one, little) for one in elements.items(dataset, "WaveformSequence"))
    uid = elements.first_text(dataset, "SOPClassUID")
    kind = class_name(uid).removesuffix(" Waveform") or "Waveform"
    warnings = [] if groups else ["The wave form is missing: there is none in the object"]
    for number, group in enumerate(groups, 1):
        if group.notice:
            warnings.append(f"Group {number}: {group.notice}" if len(groups) > 1 else group.notice)
    facts = (
        ("Recorded", moment(elements.first_text(dataset, "AcquisitionDateTime"))),
        ("Made", day_and_hour(dataset, "ContentDate", "ContentTime")),
        ("Device", " ".join(elements.first_text(dataset, one) for one in ("Manufacturer", "ManufacturerModelName"))),
    )
    told = tuple((label, text.strip()) for label, text in facts if text.strip())
    return Recording(kind, groups, tuple(_notes(dataset, groups)), tuple(warnings), told)


# --- samples ---------------------------------------------------------------------------------


def _group(group: Dataset, little: bool) -> MultiplexGroup:
    definitions = list(elements.items(group, "ChannelDefinitionSequence"))[:_MOST_CHANNELS]
    frequency = elements.number(group, "SamplingFrequency") or 0.0
    stored, notice = _samples(group, len(definitions), little)
    if not 0 < frequency < 1e7:
        frequency, notice = 1.0, notice or "the sampling frequency is missing: one sample is drawn as a second"
    padding = _padding(group, little)
    channels = [_channel(one, number, stored, padding, frequency) for number, one in enumerate(definitions)]
    return MultiplexGroup(
        label=elements.first_text(group, "MultiplexGroupLabel"),
        frequency=frequency,
        channels=tuple(channels) if stored is not None else (),
        offset_s=(elements.number(group, "MultiplexGroupTimeOffset") or 0.0) / 1000,
        derived=elements.first_text(group, "WaveformOriginality") == "DERIVED",
        notice=notice,
    )


class _Unreadable(Exception):
    """Why a group has no values to show."""


def _samples(group: Dataset, defined: int, little: bool) -> tuple[NDArray[np.generic] | None, str]:
    """Stored values [sample, channel], and what is wrong with them."""
    try:
        return _stored(group, defined, little)
    except _Unreadable as error:
        return None, str(error)


def _stored(group: Dataset, defined: int, little: bool) -> tuple[NDArray[np.generic], str]:
    dtype, kind = _type_of(group, little)
    data = elements.raw_bytes(group, _DATA)
    count, channels = (elements.integer(group, f"NumberOfWaveform{one}") or 0 for one in ("Samples", "Channels"))
    notice = ""
    if channels != defined and defined:
        if defined * count * dtype.itemsize > len(data) + 1:
            raise _Unreadable(f"{channels} channels are declared and {defined} described")
        notice, channels = f"{channels} channels are declared; the {defined} that are described are shown", defined
    if channels < 1 or len(data) // dtype.itemsize > _MOST_VALUES:
        raise _Unreadable("it has no channels" if channels < 1 else "it is too large")
    whole = min(count, len(data) // (dtype.itemsize * channels))
    if whole < 1:
        raise _Unreadable("its samples are missing")
    if whole < count:
        notice = f"only {whole} of {count} samples are there"
    values = np.frombuffer(data, dtype, whole * channels).reshape(whole, channels)
    if kind in _COMPANDED:
        return (_mu_law() if kind == "MB" else _a_law())[values], notice
    return values, notice


def _type_of(group: Dataset, little: bool) -> tuple[np.dtype[np.generic], str]:
    """Of a sample as it is stored, and its interpretation (PS3.3 C.10.9.1.5)."""
    kind = elements.first_text(group, "WaveformSampleInterpretation").upper()
    if kind not in _KINDS and kind not in _COMPANDED:
        raise _Unreadable(f"samples of kind {kind or 'unknown'} cannot be shown")
    dtype = np.dtype("u1" if kind in _COMPANDED else _KINDS[kind]).newbyteorder("<" if little else ">")
    bits = elements.integer(group, "WaveformBitsAllocated")
    if bits != dtype.itemsize * 8:
        raise _Unreadable(f"samples of kind {kind} in {bits} bits cannot be shown")
    return dtype, kind


def _mu_law() -> NDArray[np.int16]:
    """The 256 values of ITU-T G.711 mu-law, 14 bits left aligned in 16."""
    code = ~np.arange(256, dtype=np.uint8)
    exponent, mantissa = (code >> 4 & 7).astype(np.int32), (code & 15).astype(np.int32)
    size = (((mantissa << 3) + 132) << exponent) - 132
    return np.where(code & 128, -size, size).astype(np.int16)


def _a_law() -> NDArray[np.int16]:
    """The 256 values of ITU-T G.711 A-law, 13 bits left aligned in 16."""
    code = np.arange(256, dtype=np.uint8) ^ 0x55
    exponent, mantissa = (code >> 4 & 7).astype(np.int32), (code & 15).astype(np.int32)
    first = (mantissa << 4) + 8
    size = np.where(exponent == 0, first, (first + 256) << np.maximum(exponent - 1, 0))
    return np.where(code & 128, size, -size).astype(np.int16)


def _padding(group: Dataset, little: bool) -> int | None:
    """Waveform Padding Value, in as many bytes as a sample has (PS3.3 C.10.9.1.8)."""
    kind = elements.first_text(group, "WaveformSampleInterpretation").upper()
    data = elements.raw_bytes(group, _PADDING)
    dtype = np.dtype(_KINDS.get(kind, "u1")).newbyteorder("<" if little else ">")
    if len(data) < dtype.itemsize:
        return None
    return int(np.frombuffer(data, dtype, 1)[0])


def _channel(
    definition: Dataset, number: int, stored: NDArray[np.generic] | None, padding: int | None, frequency: float
) -> Channel:
    source = elements.first_item(definition, "ChannelSourceSequence")
    said = coded(definition, "ChannelSourceSequence")
    label = elements.first_text(definition, "ChannelLabel")
    units = elements.first_item(definition, "ChannelSensitivityUnitsSequence")
    sensitivity = elements.number(definition, "ChannelSensitivity")
    skew = elements.number(definition, "ChannelTimeSkew")
    if skew is None:
        skew = (elements.number(definition, "ChannelSampleSkew") or 0.0) / frequency
    values = np.zeros(0)
    if stored is not None and number < stored.shape[1]:
        values = _physical(stored[:, number], definition, sensitivity, padding)
    code = elements.first_text(source, "CodeValue") if source is not None else ""
    return Channel(
        label=said or label or f"Channel {number + 1}",
        values=values,
        unit=_unit(units) if sensitivity is not None else "",
        lead=_lead(code, said or label),
        skew_s=skew if math.isfinite(skew) and abs(skew) < 10 else 0.0,
        filters=_filters(definition),
    )


def _physical(
    stored: NDArray[np.generic], definition: Dataset, sensitivity: float | None, padding: int | None
) -> NDArray[np.float64]:
    """Stored value times sensitivity times correction, plus baseline (PS3.3 C.10.9.1.4)."""
    values = stored.astype(np.float64)
    bits, width = elements.integer(definition, "WaveformBitsStored"), stored.dtype.itemsize * 8
    if bits is not None and 0 < bits < width and stored.dtype.kind in "iu" and width <= 32:
        values = _stored_bits(stored, bits).astype(np.float64)
    blank = stored == padding if padding is not None else None
    if sensitivity is not None:
        correction = elements.number(definition, "ChannelSensitivityCorrectionFactor")
        baseline = elements.number(definition, "ChannelBaseline")
        values = values * sensitivity * (1.0 if correction is None else correction) + (baseline or 0.0)
    if blank is not None:
        values[blank] = np.nan
    return values


def _stored_bits(stored: NDArray[np.generic], bits: int) -> NDArray[np.int64]:
    """The low `bits` of each sample, with their sign."""
    values = stored.astype(np.int64) & ((1 << bits) - 1)
    if stored.dtype.kind == "i":
        values = np.where(values >> (bits - 1) & 1, values - (1 << bits), values)
    return values


def _unit(item: Dataset | None) -> str:
    if item is None:
        return ""
    value = elements.first_text(item, "CodeValue")
    if value in ("V", "mV", "uV", "nV"):
        return value
    if value in ("mm[Hg]", "cm[H2O]"):
        return _KEPT_UNITS[value]
    said = elements.first_text(item, "CodeMeaning").lower()
    return {"microvolt": "uV", "millivolt": "mV", "volt": "V", "nanovolt": "nV"}.get(said) or unit(item)


def _lead(code: str, said: str) -> str:
    """`aVR` from its code, else from its name."""
    number = code.rpartition("-")[2] if code.startswith("5.6.3-9-") else code.removeprefix("2:")
    if code.startswith(("5.6.3-9-", "2:")) and number in _CODES:
        return _CODES[number]
    match = _LEAD.search(said.replace("Lead ", ""))
    return _WRITTEN[match.group().upper()] if match else ""


def _filters(definition: Dataset) -> str:
    low, high = (elements.number(definition, f"Filter{one}Frequency") for one in ("Low", "High"))
    notch = elements.number(definition, "NotchFilterFrequency")
    parts = []
    if low and high:
        parts.append(f"{low:g}–{high:g} Hz")
    elif high:
        parts.append(f"up to {high:g} Hz")
    elif low:
        parts.append(f"from {low:g} Hz")
    if notch:
        parts.append(f"notch {notch:g} Hz")
    return ", ".join(parts)


# --- annotations -----------------------------------------------------------------------------


def _notes(dataset: Dataset, groups: Sequence[MultiplexGroup]) -> Iterator[RecordingNote]:
    for one in list(elements.items(dataset, "WaveformAnnotationSequence"))[:_MOST_NOTES]:
        text = _note_text(one)
        if not text:
            continue
        pairs = [int(number) for number in elements.numbers(one, "ReferencedWaveformChannels")]
        numbers = list(zip(pairs[::2], pairs[1::2], strict=False))
        group = numbers[0][0] - 1 if numbers and 0 < numbers[0][0] <= len(groups) else None
        channels = tuple(channel - 1 for number, channel in numbers if group is not None and number == group + 1)
        yield RecordingNote(
            text=text,
            group=group,
            channels=tuple(channel for channel in channels if channel >= 0),  # 0 stands for all of them
            times_s=_moments(one, groups[group] if group is not None else None),
            is_span=elements.first_text(one, "TemporalRangeType") in ("SEGMENT", "MULTISEGMENT"),
        )


def _note_text(one: Dataset) -> str:
    name, free = name_of(one), prose(one, "UnformattedTextValue")
    number = elements.first_text(one, "NumericValue")
    units = unit(elements.first_item(one, "MeasurementUnitsCodeSequence"))
    value = f"{number} {units}".strip() if number else measured(one)
    value = value or coded(one, "ConceptCodeSequence") or free
    return ": ".join(part for part in (name, value) if part)


def _moments(one: Dataset, group: MultiplexGroup | None) -> tuple[float, ...]:
    """Sample positions are counted from 1 (PS3.3 C.10.10.1)."""
    offsets = elements.numbers(one, "ReferencedTimeOffsets")
    if offsets:
        return tuple(offset / 1000 for offset in offsets[:64])
    if group is None:
        return ()
    return tuple((number - 1) / group.frequency for number in elements.numbers(one, "ReferencedSamplePositions")[:64])
