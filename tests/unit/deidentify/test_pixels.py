from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image
from pydicom import Dataset
from pydicom.encaps import encapsulate

from workstation.deidentify.pixel_element import cleaned_pixels, has_whole_fragments
from workstation.deidentify.pixels import blank_comments, clear_unused_bits, has_unblankable_metadata
from workstation.deidentify.texts import element


def described(allocated: int, stored: int, high: int, signed: int = 0) -> Dataset:
    ds = Dataset()
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = allocated, stored, high, signed
    return ds


def stored_values(words: np.ndarray, stored: int, high: int, signed: int) -> np.ndarray:
    values = (words.astype(np.int64) >> (high + 1 - stored)) & ((1 << stored) - 1)
    return np.where(values >> (stored - 1), values - (1 << stored), values) if signed else values


@given(
    arrays.arrays(np.uint16, 12),
    st.integers(1, 16).flatmap(lambda stored: st.tuples(st.just(stored), st.integers(stored - 1, 15))),
    st.integers(0, 1),
    st.booleans(),
)
def test_clearing_keeps_stored_values_and_leaves_no_other_bit(words, bits, signed, little) -> None:
    stored, high = bits
    order = "<u2" if little else ">u2"
    ds = described(16, stored, high, signed)
    cleared = clear_unused_bits(ds, words.astype(order).tobytes(), little)
    result = np.frombuffer(cleared, order)
    assert (stored_values(result, stored, high, signed) == stored_values(words, stored, high, signed)).all()
    if stored < 16:
        above = result >> (high + 1) if high < 15 else np.zeros_like(result)
        sign = (result >> high) & 1 if signed else np.zeros_like(result)
        assert (above == sign * ((1 << (15 - high)) - 1)).all()
        assert not (result & ((1 << (high + 1 - stored)) - 1)).any()
    assert clear_unused_bits(ds, cleared, little) == cleared


def test_sign_extended_pixels_stay_byte_for_byte() -> None:
    value = np.array([-1024, -1, 0, 2047], dtype="<i2").tobytes()
    assert clear_unused_bits(described(16, 12, 11, 1), value, True) == value


@pytest.mark.parametrize("bits", [(16, 0, 11), (16, 17, 16), (16, 12, 10), (12, 12, 11), (1, 1, 0)])
def test_contradicting_bits_change_nothing(bits: tuple[int, int, int]) -> None:
    assert clear_unused_bits(described(*bits), b"\xff" * 8, True) == b"\xff" * 8


def encoded(kind: str, **options: object) -> bytes:
    buffer = BytesIO()
    image = Image.fromarray((np.arange(64 * 64 * 3) % 251).astype(np.uint8).reshape(64, 64, 3))
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def test_comments_and_exif_of_a_jpeg_are_blanked_and_the_picture_stays() -> None:
    exif = Image.Exif()
    exif[0x010E] = "Murgatroydson"
    original = encoded("JPEG", comment=b"Murgatroydson", exif=exif)
    blanked, count = blank_comments(original)
    assert count >= 2
    assert b"Murgatroydson" in original
    assert b"Murgatroydson" not in blanked
    assert len(blanked) == len(original)
    assert (np.asarray(Image.open(BytesIO(blanked))) == np.asarray(Image.open(BytesIO(original)))).all()
    assert blank_comments(blanked) == (blanked, 0)


def test_segments_that_decide_the_decoding_stay() -> None:
    adobe = b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x01"
    jfif = b"\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
    stream = b"\xff\xd8" + jfif + adobe + b"\xff\xd9"
    assert blank_comments(stream) == (stream, 0)


def test_a_comment_between_the_scans_of_a_progressive_jpeg_is_blanked() -> None:
    original = encoded("JPEG", progressive=True)
    second_scan = original.index(b"\xff\xda", original.index(b"\xff\xda") + 2)
    comment = b"\xff\xfe\x00\x0fMurgatroydson"
    planted = original[:second_scan] + comment + original[second_scan:]
    assert b"Murgatroydson" not in blank_comments(planted)[0]


def test_comments_of_a_jpeg_2000_codestream_are_blanked_and_the_picture_stays() -> None:
    boxed = encoded("JPEG2000", comment="Murgatroydson", irreversible=False)
    bare = boxed[boxed.index(b"\xff\x4f\xff\x51") :]
    for original in (boxed, bare):
        blanked, count = blank_comments(original)
        assert b"Murgatroydson" in original
        assert b"Murgatroydson" not in blanked
        assert count >= 1
        assert (np.asarray(Image.open(BytesIO(blanked))) == np.asarray(Image.open(BytesIO(original)))).all()


def test_metadata_boxes_of_jpeg_xl_are_blanked_and_compressed_ones_reported() -> None:
    signature = b"\x00\x00\x00\x0cJXL \r\n\x87\n"
    box = (21).to_bytes(4) + b"xml " + b"Murgatroydson"
    assert b"Murgatroydson" not in blank_comments(signature + box)[0]
    assert has_unblankable_metadata(signature + (12).to_bytes(4) + b"jbrd1234")
    assert not has_unblankable_metadata(signature + box)


@given(st.binary(max_size=200), st.sampled_from([b"\xff\xd8", b"\xff\x4f\xff\x51", b"\x00\x00\x00\x0cjP  \r\n\x87\n"]))
def test_damaged_streams_keep_their_length(noise: bytes, start: bytes) -> None:
    assert len(blank_comments(start + noise)[0]) == len(start + noise)


def test_a_comment_across_fragments_of_one_frame_is_blanked() -> None:
    stream = b"\xff\xd8\xff\xfe\x00\x10Murgatroydson1\xff\xd9"
    value = encapsulate([stream, stream], fragments_per_frame=2)
    pixels = element(0x7FE00010, "OB", value)
    pixels.is_undefined_length = True
    cleaned = cleaned_pixels(Dataset(), pixels, pixels, True)
    assert cleaned is not None
    assert len(cleaned) == len(value)
    assert b"Murga" not in cleaned
    assert b"dson1" not in cleaned


def test_fragments_that_do_not_add_up_are_noticed() -> None:
    value = encapsulate([b"\xff\xd8\xff\xd9"])
    assert has_whole_fragments(value)
    assert not has_whole_fragments(value[:-1])
    assert not has_whole_fragments(value + b"left over")
