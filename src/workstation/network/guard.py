"""pynetdicom's reactor, kept from dying of what a peer sends during the negotiation."""

from __future__ import annotations

import logging

import pydicom  # noqa: F401 - before its parts, or two threads see it half loaded
import pynetdicom  # noqa: F401 - before its parts, or two threads see it half loaded
from pynetdicom.association import Association
from pynetdicom.dul import DULServiceProvider

from workstation.network.cancel import abort_connection

_log = logging.getLogger(__name__)


class GuardedProvider(DULServiceProvider):
    """An upper layer that ends its association where pynetdicom's own would end its thread with a traceback.

    pynetdicom decodes a PDU in one step and makes a primitive of it in another, which raises ValueError for contexts
    with even IDs, AE titles of blanks and the like; whoever waited for it was left to wait for a time-out.
    """

    def __init__(self, association: Association) -> None:
        super().__init__(association)
        self.daemon = True

    def run_reactor(self) -> None:
        try:
            super().run_reactor()
        except Exception as error:  # noqa: BLE001 - whatever a peer can provoke ends this association only
            _log.info("an association request or its answer was malformed: %s", type(error).__name__)
            self._kill_thread = True
            if self.socket is not None and self.socket.socket is not None:
                abort_connection(self.socket.socket)
            self.assoc.dimse.msg_queue.put((None, None))  # wakes whoever waits for a message
        finally:
            if not self.assoc.is_established:
                self.to_user_queue.put(None)  # or it waits for its time-out
