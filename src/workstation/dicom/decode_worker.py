"""The worker process of `decode_pool`: reads requests from stdin, answers frames on what was stdout.

It knows only dicom and imaging. Native code may write to stdout, so the answers go through a duplicate
of it and file descriptor 1 leads nowhere.
"""

from __future__ import annotations

import os
import pickle
import signal
import struct
import sys
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from workstation.domain.errors import DecodeFailed, NotDicom, WorkstationError
from workstation.imaging.frame import Stored

if TYPE_CHECKING:
    from workstation.dicom.decode import ImageFile
    from workstation.dicom.pdf_pages import PdfPages

WORKER_ARGUMENT = "--decode-worker"  # how a frozen application starts itself as a worker
HEADER = struct.Struct("<cQ")  # kind, length of the pickled part
FRAME, STORED, COUNT, ERROR = b"F", b"S", b"N", b"E"
_OPEN_FILES = 4
_SPARE_S = 10  # beyond the parent's deadline: it kills first, unless it is gone


class ImageFiles:
    """The image files used last, kept open: a multi-frame header is parsed once, not once per frame."""

    def __init__(self, capacity: int = _OPEN_FILES) -> None:
        self._capacity = capacity
        self._files: OrderedDict[tuple[str, int, int, int], ImageFile | PdfPages] = OrderedDict()

    def get(self, path: str) -> ImageFile | PdfPages:
        status = Path(path).stat()
        key = (path, status.st_ino, status.st_mtime_ns, status.st_size)
        if key in self._files:
            self._files.move_to_end(key)
            return self._files[key]
        from workstation.dicom.decode import open_frames  # noqa: PLC0415 - the pool shows plain files before pydicom is loaded

        image = open_frames(path)
        self._files[key] = image
        if len(self._files) > self._capacity:
            self._files.popitem(last=False)[1].close()
        return image

    def close(self) -> None:
        while self._files:
            self._files.popitem()[1].close()


def main() -> None:
    """Serve until stdin ends. argv: ..., memory limit in MiB, deadline in seconds."""
    memory_mib, deadline_s = int(sys.argv[-2]), float(sys.argv[-1])
    requests = sys.stdin.buffer
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    _limit(memory_mib)
    files = ImageFiles()
    for request in iter(requests.readline, b""):
        _alarm(deadline_s + _SPARE_S)
        _answer(answers, files, Request.parse(request))
        _alarm(0)


def _limit(memory_mib: int) -> None:
    """An address space beyond which allocation fails; no core file, which would hold patient data."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - POSIX only

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent
    size = memory_mib << 20
    resource.setrlimit(resource.RLIMIT_AS, (size, size))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _alarm(seconds: float) -> None:
    """Die rather than spin for ever in a decoder after the parent has gone."""
    if sys.platform != "win32":
        signal.alarm(int(seconds))


@dataclass(frozen=True, slots=True)
class Request:
    """One frame of one file, or how many there are, as the pool asks for it in a line."""

    kind: bytes  # FRAME, STORED or COUNT
    path: str
    index: int
    reduce: int = 0

    def line(self) -> bytes:
        """The path in hexadecimal, since it may hold any byte."""
        name = self.path.encode("utf-8", "surrogateescape").hex().encode()
        return b"%b %d %d %b\n" % (self.kind, self.index, self.reduce, name)

    @classmethod
    def parse(cls, line: bytes) -> Request:
        kind, index, reduce, name = line.rstrip(b"\n").split(b" ", 3)
        return cls(kind, bytes.fromhex(name.decode()).decode("utf-8", "surrogateescape"), int(index), int(reduce))


def _answer(answers: IO[bytes], files: ImageFiles, request: Request) -> None:
    path, index = request.path, request.index
    try:
        image = files.get(path)
        if request.kind == FRAME:
            frame = image.frame(index, request.reduce)
            stored, attributes = frame.stored, frame.attributes
        elif request.kind == COUNT:
            stored, attributes = np.array([image.frame_count]), None
        else:
            stored, attributes = image.decoded(index).stored, None
    except WorkstationError as error:
        _send(answers, ERROR, (error.code, error.details))
    except MemoryError:
        _send(answers, ERROR, ("decoder-died", {"path": path, "frame": str(index), "reason": "out of memory"}))
    except OSError as error:
        _send(answers, ERROR, (NotDicom.code, {"path": path, "reason": error.strerror or type(error).__name__}))
    except Exception as error:  # noqa: BLE001 - one file must not end the worker
        details = {"path": path, "frame": str(index), "reason": type(error).__name__}
        _send(answers, ERROR, (DecodeFailed.code, details))
    else:
        _send(answers, request.kind, (attributes, stored.dtype.str, stored.shape), stored)


def _send(answers: IO[bytes], kind: bytes, content: Any, stored: Stored | None = None) -> None:
    pickled = pickle.dumps(content, protocol=pickle.HIGHEST_PROTOCOL)
    _write_all(answers, HEADER.pack(kind, len(pickled)) + pickled)
    if stored is not None and stored.size:
        _write_all(answers, np.ascontiguousarray(stored).reshape(-1).view(np.uint8).data)


def _write_all(answers: IO[bytes], data: bytes | memoryview) -> None:
    left = memoryview(data)
    while left:
        left = left[answers.write(left) :]
