"""How long and how large a PDU may be: pynetdicom by itself waits for ever for a peer that stops inside one."""

from __future__ import annotations

import time

import pydicom  # noqa: F401 - before its parts, or two threads see it half loaded
import pynetdicom  # noqa: F401 - before its parts, or two threads see it half loaded
from pynetdicom.transport import AssociationSocket

STALL_S = 10.0  # without a single byte inside a PDU, or without room for one of ours
PDU_S = 60.0  # from the first byte of a PDU to its last
MAXIMUM_PDU = 0x20000  # what we ask for (PS3.8 D.1)
LARGEST_PDU = 0x1000000  # what we put up with: an association request has no limit of its own


class BoundedSocket(AssociationSocket):
    """pynetdicom's socket, reading a PDU in few large pieces and not for ever."""

    def recv(self, nr_bytes: int) -> bytearray:
        """`nr_bytes`, fewer when the connection was closed; OSError ends the association (Evt17)."""
        if nr_bytes > LARGEST_PDU:
            raise OSError("PDU too long")
        connection = self.socket
        if connection is None:
            return bytearray()
        buffer = bytearray(nr_bytes)
        deadline = time.monotonic() + PDU_S
        received = 0
        with memoryview(buffer) as view:
            while received < nr_bytes:
                count = connection.recv_into(view[received:])
                if not count:
                    break
                received += count
                if received < nr_bytes and time.monotonic() > deadline:
                    raise TimeoutError("PDU too slow")
        del buffer[received:]
        return buffer
