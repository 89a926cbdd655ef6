"""A recording as a document: what was measured in it, and what its channels are."""

from __future__ import annotations

from collections.abc import Iterator

from workstation.domain.document import Document, Item, ItemKind
from workstation.imaging.recording import MultiplexGroup, Recording, RecordingNote


def recording_document(recording: Recording) -> Document:
    """Remarks first, then measurements, then lead by lead, then how it was recorded."""
    return Document(
        title=recording.kind,
        kind=recording.kind,
        facts=recording.facts,
        warnings=recording.warnings,
        items=(*_remarks(recording), *_of_leads(recording), *_groups(recording)),
    )


def _item(note: RecordingNote) -> Item:
    name, _, value = note.text.partition(": ")
    when = f" at {note.times_s[0]:.3f} s" if note.times_s else ""
    return Item(name, value + when) if value else Item("", name + when)


def _remarks(recording: Recording) -> Iterator[Item]:
    whole = [_item(note) for note in recording.notes if not note.channels]
    free, named = [one for one in whole if not one.name], [one for one in whole if one.name]
    if free:
        yield Item("Remarks", kind=ItemKind.HEADING, items=tuple(free))
    if named:
        yield Item("Measurements", kind=ItemKind.HEADING, items=tuple(named))


def _of_leads(recording: Recording) -> Iterator[Item]:
    for number, group in enumerate(recording.groups):
        for index, channel in enumerate(group.channels):
            notes = [note for note in recording.notes if note.group == number and index in note.channels]
            if notes:
                label = f"{channel.label} · {group.label}" if len(recording.groups) > 1 else channel.label
                yield Item(label, kind=ItemKind.HEADING, items=tuple(map(_item, notes)))


def _groups(recording: Recording) -> Iterator[Item]:
    for number, group in enumerate(recording.groups, 1):
        yield Item(f"Recording {group.label or number}", kind=ItemKind.HEADING, items=tuple(_recorded(group)))


def _recorded(group: MultiplexGroup) -> Iterator[Item]:
    yield Item("Duration", f"{group.duration_s:.2f} s")
    yield Item("Sampling", f"{group.frequency:g} samples/s")
    if group.derived:
        yield Item("Origin", "derived")
    filters = {channel.filters for channel in group.channels}
    for channel in group.channels:
        own = channel.filters if len(filters) > 1 else ""
        yield Item(channel.label, " · ".join(part for part in (channel.unit or "no unit", own) if part))
    if len(filters) == 1 and (said := next(iter(filters))):
        yield Item("Filters", said)
