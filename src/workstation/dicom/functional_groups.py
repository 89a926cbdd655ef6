"""Where an attribute of one frame is found: per-frame group, shared group, or the data set (PS3.3 C.7.6.16)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from workstation.dicom import elements

if TYPE_CHECKING:
    from pydicom import Dataset

    from workstation.dicom.elements import Header


class FrameAttributes:
    """Looks up the functional groups of one frame of `dataset`, with the data set itself as the fall-back."""

    def __init__(self, dataset: Header, frame_index: int) -> None:
        self.dataset = dataset
        self._found: dict[str, Dataset | None] = {}  # ordering asks for the same group again and again
        per_frame = elements.items(dataset, "PerFrameFunctionalGroupsSequence")
        self._groups = [
            group
            for group in (
                per_frame[frame_index] if frame_index < len(per_frame) else None,
                elements.first_item(dataset, "SharedFunctionalGroupsSequence"),
            )
            if group is not None
        ]

    def group(self, sequence: str) -> Dataset | None:
        """The item of a functional group macro, None where neither place has it."""
        if sequence not in self._found:
            self._found[sequence] = self._looked_up(sequence)
        return self._found[sequence]

    def _looked_up(self, sequence: str) -> Dataset | None:
        for group in self._groups:
            item = elements.first_item(group, sequence) if sequence in group else None
            if item is not None:
                return item
        return None

    def items(self, sequence: str) -> Sequence[Dataset]:
        """All items of a macro that may have several, from the data set where no group has it."""
        for place in (*self._groups, self.dataset):
            found = elements.items(place, sequence) if sequence in place else ()
            if found:
                return found
        return ()

    def holder(self, sequence: str, keyword: str) -> Header:
        """The data set to read `keyword` from: the macro's item when it has it, else the top level."""
        item = self.group(sequence)
        return item if item is not None and keyword in item else self.dataset
