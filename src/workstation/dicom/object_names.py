"""What a SOP class is called, without the word Storage (PS3.4 B.5)."""

from __future__ import annotations

import pydicom


def class_name(uid: str) -> str:
    """`CT Image`; empty for a UID that the standard does not know."""
    name = pydicom.uid.UID(uid).name if uid else ""
    if not name or name == uid:
        return ""
    words = name.replace(" Storage - For Presentation", "").replace(" Storage - For Processing", "")
    return words.removesuffix(" (Retired)").removesuffix(" Storage")
