"""pynetdicom's DIMSE provider, waiting for a peer as long as something moves."""

from __future__ import annotations

import queue
from typing import Any

import pydicom  # noqa: F401 - before its parts, or two threads see it half loaded
import pynetdicom  # noqa: F401 - before its parts, or two threads see it half loaded
from pynetdicom.association import Association
from pynetdicom.dimse import DIMSEServiceProvider
from pynetdicom.pdu_primitives import P_DATA

from workstation.services.ports import Arrivals, no_arrivals


class PatientProvider(DIMSEServiceProvider):
    """Whoever waits for a message waits on while parts of it arrive or `arrivals` grows."""

    def __init__(self, association: Association) -> None:
        super().__init__(association)
        self.arrivals: Arrivals = no_arrivals
        self._parts = 0

    def get_msg(self, block: bool = False) -> Any:
        """The next message; (None, None) when the connection ended or nothing came for a DIMSE time-out."""
        if not block:
            # The reactor may still be on its way into the pause that a requester asked for; an answer as fast
            # as that is the requester's (measured: one response in some thousand was lost).
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
        super().receive_primitive(primitive)
