"""Which action one element gets: the table by Type, then rules by VR for what it leaves out (PS3.15 E.1.1)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from workstation.deidentify.profile import Profile
from workstation.deidentify.texts import BINARY, NUMBERS, STRINGS, TEMPORAL

# Attributes of VR UI that define something instead of identifying an instance.
DEFINITIONS = frozenset(
    {
        *(0x00020002, 0x00020010, 0x00020012, 0x00080016, 0x0008001A, 0x0008001B, 0x00080062, 0x0008010C),
        *(0x00080117, 0x00080118, 0x0008040E, 0x00081150, 0x0008115A, 0x00083002, 0x00340003, 0x04000010),
        *(0x04000510, 0x3010001F, 0x30100052, 0x30100053),
    }
)
_CURVES, _OVERLAYS = 0x50, 0x60
_TRAILING_PADDING = 0xFFFCFFFC
_SIGNED_OR_ENCRYPTED = frozenset(
    {0x4FFE0001, 0x04000500, 0xFFFAFFFA}
)  # MAC parameters, encrypted attributes, signatures
_SAID_BY_US = frozenset({0x00120062, 0x00120063, 0x00120064, 0x00280303})
_ALWAYS_DUMMY = frozenset({0x0040A160})  # Text Value: the words of a report
_UNTOUCHED = frozenset({0x00080005})  # Specific Character Set: without it nothing else can be read


class Verb(Enum):
    KEEP = auto()
    REMOVE = auto()
    EMPTY = auto()
    DUMMY = auto()
    MAP_UID = auto()
    SHIFT = auto()
    SCRUB = auto()  # keep unless something identifying is found in it
    RETAIN = auto()  # an option's wish: keep unless a known identifier of another kind is found in it
    RECURSE = auto()
    SAFE_PRIVATE = auto()
    OURS = auto()  # written at the end


@dataclass(frozen=True, slots=True)
class Rule:
    verb: Verb
    reason: str


# What the action codes mean for an attribute of Type 1, of Type 2, and of another or an unknown one.
_VERBS: dict[str, tuple[Verb, Verb, Verb]] = {
    "X": (Verb.DUMMY, Verb.EMPTY, Verb.REMOVE),
    "Z": (Verb.DUMMY, Verb.EMPTY, Verb.EMPTY),
    "D": (Verb.DUMMY, Verb.DUMMY, Verb.DUMMY),
    "U": (Verb.MAP_UID, Verb.MAP_UID, Verb.MAP_UID),
    "Z/D": (Verb.DUMMY, Verb.EMPTY, Verb.EMPTY),
    "X/Z": (Verb.DUMMY, Verb.EMPTY, Verb.REMOVE),
    "X/D": (Verb.DUMMY, Verb.EMPTY, Verb.REMOVE),
    "X/Z/D": (Verb.DUMMY, Verb.EMPTY, Verb.REMOVE),
    "X/Z/U*": (Verb.RECURSE, Verb.RECURSE, Verb.REMOVE),
}
_OF_VR: dict[str, Rule] = {
    "PN": Rule(Verb.DUMMY, "E.1.1: a person's name"),
    "SQ": Rule(Verb.RECURSE, ""),
    **dict.fromkeys((STRINGS - {"PN"}) | BINARY | {"DS", "IS"}, Rule(Verb.SCRUB, "")),
    **dict.fromkeys(NUMBERS | {"AS"}, Rule(Verb.KEEP, "")),
}


def rule_for(tag: int, vr: str, type_: str, profile: Profile, known: bool) -> Rule:
    """What to do with the element; `known` when the data dictionary (PS3.6) has it, `type_` "" when unknown."""
    rule = _beyond_the_table(tag, profile)
    if rule is not None:
        return rule
    code = profile.code_for(tag)
    return _by_vr(tag, vr, profile, known) if code is None else _by_table(code, vr, type_)


def _beyond_the_table(tag: int, profile: Profile) -> Rule | None:
    group = tag >> 16
    rule = None
    if group in (0x0000, 0x0004) or (tag & 0xFFFF == 0 and not group % 2):
        rule = Rule(Verb.REMOVE, "group lengths, command and directory elements have no place in an object")
    elif tag in _SAID_BY_US:
        rule = Rule(Verb.OURS, "PS3.15 E.1.1: says what was done here")
    elif tag == _TRAILING_PADDING or tag in _SIGNED_OR_ENCRYPTED:
        rule = Rule(Verb.REMOVE, "signatures no longer hold, padding and cipher text cannot be checked")
    elif group % 2:
        safe = profile.has("retain-safe-private")
        rule = Rule(Verb.SAFE_PRIVATE, "E.3.10-1") if safe else Rule(Verb.REMOVE, "E.1-1: private attributes X")
    elif group >> 8 in (_CURVES, _OVERLAYS):
        rule = Rule(Verb.REMOVE, "E.1-1: overlays and curves X, with the rest of their group")
    return rule


def _by_table(code: str, vr: str, type_: str) -> Rule:
    reason = f"E.1-1: {code}" + (f", Type {type_}" if type_ else "")
    if code in ("K", "C"):
        retain = Verb.RETAIN if vr in STRINGS else Verb.KEEP
        keep = retain if code == "K" else Verb.SHIFT if vr in TEMPORAL else Verb.SCRUB
        return Rule(Verb.RECURSE if vr == "SQ" else keep, reason)
    verb = _VERBS[code][_type_column(code, type_)]
    if verb is Verb.DUMMY and vr in ("SQ", "UI"):
        verb = Verb.RECURSE if vr == "SQ" else Verb.MAP_UID
    return Rule(verb, reason)


def _type_column(code: str, type_: str) -> int:
    """0 for Type 1, 1 for Type 2, 2 for the rest; plain `X` removes what is only conditionally required."""
    if code == "X":
        return {"1": 0, "2": 1}.get(type_, 2)
    return {"1": 0, "2": 1}.get(type_[:1], 2)


def _by_vr(tag: int, vr: str, profile: Profile, known: bool) -> Rule:
    if not known:
        return Rule(Verb.REMOVE, "not in the data dictionary: in doubt removed")
    if tag in _UNTOUCHED or tag >> 16 == 0x7FE0:
        return Rule(Verb.KEEP, "")
    if tag in _ALWAYS_DUMMY:
        return Rule(Verb.DUMMY, "E.1-1: Content Sequence D, its texts with it")
    if vr == "UI":
        defines = tag in DEFINITIONS or profile.has("retain-uids")
        return Rule(Verb.KEEP if defines else Verb.MAP_UID, "" if defines else "E.1.1: a UID that may identify")
    if vr in TEMPORAL:
        return _temporal(profile)
    return _OF_VR.get(vr, Rule(Verb.REMOVE, f"VR {vr} is not known: in doubt removed"))


def _temporal(profile: Profile) -> Rule:
    if profile.has("retain-full-dates"):
        return Rule(Verb.KEEP, "E.3.6 full dates")
    if profile.has("retain-modified-dates"):
        return Rule(Verb.SHIFT, "E.3.6 modified dates")
    return Rule(Verb.DUMMY, "E.1.1: a date or time")
