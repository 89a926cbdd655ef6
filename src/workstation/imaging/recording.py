"""What was recorded over time: electrocardiograms, pressures, breathing, sound (PS3.3 C.10.9)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_MILLIVOLTS = {"V": 1000.0, "mV": 1.0, "uV": 0.001, "nV": 1e-6}


@dataclass(frozen=True, slots=True, eq=False)
class Channel:
    """`values`: float64 [sample] in `unit`; NaN where the device recorded nothing."""

    label: str
    values: NDArray[np.float64]
    unit: str = ""  # UCUM, `uV`, `mm[Hg]`; empty: stored numbers without a unit
    lead: str = ""  # `aVR` where it is one of the twelve
    skew_s: float = 0.0  # how much later its first sample was taken
    filters: str = ""  # `0.05-150 Hz, notch 50 Hz`

    @property
    def millivolts(self) -> float | None:
        """What one unit is in mV, None where it is no voltage."""
        return _MILLIVOLTS.get(self.unit)


@dataclass(frozen=True, slots=True, eq=False)
class MultiplexGroup:
    """Channels sampled together."""

    label: str
    frequency: float  # samples per second
    channels: tuple[Channel, ...]
    offset_s: float = 0.0  # after the beginning of the recording
    derived: bool = False
    notice: str = ""  # why there are no values, or what is wrong with them

    @property
    def samples(self) -> int:
        return max((len(channel.values) for channel in self.channels), default=0)

    @property
    def duration_s(self) -> float:
        return self.samples / self.frequency if self.frequency > 0 else 0.0

    @property
    def is_ecg(self) -> bool:
        """Whether it has enough leads of the twelve for the usual sheet."""
        return len({channel.lead for channel in self.channels if channel.lead}) >= 6


@dataclass(frozen=True, slots=True)
class RecordingNote:
    """A measurement or remark on the recording (PS3.3 C.10.10). Numbers from 0."""

    text: str
    group: int | None = None  # of those of the recording, None: all
    channels: tuple[int, ...] = ()  # empty: all of the group
    times_s: tuple[float, ...] = ()  # after the beginning of the group; empty: of the whole
    is_span: bool = False  # `times_s` begin and end it


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    kind: str  # `12-lead ECG`
    groups: tuple[MultiplexGroup, ...]
    notes: tuple[RecordingNote, ...] = ()
    warnings: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
