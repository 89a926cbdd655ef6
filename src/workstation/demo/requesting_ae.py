"""pynetdicom's AE, for the requests that the PACS itself makes: C-STORE sub-operations, commitment reports."""

from __future__ import annotations

from typing import Any

import pydicom  # noqa: F401 - before its parts, or two threads see it half loaded
from pynetdicom import AE
from pynetdicom.association import Association


class RequestingAE(AE):
    """An AE whose associations leave a requester's answers to the requester.

    pynetdicom's reactor may still be on its way into the pause that a requester asked for, and then takes
    an answer that comes fast enough for a request of the peer: the requester waits for it in vain
    (seen about once in a thousand C-STORE sub-operations on loopback).
    """

    def associate(self, *arguments: Any, **more: Any) -> Association:
        association = super().associate(*arguments, **more)
        take = association.dimse.get_msg

        def get_msg(block: bool = False) -> Any:
            if block or association._reactor_checkpoint.is_set():
                return take(block)
            return None, None

        association.dimse.get_msg = get_msg  # type: ignore[method-assign]
        return association
