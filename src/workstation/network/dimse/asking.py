"""C-FIND requests over an association that pynetdicom negotiated, without pynetdicom (PS3.7 9.1.2, 9.3.2).

Its general path takes 1 ms a response, ten times what the rest takes; and it knows no end before the last of them.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from io import BytesIO

import pydicom  # noqa: F401 - before its parts, or two threads see it half loaded
import pynetdicom  # noqa: F401 - before its parts, or two threads see it half loaded
from pydicom import Dataset
from pynetdicom.dsutils import decode

from workstation.dicom.charset import assume_character_set
from workstation.dicom.quiet import quiet
from workstation.domain.errors import PeerFailure
from workstation.network.dimse import status as words
from workstation.network.dimse.association import Link
from workstation.network.dimse.command import (
    C_FIND_RQ,
    ERROR_COMMENT,
    RESPONSE,
    MemorySink,
    Messages,
    cancel_request,
    find_request,
    in_memory,
)
from workstation.network.dimse.identifiers import encoded
from workstation.network.upper_layer import AssociationEnded, Garbled

IMPLICIT = "1.2.840.10008.1.2"
CANCEL_S = 0.4  # how long the peer may take to say that it stopped
_MESSAGE_ID = 1  # one operation at a time


class Asking:
    """Any number of C-FIND requests, one after the other, over `link`."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._messages = Messages(link.transfer or link.take_over(), in_memory)

    def answers(self, model: str, identifier: Dataset, character_set: str) -> Iterator[bytes]:
        """The identifiers of the responses, as they were sent; `implicit` says how.

        Closing the iterator before its end sends C-CANCEL and waits a little for the peer to stop, so that the
        association can be used and released. Raises PeerFailure, and AssociationEnded where the peer goes.
        """
        data = encoded(identifier, character_set, implicit=self.implicit(model))
        context_id = self._context_id(model)
        self._messages.send(context_id, find_request(_MESSAGE_ID, model), BytesIO(data), len(data))
        ask_to_stop = cancel_request(_MESSAGE_ID)
        with self._link.farewell(context_id, ask_to_stop):
            try:
                yield from self._responses()
            except GeneratorExit:
                if not self._link.cancellation.cancelled:
                    with contextlib.suppress(AssociationEnded):
                        self._messages.send(context_id, ask_to_stop)
                self._drain()
                raise

    def implicit(self, model: str) -> bool:
        """Whether responses for `model` are in implicit VR."""
        context = self._link.context(model)
        return context is not None and str(context.transfer_syntax[0]) == IMPLICIT

    def _responses(self) -> Iterator[bytes]:
        link = self._link
        link.heard()
        while True:
            _, command, sink = self._messages.receive(link.node.response_timeout_s)
            link.heard()
            code = command.status
            if command.field != C_FIND_RQ | RESPONSE or code is None:
                self._messages.transfer.abort()
                raise Garbled("no answer to C-FIND")
            if code not in words.PENDING:
                link.cancellation.raise_if_cancelled()
                if code != words.SUCCESS:
                    raise link.failure(code, command.text(ERROR_COMMENT))
                return
            if link.cancellation.cancelled:
                continue  # until it has stopped, or `Link.farewell` loses its patience
            if isinstance(sink, MemorySink):
                if sink.too_long:
                    raise PeerFailure(meaning="an answer of more than 64 MiB", **link.facts)
                yield sink.value

    def _drain(self) -> None:
        """Take what is still under way, up to the last response."""
        deadline = time.monotonic() + CANCEL_S
        with contextlib.suppress(AssociationEnded):
            while (left := deadline - time.monotonic()) > 0:
                _, command, _ = self._messages.receive(left)
                if command.status not in words.PENDING:
                    self._link.stopped = True
                    return

    def _context_id(self, model: str) -> int:
        context = self._link.context(model)
        assert context is not None  # `Link.require` came before
        return context.context_id or 0


def ask(link: Link, model: str, identifier: Dataset) -> Iterator[Dataset]:
    """The identifiers that answer one C-FIND request over `link`, texts readable by the node's habit.

    Raises NoAcceptedContext, PeerFailure; AssociationEnded is for `associated` to put in words.
    """
    link.require(model)
    asking = Asking(link)
    for data in asking.answers(model, identifier, link.node.character_set):
        yield data_set(data, implicit=asking.implicit(model), assumed=link.node.character_set)


def data_set(data: bytes, *, implicit: bool, assumed: str) -> Dataset:
    """One response as pydicom reads it."""
    with quiet():
        answer = decode(BytesIO(data), implicit, True)
        assume_character_set(answer, assumed)
    return answer
