"""The known identifiers of one patient, and where they stand in a text or in bytes, in whatever spelling.

Names are found by part and by whole, in either order, glued or parted by any punctuation, with or
without accents; IDs and dates in their usual notations. Words that are also medical words only
count in free text (`strict`), not in code strings and code meanings.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import pairwise

from workstation.deidentify.texts import in_encodings
from workstation.deidentify.vocabulary import is_vocabulary
from workstation.deidentify.words import folded, is_unspaced, listed, transliterated, words_of

Phrase = tuple[str, ...]
_PARTICLES = listed(
    """
    al bin da das de del della den der di dos du el la le san st ter van vom von y zu zum zur
    """
)
_MEANINGLESS = listed(
    """
    anon anonymized anonymised anonymous deidentified none no null na nil not unknown unspecified removed dummy
    test dr md mr mrs ms prof professor doctor phd jr sr
    """
)
_MONTH_NAMES = "january february march april may june july august september october november december"
_LONG_MONTHS = tuple(words_of(_MONTH_NAMES))
_MONTHS = tuple(name[:3] for name in _LONG_MONTHS)
_SHORTEST_SUBSTRING = 5  # a part of a name as long as this counts inside of longer words as well
_SHORTEST_IN_BYTES = 6
_LONGEST_TEXT_CACHE = 20_000
_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})")


class Identifiers:
    """What must not be found. Filled by `harvest`, then only asked."""

    def __init__(self) -> None:
        self._phrases: dict[str, set[Phrase]] = {}  # by first word
        self._medical: set[Phrase] = set()
        self._substrings: set[str] = set()
        self._unspaced: set[str] = set()
        self._raw: set[str] = set()
        self._numbers: set[str] = set()
        self._seen: set[tuple[str, str]] = set()
        self._answers: dict[tuple[str, bool], bool] = {}

    def __len__(self) -> int:
        return len(self._seen)

    def add_name(self, value: str) -> None:
        """A PN value with all its component groups (PS3.5 6.2.1.2), or a name as people write it."""
        if not self._is_new("name", value):
            return
        for group in value.split("="):
            components = [component.strip() for component in group.split("^")]
            if len(components) == 1 and " " in components[0]:
                self._add_whole(words_of(components[0]))
            named = [component for component in components[:3] if component and not _says_nothing(words_of(component))]
            for component in named:
                self._add_name_part(component)
            for first, second in pairwise(named):
                self._add_whole(words_of(f"{first} {second}"))
                self._add_whole(words_of(f"{second} {first}"))
            if len(named) > 1:
                self._raw.add(group.strip())

    def add_id(self, value: str) -> None:
        """An identifier as a whole: a patient ID, an accession number, an institution, an address."""
        value = value.strip()
        if not self._is_new("id", value) or self.add_date(value):
            return
        words = words_of(value)
        glued = "".join(words)
        if len(glued) < 3 or len(set(glued)) == 1 or _says_nothing(words):
            return
        if is_unspaced(value):
            self._add_unspaced(value)
            return
        self._add_phrase(words)
        if len(words) > 1 and len(glued) >= _SHORTEST_SUBSTRING:
            self._add_phrase((glued,))
        if not is_vocabulary(words) and not value.isdigit() and len(value) >= _SHORTEST_IN_BYTES:
            self._raw.add(value)
        if value.isdigit() and len(value) >= _SHORTEST_IN_BYTES:
            self._numbers.add(value)

    def add_date(self, value: str) -> bool:
        """A DA value or the date of a DT value, in the spellings of free text; whether it is a date."""
        match = _DATE.fullmatch(value.strip())
        if match is None:
            return False
        try:
            day = date(int(match[1]), int(match[2]), int(match[3]))
        except ValueError:
            return False
        if not 1900 < day.year < 2100:  # 1900-01-01 is our dummy
            return False
        if self._is_new("date", value):
            for phrase in _spellings(day):
                self._add_phrase(phrase)
        return True

    def found_in(self, text: str, strict: bool = True) -> bool:
        """Whether any identifier stands in `text`."""
        if len(text) > 256:
            return self._found(text, strict)
        key = (text, strict)
        answer = self._answers.get(key)
        if answer is None:
            if len(self._answers) > _LONGEST_TEXT_CACHE:
                self._answers.clear()
            answer = self._answers[key] = self._found(text, strict)
        return answer

    def is_number(self, text: str) -> bool:
        """Whether a numeric text is as a whole a number that identifies (a series numbered by the patient's ID)."""
        return text.strip() in self._numbers

    def byte_patterns(self, encodings: tuple[str, ...] = ()) -> tuple[tuple[bytes, ...], re.Pattern[bytes] | None]:
        """What to search in raw bytes: texts in every encoding, and numbers that must stand alone.

        Short ones are left to the search by element: in the bytes of an image they occur by chance.
        """
        texts: set[bytes] = set()
        for raw in self._raw:
            for spelling in {raw, raw.lower(), raw.upper(), raw.title()}:
                texts |= {b for b in in_encodings(spelling, encodings) if len(b) >= _SHORTEST_IN_BYTES}
        numbers = sorted(number.encode() for number in self._numbers)
        alone = re.compile(rb"(?<![0-9.])(?:" + b"|".join(numbers) + rb")(?![0-9.])") if numbers else None
        return tuple(sorted(texts)), alone

    def _found(self, text: str, strict: bool) -> bool:
        words = words_of(text)
        if any(self._starts_at(words, index, strict) for index in range(len(words))):
            return True
        spelled = transliterated(text)
        if not text.isascii() and spelled != text:
            other = words_of(spelled)
            if any(self._starts_at(other, index, strict) for index in range(len(other))):
                return True
        joined = folded(text)
        return any(part in joined for part in self._substrings) or any(part in text for part in self._unspaced)

    def _starts_at(self, words: tuple[str, ...], index: int, strict: bool) -> bool:
        candidates = self._phrases.get(words[index])
        return candidates is not None and any(
            words[index : index + len(phrase)] == phrase and (strict or phrase not in self._medical)
            for phrase in candidates
        )

    def _add_name_part(self, component: str) -> None:
        if is_unspaced(component):
            self._add_unspaced(component)
            return
        parts = words_of(component)
        if len(component) >= _SHORTEST_IN_BYTES and not is_vocabulary(parts):
            self._raw.add(component)
        self._add_whole(parts)
        for part in parts:
            self._add_single(part)
        spelled = words_of(transliterated(component))
        if spelled != parts:
            self._add_whole(spelled)
            for part in spelled:
                self._add_single(part)

    def _add_single(self, word: str) -> None:
        if len(word) < 2 or word in _PARTICLES or _says_nothing((word,)) or word.isdigit():
            return
        self._add_phrase((word,))
        if len(word) >= _SHORTEST_SUBSTRING and not is_vocabulary((word,)):
            self._substrings.add(word)
            if len(word) >= _SHORTEST_IN_BYTES:
                self._raw.add(word)

    def _add_whole(self, words: Phrase) -> None:
        if len(words) < 2 or all(word in _MEANINGLESS or word in _PARTICLES for word in words):
            return
        self._add_phrase(words)
        if len("".join(words)) >= _SHORTEST_SUBSTRING:
            self._add_phrase(("".join(words),))

    def _add_phrase(self, words: Phrase) -> None:
        if not words:
            return
        self._phrases.setdefault(words[0], set()).add(words)
        if is_vocabulary(words):
            self._medical.add(words)

    def _add_unspaced(self, text: str) -> None:
        text = text.strip()
        if len(text) >= 2:
            self._unspaced.add(text)
            self._raw.add(text)

    def _is_new(self, kind: str, value: str) -> bool:
        if not value.strip() or (kind, value) in self._seen:
            return False
        self._seen.add((kind, value))
        self._answers.clear()
        return True


def _says_nothing(words: Phrase) -> bool:
    return all(word in _MEANINGLESS or len(set(word)) == 1 for word in words)  # "XXXXX" masks and does not name


def _spellings(day: date) -> Iterator[Phrase]:
    year, month, number = f"{day.year:04}", f"{day.month:02}", f"{day.day:02}"
    yield (f"{year}{month}{number}",)
    yield (f"{number}{month}{year}",)
    yield (f"{month}{number}{year}",)
    yield (year, month, number)
    short = year[2:]
    for a_month, a_day in _paddings((month, str(day.month)), (number, str(day.day))):
        for a_year in (year, short):
            yield (a_day, a_month, a_year)
            yield (a_month, a_day, a_year)
        yield (year, a_month, a_day)
    for name in (_MONTHS[day.month - 1], _LONG_MONTHS[day.month - 1]):
        for a_day in {number, str(day.day)}:
            for a_year in (year, short):
                yield (a_day, name, a_year)
                yield (name, a_day, a_year)
                yield (f"{a_day}{name}{a_year}",)


def _paddings(months: tuple[str, str], days: tuple[str, str]) -> Iterable[tuple[str, str]]:
    return {(month, day) for month in months for day in days}
