"""Whether all images of a series are there, as far as a node has told or the files themselves count them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from workstation.dicom.frame_keys import StackFacts
from workstation.services.display_sets import Part


class Counted(Protocol):
    @property
    def facts(self) -> StackFacts | None: ...


def incomplete(images: Sequence[Counted], part: Part | None = None) -> tuple[str, ...]:
    """Sentences such as "20 of 32 images of the acquisition" and "part 2 of 3 missing"; empty when nothing is known.

    What a node said it has (`part`) is better known than what the files count themselves.
    """
    known = [image.facts for image in images if image.facts is not None]
    told = [f"{part.here} of {part.known} images are here"] if part is not None else _acquisitions(known)
    return (*told, *_concatenations(known))


def _acquisitions(known: Sequence[StackFacts]) -> list[str]:
    """Images in Acquisition (PS3.3 C.7.6.1), per Acquisition Number; files that disagree are not believed."""
    expected: dict[int | None, set[int | None]] = {}
    for facts in known:
        expected.setdefault(facts.acquisition_number, set()).add(facts.images_expected)
    totals = [next(iter(counts)) for counts in expected.values() if len(counts) == 1]
    numbers = [total for total in totals if total is not None]
    if len(numbers) != len(expected):
        return []
    return [f"{len(known)} of {sum(numbers)} images of the acquisition"] if 0 < len(known) < sum(numbers) else []


def _concatenations(known: Sequence[StackFacts]) -> list[str]:
    """In-concatenation Number and Total Number (PS3.3 C.7.6.16.1)."""
    parts: dict[str, set[int]] = {}
    totals: dict[str, int] = {}
    for facts in known:
        if facts.concatenation_uid and facts.part is not None:
            parts.setdefault(facts.concatenation_uid, set()).add(facts.part)
            totals[facts.concatenation_uid] = max(totals.get(facts.concatenation_uid, 0), facts.parts or 0, facts.part)
    found = []
    for uid, present in parts.items():
        missing = [str(part) for part in range(1, totals[uid] + 1) if part not in present]
        if missing:
            found.append(f"part {', '.join(missing[:5])} of {totals[uid]} missing")
    return found
