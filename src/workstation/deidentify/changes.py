"""What happened, or would happen, to one element: what the preview lists and the report counts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Action(StrEnum):
    KEPT = "kept"
    REMOVED = "removed"
    EMPTIED = "emptied"
    REPLACED = "replaced"  # by a dummy or a pseudonym
    REMAPPED = "remapped"  # a UID
    SHIFTED = "shifted"  # a date
    CLEANED = "cleaned"  # what was hidden in it is gone, its meaning stays
    ADDED = "added"


class Kind(StrEnum):
    """The preview's three filters."""

    CHANGED = "changed"
    REMOVED = "removed"
    KEPT = "kept"


@dataclass(frozen=True, slots=True)
class ElementChange:
    """One element. `path` leads to it: (GGGG,EEEE)[item]/…; texts are capped for showing.

    `before_text` and `path` of private blocks are the patient's data: for the screen, not for a report.
    """

    path: str
    tag: int
    keyword: str
    name: str
    vr: str
    action: Action
    before_text: str
    after_text: str
    reason: str

    @property
    def kind(self) -> Kind:
        if self.action in (Action.KEPT, Action.REMOVED):
            return Kind(self.action.value)
        return Kind.CHANGED

    @property
    def tag_text(self) -> str:
        return f"({self.tag >> 16:04X},{self.tag & 0xFFFF:04X})"
