"""DIMSE statuses and rejections in the standard's words (PS3.7 annex C, PS3.4 B.2.3, C.4, PS3.8 9.3.4)."""

from __future__ import annotations

from pydicom import Dataset

from workstation.dicom import elements

SUCCESS = 0x0000
PENDING = (0xFF00, 0xFF01)
CANCELLED = 0xFE00
STORED_WITH_WARNING = (0xB000, 0xB006, 0xB007)
MOVE_DESTINATION_UNKNOWN = 0xA801

_GENERAL = {
    0x0000: "success",
    0x0105: "no such attribute",
    0x0106: "invalid attribute value",
    0x0107: "attribute list error",
    0x0110: "processing failure",
    0x0111: "duplicate SOP instance",
    0x0112: "no such SOP instance",
    0x0113: "no such event type",
    0x0114: "no such argument",
    0x0115: "invalid argument value",
    0x0116: "attribute value out of range",
    0x0117: "invalid SOP instance",
    0x0118: "no such SOP class",
    0x0119: "class-instance conflict",
    0x0120: "missing attribute",
    0x0121: "missing attribute value",
    0x0122: "SOP class not supported",
    0x0123: "no such action",
    0x0124: "not authorized",
    0x0210: "duplicate invocation",
    0x0211: "unrecognized operation",
    0x0212: "mistyped argument",
    0x0213: "resource limitation",
    0xFE00: "cancelled",
}
_RETRIEVE = {
    0xA701: "out of resources: unable to calculate number of matches",
    0xA702: "out of resources: unable to perform sub-operations",
    0xA801: "move destination unknown",
    0xA900: "identifier does not match SOP class",
    0xB000: "sub-operations complete, one or more failures or warnings",
}
_SPECIFIC = {
    "C-STORE": {
        0xB000: "coercion of data elements",
        0xB006: "elements discarded",
        0xB007: "data set does not match SOP class",
    },
    "C-FIND": {0xA700: "out of resources", 0xA900: "identifier does not match SOP class"},
    "C-GET": _RETRIEVE,
    "C-MOVE": _RETRIEVE,
}
_RANGES = {  # by the highest byte, or its high half
    "C-STORE": {
        0xA7: "out of resources",
        0xA9: "data set does not match SOP class",
        0xC: "cannot understand",
        0xB: "stored with a warning",
    },
    "C-FIND": {0xC: "unable to process"},
    "C-GET": {0xC: "unable to process"},
    "C-MOVE": {0xC: "unable to process"},
}

_LONGEST_COMMENT = 64  # LO

_RESULTS = {1: "rejected permanently", 2: "rejected transiently"}
_SOURCES = {
    1: "DICOM UL service-user",
    2: "DICOM UL service-provider (ACSE related function)",
    3: "DICOM UL service-provider (presentation related function)",
}
_REASONS = {
    (1, 1): "no reason given",
    (1, 2): "application context name not supported",
    (1, 3): "calling AE title not recognized",
    (1, 7): "called AE title not recognized",
    (2, 1): "no reason given",
    (2, 2): "protocol version not supported",
    (3, 1): "temporary congestion",
    (3, 2): "local limit exceeded",
}


def meaning(operation: str, status: int) -> str:
    """What `status` says in answer to `operation` (`C-STORE`, ...)."""
    known = _SPECIFIC.get(operation, {}).get(status) or _GENERAL.get(status)
    if known:
        return known
    ranges = _RANGES.get(operation, {})
    return ranges.get(status >> 8) or ranges.get(status >> 12) or "status not in the standard"


def in_words(operation: str, status: Dataset) -> str:
    """`said` for a status as pynetdicom gives it."""
    return said(operation, int(status.Status), comment_of(status))


def said(operation: str, code: int, comment: str) -> str:
    """Status, meaning and the peer's Error Comment (0000,0902) in one line."""
    comment = comment[:_LONGEST_COMMENT]
    return f"{code:04X} {meaning(operation, code)}" + (f" ({comment})" if comment else "")


def comment_of(status: Dataset) -> str:
    return elements.text(status, "ErrorComment")[:_LONGEST_COMMENT]


def rejection_in_words(result: int | None, source: int | None, reason: int | None) -> dict[str, str]:
    """Details for AssociationRejected (PS3.8 table 9-21)."""
    return {
        "result": _RESULTS.get(result or 0, f"result {result}"),
        "source": _SOURCES.get(source or 0, f"source {source}"),
        "reason": _REASONS.get((source or 0, reason or 0), f"reason {reason}"),
    }
