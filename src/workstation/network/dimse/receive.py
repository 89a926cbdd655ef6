"""C-STORE as SCP (PS3.4 B.2): data sets straight from the connection into a Part 10 file of the inbox (PS3.10 7.1).

Used by C-GET and by the listener. Nothing is decoded on the way and nothing larger than a buffer is kept in
memory; a UID from the network never becomes part of a path.
"""

from __future__ import annotations

import contextlib
import os
import struct
from collections.abc import Callable
from io import FileIO
from pathlib import Path

from workstation.domain.errors import InputError, LocalError
from workstation.domain.uid import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME, is_valid_uid
from workstation.network.dimse.command import AFFECTED_SOP_CLASS, AFFECTED_SOP_INSTANCE, Command
from workstation.network.disk import disk_error
from workstation.network.upper_layer import DataSink
from workstation.services.ports import Delivery, NotAnnounced

STORED = 0x0000
OUT_OF_RESOURCES = 0xA700
DOES_NOT_MATCH = 0xA900
CANNOT_UNDERSTAND = 0xC000

_MOST_PARTS = 256  # of one writev; systems take 1024


class Spool(DataSink):
    """The data set of one C-STORE request on its way into a file.

    What is refused, and what the disk has no room for, is read to its end all the same: the answer comes after it.
    """

    def __init__(
        self,
        delivery: Delivery,
        command: Command,
        syntax: tuple[str, str] | None,
        on_bytes: Callable[[int], None] = lambda _count: None,
    ) -> None:
        self.sop_class = command.text(AFFECTED_SOP_CLASS)
        self.sop_instance = command.text(AFFECTED_SOP_INSTANCE)
        self.size = 0
        self.error: LocalError | None = None
        self._delivery = delivery
        self._on_bytes = on_bytes
        self._path: Path | None = None
        self._file: FileIO | None = None
        self._status = self._objection(syntax)
        if self._status == STORED and syntax is not None:
            self._on_disk(lambda: self._open(file_header(self.sop_class, self.sop_instance, syntax[1])))

    def write(self, parts: list[memoryview]) -> None:
        count = sum(map(len, parts))
        self.size += count
        self._on_bytes(count)
        if self._file is not None:
            self._on_disk(lambda: self._write(parts))

    def finish(self) -> int:
        """Hand the complete file over; the status to answer with (PS3.4 table B.2-1)."""
        path = self._path
        if self._file is None or path is None:
            return self._status
        self._on_disk(self._file.close)
        self._file = None
        if self._status == STORED:
            self._status = self._take(path)
        if self._status == STORED:
            self._path = None
        self.discard()
        return self._status

    def discard(self) -> None:
        """Forget what has arrived and was not handed over."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()
            self._file = None
        if self._path is not None:
            self._delivery.discard(self._path)
            self._path = None

    def _objection(self, syntax: tuple[str, str] | None) -> int:
        if syntax is None:
            return CANNOT_UNDERSTAND
        return STORED if is_valid_uid(self.sop_class) and is_valid_uid(self.sop_instance) else DOES_NOT_MATCH

    def _open(self, header: bytes) -> None:
        self._path = self._delivery.new_path()
        self._file = FileIO(self._path, "wb")
        self._file.write(header)

    def _write(self, parts: list[memoryview]) -> None:
        assert self._file is not None
        for start in range(0, len(parts), _MOST_PARTS):
            some = parts[start : start + _MOST_PARTS]
            written = os.writev(self._file.fileno(), some) if hasattr(os, "writev") else 0
            if written < sum(map(len, some)):
                self._write_rest(some, written)

    def _write_rest(self, parts: list[memoryview], written: int) -> None:
        assert self._file is not None
        for part in parts:
            rest = part[min(written, len(part)) :]
            written -= len(part) - len(rest)
            while rest:
                rest = rest[self._file.write(rest) :]

    def _take(self, path: Path) -> int:
        try:
            self._delivery.take(path, self.sop_instance)
        except NotAnnounced:
            return DOES_NOT_MATCH
        except InputError:
            return CANNOT_UNDERSTAND
        except LocalError as error:
            self.error = error
            return OUT_OF_RESOURCES
        return STORED

    def _on_disk(self, step: Callable[[], object]) -> None:
        try:
            step()
        except (OSError, LocalError) as error:
            self._status = OUT_OF_RESOURCES
            self.error = error if isinstance(error, LocalError) else disk_error(error)
            self.discard()


def file_header(sop_class: str, sop_instance: str, transfer_syntax: str) -> bytes:
    """Preamble and File Meta Information of a received data set (PS3.10 table 7.1-1)."""
    body = (
        _HEADER_VERSION
        + _element(0x0002, b"UI", sop_class)
        + _element(0x0003, b"UI", sop_instance)
        + _element(0x0010, b"UI", transfer_syntax)
        + _element(0x0012, b"UI", IMPLEMENTATION_CLASS_UID)
        + _element(0x0013, b"SH", IMPLEMENTATION_VERSION_NAME)
    )
    return b"\0" * 128 + b"DICM" + struct.pack("<HH2sHI", 2, 0, b"UL", 4, len(body)) + body


_HEADER_VERSION = struct.pack("<HH2sHI", 2, 1, b"OB", 0, 2) + b"\0\1"


def _element(element: int, vr: bytes, text: str) -> bytes:
    value = text.encode("ascii")
    value += (b" " if vr == b"SH" else b"\0") * (len(value) % 2)
    return struct.pack("<HH2sH", 2, element, vr, len(value)) + value
