"""The user's own order of the images by modality, and the text of the setting `viewer.sort` that keeps it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from workstation.services.display_sets import DisplayKind, DisplaySet, SortBy, Sorting

ANY = "OTHER"  # stands for a series without a modality
_REVERSED = "reversed"


def sortings_from(text: str) -> dict[str, Sorting]:
    """Modality -> order. Entries that say nothing known are passed over."""
    found = {}
    for entry in text.split(";"):
        words = entry.split()
        if len(words) >= 2 and words[1] in set(SortBy):
            found[words[0]] = Sorting(SortBy(words[1]), _REVERSED in words[2:])
    return found


def text_of(sortings: Mapping[str, Sorting]) -> str:
    """What `sortings_from` reads; the order of opening is left unsaid."""
    return "; ".join(
        " ".join((modality, sorting.by.value, *((_REVERSED,) if sorting.reversed else ())))
        for modality, sorting in sorted(sortings.items())
        if sorting != Sorting()
    )


def modality_of(display_set: DisplaySet) -> str:
    modality = display_set.series.modality.upper().replace(" ", "")
    return modality if modality.isascii() and modality.replace("_", "").isalnum() and len(modality) <= 16 else ANY


def sorted_by_habit(display_sets: Iterable[DisplaySet], text: str) -> tuple[DisplaySet, ...]:
    """Each display set of images in the order that the user last chose for its modality."""
    sortings = sortings_from(text)

    def one(display_set: DisplaySet) -> DisplaySet:
        wanted = sortings.get(modality_of(display_set))
        if wanted is None or display_set.kind is not DisplayKind.IMAGE or len(display_set.frames) < 2:
            return display_set
        return display_set.sorted_as(wanted)

    return tuple(map(one, display_sets))
