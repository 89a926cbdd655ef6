"""Attribute keywords of PS3.6, for those who type them."""

from __future__ import annotations

import difflib

import pydicom  # noqa: F401 - before its parts, or two threads see it half loaded
from pydicom.datadict import keyword_dict


def is_keyword(text: str) -> bool:
    """Whether `text` is the keyword of a standard attribute, in its exact spelling."""
    return text in keyword_dict


def similar_keywords(text: str, count: int = 3) -> list[str]:
    """Keywords that `text` may have meant, the likeliest first; capitals do not matter."""
    spelling = {keyword.casefold(): keyword for keyword in keyword_dict if keyword}
    wanted = text.casefold()
    if wanted in spelling:
        return [spelling[wanted]]
    return [spelling[found] for found in difflib.get_close_matches(wanted, spelling, n=count, cutoff=0.6)]
