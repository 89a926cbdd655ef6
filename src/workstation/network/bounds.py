"""How long and how large a PDU may be: pynetdicom by itself waits for ever for a peer that stops inside one."""

from __future__ import annotations

import selectors
import ssl
import threading
import time
from typing import Any

import pydicom  # noqa: F401 - before its parts, or two threads see it half loaded
import pynetdicom  # noqa: F401 - before its parts, or two threads see it half loaded
from pynetdicom.transport import AssociationSocket

from workstation.domain.tls import TlsFault
from workstation.network.connect import is_ready
from workstation.network.tls import ALERT, HandshakeFailed, fault_of, last_word, reason_of

STALL_S = 10.0  # without a single byte inside a PDU, or without room for one of ours
PDU_S = 60.0  # from the first byte of a PDU to its last
MAXIMUM_PDU = 0x20000  # what we ask for (PS3.8 D.1)
_ACCEPTANCE = b"\x02"  # the type of an A-ASSOCIATE-AC PDU (PS3.8 9.3.3)
LARGEST_PDU = 0x1000000  # what we put up with: an association request has no limit of its own


class BoundedSocket(AssociationSocket):
    """pynetdicom's socket, reading a PDU in few large pieces and not for ever.

    It can be taken away from pynetdicom, which then believes that nothing arrives any more.
    """

    hold_after_acceptance = False  # stop reading with our A-ASSOCIATE-AC, before the first P-DATA
    _held = False

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self.accepted = threading.Event()  # our A-ASSOCIATE-AC has gone out
        self.refusal: HandshakeFailed | None = None  # said by the other side's TLS, which may come after the handshake
        self._early = b""  # taken from TLS to see whether there is any

    @property
    def ready(self) -> bool:
        if self._held or self.socket is None or not self._is_connected:
            return False
        try:
            if isinstance(self.socket, ssl.SSLSocket):
                return self._has_plaintext(self.socket)
            return is_ready(self.socket, selectors.EVENT_READ)
        except (OSError, ValueError) as error:
            if isinstance(error, ssl.SSLError):
                self.refusal = HandshakeFailed(fault_of(error), reason_of(error))
            self._held = True
            self.event_queue.put("Evt17")  # transport connection closed
            return False

    def _has_plaintext(self, connection: ssl.SSLSocket) -> bool:
        """Records of TLS itself (tickets, keys, alerts) make the connection readable, too, and are no word of DICOM."""
        if self._early or connection.pending():
            return True
        if not is_ready(connection, selectors.EVENT_READ):
            return False
        waited = connection.gettimeout()
        connection.settimeout(0)
        try:
            self._early = connection.recv(1)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return False
        finally:
            connection.settimeout(waited)
        return True  # where nothing came, the end

    def hold(self) -> None:
        """From now on leave what arrives to somebody else."""
        self._held = True

    def send(self, bytestream: bytes) -> None:
        acceptance = bytestream[:1] == _ACCEPTANCE
        if acceptance and self.hold_after_acceptance:
            self.hold()
        super().send(bytestream)
        if acceptance:
            self.accepted.set()

    def close(self) -> None:
        if isinstance(self.socket, ssl.SSLSocket) and self.refusal is None:
            self.refusal = last_word(self.socket)
        super().close()

    def recv(self, nr_bytes: int) -> bytearray:
        """`nr_bytes`, fewer when the connection was closed; OSError ends the association (Evt17)."""
        if nr_bytes > LARGEST_PDU:
            raise OSError("PDU too long")
        connection = self.socket
        if connection is None:
            return bytearray()
        buffer = bytearray(nr_bytes)
        deadline = time.monotonic() + PDU_S
        received = len(self._early[:nr_bytes])
        buffer[:received], self._early = self._early[:nr_bytes], self._early[nr_bytes:]
        with memoryview(buffer) as view:
            while received < nr_bytes:
                count = connection.recv_into(view[received:])
                if not count:
                    break
                received += count
                if received < nr_bytes and time.monotonic() > deadline:
                    raise TimeoutError("PDU too slow")
        del buffer[received:]
        if buffer.startswith(ALERT) and not isinstance(connection, ssl.SSLSocket):
            self.refusal = HandshakeFailed(TlsFault.TLS_WANTED, "an alert of TLS instead of a PDU")
        return buffer
