"""Texts in the character sets of DICOM: the examples of PS3.5 annexes H to K, and what devices make of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workstation.dicom.code_extensions import decode_text, encode_text

# PS3.5 H.3.1, H.3.2, I.2, K.2 (name and bytes); ISO 2022 IR 6 named where the standard leaves the first value empty.
EXAMPLES = [
    (
        "Yamada^Tarou=山田^太郎=やまだ^たろう",
        "\\ISO 2022 IR 87",
        b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B",
    ),
    (
        "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう",
        "ISO 2022 IR 13\\ISO 2022 IR 87",
        b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J=\x1b$B$d$^$@\x1b(J^\x1b$B$?$m$&\x1b(J",
    ),
    (
        "Hong^Gildong=洪^吉洞=홍^길동",
        "\\ISO 2022 IR 149",
        b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf",
    ),
    (
        "Zhang^XiaoDong=张^小东=",
        "\\ISO 2022 IR 58",
        b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab=",
    ),
    ("山田*", "ISO 2022 IR 6\\ISO 2022 IR 87", b"\x1b$B;3ED\x1b(B*"),
    ("Buc^Jérôme", "ISO_IR 100", b"Buc^J\xe9r\xf4me"),
    ("Wang^XiaoDong=王^小东=", "GB18030", b"Wang^XiaoDong=\xcd\xf5^\xd0\xa1\xb6\xab="),
    ("Wang^XiaoDong=王^小東=", "ISO_IR 192", "Wang^XiaoDong=王^小東=".encode()),
]


@pytest.mark.parametrize(("text", "character_set", "data"), EXAMPLES)
def test_the_examples_of_the_standard_come_out_as_it_prints_them(text: str, character_set: str, data: bytes) -> None:
    assert encode_text(text, character_set) == data
    assert decode_text(data, character_set) == text


@given(st.lists(st.sampled_from("Aa^=* ÄéЖλ山田ｶﾅ홍길张小丂\\"), max_size=30).map("".join))
def test_what_is_written_is_read_again(text: str) -> None:
    every = "ISO 2022 IR 100\\ISO 2022 IR 144\\ISO 2022 IR 126\\ISO 2022 IR 87\\ISO 2022 IR 159\\ISO 2022 IR 13"
    for character_set in (f"{every}\\ISO 2022 IR 149\\ISO 2022 IR 58", "ISO_IR 192", "GB18030"):
        assert decode_text(encode_text(text, character_set), character_set) == text


@pytest.mark.parametrize(("text", "character_set"), [("山", "ISO_IR 100"), ("Ж", "\\ISO 2022 IR 87\\ISO 2022 IR 100")])
def test_what_no_set_holds_is_refused(text: str, character_set: str) -> None:
    if text == "Ж":
        assert decode_text(encode_text(text, character_set), character_set) == text  # JIS X 0208 has Cyrillic
        return
    with pytest.raises(UnicodeEncodeError):
        encode_text(text, character_set)


def test_chinese_without_its_escape_sequence_is_read_all_the_same() -> None:
    assert decode_text("张^小东".encode("gb2312"), "\\ISO 2022 IR 58") == "张^小东"


@given(st.binary(max_size=60), st.sampled_from(["\\ISO 2022 IR 87", "\\ISO 2022 IR 58\\ISO 2022 IR 149", "ISO_IR 192"]))
def test_no_bytes_can_break_the_reader(data: bytes, character_set: str) -> None:
    assert isinstance(decode_text(data, character_set), str)


def test_a_character_set_that_is_none_is_said_to_be_none() -> None:
    with pytest.raises(LookupError):
        decode_text(b"\xe9", "KLINGON")
