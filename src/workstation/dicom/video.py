"""MPEG-2, MPEG-4 AVC and HEVC streams (PS3.5 8.2.5 to 8.2.11): one stream over all fragments, frames in order.

OpenCV's FFmpeg (LGPL, without x264 and x265) decodes; container and codec are found in the stream itself.
Native code runs here: in a worker process only (`decode_pool`).
"""

from __future__ import annotations

import importlib
import io
from collections import OrderedDict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workstation.dicom.codecs.decoded import Decoded
from workstation.dicom.frames import Span
from workstation.dicom.pixel_format import PixelFormat
from workstation.dicom.read import BoundedReader
from workstation.domain.errors import DecodeFailed, UnsupportedObject

_PREFIX = "1.2.840.10008.1.2.4."
_PROFILES = (100, 101, 102, 103, 104, 105, 106)
VIDEO = frozenset(
    {f"{_PREFIX}{number}" for number in (*_PROFILES, 107, 108)} | {f"{_PREFIX}{number}.1" for number in _PROFILES}
)  # .1: fragmentable
_KEPT_BYTES = 96 << 20  # of decoded frames: stepping back need not decode from the start each time
_Picture = NDArray[np.uint8]


class SpanStream(io.BufferedIOBase):
    """The fragments of one stream, read as a file without copying them together."""

    def __init__(self, stream: BoundedReader, spans: tuple[Span, ...]) -> None:
        super().__init__()
        self._stream = stream
        self._spans = spans
        self._starts = np.concatenate(([0], np.cumsum([span.length for span in spans], dtype=np.int64)))
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: int(self._starts[-1])}[whence]
        self._position = max(0, base + offset)
        return self._position

    def read(self, size: int | None = -1) -> bytes:
        left = int(self._starts[-1]) - self._position
        left = left if size is None or size < 0 else min(left, size)
        parts = []
        while left > 0:
            which = int(np.searchsorted(self._starts, self._position, side="right")) - 1
            within = self._position - int(self._starts[which])
            span = self._spans[which]
            self._stream.seek(span.offset + within)
            part = self._stream.read(min(left, span.length - within))
            if not part:
                break
            parts.append(part)
            self._position += len(part)
            left -= len(part)
        return b"".join(parts)


class Video:
    """Keeps the decoder open between frames: the next frame costs one frame."""

    def __init__(self, stream: BoundedReader, spans: tuple[Span, ...], layout: PixelFormat) -> None:
        self._stream, self._spans, self._layout = stream, spans, layout
        self._capture: Any = None
        self._source: SpanStream | None = None
        self._next = 0  # the frame that comes out of the decoder next
        self._kept: OrderedDict[int, _Picture] = OrderedDict()
        self._capacity = max(1, min(64, _KEPT_BYTES // max(1, layout.rows * layout.columns * 3)))

    def close(self) -> None:
        self._capture = None  # not release(): it lets go of the stream without the interpreter's lock
        self._source = None
        self._kept.clear()

    def frame(self, index: int) -> Decoded:
        """RGB, 8 bits. Raises DecodeFailed, UnsupportedObject."""
        if index not in self._kept:
            self._decode_to(index)
        picture = self._kept[index]
        bits = self._layout.bits_stored
        samples = picture if bits <= 8 else picture.astype(np.uint16) << (bits - 8)
        told = "" if bits <= 8 else f"shown with 8 of {bits} bits"  # OpenCV hands out no planes of more than 8 bits
        if self._layout.samples == 1:
            return Decoded(np.ascontiguousarray(samples[:, :, 1]), decoder="opencv", precision_note=told)
        return Decoded(samples, is_rgb=True, decoder="opencv", precision_note=told)

    def _decode_to(self, index: int) -> None:
        backwards = self._capture is None or index < self._next
        if backwards:
            self._open()
        keep_from = index - self._capacity + 1 if backwards else index
        while self._next <= index:
            if not self._capture.grab():
                raise self._failed(f"the stream ends after {self._next} frames")
            if self._next >= keep_from:
                self._keep(self._next)
            self._next += 1

    def _keep(self, index: int) -> None:
        found, picture = self._capture.retrieve()
        if not found or picture.ndim != 3 or picture.shape[2] != 3:
            raise self._failed("a frame of the stream cannot be decoded")
        self._kept[index] = np.ascontiguousarray(picture[:, :, ::-1])  # OpenCV gives BGR
        while len(self._kept) > self._capacity:
            self._kept.popitem(last=False)

    def _open(self) -> None:
        self.close()
        try:
            cv2 = importlib.import_module("cv2")
        except ImportError as error:
            reason = "video needs the package opencv-python-headless, which is not installed"
            raise UnsupportedObject(transfer_syntax=self._layout.transfer_syntax, reason=reason) from error
        self._source = SpanStream(self._stream, self._spans)
        self._next = 0
        try:
            self._capture = cv2.VideoCapture(self._source, cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
        except cv2.error as error:
            raise self._failed("no video stream that FFmpeg knows") from error
        if not self._capture.isOpened():
            self.close()
            raise self._failed("no video stream that FFmpeg knows")
        rows, columns = self._capture.get(cv2.CAP_PROP_FRAME_HEIGHT), self._capture.get(cv2.CAP_PROP_FRAME_WIDTH)
        if rows * columns > 16 * self._layout.rows * self._layout.columns:
            self.close()
            raise self._failed(f"the stream is {rows:g} x {columns:g}")

    def _failed(self, reason: str) -> DecodeFailed:
        return DecodeFailed(transfer_syntax=self._layout.transfer_syntax, reason=reason)
