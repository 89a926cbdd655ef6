"""Every decoder against frames encoded here: bit-exact where lossless, in part where cut, small where asked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.support.dicom_files import image_dataset, write_encapsulated
from tests.support.testdata import require_testdata
from workstation.dicom.codecs import registry
from workstation.dicom.codecs.decoded import Decoder
from workstation.dicom.codecs.jpeg import LIBJPEG
from workstation.dicom.decode import ImageFile, decode_frame, decode_stored
from workstation.domain.errors import DecodeFailed, UnsupportedObject

PREFIX = "1.2.840.10008.1.2."
Array = NDArray[Any]


def picture(kind: str) -> Any:
    """73 x 58 (odd on purpose), smooth with noise, using the whole range of its kind."""
    rows, columns = np.mgrid[:73, :58]
    noise = np.random.default_rng(3).integers(0, 9, (73, 58))
    ramp = (rows * 3 + columns * 5 + noise) % 512
    if kind == "RGB":
        return np.stack([ramp % 256, (ramp // 2) % 256, (511 - ramp) % 256], axis=-1).astype(np.uint8)
    if kind == "16s":
        return (ramp * 128 - 32768).astype(np.int16)
    return {"8u": ramp % 256, "12u": ramp * 8, "16u": ramp * 128}[kind].astype(np.uint8 if kind == "8u" else np.uint16)


KINDS = ("8u", "12u", "16u", "16s", "RGB")


def bits_of(kind: str) -> int:
    return {"8u": 8, "RGB": 8, "12u": 12}.get(kind, 16)


def unsigned(stored: Array) -> Array:
    """JPEG, JPEG-LS and RLE carry the bits, the data set the sign."""
    return stored.view(np.uint16) if stored.dtype == np.int16 else stored


def jpeg_lossless(stored: Array, bits: int) -> bytes:
    space = "RGB" if stored.ndim == 3 else None
    values = unsigned(stored)
    return bytes(
        imagecodecs.jpeg8_encode(values, lossless=True, bitspersample=bits, colorspace=space, outcolorspace=space)
    )


def jpeg2000(stored: Array, bits: int) -> bytes:
    colour = stored.ndim == 3
    code = imagecodecs.jpeg2k_encode(
        stored, level=0, reversible=True, codecformat="j2k", bitspersample=bits, mct=colour
    )
    return bytes(code)


def deflated(stored: Array, bits: int) -> bytes:
    return bytes(imagecodecs.deflate_encode(stored.tobytes(), raw=True))


def rle(stored: Array, bits: int) -> bytes:
    planes = np.ascontiguousarray(stored).view(np.uint8).reshape(*stored.shape[:2], -1, stored.dtype.itemsize)
    segments = [
        bytes(imagecodecs.packbits_encode(np.ascontiguousarray(planes[:, :, sample, byte])))
        for sample in range(planes.shape[2])
        for byte in reversed(range(planes.shape[3]))
    ]
    segments = [segment + b"\x80" * (len(segment) % 2) for segment in segments]
    header = np.zeros(16, "<u4")
    header[0] = len(segments)
    header[1 : 1 + len(segments)] = 64 + np.cumsum([0, *(len(segment) for segment in segments[:-1])])
    return header.tobytes() + b"".join(segments)


Encoder = Callable[[Array, int], bytes]
ENCODERS: dict[str, Encoder] = {
    "4.57": jpeg_lossless,
    "4.70": jpeg_lossless,
    "4.80": lambda stored, bits: bytes(imagecodecs.jpegls_encode(unsigned(stored))),
    "4.90": jpeg2000,
    "4.91": jpeg2000,
    "4.92": jpeg2000,
    "4.201": lambda stored, bits: bytes(imagecodecs.htj2k_encode(stored)),
    "4.202": lambda stored, bits: bytes(imagecodecs.htj2k_encode(stored, tlm=True)),
    "4.203": lambda stored, bits: bytes(imagecodecs.htj2k_encode(stored)),
    "4.110": lambda stored, bits: bytes(imagecodecs.jpegxl_encode(unsigned(stored), lossless=True)),
    "4.112": lambda stored, bits: bytes(imagecodecs.jpegxl_encode(unsigned(stored), lossless=True)),
    "5": rle,
    "8.1": deflated,
}


def write_frame(path: Path, syntax: str, kind: str, code: bytes, stored: Array | None = None) -> Path:
    stored = picture(kind) if stored is None else stored
    bits = bits_of(kind)
    dataset = image_dataset(stored, BitsStored=bits, HighBit=bits - 1)
    return write_encapsulated(path, dataset, PREFIX + syntax, [code])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("syntax", ENCODERS)
def test_a_lossless_frame_comes_back_bit_by_bit(syntax: str, kind: str, tmp_path: Path) -> None:
    stored = picture(kind)
    path = write_frame(tmp_path / "frame.dcm", syntax, kind, ENCODERS[syntax](stored, bits_of(kind)))
    frame = decode_frame(path)
    assert frame.attributes.incomplete == ""
    assert frame.attributes.decoder in ("imagecodecs", "deflated")
    assert frame.stored.dtype == stored.dtype
    assert np.array_equal(frame.stored, stored)


FALLBACKS = [
    (syntax, decoder)
    for syntax in ENCODERS
    for decoder in registry.DECODERS[PREFIX + syntax][1:]
    if "cut" not in decoder.__name__
]


@pytest.mark.parametrize(("syntax", "decoder"), FALLBACKS, ids=lambda value: getattr(value, "__name__", value))
def test_the_decoders_behind_the_first_are_exact_or_refuse(
    syntax: str, decoder: Decoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(registry.DECODERS, PREFIX + syntax, (decoder,))
    exact = []
    for kind in KINDS:
        stored = picture(kind)
        path = write_frame(tmp_path / "frame.dcm", syntax, kind, ENCODERS[syntax](stored, bits_of(kind)))
        try:
            found = decode_stored(path)
        except DecodeFailed:
            continue
        assert np.array_equal(found, stored), kind
        exact.append(kind)
    assert "8u" in exact or syntax.startswith("4.20")


def test_twelve_bit_and_progressive_jpeg_of_the_retired_processes_decode(tmp_path: Path) -> None:
    for kind, syntax in (("8u", "4.50"), ("12u", "4.51"), ("8u", "4.52"), ("8u", "4.53"), ("12u", "4.55")):
        stored = picture(kind)
        code = bytes(imagecodecs.jpeg8_encode(stored, level=100, bitspersample=bits_of(kind)))
        found = decode_stored(write_frame(tmp_path / "frame.dcm", syntax, kind, code))
        assert np.abs(found.astype(int) - stored.astype(int)).max() <= 2, syntax


@pytest.mark.parametrize("syntax", ["4.58", "4.60", "4.66", "4.94", "4.95", "4.204", "4.205", "7.1"])
def test_what_cannot_be_decoded_says_why(syntax: str, tmp_path: Path) -> None:
    path = write_frame(tmp_path / "frame.dcm", syntax, "8u", b"\0" * 8)
    if PREFIX + syntax in registry._GPL_SYNTAXES and LIBJPEG.installed:
        pytest.skip("the optional GPL decoder is installed")
    with pytest.raises(UnsupportedObject) as caught:
        decode_frame(path)
    assert caught.value.details["reason"] == registry.REFUSED[PREFIX + syntax]


# --- cut frames ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("syntax", ["4.57", "4.80", "5", "8.1"])
def test_a_frame_cut_in_the_middle_shows_its_beginning_exactly(syntax: str, kind: str, tmp_path: Path) -> None:
    stored = picture(kind)
    code = ENCODERS[syntax](stored, bits_of(kind))
    frame = decode_frame(write_frame(tmp_path / "cut.dcm", syntax, kind, code[: len(code) * 6 // 10]))
    assert frame.attributes.incomplete
    if syntax != "5":  # cut RLE lacks its last byte planes instead
        assert np.array_equal(frame.stored[:20], stored[:20])


@pytest.mark.parametrize("end", [b"", b"\xff\xd9"], ids=["open", "closed"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("syntax", ["4.90", "4.201"])
def test_a_cut_jpeg_2000_frame_lacks_detail_and_says_so(syntax: str, kind: str, end: bytes, tmp_path: Path) -> None:
    stored = picture(kind)
    code = ENCODERS[syntax](stored, bits_of(kind))
    frame = decode_frame(write_frame(tmp_path / "cut.dcm", syntax, kind, code[: len(code) * 8 // 10] + end))
    assert frame.attributes.incomplete == "the frame is cut off"
    away = np.abs(frame.stored.astype(int) - stored.astype(int))
    assert np.median(away) < (1 << bits_of(kind)) / 8


# --- a first look ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("syntax", ["4.90", "4.201"])
def test_a_reduced_jpeg_2000_frame_is_the_picture_made_small(syntax: str, kind: str, tmp_path: Path) -> None:
    rows, columns = np.mgrid[:97, :66]
    smooth = (rows + columns) * ((1 << bits_of(kind)) // 256)
    stored = smooth.astype(picture(kind).dtype) if kind != "RGB" else np.stack([smooth] * 3, -1).astype(np.uint8)
    if kind == "16s":
        stored = (smooth - 20000).astype(np.int16)
    path = write_frame(tmp_path / "frame.dcm", syntax, kind, ENCODERS[syntax](stored, bits_of(kind)), stored)
    with ImageFile(path) as image:
        frame = image.frame(0, reduce=2)
        whole = image.frame(0)
    assert frame.stored.shape[:2] == (25, 17)
    assert frame.stored.dtype == stored.dtype
    assert (frame.attributes.reduction, whole.attributes.reduction) == (4, 1)
    away = np.abs(frame.stored.astype(int) - stored[::4, ::4].astype(int))
    assert np.median(away) <= 3 * ((1 << bits_of(kind)) // 256)


def test_a_reduced_frame_has_coarser_spacing(tmp_path: Path) -> None:
    stored = picture("12u")
    dataset = image_dataset(stored, BitsStored=12, HighBit=11, PixelSpacing=[0.5, 0.25])
    path = write_encapsulated(tmp_path / "frame.dcm", dataset, PREFIX + "4.90", [jpeg2000(stored, 12)])
    with ImageFile(path) as image:
        assert image.frame(0, reduce=1).attributes.pixel_spacing_mm == (1.0, 0.5)
        assert image.frame(0, reduce=30).attributes.reduction == 4
    jpegls = write_frame(tmp_path / "ls.dcm", "4.80", "12u", ENCODERS["4.80"](stored, 12))
    with ImageFile(jpegls) as image:
        assert image.frame(0, reduce=2).attributes.reduction == 1


def test_a_reduction_that_fails_gives_the_whole_frame(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stored = picture("8u")
    path = write_frame(tmp_path / "frame.dcm", "4.90", "8u", jpeg2000(stored, 8))

    def broken(*_: object) -> object:
        raise RuntimeError

    monkeypatch.setitem(registry._REDUCERS, PREFIX + "4.90", broken)
    with ImageFile(path) as image:
        frame = image.frame(0, reduce=2)
    assert np.array_equal(frame.stored, stored)
    assert frame.attributes.decoder == "imagecodecs after reduced: RuntimeError"
    assert frame.attributes.reduction == 1


def test_a_codestream_whose_width_was_overwritten_is_repaired_and_told() -> None:
    frame = decode_frame(require_testdata() / "malformed/JPEG2000-embedded-sequence-delimiter.dcm")
    assert frame.stored.shape == (1024, 256)
    assert frame.attributes.incomplete == "the codestream's header is damaged"


def test_the_twelve_packed_bits_of_acr_nema_are_unpacked() -> None:
    stored = decode_stored(require_testdata() / "malformed/GH340.dcm")
    assert stored[1, :4].tolist() != [0, 0, 0, 0]
    raw = (require_testdata() / "malformed/GH340.dcm").read_bytes()[-98304:]
    pairs = np.frombuffer(raw, np.uint8).reshape(-1, 3).astype(np.uint16)
    expected = np.stack([pairs[:, 0] | (pairs[:, 1] & 15) << 8, pairs[:, 1] >> 4 | pairs[:, 2] << 4], -1)
    assert np.array_equal(stored.reshape(-1), expected.reshape(-1))


@pytest.mark.parametrize("syntax", ["4.70", "4.80", "4.90"])
@pytest.mark.parametrize("pad", [b"", b"\0"])
def test_frames_that_follow_each_other_in_one_fragment_are_told_apart(syntax: str, pad: bytes, tmp_path: Path) -> None:
    stored = picture("8u")
    frames = [np.roll(stored, shift) for shift in (0, 7, 30)]
    dataset = image_dataset(stored, NumberOfFrames=3)
    code = pad.join(ENCODERS[syntax](frame, 8) for frame in frames)
    path = write_encapsulated(tmp_path / "one.dcm", dataset, PREFIX + syntax, [code], offsets=False)
    assert all(np.array_equal(decode_stored(path, index), frames[index]) for index in range(3))
