"""Private attributes that the standard lists as safe (PS3.15 E.3.10, Table E.3.10-1) and their blocks (PS3.5 7.8)."""

from __future__ import annotations

from functools import cache

from pydicom import Dataset
from pydicom.dataelem import DataElement

from workstation.deidentify.profile import Profile
from workstation.deidentify.rules import Rule, Verb
from workstation.deidentify.tables import safe_private
from workstation.deidentify.texts import BINARY, STRINGS, TEMPORAL


def safe_private_rule(dataset: Dataset, item: DataElement, profile: Profile) -> Rule:
    """What becomes of a private element where safe ones are retained: their values are cleaned all the same."""
    if not _is_listed(dataset, int(item.tag)):
        return Rule(Verb.REMOVE, "E.3.10-1: not listed as safe")
    verb = Verb.KEEP
    if item.VR == "SQ":
        verb = Verb.RECURSE
    elif item.VR == "UI":
        verb = Verb.KEEP if profile.has("retain-uids") else Verb.MAP_UID
    elif item.VR == "PN" or (item.VR in TEMPORAL and not profile.has("retain-full-dates")):
        verb = Verb.DUMMY
    elif item.VR in STRINGS or item.VR in BINARY:
        verb = Verb.SCRUB
    return Rule(verb, "E.3.10-1: safe private attribute")


def kept_creators(dataset: Dataset) -> frozenset[int]:
    """The private creator elements that some listed element of their block needs."""
    return frozenset(
        _creator_tag(int(tag)) for tag in list(dataset.keys()) if tag.is_private and _is_listed(dataset, int(tag))
    )


def _is_listed(dataset: Dataset, tag: int) -> bool:
    if tag & 0xFFFF < 0x1000:
        return False
    creator = _creator_of(dataset, tag)
    return bool(creator) and (creator, tag >> 16, tag & 0xFF) in _listed()


def _creator_of(dataset: Dataset, tag: int) -> str:
    creator = _creator_tag(tag)
    try:
        return str(dataset[creator].value).strip() if creator in dataset else ""
    except Exception:  # noqa: BLE001 - pydicom raises whatever the bytes provoke
        return ""


def _creator_tag(tag: int) -> int:
    return tag & 0xFFFF0000 | (tag & 0xFFFF) >> 8


@cache
def _listed() -> frozenset[tuple[str, int, int]]:
    return frozenset((creator, group, low) for creator, group, low, _vr in safe_private())
