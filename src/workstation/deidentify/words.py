"""Text as words: case, accents and punctuation away, so that one spelling of an identifier finds the others."""

from __future__ import annotations

import re
import unicodedata

_WORD = re.compile(r"[^\W_]+")
_UNSPACED = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]")
_GERMANIC = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa", "æ": "ae", "œ": "oe", "ß": "ss"})


def folded(text: str) -> str:
    """Lower case, width and compatibility forms unified, accents dropped."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return unicodedata.normalize("NFC", "".join(c for c in decomposed if not unicodedata.combining(c) or c in "゙゚"))


def words_of(text: str) -> tuple[str, ...]:
    """The words and numbers of `text`, folded."""
    return tuple(_WORD.findall(folded(text)))


def transliterated(text: str) -> str:
    """`Müller` as `mueller`: how names are written where there are no accents."""
    return text.casefold().translate(_GERMANIC)


def is_unspaced(text: str) -> bool:
    """Whether `text` is in a script that does not part words with spaces."""
    return _UNSPACED.search(text) is not None


def listed(text: str) -> frozenset[str]:
    """The blank-separated words of `text`, for the long lists of keywords and words in this room."""
    return frozenset(text.split())
