"""Unique identifiers: what may be trusted as one (PS3.5 chapter 9)."""

from __future__ import annotations

import re

_UID = re.compile(r"[0-9]+(\.[0-9]+)*")
MAXIMUM_LENGTH = 64
IMPLEMENTATION_CLASS_UID = "2.25.333204021656644225067897451572068575248"  # ours, of what we write (PS3.7 D.3.3.2)
IMPLEMENTATION_VERSION_NAME = "WORKSTATION"


def is_valid_uid(value: str) -> bool:
    """Whether `value` consists of dotted digits, 64 at most (PS3.5 section 9.1).

    Leading zeros in a component are tolerated: many devices write them, and they cannot harm.
    """
    return len(value) <= MAXIMUM_LENGTH and _UID.fullmatch(value) is not None
