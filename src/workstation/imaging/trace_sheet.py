"""A recording laid out on paper, in millimetres: traces to scale, their labels, marks of annotations.

Electrocardiograms as they are read: 25 mm/s and 10 mm/mV unless chosen otherwise, three rows of four leads with a
rhythm strip below, or one lead under the other. Who draws it, window or file, only scales lines and texts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from workstation.imaging.recording import Channel, MultiplexGroup, Recording

_ROWS = (("I", "aVR", "V1", "V4"), ("II", "aVL", "V2", "V5"), ("III", "aVF", "V3", "V6"))
_RHYTHM = ("II", "V1", "V5", "I")
_COLUMN_S = 2.5
SPAN_S = 10.0  # of one sheet
_LEFT, _TOP, _EDGE = 10.0, 12.0, 5.0  # mm; the calibration pulse stands at the left
_PITCH = 30.0  # mm from row to row of the usual sheet
_STACKED_PITCH = 20.0
_OTHER_HEIGHT = 16.0  # mm that the range of what is no voltage fills
_POINTS_PER_MM = 16
_STEPS = (1.0, 2.0, 5.0)
_SHORTEST_ROW_S = 8.0  # below, the columns show the same time beside one another
SPEEDS = (12.5, 25.0, 50.0, 100.0)
GAINS = (2.5, 5.0, 10.0, 20.0)


class Arrangement(StrEnum):
    STANDARD = "3x4"  # and a rhythm strip
    STACKED = "stacked"


@dataclass(frozen=True, slots=True)
class SheetWish:
    """What the reader chose. `arrangement` None: the usual one of what it is."""

    group: int = 0
    arrangement: Arrangement | None = None
    speed: float = 25.0  # mm/s
    gain: float = 10.0  # mm/mV
    start_s: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """`points`: float64 [n, 2] in mm from the sheet's top left corner; NaN lifts the pen."""

    label: str
    points: NDArray[np.float64]
    left: float
    top: float
    width: float
    height: float
    per_unit: float  # mm
    unit: str
    note: str = ""  # what its scale is, where it is its own

    def holds(self, across: float, down: float) -> bool:
        inside = self.left <= across <= self.left + self.width
        return inside and self.top <= down <= self.top + self.height


@dataclass(frozen=True, slots=True)
class Mark:
    """An annotation at a time: a line down the sheet."""

    across: float
    text: str
    top: float
    bottom: float


@dataclass(frozen=True, slots=True, eq=False)
class TraceSheet:
    width: float  # mm
    height: float
    title: str
    traces: tuple[Trace, ...]
    speed: float
    pulses: tuple[NDArray[np.float64], ...] = ()  # 1 mV at the head of each row
    marks: tuple[Mark, ...] = ()
    arrangement: Arrangement = Arrangement.STACKED

    def trace_at(self, across: float, down: float) -> Trace | None:
        return next((trace for trace in self.traces if trace.holds(across, down)), None)

    def measure(self, start: tuple[float, float], end: tuple[float, float]) -> str:
        """`812 ms · 74 /min · 1.25 mV` between two places, the height by the scale of the trace at `start`."""
        seconds = abs(end[0] - start[0]) / self.speed
        parts = [f"{seconds * 1000:.0f} ms" if seconds < 10 else f"{seconds:.2f} s"]
        if 0.2 <= seconds <= 3:
            parts.append(f"{60 / seconds:.0f} /min")
        trace = self.trace_at(*start)
        if trace is not None and trace.per_unit > 0:
            size = (start[1] - end[1]) / trace.per_unit
            parts.append(f"{size:+.3g} {trace.unit}".strip())
        return " · ".join(parts)


def last_start_s(group: MultiplexGroup) -> float:
    """Where the last sheet of a group begins."""
    return max(0.0, group.duration_s - SPAN_S)


def sheet(recording: Recording, wish: SheetWish) -> TraceSheet | None:
    """None where there is nothing to draw."""
    if not recording.groups:
        return None
    number = min(max(wish.group, 0), len(recording.groups) - 1)
    group = recording.groups[number]
    if not group.channels or not group.samples:
        return None
    wish = replace(wish, group=number, start_s=min(max(wish.start_s, 0.0), last_start_s(group)))
    usual = Arrangement.STANDARD if group.is_ecg else Arrangement.STACKED
    arrangement = wish.arrangement or usual
    if arrangement is Arrangement.STANDARD and group.is_ecg:
        made = _standard(group, wish)
    else:
        arrangement, made = Arrangement.STACKED, _stacked(group, wish)
    marks = () if arrangement is Arrangement.STANDARD else tuple(_marks(recording, made, wish))
    return replace(made, title=_title(recording, group, wish), marks=marks, arrangement=arrangement)


def _title(recording: Recording, group: MultiplexGroup, wish: SheetWish) -> str:
    filters = {channel.filters for channel in group.channels}
    parts = [recording.kind, group.label, "derived" if group.derived else "", f"{wish.speed:g} mm/s"]
    if any(channel.millivolts for channel in group.channels):
        parts.append(f"{wish.gain:g} mm/mV")
    if len(filters) == 1:
        parts.append(next(iter(filters)))
    parts.append(f"{group.frequency:g} samples/s")
    if group.duration_s > SPAN_S * 1.01:
        parts.append(f"{wish.start_s:.1f}–{wish.start_s + SPAN_S:.1f} of {group.duration_s:.1f} s")
    return " · ".join(part for part in parts if part)


# --- arrangements ----------------------------------------------------------------------------


def _standard(group: MultiplexGroup, wish: SheetWish) -> TraceSheet:
    leads = {channel.lead: channel for channel in reversed(group.channels) if channel.lead}
    running = group.duration_s - wish.start_s >= _SHORTEST_ROW_S
    column_s = _COLUMN_S if running else min(_COLUMN_S, max(group.duration_s, 0.1))
    width = column_s * wish.speed
    traces: list[Trace] = []
    for row, names in enumerate(_ROWS):
        for column, name in enumerate(names):
            channel = leads.get(name)
            if channel is None:
                continue
            start_s = wish.start_s + (column * column_s if running else 0.0)
            place = (_LEFT + column * width, _TOP + row * _PITCH, width, _PITCH)
            traces.append(_trace(channel, group, (start_s, column_s), place, wish))
    rhythm = next((leads[name] for name in _RHYTHM if name in leads), group.channels[0])
    rows = 3
    if running:
        span = 4 * column_s
        place = (_LEFT, _TOP + 3 * _PITCH, span * wish.speed, _PITCH)
        traces.append(_trace(rhythm, group, (wish.start_s, span), place, wish))
        rows = 4
    pulses = tuple(_pulse(_TOP + (row + 0.5) * _PITCH, wish.gain) for row in range(rows))
    return TraceSheet(
        _LEFT + 4 * width + _EDGE, _TOP + rows * _PITCH + _EDGE, "", tuple(traces), wish.speed, pulses=pulses
    )


def _stacked(group: MultiplexGroup, wish: SheetWish) -> TraceSheet:
    span = min(SPAN_S, max(group.duration_s, 0.1))
    traces, pulses = [], []
    for row, channel in enumerate(group.channels):
        place = (_LEFT, _TOP + row * _STACKED_PITCH, span * wish.speed, _STACKED_PITCH)
        traces.append(_trace(channel, group, (wish.start_s, span), place, wish))
        if channel.millivolts:
            pulses.append(_pulse(_TOP + (row + 0.5) * _STACKED_PITCH, wish.gain))
    height = _TOP + len(group.channels) * _STACKED_PITCH + _EDGE
    width = _LEFT + span * wish.speed + _EDGE
    return TraceSheet(width, height, "", tuple(traces), wish.speed, pulses=tuple(pulses))


def _pulse(middle: float, gain: float) -> NDArray[np.float64]:
    """1 mV for 5 mm."""
    top = middle - gain
    corners = [(1.5, middle), (2.5, middle), (2.5, top), (7.5, top), (7.5, middle), (8.5, middle)]
    return np.array(corners, np.float64)


def _trace(
    channel: Channel,
    group: MultiplexGroup,
    part_s: tuple[float, float],
    place: tuple[float, float, float, float],
    wish: SheetWish,
) -> Trace:
    """Samples of `part_s` (begin, length) in `place` (left, top, width, height)."""
    left, top, width, height = place
    begin, length = part_s
    first = max(0, round((begin - channel.skew_s) * group.frequency))
    values = channel.values[first : first + max(2, round(length * group.frequency) + 1)]
    millivolts = channel.millivolts
    per_unit, zero, note = (wish.gain, 0.0, "") if millivolts else _own_scale(channel)
    heights = values * millivolts if millivolts else values
    if millivolts:
        zero, note = _offset(channel.values * millivolts, wish.gain, height)
    times = (np.arange(first, first + len(values)) / group.frequency + channel.skew_s - begin) * wish.speed
    across, down = _thinned(times, heights, width)
    points = np.column_stack((left + across, top + height / 2 - (down - zero) * per_unit))
    filters = {one.filters for one in group.channels}
    said = [channel.lead or channel.label, note, channel.filters if len(filters) > 1 else ""]
    unit = "mV" if millivolts else channel.unit
    return Trace(" · ".join(part for part in said if part), points, left, top, width, height, per_unit, unit, note)


def _offset(values: NDArray[np.float64], gain: float, height: float) -> tuple[float, str]:
    """A lead far from zero is drawn in its row, and it is said how far."""
    known = values[np.isfinite(values)]
    middle = float(np.median(known)) if known.size else 0.0
    return (middle, f"centred on {middle:+.2g} mV") if abs(middle) * gain > height / 2 else (0.0, "")


def _own_scale(channel: Channel) -> tuple[float, float, str]:
    """mm per unit, the value in the middle of its row, and the words: of what has no usual scale."""
    known = channel.values[np.isfinite(channel.values)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 0.0)
    extent = high - low
    if extent <= 0:
        return 1.0, low, f"{low:g} {channel.unit}".strip()
    rough = extent / _OTHER_HEIGHT * 10  # units in 10 mm
    power = 10.0 ** np.floor(np.log10(rough))
    step = next((float(one * power) for one in _STEPS if one * power >= rough * 0.999), float(10 * power))
    words = f"10 mm = {step:g} {channel.unit}".strip()
    return 10 / step, round((low + high) / 2 / step) * step if extent > step else (low + high) / 2, words


def _thinned(
    times: NDArray[np.float64], values: NDArray[np.float64], width: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lowest and highest of each small stretch: nothing that sticks out is lost."""
    bins = max(1, int(width * _POINTS_PER_MM / 2))
    size = len(values) // bins
    if size < 4:
        return times, values
    whole = len(values) // size * size
    blocks = values[:whole].reshape(-1, size)
    gaps = ~np.isfinite(blocks)
    low = np.where(gaps, np.inf, blocks).argmin(axis=1)
    high = np.where(gaps, -np.inf, blocks).argmax(axis=1)
    order = np.sort(np.column_stack((low, high)), axis=1) + np.arange(len(blocks))[:, None] * size
    chosen = order.reshape(-1)
    kept = np.concatenate((chosen, np.arange(whole, len(values))))
    return times[kept], values[kept]


# --- annotations -----------------------------------------------------------------------------


def _marks(recording: Recording, made: TraceSheet, wish: SheetWish) -> Iterator[Mark]:
    span = (made.width - _LEFT - _EDGE) / wish.speed
    for note in recording.notes:
        if note.group not in (None, wish.group):
            continue
        rows: Sequence[Trace] = made.traces
        if note.channels:
            rows = [made.traces[one] for one in note.channels if one < len(made.traces)] or made.traces
        for number, time_s in enumerate(note.times_s):
            since = time_s - wish.start_s
            if 0 <= since <= span:
                bottom = rows[-1].top + rows[-1].height
                text = note.text if number == 0 else ""
                yield Mark(_LEFT + since * wish.speed, text, rows[0].top, bottom)
