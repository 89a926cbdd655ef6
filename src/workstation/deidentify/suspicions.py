"""Texts in the form of an identifier although nobody is known to bear it: dates, phones, mails, long numbers."""

from __future__ import annotations

import re

_PATTERNS = re.compile(
    r"""
    (?<!\d)(?:19|20)\d\d([-./ ]?)(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12]\d|3[01])(?!\d)      # 2019-03-05, 20190305
    | (?<!\d)(?:0?[1-9]|[12]\d|3[01])[-./](?:0?[1-9]|[12]\d|3[01])[-./](?:19|20)\d\d(?!\d)  # 5.3.2019, 03/05/2019
    | (?<![A-Za-z\d])\d{1,2}[-. ]?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[-., ]*(?:19|20)\d\d
    | [\w.+-]+@[\w-]+\.[\w.-]+                                                          # mail address
    | (?<![\w.])\+\d[\d ()/.-]{6,}\d                                                    # +41 61 265 25 25
    | (?<!\d)\(?\d{3}\)?[ -]\d{3}[ -]\d{4}(?!\d)                                        # 555 123-4567
    | (?-i:\b(?:Dr|Mr|Mrs|Ms|Prof|Herr|Frau|Mme)\b\.?\ +[A-Z]\w+)                       # Dr. Smith, not MR Imaging
    | \b(?:dr|mrs|prof)\.\ *[A-Z]\w+                                                   # DR. SMITH
    | (?<![\d.])\d{7,}(?![\d.])                                                         # a long number
    | https?://
    | (?<![\d.])\d+(?:\.\d+){6,}                                                        # a UID
    """,
    re.VERBOSE | re.IGNORECASE,
)


def looks_identifying(text: str) -> bool:
    """Whether `text` holds something in the form of a date, a phone number, an address or a personal title."""
    return _PATTERNS.search(text) is not None
