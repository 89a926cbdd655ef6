"""multipart/related read in pieces of any size."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workstation.network.dicomweb.multipart import Parts, Truncated, boundary_of

BOUNDARY = b"b0undary"


def body_of(parts: list[bytes]) -> bytes:
    body = b"preamble"
    for part in parts:
        body += b"\r\n--" + BOUNDARY + b"\r\nContent-Type: application/dicom\r\n\r\n" + part
    return body + b"\r\n--" + BOUNDARY + b"--\r\nepilogue"


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


# Contents that look like delimiters are the interesting ones.
tricky = st.binary(max_size=40) | st.lists(st.sampled_from([b"\r\n", b"--", BOUNDARY[:-1], b"\r", b"-", b"x"])).map(
    b"".join
)


@given(parts=st.lists(tricky, max_size=5), size=st.integers(1, 50))
def test_parts_come_out_as_they_went_in(parts: list[bytes], size: int) -> None:
    read = [b"".join(part) for part in Parts(pieces(body_of(parts), size), BOUNDARY)]

    assert read == parts


@given(size=st.integers(1, 50), cut=st.integers(1, 150))
def test_a_body_without_its_end_is_truncated(size: int, cut: int) -> None:
    body = body_of([b"a" * 100])
    whole = len(body) - len(b"\r\nepilogue")

    with pytest.raises(Truncated):
        for part in Parts(pieces(body[: max(0, whole - cut)], size), BOUNDARY):
            for _ in part:
                pass


def test_a_part_that_nobody_reads_is_passed_over() -> None:
    assert len(list(Parts(pieces(body_of([b"one", b"two"]), 7), BOUNDARY))) == 2


def test_a_header_without_end_is_refused() -> None:
    with pytest.raises(Truncated):
        list(Parts(iter([b"--" + BOUNDARY + b"\r\n" + b"x" * 100_000]), BOUNDARY))


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        ('multipart/related; type="application/dicom"; boundary="a b"', b"a b"),
        ("multipart/related;boundary=abc;type=x", b"abc"),
        ("Multipart/Related; BOUNDARY=abc", b"abc"),
        ("application/dicom", b""),
        ("application/dicom; boundary=abc", b""),
        ("", b""),
    ],
)
def test_the_boundary_is_named_by_the_content_type(content_type: str, expected: bytes) -> None:
    assert boundary_of(content_type) == expected
