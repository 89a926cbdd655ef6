"""Whether a value that the table lets stand holds an identifier after all (PS3.15 E.1.1)."""

from __future__ import annotations

from pydicom import Dataset
from pydicom.dataelem import DataElement

from workstation.deidentify.charsets import encodings_of
from workstation.deidentify.harvest import text_of
from workstation.deidentify.identifiers import Identifiers
from workstation.deidentify.suspicions import looks_identifying
from workstation.deidentify.texts import FREE_TEXT
from workstation.deidentify.words import listed

# Values in the form of a number or a date that are none: what they say is defined elsewhere.
_DEFINED_FORMS = listed(
    """
    CodeValue LongCodeValue URNCodeValue CodingSchemeVersion CodingSchemeURL CodingSchemeURLType
    CodingSchemeRegistry CodingSchemeName CodingSchemeDesignator CodeMeaning TimezoneOffsetFromUTC
    ContextIdentifier MappingResource
    """
)
_CODE_ELEMENTS = frozenset({"CodeValue", "LongCodeValue", "URNCodeValue", "CodeMeaning"})
_SHORT_ENOUGH_TO_READ = 64 * 1024


def is_strict(item: DataElement, dataset: Dataset) -> bool:
    """Whether a name that is also a medical word counts here: not in code strings nor in codes of a public scheme."""
    if item.VR == "CS":
        return False
    if item.keyword not in _CODE_ELEMENTS:
        return True
    scheme = text_of(dataset, "CodingSchemeDesignator")
    return not scheme or scheme.startswith("99")


class Scrubber:
    """Searches values for the identifiers of one patient and for what looks like one."""

    def __init__(self, identifiers: Identifiers) -> None:
        self._identifiers = identifiers
        self._texts, self._numbers = identifiers.byte_patterns()

    def use_character_set(self, dataset: Dataset) -> None:
        self._texts, self._numbers = self._identifiers.byte_patterns(encodings_of(dataset))

    def in_text(self, value: str, item: DataElement, dataset: Dataset, known_only: bool = False) -> bool:
        """Whether a known identifier stands in `value`, or, unless `known_only`, what merely looks like one."""
        if item.VR in ("DS", "IS"):
            return self._identifiers.is_number(value)
        if self._identifiers.found_in(value, is_strict(item, dataset)):
            return True
        return (
            not known_only and item.VR in FREE_TEXT and item.keyword not in _DEFINED_FORMS and looks_identifying(value)
        )

    def in_bytes(self, value: bytes) -> bool:
        if any(text in value for text in self._texts):
            return True
        if self._numbers is not None and self._numbers.search(value) is not None:
            return True
        printable = len(value) <= _SHORT_ENOUGH_TO_READ and _is_text(value)
        return printable and self._identifiers.found_in(value.decode("latin-1"))


def _is_text(value: bytes) -> bool:
    readable = value.rstrip(b"\0")
    return bool(readable) and all(byte >= 32 or byte in b"\t\r\n\f" for byte in readable)
