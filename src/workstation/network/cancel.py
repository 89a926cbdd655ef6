"""Freeing a thread that pynetdicom keeps in a socket, in whatever phase it is.

`Association.abort()` alone leaves the calling thread in the DIMSE queue until its time-out
(pynetdicom#778), and does not return at all while the reactor is stuck inside a PDU.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import ssl

import pydicom  # noqa: F401 - before its parts, or two threads see it half loaded
import pynetdicom  # noqa: F401 - before its parts, or two threads see it half loaded
from pynetdicom.association import Association

from workstation.network.connect import is_ready

_A_ABORT = bytes.fromhex("07000000000400000000")  # service user, no reason (PS3.8 9.3.8)


def free(association: Association) -> None:
    """Abort `association` and wake whoever waits on it; returns at once, from any thread.

    A-ABORT is written past the reactor, which may itself be blocked in `recv` or `send`; shutting the
    socket down ends those and any negotiation, and the empty message wakes the DIMSE queue.
    """
    wrapper = association.dul.socket
    connection = wrapper.socket if wrapper is not None else None
    if connection is not None:
        abort_connection(connection)
    association.dimse.msg_queue.put((None, None))
    if association.is_acceptor and not association.is_established:
        # Waiting for its A-ASSOCIATE-RQ; a closed connection alone does not tell it (PS3.8 AA-5 indicates nothing).
        association.dul.to_user_queue.put(None)


def abort_connection(connection: socket.socket) -> None:
    """Say A-ABORT if there is room for it, then shut the connection down.

    Over TLS nothing is said: another thread may be reading, and OpenSSL serves one at a time.
    """
    with contextlib.suppress(OSError, ValueError):  # closed meanwhile
        if not isinstance(connection, ssl.SSLSocket) and is_ready(connection, selectors.EVENT_WRITE):
            connection.send(_A_ABORT)
    shut(connection)


def shut(connection: socket.socket) -> None:
    """Wake whoever is blocked in `connection`; closing it alone would not on Linux."""
    with contextlib.suppress(OSError):
        socket.socket.shutdown(connection, socket.SHUT_RDWR)
