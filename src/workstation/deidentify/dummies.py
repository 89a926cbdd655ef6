"""Values that say nothing, valid for their VR, for attributes that may not be empty (PS3.15 Table E.1-1a: D)."""

from __future__ import annotations

from datetime import date, timedelta

REMOVED = "REMOVED"
_DUMMIES: dict[str, object] = {
    "AE": REMOVED,
    "AS": "000Y",
    "CS": REMOVED,
    "DA": "19000101",
    "DS": "0",
    "DT": "19000101000000",
    "IS": "0",
    "PN": "REMOVED^REMOVED",
    "TM": "000000",
    "UR": "urn:removed",
    **dict.fromkeys(("LO", "LT", "SH", "ST", "UC", "UT"), REMOVED),
    **dict.fromkeys(("OB", "OD", "OF", "OL", "OV", "OW", "UN"), b"\0" * 8),
    **dict.fromkeys(("SL", "SS", "SV", "UL", "US", "UV"), 0),
    **dict.fromkeys(("FD", "FL"), 0.0),
    "AT": 0,
}
_SHORTEST = date(1900, 1, 1)


def dummy(vr: str) -> object:
    """The dummy for `vr`."""
    return _DUMMIES.get(vr, REMOVED)


def shifted(vr: str, text: str, days: int) -> str | None:
    """A DA or DT value moved by `days`, its time and precision as they were; a TM as it is; None when it is no date."""
    if vr == "TM":
        return text if text.replace(".", "").replace(":", "").isdigit() else None
    text = text.strip()
    digits = text[:8].replace(".", "") if "." in text[:8] else text[:8]
    precision = min(len(digits), 8)
    rest = text[8:] if vr == "DT" else ""
    offset = ""
    if vr == "DT":
        for sign in "+-":
            if sign in text[:8]:
                digits, _, zone = text.partition(sign)
                precision, rest, offset = len(digits), "", sign + zone
    if precision not in (4, 6, 8) or not digits.isdigit() or (vr == "DA" and precision != 8):
        return None
    try:
        day = date(int(digits[:4]), int(digits[4:6] or 1), int(digits[6:8] or 1)) + timedelta(days=days)
    except (ValueError, OverflowError):
        return None
    return max(day, _SHORTEST).strftime("%Y%m%d")[:precision] + rest + offset
