"""Layouts of pixel data, fragments, and sizes that lie. Native codecs are met in tests/integration/dicom."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.dicom_files import image_dataset, write, write_encapsulated
from workstation.dicom import codestream
from workstation.dicom.codecs import registry, rle
from workstation.dicom.codecs.decoded import Decoded, Decoder
from workstation.dicom.codecs.rle import unpack_rle
from workstation.dicom.decode import ImageFile, decode_frame, decode_stored, frame_count
from workstation.domain.errors import DamagedFile, DecodeFailed, InputError, NoPixelData, UnsupportedObject

BIG_ENDIAN, RLE, DEFLATED_FRAMES = "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.8.1"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "image.dcm"


@pytest.mark.parametrize("kind", ["u1", "i1", "u2", "i2", "u4", "i4"])
def test_stored_values_come_back_in_their_type(path: Path, kind: str) -> None:
    info = np.iinfo(kind)
    stored = np.array([[info.min, 0, 1], [5, info.max - 1, info.max]], kind)
    assert np.array_equal(decode_stored(write(path, image_dataset(stored))), stored)


def test_bits_beyond_bits_stored_are_masked_and_the_sign_is_extended(path: Path) -> None:
    raw = np.array([[0xF7FF, 0x0800, 0x0FFF, 0x1000]], np.uint16)
    unsigned = image_dataset(raw, BitsStored=12, HighBit=11)
    assert decode_stored(write(path, unsigned)).tolist() == [[0x7FF, 0x800, 0xFFF, 0]]
    signed = image_dataset(raw, BitsStored=12, HighBit=11, PixelRepresentation=1)
    assert decode_stored(write(path, signed)).tolist() == [[0x7FF, -0x800, -1, 0]]


def test_bits_that_end_elsewhere_than_bit_stored_are_shifted(path: Path) -> None:
    raw = np.array([[0xABC5]], np.uint16)
    assert decode_stored(write(path, image_dataset(raw, BitsStored=12, HighBit=15))).tolist() == [[0xABC]]


def test_planes_and_pixels_give_the_same_colour(path: Path) -> None:
    colour = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    planes = np.ascontiguousarray(np.moveaxis(colour, -1, 0)).tobytes()
    assert np.array_equal(decode_stored(write(path, image_dataset(colour))), colour)
    planar = image_dataset(colour, PlanarConfiguration=1, PixelData=planes)
    assert np.array_equal(decode_stored(write(path, planar)), colour)


def test_ybr_becomes_rgb_and_partial_ybr_too(path: Path) -> None:
    grey = np.full((2, 2, 3), 128, np.uint8)
    frame = decode_frame(write(path, image_dataset(grey, PhotometricInterpretation="YBR_FULL")))
    assert frame.attributes.photometric_interpretation == "RGB"
    assert (frame.stored == 128).all()
    partial = image_dataset(
        np.zeros((1, 2, 3), np.uint8), PhotometricInterpretation="YBR_PARTIAL_422", PixelData=b"\x10\xeb\x80\x80"
    )
    assert decode_stored(write(path, partial)).tolist() == [[[0, 0, 0], [255, 255, 255]]]


def test_one_bit_frames_follow_each_other_within_a_byte(path: Path) -> None:
    frames = np.random.default_rng(0).integers(0, 2, (3, 3, 3)).astype(np.uint8)
    packed = np.packbits(frames.reshape(-1), bitorder="little").tobytes()
    dataset = image_dataset(
        np.zeros((3, 3), np.uint8),
        BitsAllocated=1, BitsStored=1, HighBit=0, NumberOfFrames="3", PixelData=packed,
    )  # fmt: skip
    with ImageFile(write(path, dataset)) as image:
        assert image.frame_count == 3
        assert [image.decoded(index).stored.tolist() for index in range(3)] == frames.tolist()


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.1", BIG_ENDIAN])
@pytest.mark.parametrize("bits", [2, 4, 10, 12, 14, 24])
def test_samples_that_fill_no_word_are_unpacked(path: Path, bits: int, syntax: str) -> None:
    """24 is allowed (PS3.5 8.1.1), the others are of ACR-NEMA; 16-bit words are swapped in big endian."""
    values = np.random.default_rng(bits).integers(0, 1 << bits, (2, 5, 7), dtype=np.int64)
    stream = np.packbits((values.reshape(-1, 1) >> np.arange(bits) & 1).astype(np.uint8), bitorder="little").tobytes()
    data = stream + b"\0" * (len(stream) % 2)
    if syntax == BIG_ENDIAN and bits > 8:
        data = np.frombuffer(data, "<u2").astype(">u2").tobytes()
    layout = {"BitsAllocated": bits, "BitsStored": bits, "HighBit": bits - 1}
    dataset = image_dataset(np.zeros((5, 7), np.uint8), NumberOfFrames=2, PixelData=data, **layout)
    write(path, dataset, syntax)
    for index in (0, 1):
        assert np.array_equal(decode_stored(path, index), values[index])


@pytest.mark.parametrize("whole", [False, True], ids=["words", "whole"])
def test_32_bits_of_big_endian_are_read_in_the_order_that_gives_a_picture(path: Path, whole: bool) -> None:
    """DCMTK and GDCM swap the bytes of 16-bit words, other writers those of the whole value."""
    values = (np.arange(48, dtype=np.uint32) * 70_001 + 795_000).reshape(6, 8)
    data = values.astype(">u4").tobytes() if whole else values.view("<u2").astype(">u2").tobytes()
    write(path, image_dataset(values, PixelData=data), BIG_ENDIAN)
    assert np.array_equal(decode_stored(path), values)


def test_rle_of_24_bits_has_three_planes(path: Path) -> None:
    values = np.arange(4 * 6, dtype=np.uint32).reshape(4, 6) * 699_050
    layout = {"BitsAllocated": 24, "BitsStored": 24, "HighBit": 23}
    planes = [(values >> shift & 255).astype(np.uint8).tobytes() for shift in (16, 8, 0)]
    parts = [bytes([len(plane) - 1]) + plane for plane in planes]
    parts = [part + b"\0" * (len(part) % 2) for part in parts]
    header = struct.pack("<16L", 3, *(64 + len(parts[0]) * index for index in range(3)), *([0] * 12))
    dataset = image_dataset(np.zeros((4, 6), np.uint8), **layout)
    write_encapsulated(path, dataset, RLE, [header + b"".join(parts)])
    assert np.array_equal(decode_stored(path), values)


def test_float_pixel_data_is_left_alone(path: Path) -> None:
    values = np.array([[0.5, -2.25]], np.float32)
    dataset = image_dataset(np.zeros((1, 2), np.uint32), PixelData=None)
    dataset.add_new(0x7FE00008, "OF", values.tobytes())
    assert decode_stored(write(path, dataset)).tolist() == [[0.5, -2.25]]
    double = image_dataset(np.zeros((1, 2), np.uint32), PixelData=None)
    double.add_new(0x7FE00009, "OD", values.astype(np.float64).tobytes())
    assert decode_stored(write(path, double)).dtype == np.float64


# --- what lies, and what is missing ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "error", "reason"),
    [
        ({"PixelData": None}, NoPixelData, "no pixel data element"),
        ({"PixelData": b""}, NoPixelData, "the pixel data element is empty"),
        ({"Rows": None}, NoPixelData, "Rows is missing"),
        ({"Columns": 0}, NoPixelData, "Columns is 0"),
        ({"SamplesPerPixel": 4}, UnsupportedObject, "4 samples per pixel"),
        ({"BitsAllocated": 40}, UnsupportedObject, "40 bits allocated"),
        ({"BitsAllocated": None}, DamagedFile, "BitsAllocated is missing"),
        ({"Rows": 65535, "Columns": 65535}, UnsupportedObject, "frames of 65535 x 65535 pixels are beyond the limit"),
        ({"Rows": 20000, "Columns": 20000}, DamagedFile, "declares 20000 x 20000 pixels, most of them missing"),
    ],
)
def test_what_cannot_be_an_image_is_refused_before_allocating(
    path: Path, changes: dict[str, Any], error: type[InputError], reason: str
) -> None:
    write(path, image_dataset(np.zeros((4, 4), np.uint8), **changes))
    with pytest.raises(error) as caught:
        decode_frame(path)
    assert caught.value.details == {"path": str(path), "reason": reason}


def test_a_hundred_thousand_declared_frames_are_not_believed(path: Path) -> None:
    write(path, image_dataset(np.ones((4, 4), np.uint8), NumberOfFrames="100000"))
    assert frame_count(path) == 100000
    frame = decode_frame(path)
    assert frame.stored.all()
    assert frame.attributes.incomplete == "only 1 of 100000 frames are in the file"
    with pytest.raises(DecodeFailed):
        decode_frame(path, 1)
    with pytest.raises(DecodeFailed):
        decode_frame(path, -1)


def test_a_cut_frame_shows_what_is_there(path: Path) -> None:
    whole = write(path, image_dataset(np.full((8, 8), 9, np.uint8))).read_bytes()
    path.write_bytes(whole[:-24])
    frame = decode_frame(path)
    assert frame.stored.tolist() == [[9] * 8] * 5 + [[0] * 8] * 3
    assert frame.attributes.incomplete == "24 of 64 bytes of the frame are missing"


def test_a_syntax_without_a_decoder_is_named(path: Path) -> None:
    private = "1.2.3.4.5"
    write_encapsulated(path, image_dataset(np.zeros((4, 4), np.uint8)), private, [b"\0" * 4])
    with pytest.raises(UnsupportedObject) as caught:
        decode_frame(path)
    assert caught.value.details["transfer_syntax"] == private


def test_pixels_left_uncompressed_under_a_compressed_syntax_are_shown_and_told(path: Path) -> None:
    stored = np.arange(64, dtype=np.uint8).reshape(8, 8)
    write_encapsulated(path, image_dataset(stored), "1.2.840.10008.1.2.4.80", [stored.tobytes()])
    frame = decode_frame(path)
    assert np.array_equal(frame.stored, stored)
    assert frame.attributes.incomplete == "not compressed, against its transfer syntax"


# --- encapsulation -----------------------------------------------------------------------------------


def deflated(stored: np.ndarray) -> bytes:  # type: ignore[type-arg]
    deflater = zlib.compressobj(wbits=-15)
    data = deflater.compress(stored.tobytes()) + deflater.flush()
    return data + b"\0" * (len(data) % 2)


FRAMES = [np.full((4, 4), value, np.uint16) for value in (1, 2, 3)]


def fragments(*parts: bytes) -> bytes:
    return b"".join(b"\xfe\xff\x00\xe0" + struct.pack("<L", len(part)) + part for part in parts)


def write_fragments(path: Path, encoded: bytes, **attributes: Any) -> Path:
    dataset = image_dataset(FRAMES[0], PixelData=encoded, NumberOfFrames="3", **attributes)
    dataset["PixelData"].is_undefined_length = True
    return write(path, dataset, DEFLATED_FRAMES)


def test_as_many_fragments_as_frames_need_no_table(path: Path) -> None:
    write_fragments(path, fragments(b"", *map(deflated, FRAMES)))
    assert [int(decode_stored(path, index)[0, 0]) for index in range(3)] == [1, 2, 3]


def test_the_basic_offset_table_groups_fragments(path: Path) -> None:
    parts = [deflated(frame) for frame in FRAMES]
    split = [part for data in parts for part in (data[:4], data[4:])]
    offsets, position = [], 0
    for data in parts:
        offsets.append(position)
        position += len(data) + 16
    write_fragments(path, fragments(struct.pack("<3L", *offsets), *split))
    assert [int(decode_stored(path, index)[0, 0]) for index in range(3)] == [1, 2, 3]


def test_the_extended_offset_table_is_used(path: Path) -> None:
    parts = [deflated(frame) for frame in FRAMES]
    order = [2, 0, 1]
    starts = np.cumsum([0] + [len(part) + 8 for part in parts])
    dataset = image_dataset(FRAMES[0], PixelData=fragments(b"", *parts), NumberOfFrames="3")
    dataset["PixelData"].is_undefined_length = True
    dataset.ExtendedOffsetTable = struct.pack("<3Q", *(int(starts[index]) for index in order))
    dataset.ExtendedOffsetTableLengths = struct.pack("<3Q", *(len(parts[index]) for index in order))
    write(path, dataset, DEFLATED_FRAMES)
    assert [int(decode_stored(path, index)[0, 0]) for index in range(3)] == [3, 1, 2]


def test_an_extended_table_over_several_fragments_a_frame_is_understood(path: Path) -> None:
    parts = [deflated(frame) for frame in FRAMES]
    split = [part for data in parts for part in (data[:4], data[4:])]
    starts = np.cumsum([0] + [len(part) + 16 for part in parts])
    dataset = image_dataset(FRAMES[0], PixelData=fragments(b"", *split), NumberOfFrames="3")
    dataset["PixelData"].is_undefined_length = True
    dataset.ExtendedOffsetTable = struct.pack("<3Q", *(int(start) for start in starts[:3]))
    dataset.ExtendedOffsetTableLengths = struct.pack("<3Q", *map(len, parts))
    write(path, dataset, DEFLATED_FRAMES)
    assert [int(decode_stored(path, index)[0, 0]) for index in range(3)] == [1, 2, 3]


def test_a_delimiter_inside_a_fragment_is_data(path: Path) -> None:
    stored = np.frombuffer(b"\xfe\xff\xdd\xe0\0\0\0\0" * 2, np.uint8).reshape(4, 4)
    dataset = image_dataset(stored, PixelData=fragments(b"", stored.tobytes()))
    dataset["PixelData"].is_undefined_length = True
    write(path, dataset, "1.2.840.10008.1.2.1.98")
    assert np.array_equal(decode_stored(path), stored)


def test_bytes_behind_a_frame_do_no_harm(path: Path) -> None:
    write_fragments(path, fragments(b"", *(deflated(frame) + b"\0" * 6 for frame in FRAMES)))
    assert [int(decode_stored(path, index)[0, 0]) for index in range(3)] == [1, 2, 3]
    assert decode_frame(path, 1).attributes.incomplete == ""


def test_a_table_that_fits_no_fragment_is_ignored(path: Path) -> None:
    write_fragments(path, fragments(struct.pack("<3L", 0, 7, 9), *map(deflated, FRAMES)))
    assert int(decode_stored(path, 2)[0, 0]) == 3


def test_missing_frames_are_told(path: Path) -> None:
    write_fragments(path, fragments(b"", *map(deflated, FRAMES[:2])))
    assert decode_frame(path, 0).attributes.incomplete == "only 2 of 3 frames are in the file"
    with pytest.raises(DecodeFailed):
        decode_frame(path, 2)


def test_a_file_cut_in_its_last_fragment_says_so(path: Path) -> None:
    whole = write_fragments(path, fragments(b"", *map(deflated, FRAMES))).read_bytes()
    path.write_bytes(whole[:-12])
    assert "the file ends inside the last frame" in decode_frame(path, 0).attributes.incomplete


def test_pixel_data_without_a_fragment_is_damage(path: Path) -> None:
    write_fragments(path, fragments(b""))
    with pytest.raises(DamagedFile):
        decode_frame(path)


def test_codestreams_without_a_table_start_where_their_magic_says() -> None:
    from io import BytesIO

    from workstation.dicom.frames import Span, _by_content
    from workstation.dicom.read import BoundedReader

    data = b"\xff\xd8\xff\xe0" + b"rest" + b"\xff\xd8\xff\xe1" + b"more"
    spans = [Span(0, 4), Span(4, 4), Span(8, 4), Span(12, 4)]
    layout = type("Layout", (), {"frames": 2})()
    reader = BoundedReader(BytesIO(data), len(data), "")
    assert _by_content(reader, spans, layout) == [(spans[0], spans[1]), (spans[2], spans[3])]
    assert len(_by_content(reader, spans, type("Layout", (), {"frames": 9})())) == 4


# --- RLE -----------------------------------------------------------------------------------------------


@given(st.binary(max_size=400))
def test_rle_of_anything_unpacks_to_it(data: bytes) -> None:
    packed = b"".join(bytes([len(part) - 1]) + part for part in (data[i : i + 128] for i in range(0, len(data), 128)))
    assert unpack_rle(packed + b"\x80") == data
    runs = b"".join(bytes([257 - 3]) + bytes([byte]) for byte in data)
    assert unpack_rle(runs) == b"".join(bytes([byte]) * 3 for byte in data)


def rle_frame(*segments: bytes) -> bytes:
    offsets, position = [], 64
    for segment in segments:
        offsets.append(position)
        position += len(segment)
    return struct.pack("<16L", len(segments), *offsets, *([0] * (15 - len(segments)))) + b"".join(segments)


def literal(data: bytes) -> bytes:
    return bytes([len(data) - 1]) + data


@pytest.mark.parametrize("decoder", registry.DECODERS[RLE])
def test_rle_planes_are_most_significant_byte_first(
    path: Path, decoder: Decoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(registry.DECODERS, RLE, (decoder,))
    stored = np.array([[0x0102, 0xA0B0]], np.uint16)
    write_encapsulated(path, image_dataset(stored), RLE, [rle_frame(literal(b"\x01\xa0"), literal(b"\x02\xb0"))])
    assert np.array_equal(decode_stored(path), stored)


def test_a_cut_rle_plane_reads_as_zero_and_is_told(path: Path) -> None:
    stored = np.zeros((2, 2), np.uint8)
    write_encapsulated(path, image_dataset(stored), RLE, [rle_frame(literal(b"\x07\x08"))])
    frame = decode_frame(path)
    assert frame.stored.tolist() == [[7, 8], [0, 0]]
    assert frame.attributes.incomplete == "the frame is cut off"


def test_rle_that_cannot_hold_its_frame_is_refused_before_allocating(path: Path) -> None:
    dataset = image_dataset(np.zeros((2, 2), np.uint8), Rows=20000, Columns=20000)
    write_encapsulated(path, dataset, RLE, [rle_frame(literal(b"\0\0"))])
    with pytest.raises(DecodeFailed) as caught:
        decode_frame(path)
    assert caught.value.details["frame"] == "0"
    assert "ValueError" in caught.value.details["reason"]


def test_a_failing_decoder_falls_to_the_next(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(data: bytes, layout: object) -> Decoded:
        raise RuntimeError

    def empty(data: bytes, layout: object) -> Decoded:
        return Decoded(np.zeros((0, 0), np.uint8))

    monkeypatch.setitem(registry.DECODERS, RLE, (broken, empty, rle.rle_python))
    stored = np.array([[1, 2]], np.uint8)
    write_encapsulated(path, image_dataset(stored), RLE, [rle_frame(literal(b"\1\2"))])
    frame = decode_frame(path)
    assert np.array_equal(frame.stored, stored)
    assert frame.attributes.decoder == "python after broken: RuntimeError, empty: shape"
    monkeypatch.setitem(registry.DECODERS, RLE, (broken, empty))
    with pytest.raises(DecodeFailed) as caught:
        decode_stored(path)
    assert caught.value.details["reason"] == "broken: RuntimeError; empty: shape"


@pytest.mark.parametrize(
    "data",
    [
        b"\x0a\xff\xff\xc1\xda\xff\xff\xff\xff\xff\xff",  # a frame header longer than what follows
    ],
)
def test_what_fuzzing_found_in_codestream_headers_stays_mended(data: bytes) -> None:
    assert codestream.has_subsampled_colour(data) is False
    assert codestream.dimensions(data) is None
    assert codestream.adobe_transform(data) is None
