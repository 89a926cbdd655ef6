from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workstation.jobs.codec import CannotRestore, decode, encode


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True)
class Inner:
    number: int
    ratio: float = 1.0


@dataclass(frozen=True)
class Outer:
    kind: ClassVar[str] = "outer"

    text: str
    flag: bool = False
    maybe: int | None = None
    words: tuple[str, ...] = ()
    pair: tuple[str, int] = ("", 0)
    inner: Inner = Inner(0)
    inners: tuple[Inner, ...] = ()
    colour: Colour = Colour.RED
    path: Path = Path()
    options: Mapping[str, int] | None = None
    names: frozenset[str] = frozenset()
    either: Inner | str = ""
    numbers: Sequence[int] = ()
    anything: Any = None


inners = st.builds(Inner, st.integers(), st.floats(allow_nan=False))
outers = st.builds(
    Outer,
    text=st.text(),
    flag=st.booleans(),
    maybe=st.none() | st.integers(),
    words=st.lists(st.text()).map(tuple),
    pair=st.tuples(st.text(), st.integers()),
    inner=inners,
    inners=st.lists(inners).map(tuple),
    colour=st.sampled_from(Colour),
    path=st.just(Path("a/b")),
    options=st.none() | st.dictionaries(st.text(), st.integers()),
    names=st.frozensets(st.text()),
    either=inners | st.text(),
    numbers=st.lists(st.integers()),
    anything=st.none() | st.text(),
)


@given(outers)
def test_what_is_encoded_is_decoded_equal(value: Outer) -> None:
    assert decode(Outer, encode(value)) == value


def test_a_field_that_is_new_takes_its_default() -> None:
    assert decode(Outer, '{"text": "x"}') == Outer("x")


def test_a_whole_number_is_a_float_where_one_is_expected() -> None:
    assert decode(Inner, '{"number": 1, "ratio": 2}') == Inner(1, 2.0)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"text": 1}',
        '{"text": "x", "unknown": 1}',
        '{"text": "x", "flag": 1}',
        '{"text": "x", "maybe": true}',
        '{"text": "x", "maybe": "1"}',
        '{"text": "x", "words": "abc"}',
        '{"text": "x", "pair": ["a"]}',
        '{"text": "x", "inner": {"ratio": 1}}',
        '{"text": "x", "colour": "green"}',
        '{"text": "x", "options": [1]}',
    ],
)
def test_what_does_not_fit_is_refused(text: str) -> None:
    with pytest.raises(CannotRestore):
        decode(Outer, text)


def test_what_the_journal_could_not_keep_is_refused_before_the_job_begins() -> None:
    with pytest.raises(TypeError):
        encode(Outer("x", either=object()))  # type: ignore[arg-type]
