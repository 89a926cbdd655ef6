"""The one walk over a data set that both shows what would change and changes it, so that the two cannot differ."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from pydicom import Dataset
from pydicom._uid_dict import UID_dictionary
from pydicom.datadict import dictionary_description, dictionary_has_tag, repeater_has_tag
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.sequence import Sequence

from workstation.deidentify.changes import Action, ElementChange
from workstation.deidentify.container import EMPTY_PREAMBLE, keeps_encoding, new_meta, syntax_of
from workstation.deidentify.dummies import dummy, shifted
from workstation.deidentify.harvest import identity_of, text_of
from workstation.deidentify.identifiers import Identifiers
from workstation.deidentify.identities import Identities, PatientIdentity
from workstation.deidentify.iod import type_of
from workstation.deidentify.pixel_element import cleaned_pixels
from workstation.deidentify.private_blocks import kept_creators, safe_private_rule
from workstation.deidentify.profile import Profile
from workstation.deidentify.rules import Rule, Verb, rule_for
from workstation.deidentify.scrub import Scrubber
from workstation.deidentify.texts import BINARY, FREE_TEXT, decoded, element, shown, values_of
from workstation.deidentify.words import listed

Element = DataElement | RawDataElement
PATIENT_NAME, PATIENT_ID = 0x00100010, 0x00100020
_STANDARD_ROOT = "1.2.840.10008."
# Sequences of which the table says D that are content and structure, not somebody's identity.
_CONTENT = listed(
    """
    ContentSequence GraphicAnnotationSequence WaveformAnnotationSequence AcquisitionContextSequence
    ReferencedPerformedProcedureStepSequence ReferencedImageSequence SourceImageSequence FlowIdentifierSequence
    VerifyingObserverSequence
    """
)


@dataclass(frozen=True, slots=True)
class Deidentified:
    """A new data set with its file meta information, and what happened to each element."""

    dataset: Dataset
    changes: tuple[ElementChange, ...]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the walk is: `keywords` for the Type, `path` for people, `blank` inside of somebody's identity."""

    patient: PatientIdentity
    keywords: tuple[str, ...] = ()
    path: str = ""
    blank: bool = False


@dataclass(frozen=True, slots=True)
class _Subject:
    """One element with its surroundings: `raw` as it was read, `item` decoded, `rule` what to do."""

    raw: Element
    item: DataElement
    source: Dataset
    place: _Place
    rule: Rule

    @property
    def tag(self) -> int:
        return int(self.item.tag)


class Walk:
    """De-identifies one data set. The original is read, never changed."""

    def __init__(
        self, profile: Profile, identities: Identities, identifiers: Identifiers | None, record_kept: bool
    ) -> None:
        self._profile = profile
        self._identities = identities
        self._scrubber = Scrubber(identifiers or Identifiers())
        self._record_kept = record_kept
        self._safe_private = profile.has("retain-safe-private")
        self._changes: list[ElementChange] = []
        self._sop_class = ""
        self._keep_raw = False
        self._already_shifted = False
        self._references_live = False
        self._little_endian = True

    def run(self, original: Dataset) -> Deidentified:
        syntax = syntax_of(original)
        self._sop_class = text_of(original, "SOPClassUID")
        self._keep_raw = keeps_encoding(original, syntax)
        self._little_endian = original.original_encoding[1] is not False
        self._scrubber.use_character_set(original)
        self._already_shifted = self._is_ours(original)
        self._references_live = "ReferencedSeriesSequence" in original  # PS3.3 C.12.2
        result = self._dataset(original, _Place(self._identities.patient(*identity_of(original))))
        self._say_what_was_done(original, result)
        self._container(original, result, syntax)
        return Deidentified(result, tuple(self._changes))

    def _is_ours(self, original: Dataset) -> bool:
        return (
            text_of(original, "LongitudinalTemporalInformationModified") == "MODIFIED"
            and text_of(original, "PatientIdentityRemoved") == "YES"
            and (
                self._identities.is_our_code(text_of(original, "PatientID"))
                or self._identities.is_our_uid(text_of(original, "SOPInstanceUID"))
            )
        )

    def _dataset(self, source: Dataset, place: _Place) -> Dataset:
        result = Dataset()
        creators = kept_creators(source) if self._safe_private else frozenset[int]()
        for tag in sorted(source.keys()):
            kept = self._element(source, int(tag), place, creators)
            if kept is not None:
                result[tag] = kept
        implicit, little = source.original_encoding
        # Texts that stay are in the bytes they came in; pydicom would decode all of them if these two differed.
        character_set = result._character_set if self._keep_raw else source.original_character_set
        result.set_original_encoding(implicit, little, character_set)
        return result

    def _element(self, source: Dataset, tag: int, place: _Place, creators: frozenset[int]) -> Element | None:
        raw: Element = source.get_item(tag)
        if tag >> 16 & 1 and not self._safe_private:
            return self._without(raw, place, "E.1-1: private attributes X")
        try:
            item = decoded(source, raw) if self._keep_raw else source[tag]
        except Exception:  # noqa: BLE001 - pydicom raises whatever the bytes provoke
            return self._without(raw, place, "unreadable: in doubt removed")
        if tag in creators:
            rule = Rule(Verb.KEEP, "E.3.10-1: the creator of safe attributes")
        else:
            rule = self._rule(source, item, place)
        return self._carry_out(_Subject(raw, item, source, place, rule))

    def _rule(self, source: Dataset, item: DataElement, place: _Place) -> Rule:
        tag, keyword = int(item.tag), item.keyword
        if tag >> 16 == 0x7FE0 and place.keywords:
            return Rule(Verb.REMOVE, "an image inside of a sequence cannot be checked")
        type_ = type_of(self._sop_class, (*place.keywords, keyword)) if keyword else ""
        rule = rule_for(tag, item.VR, type_, self._profile, _is_known(tag, keyword))
        if rule.verb is Verb.REMOVE and self._references_live and self._profile.code_for(tag) == "X/Z/U*":
            return Rule(Verb.RECURSE, f"{rule.reason}; the object lists what it refers to, so its references must live")
        if rule.verb is Verb.SAFE_PRIVATE:
            return safe_private_rule(source, item, self._profile)
        return rule

    def _carry_out(self, subject: _Subject) -> Element | None:
        item, verb = subject.item, subject.rule.verb
        if verb is Verb.OURS and not subject.place.keywords:
            return None
        if verb in (Verb.REMOVE, Verb.OURS):
            return self._without(item, subject.place, subject.rule.reason)
        if subject.tag in (PATIENT_NAME, PATIENT_ID) and verb in (Verb.EMPTY, Verb.DUMMY):
            return self._pseudonym(subject)
        if verb is Verb.RECURSE:
            return self._sequence(subject)
        if verb is Verb.EMPTY:
            empty: Any = Sequence() if item.VR == "SQ" else None if item.VR in BINARY else ""
            return self._changed(subject, empty, Action.EMPTIED)
        return self._kept(subject) if item.is_empty else self._with_value(subject)

    def _with_value(self, subject: _Subject) -> Element | None:
        item, verb = subject.item, subject.rule.verb
        result: Element | None
        if subject.tag >> 16 == 0x7FE0:
            result = self._pixels(subject)
        elif verb is Verb.MAP_UID:
            result = self._changed(subject, self._mapped(item), Action.REMAPPED)
        elif verb is Verb.DUMMY or (verb is Verb.SCRUB and subject.place.blank and item.VR in FREE_TEXT):
            result = self._changed(subject, self._dummy(item), Action.REPLACED)
        elif verb is Verb.SHIFT and not self._already_shifted:
            result = self._changed(subject, _shifted(subject), Action.SHIFTED)
        elif verb in (Verb.SCRUB, Verb.RETAIN):
            result = self._scrubbed(subject)
        else:
            result = self._kept(subject)
        return result

    # --- values ------------------------------------------------------------------------------

    def _pseudonym(self, subject: _Subject) -> Element:
        source, place = subject.source, subject.place
        patient = place.patient
        if any(self._identities.is_our_code(value.partition("^")[0]) for value in values_of(subject.item)):
            return self._kept(subject)
        if place.keywords and text_of(source, "PatientID"):
            patient = self._identities.patient(*identity_of(source))
        value = patient.name if subject.tag == PATIENT_NAME else patient.pseudonym
        return self._changed(subject, value, Action.REPLACED)

    def _mapped(self, item: DataElement) -> list[str]:
        return [self._mapped_uid(value.strip("\0 "), int(item.tag)) for value in values_of(item)]

    def _mapped_uid(self, uid: str, tag: int) -> str:
        listed = self._profile.code_for(tag) == "U"
        if not uid or uid in UID_dictionary or (uid.startswith(_STANDARD_ROOT) and not listed):
            return uid
        return self._identities.uid(uid)

    def _dummy(self, item: DataElement) -> object:
        if item.VR in ("LO", "SH", "UC") and item.keyword.endswith(("ID", "Identifier")):
            return self._identities.code(item.keyword, values_of(item)[0])
        if item.keyword == "CodingSchemeDesignator":
            return "99REMOVED"
        return dummy(item.VR)

    def _scrubbed(self, subject: _Subject) -> Element | None:
        item = subject.item
        if item.VR in BINARY:
            if isinstance(item.value, bytes) and self._scrubber.in_bytes(item.value):
                return self._without(item, subject.place, "an identifier was found in it")
            return self._kept(subject)
        values = values_of(item)
        known_only = subject.rule.verb is Verb.RETAIN
        clean = [
            str(dummy(item.VR)) if self._scrubber.in_text(value, item, subject.source, known_only) else value
            for value in values
        ]
        if tuple(clean) == values:
            return self._kept(subject)
        found = f"{subject.rule.reason} an identifier or something like one was found in it".strip()
        return self._changed(replace(subject, rule=Rule(Verb.DUMMY, found)), clean, Action.REPLACED)

    def _pixels(self, subject: _Subject) -> Element:
        raw, item = subject.raw, subject.item
        cleaned = cleaned_pixels(subject.source, raw, item, self._little_endian)
        if cleaned is None:
            return self._kept(subject)
        reason = "hidden bits or comments blanked; the picture is as it was"
        self._record(item, subject.place, Action.CLEANED, shown(item), reason)
        if isinstance(raw, RawDataElement) and self._keep_raw:
            return raw._replace(value=cleaned)
        changed = element(subject.tag, item.VR, cleaned)
        changed.is_undefined_length = item.is_undefined_length
        return changed

    def _sequence(self, subject: _Subject) -> DataElement:
        item, place, reason = subject.item, subject.place, subject.rule.reason
        self._record(item, place, Action.KEPT, shown(item), reason or "its items follow")
        identity = reason.startswith("E.1-1: ") and ": K" not in reason and item.keyword not in _CONTENT
        below = (*place.keywords, item.keyword or f"{subject.tag:08X}")
        parts = []
        for index, part in enumerate(item.value or ()):
            path = f"{place.path}({item.tag.group:04X},{item.tag.element:04X})[{index}]/"
            parts.append(self._dataset(part, _Place(place.patient, below, path, place.blank or identity)))
        return element(subject.tag, "SQ", Sequence(parts))

    # --- what became of it -----------------------------------------------------------------------

    def _kept(self, subject: _Subject) -> Element:
        if self._record_kept:
            self._record(subject.item, subject.place, Action.KEPT, shown(subject.item), subject.rule.reason)
        return subject.raw if self._keep_raw and isinstance(subject.raw, RawDataElement) else subject.item

    def _without(self, item: Element, place: _Place, reason: str) -> Element | None:
        self._record(item, place, Action.REMOVED, "", reason)
        return None

    def _changed(self, subject: _Subject, value: Any, action: Action) -> Element:
        item = subject.item
        new = element(subject.tag, item.VR, value[0] if isinstance(value, list) and len(value) == 1 else value)
        if item.is_empty and new.is_empty:
            return self._kept(subject)
        same = new.value == item.value if item.VR in BINARY else values_of(new) == values_of(item)
        if item.VR != "SQ" and same:
            return self._kept(subject)
        self._record(item, subject.place, action, shown(new), subject.rule.reason)
        return new

    def _record(self, item: Element, place: _Place, action: Action, after: str, reason: str) -> None:
        if action is Action.KEPT and not self._record_kept:
            return
        tag = int(item.tag)
        keyword = item.keyword if tag and isinstance(item, DataElement) else ""
        before = shown(item) if action is not Action.ADDED else ""
        self._changes.append(
            ElementChange(place.path, tag, keyword, _name(tag), item.VR or "", action, before, after, reason)
        )

    def _say_what_was_done(self, original: Dataset, result: Dataset) -> None:
        """The attributes by which others know what was done (PS3.15 E.1.1 items 6 to 8)."""
        place = _Place(PatientIdentity("", "", 0))
        codes = Sequence(_code_item(value, meaning) for value, meaning in self._profile.method_codes)
        for new in (
            element(0x00120062, "CS", "YES"),
            element(0x00120063, "LO", self._profile.method_text),
            element(0x00120064, "SQ", codes),
            element(0x00280303, "CS", self._profile.longitudinal),
        ):
            before = original.get(new.tag)
            action = Action.KEPT if before == new else Action.ADDED if before is None else Action.REPLACED
            self._record(before if before is not None else new, place, action, shown(new), "PS3.15 E.1.1")
            result[new.tag] = new

    def _container(self, original: Dataset, result: Dataset, syntax: str) -> None:
        """New file meta information and an empty preamble: nothing of the old ones survives (PS3.10 7.1)."""
        meta = new_meta(result, syntax)
        place = _Place(PatientIdentity("", "", 0), path="file meta/")
        for old in getattr(original, "file_meta", None) or ():
            if old.tag.element == 0:
                continue
            new = meta.get(old.tag)
            if new is None:
                self._record(old, place, Action.REMOVED, "", "the meta information is written anew")
            else:
                remapped = Action.REMAPPED if int(old.tag) == 0x00020003 else Action.REPLACED
                self._record(old, place, Action.KEPT if new.value == old.value else remapped, shown(new), "")
        preamble: Any = getattr(original, "preamble", None)
        if preamble and preamble != EMPTY_PREAMBLE:
            self._record(element(0, "OB", preamble), place, Action.EMPTIED, "", "the preamble may hold anything")
        result.file_meta = meta
        result.preamble = EMPTY_PREAMBLE


def _shifted(subject: _Subject) -> list[str]:
    vr, days = subject.item.VR, subject.place.patient.shift_days
    return [shifted(vr, value, days) or str(dummy(vr)) for value in values_of(subject.item)]


def _code_item(value: str, meaning: str) -> Dataset:
    item = Dataset()
    item.add(element(0x00080100, "SH", value))
    item.add(element(0x00080102, "SH", "DCM"))
    item.add(element(0x00080104, "LO", meaning))
    return item


def _is_known(tag: int, keyword: str) -> bool:
    return bool(keyword) or dictionary_has_tag(tag) or repeater_has_tag(tag)


def _name(tag: int) -> str:
    if tag == 0:
        return "Preamble"
    try:
        return dictionary_description(tag)
    except KeyError:
        return "Private" if tag >> 16 & 1 else "Unknown"
