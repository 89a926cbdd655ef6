"""What our listener does on one association: C-STORE and C-ECHO until the peer leaves (PS3.4 annexes A and B)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from workstation.domain.errors import LocalError
from workstation.network.dimse.command import (
    C_CANCEL_RQ,
    C_ECHO_RQ,
    C_STORE_RQ,
    RESPONSE,
    Command,
    MemorySink,
    Messages,
    response,
)
from workstation.network.dimse.receive import STORED, Spool
from workstation.network.upper_layer import AssociationEnded, DataSink, Released, Transfer
from workstation.services.ports import Delivery

_log = logging.getLogger(__name__)

_LARGEST_REPORT = 1 << 20
_UNRECOGNISED_OPERATION = 0x0211  # PS3.7 annex C

AcceptedContexts = Mapping[int, tuple[str, str]]  # context ID -> abstract syntax, transfer syntax


class Serving:
    """One association whose negotiation is over; `on_bytes` hears how much of a data set has come."""

    def __init__(
        self, transfer: Transfer, contexts: AcceptedContexts, delivery: Delivery, on_bytes: Callable[[int], None]
    ) -> None:
        self._messages = Messages(transfer, self._open)
        self._contexts = contexts
        self._delivery = delivery
        self._on_bytes = on_bytes
        self._spool: Spool | None = None
        self.local_error: LocalError | None = None

    def run(self, idle_s: float) -> None:
        """Answer until the peer releases or leaves otherwise, or says nothing for `idle_s`."""
        try:
            while True:
                self._answer(*self._messages.receive(idle_s))
        except Released:
            self._messages.transfer.confirm_release()
        except AssociationEnded as error:
            _log.info("an association ended without a release: %s", error)
            self._messages.transfer.abort()
        finally:
            if self._spool is not None:
                self._spool.discard()
            self._settle()

    def _open(self, context_id: int, command: Command) -> DataSink:
        if command.field != C_STORE_RQ:
            return MemorySink(_LARGEST_REPORT)
        self._spool = Spool(self._delivery, command, self._contexts.get(context_id), self._on_bytes)
        return self._spool

    def _answer(self, context_id: int, command: Command, sink: DataSink | None) -> None:
        if command.field is None or command.field & RESPONSE or command.field == C_CANCEL_RQ:
            return  # neither is answered (PS3.7 9.3.2.3), nor is there anything of ours to be responded to or cancelled
        if command.field == C_ECHO_RQ:
            status = STORED
        elif isinstance(sink, Spool):
            status = sink.finish()
            self.local_error = sink.error or self.local_error
            self._spool = None
        else:
            status = _UNRECOGNISED_OPERATION
        self._messages.send(context_id, response(command, status))

    def _settle(self) -> None:
        try:
            self._delivery.settled()
        except LocalError as error:
            self.local_error = error
