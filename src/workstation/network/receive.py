"""Data sets on their way in: from the connection straight into a Part 10 file of the inbox (PS3.10 7.1).

Used by C-GET and by the listener. Nothing is decoded and nothing larger than a PDU is kept in memory;
a UID from the network never becomes part of a path.
"""

from __future__ import annotations

import contextlib
import errno
import queue
import threading
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import pydicom  # noqa: F401 - before its parts, or two threads see it half loaded
import pynetdicom  # noqa: F401 - before its parts, or two threads see it half loaded
from pydicom import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_partial
from pydicom.filewriter import write_file_meta_info
from pydicom.uid import UID
from pynetdicom.association import Association
from pynetdicom.dimse import DIMSEServiceProvider
from pynetdicom.dimse_messages import C_STORE_RQ, DIMSEMessage
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.dsutils import create_file_meta
from pynetdicom.pdu_primitives import P_DATA

from workstation.dicom import elements
from workstation.dicom.quiet import quiet
from workstation.domain.errors import ArchiveUnusable, DiskFull, InputError, LocalError
from workstation.domain.uid import is_valid_uid
from workstation.services.ports import Arrivals, Inbox, StoreOutcome, no_arrivals

STORED = 0x0000
OUT_OF_RESOURCES = 0xA700
DOES_NOT_MATCH = 0xA900
CANNOT_UNDERSTAND = 0xC000

_UNSENT_PDUS = 32  # that many PDUs wait in memory for the connection, not a whole data set
_POLL_S = 0.05


class Spool(BytesIO):
    """Where pynetdicom writes the data set of one message: to a file when it is a C-STORE request."""

    def __init__(self, provider: SpoolingProvider, message: DIMSEMessage, inbox: Inbox) -> None:
        super().__init__()
        self._provider = provider
        self._message = message
        self._inbox = inbox
        self._file: BinaryIO | None = None
        self.path: Path | None = None
        self.refusal: int | None = None  # status to answer with instead of taking it
        self.error: LocalError | None = None
        self.size = 0

    def write(self, data: Any) -> int:
        if not isinstance(self._message, C_STORE_RQ):
            return super().write(data)
        self.size += len(data)
        if self.refusal is None:
            try:
                if self._file is None:
                    self._open()
                if self._file is not None:
                    self._file.write(data)
            except (OSError, LocalError) as error:
                self._refuse(error)
        return len(data)

    def finish(self) -> Path | None:
        """The complete file, or None when it was refused or held nothing."""
        if self._file is None:
            return None
        try:
            self._file.close()
        except OSError as error:
            self._refuse(error)
            return None
        self._file = None
        return self.path

    def discard(self) -> None:
        """Forget what arrived."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()
            self._file = None
        if self.path is not None:
            self._inbox.discard(self.path)
            self.path = None

    def _open(self) -> None:
        command = self._message.command_set
        sop_class, sop_instance = str(command.AffectedSOPClassUID), str(command.AffectedSOPInstanceUID)
        accepted = self._provider.assoc._accepted_cx.get(self._message.context_id or 0)
        if accepted is None or not is_valid_uid(sop_class) or not is_valid_uid(sop_instance):
            self.refusal = DOES_NOT_MATCH if accepted is not None else CANNOT_UNDERSTAND
            return
        self.path = self._inbox.new_path()
        self._provider.keep(self)
        self._file = self.path.open("wb")
        self._file.write(file_header(sop_class, sop_instance, accepted.transfer_syntax[0]))

    def _refuse(self, error: OSError | LocalError) -> None:
        self.refusal = OUT_OF_RESOURCES
        self.error = error if isinstance(error, LocalError) else disk_error(error)
        self.discard()


def disk_error(error: OSError) -> LocalError:
    """Ours for what the disk says; its path is left out, that is the archive's own affair."""
    full = error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
    return (DiskFull if full else ArchiveUnusable)(reason=error.strerror)


def file_header(sop_class: str, sop_instance: str, transfer_syntax: str) -> bytes:
    """Preamble and File Meta Information of a received data set (PS3.10 table 7.1-1)."""
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, False  # PS3.10 7.1
    buffer.write(b"\0" * 128 + b"DICM")
    with quiet():
        write_file_meta_info(
            buffer,
            create_file_meta(
                sop_class_uid=UID(sop_class),
                sop_instance_uid=UID(sop_instance),
                transfer_syntax=UID(transfer_syntax),
            ),
        )
    return buffer.getvalue()


class SpoolingProvider(DIMSEServiceProvider):
    """pynetdicom's DIMSE provider with bounded memory in both directions.

    Its own chunked mode is one switch for the whole process and leaves its temporary file behind when
    the peer is killed. Whoever waits for a message waits on while parts of it arrive or `arrivals` grows,
    since a large instance takes longer than a peer may be silent.
    """

    def __init__(self, association: Association, inbox: Inbox | None = None) -> None:
        super().__init__(association)
        association.dul.to_provider_queue = _Outgoing(association)
        self.arrivals: Arrivals = no_arrivals
        self._inbox = inbox
        self._lock = threading.Lock()
        self._spools: set[Spool] = set()
        self._parts = 0

    def get_msg(self, block: bool = False) -> Any:
        """The next message; (None, None) when the connection ended or nothing came for a DIMSE time-out."""
        if not block:
            # The reactor may still be on its way into the pause that a requester asked for; an answer as fast
            # as that is the requester's (measured: one C-STORE response in some thousand was lost).
            return super().get_msg() if self.assoc._reactor_checkpoint.is_set() else (None, None)
        while True:
            before = (self._parts, self.arrivals())
            try:
                return self.msg_queue.get(timeout=self.dimse_timeout)
            except queue.Empty:
                if (self._parts, self.arrivals()) == before:
                    return None, None

    def receive_primitive(self, primitive: P_DATA) -> None:
        self._parts += 1
        if self.message is None and self._inbox is not None:
            self.message = DIMSEMessage()
            self.message.data_set = Spool(self, self.message, self._inbox)
        super().receive_primitive(primitive)

    def keep(self, spool: Spool) -> None:
        """Remember the file that `spool` begins, until it is taken."""
        with self._lock:
            self._spools.add(spool)

    def taken(self, spool: Spool) -> None:
        with self._lock:
            self._spools.discard(spool)

    def discard_unfinished(self) -> None:
        """Forget what a vanished peer left behind; for the end of the association."""
        with self._lock:
            left, self._spools = self._spools, set()
        for spool in left:
            spool.discard()


class _Outgoing(queue.Queue[Any]):
    """PDUs on their way out: whoever sends waits for room, as long as there is a reactor to make it."""

    def __init__(self, association: Association) -> None:
        super().__init__(maxsize=_UNSENT_PDUS)
        self._association = association

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        while True:
            try:
                super().put(item, block, _POLL_S)
                return
            except queue.Full:
                if not self._association.dul.is_alive():
                    return  # the connection is gone and what was said last with it


class Reception:
    """Takes each received instance into the inbox and answers with a status (PS3.4 B.2.3)."""

    def __init__(self, inbox: Inbox, on_taken: Callable[[str, StoreOutcome, int], None] | None = None) -> None:
        self._inbox = inbox
        self._on_taken = on_taken
        self.local_error: LocalError | None = None  # the last one, for whoever asked for the instances

    def take(self, association: Association, request: C_STORE, source: str) -> int:
        """Store the data set of `request`; the status to answer with."""
        spool = request.DataSet
        provider = association.dimse
        if not isinstance(spool, Spool) or not isinstance(provider, SpoolingProvider):
            return CANNOT_UNDERSTAND
        try:
            return self._take(spool, str(request.AffectedSOPInstanceUID), source)
        finally:
            provider.taken(spool)

    def _take(self, spool: Spool, sop_instance: str, source: str) -> int:
        path = spool.finish()
        if path is None:
            if spool.error is not None:
                self.local_error = spool.error
            spool.discard()
            return CANNOT_UNDERSTAND if spool.refusal is None else spool.refusal
        status = check_identity(path, sop_instance)
        if status != STORED:
            spool.discard()
            return status
        try:
            outcome = self._inbox.take(path, source)
        except InputError:
            spool.discard()
            return CANNOT_UNDERSTAND
        except LocalError as error:
            self.local_error = error
            spool.discard()
            return OUT_OF_RESOURCES
        if self._on_taken is not None:
            self._on_taken(sop_instance, outcome, spool.size)
        return STORED


def check_identity(path: Path, sop_instance: str) -> int:
    """Whether the data set carries the UID that the command announced; reads its first elements only."""
    try:
        found = elements.first_text(_first_elements(path), "SOPInstanceUID")
    except Exception:  # noqa: BLE001 - pydicom raises whatever hostile bytes provoke
        return CANNOT_UNDERSTAND
    if not found:
        return CANNOT_UNDERSTAND
    return STORED if found == sop_instance else DOES_NOT_MATCH


def _first_elements(path: Path) -> Dataset:
    with quiet(), path.open("rb") as file:
        return read_partial(file, stop_when=lambda tag, _vr, _length: tag > 0x00080018)
