"""Video transfer syntaxes: each frame the one asked for, in whatever order, over however many fragments."""

from __future__ import annotations

import random
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.dicom_files import image_dataset, write_encapsulated
from workstation.dicom import video
from workstation.dicom.decode import ImageFile, decode_frame
from workstation.dicom.decode_pool import DecodePool
from workstation.domain.errors import DecodeFailed, UnsupportedObject

STREAMS = Path(__file__).parents[2] / "data" / "video"
PREFIX = "1.2.840.10008.1.2.4."
CASES = (
    ("100", "mpeg2.mpg"),
    ("102", "avc.mp4"),
    ("102.1", "avc.h264"),
    ("106", "avc.mp4"),
    ("107", "hevc.mp4"),
    ("108", "hevc_main10.mp4"),
)


def write_video(path: Path, syntax: str, stream: bytes, fragments: int = 1, **attributes: Any) -> Path:
    dataset = image_dataset(np.zeros((48, 64, 3), np.uint8), PhotometricInterpretation="YBR_PARTIAL_420")
    dataset.NumberOfFrames = 24
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    size = -(-len(stream) // fragments)
    size += size % 2  # only the last fragment of a stream may be padded (PS3.5 8.2.5)
    parts = [stream[start : start + size] for start in range(0, len(stream), size)]
    return write_encapsulated(path, dataset, PREFIX + syntax, parts, offsets=False)


def grey(stored: Any) -> int:
    """Of the part of the frame that says its number."""
    return round(float(np.mean(stored[36:44, 40:60])))


@pytest.mark.parametrize("fragments", [1, 7])
@pytest.mark.parametrize(("syntax", "name"), CASES)
def test_every_frame_is_the_one_asked_for(syntax: str, name: str, fragments: int, tmp_path: Path) -> None:
    path = write_video(tmp_path / "video.dcm", syntax, (STREAMS / name).read_bytes(), fragments)
    order = [*range(24), 23, 0, 12, 11, 10, *random.Random(1).sample(range(24), 8)]
    with ImageFile(path) as image:
        for index in order:
            frame = image.frame(index)
            assert abs(grey(frame.stored) - (20 + 9 * index)) <= 3
            red, green, blue = frame.stored[8:16, 8:20].reshape(-1, 3).mean(axis=0)
            assert red > 180
            assert max(green, blue) < 70
            assert frame.attributes.photometric_interpretation == "RGB"
            assert not frame.attributes.incomplete


def test_stepping_back_does_not_decode_from_the_start_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = []
    original = video.Video._open

    def counted(self: video.Video) -> None:
        opened.append(1)
        original(self)

    monkeypatch.setattr(video.Video, "_open", counted)
    path = write_video(tmp_path / "video.dcm", "102", (STREAMS / "avc.mp4").read_bytes())
    with ImageFile(path) as image:
        for index in reversed(range(24)):
            assert abs(grey(image.frame(index).stored) - (20 + 9 * index)) <= 3
    assert len(opened) == 1


def test_a_video_comes_through_a_worker(tmp_path: Path, pool: DecodePool) -> None:
    path = write_video(tmp_path / "video.dcm", "107", (STREAMS / "hevc.mp4").read_bytes(), 3)
    assert abs(grey(pool.frame(path, 5).stored) - 65) <= 3
    assert pool.frame(path, 6).attributes.decoder == "opencv"


def test_ten_bit_video_keeps_its_range(tmp_path: Path) -> None:
    stream = (STREAMS / "hevc_main10.mp4").read_bytes()
    path = write_video(tmp_path / "v.dcm", "108", stream, BitsAllocated=16, BitsStored=10, HighBit=9)
    frame = decode_frame(path, 3)
    assert abs(grey(frame.stored) / 4 - 47) <= 3
    assert frame.attributes.precision_note == "shown with 8 of 10 bits"


def test_a_stream_shorter_than_the_header_says_tells_where_it_ends(tmp_path: Path) -> None:
    path = write_video(tmp_path / "v.dcm", "102", (STREAMS / "avc.h264").read_bytes(), NumberOfFrames=99)
    with ImageFile(path) as image:
        assert image.frame(23).rows == 48
        with pytest.raises(DecodeFailed) as caught:
            image.frame(50)
        assert caught.value.details["reason"] == "the stream ends after 24 frames"
        assert image.frame(2).rows == 48


def test_what_is_no_stream_is_refused(tmp_path: Path) -> None:
    path = write_video(tmp_path / "v.dcm", "102", bytes(range(256)) * 4)
    with pytest.raises(DecodeFailed) as caught:
        decode_frame(path, 0)
    assert "stream" in caught.value.details["reason"]


def test_without_the_video_package_the_sentence_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cv2", None)
    path = write_video(tmp_path / "v.dcm", "102", (STREAMS / "avc.mp4").read_bytes())
    with pytest.raises(UnsupportedObject) as caught:
        decode_frame(path, 0)
    assert "opencv-python-headless" in caught.value.details["reason"]


def test_a_stream_read_over_fragments_is_the_stream(tmp_path: Path) -> None:
    from io import BytesIO

    from workstation.dicom.frames import Span
    from workstation.dicom.read import BoundedReader

    content = bytes(range(100))
    spans = (Span(10, 5), Span(20, 1), Span(50, 30))
    whole = content[10:15] + content[20:21] + content[50:80]
    stream = video.SpanStream(BoundedReader(BytesIO(content), 100, ""), spans)
    assert stream.read() == whole
    assert stream.seek(-3, 2) == 33
    assert stream.read(10) == whole[-3:]
    stream.seek(4)
    assert stream.read(3) == whole[4:7]
    assert stream.tell() == 7
