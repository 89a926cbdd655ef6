"""A query provider of pynetdicom that answers with as many studies as it is told, as fast as the line takes them.

pynetdicom makes 1 000 responses a second; so it negotiates, makes the first one, and the rest are the same bytes with
other numbers in them. Also a program: `python -m tests.support.flooding_peer COUNT` prints its port and serves.
"""

from __future__ import annotations

import random
import struct
import sys
import time
from collections.abc import Iterator
from typing import Any

from pydicom import Dataset, config
from pydicom.dataelem import DataElement
from pynetdicom import AE, evt
from pynetdicom.dsutils import encode
from pynetdicom.sop_class import PatientRootQueryRetrieveInformationModelFind as PatientRootFind  # type: ignore[attr-defined]
from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelFind as StudyRootFind  # type: ignore[attr-defined]

from workstation.domain.node import Node
from workstation.network.dimse.command import (
    AFFECTED_SOP_CLASS,
    COMMAND_FIELD,
    DATA_SET_TYPE,
    RESPONDED_TO,
    STATUS,
    WITH_DATA_SET,
)
from workstation.network.dimse.command import encode as encode_command

AE_TITLE = "FLOOD"
_AT_ONCE = 200


class FloodingPeer:
    """Serves until `stop`; `agrees` is what it says to the SOP Class Extended Negotiation."""

    def __init__(
        self, count: int, *, pause_s: float = 0.0, agrees: bytes = b"", patient_root_only: bool = False
    ) -> None:
        self.count = count
        self.cancelled = False
        self.sent = 0
        self.heard: list[Dataset] = []
        self.proposed: dict[str, bytes] = {}
        self._pause_s = pause_s
        self._agrees = agrees
        self._ae = AE(AE_TITLE)
        for model in (PatientRootFind,) if patient_root_only else (StudyRootFind, PatientRootFind):
            self._ae.add_supported_context(model)
        handlers: list[Any] = [(evt.EVT_C_FIND, self._find), (evt.EVT_SOP_EXTENDED, self._extended)]
        self._server: Any = self._ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
        self.port = int(self._server.server_address[1])

    def node(self, **changes: Any) -> Node:
        values: dict[str, Any] = {"name": "FLOOD", "ae_title": AE_TITLE, "host": "127.0.0.1", "port": self.port}
        return Node(**(values | changes))

    def stop(self) -> None:
        self._server.shutdown()

    def __enter__(self) -> FloodingPeer:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _extended(self, event: evt.Event) -> dict[Any, bytes]:
        self.proposed = {str(uid): information for uid, information in event.app_info.items()}
        return dict.fromkeys(event.app_info, self._agrees) if self._agrees else {}

    def _find(self, event: evt.Event) -> Iterator[tuple[int, Dataset | None]]:
        self.heard.append(event.identifier)
        template = _Template(event)
        connection = event.assoc.dul.socket.socket
        order = list(range(self.count))
        random.Random(4).shuffle(order)
        for start in range(0, self.count, _AT_ONCE):
            if event.is_cancelled:
                self.cancelled = True
                yield 0xFE00, None
                return
            connection.sendall(b"".join(template.of(number) for number in order[start : start + _AT_ONCE]))
            self.sent = min(self.count, start + _AT_ONCE)
            if self._pause_s:
                time.sleep(self._pause_s)  # a peer's own pace, not a synchronisation


class _Template:
    """The PDU of a response with places for its numbers."""

    def __init__(self, event: evt.Event) -> None:
        answer = Dataset()
        answer.SpecificCharacterSet = "ISO_IR 192"
        answer.QueryRetrieveLevel = "STUDY"
        answer.add(DataElement("StudyDate", "DA", "@@DATE@@", validation_mode=config.IGNORE))
        answer.StudyTime = "101500"
        answer.AccessionNumber = "A@NUMBER@"
        answer.ModalitiesInStudy = "CT"
        answer.ReferringPhysicianName = "Weber^Anna"
        answer.StudyDescription = "Thorax mit Kontrastmittel"
        answer.PatientName = "Mueller^Nr@NUMBER@"
        answer.PatientID = "P@NUMBER@"
        answer.PatientBirthDate = "19600101"
        answer.PatientSex = "F"
        uid = "1.2.826.0.1.3680043.1@NUMBER@"
        answer.add(DataElement("StudyInstanceUID", "UI", uid, validation_mode=config.IGNORE))
        answer.StudyID = "1"
        answer.NumberOfStudyRelatedSeries = 4
        answer.NumberOfStudyRelatedInstances = 812
        context = event.context
        implicit = str(context.transfer_syntax) == "1.2.840.10008.1.2"
        data = encode(answer, implicit, True)
        assert data is not None
        command = encode_command(
            {
                AFFECTED_SOP_CLASS: str(event.request.AffectedSOPClassUID),
                COMMAND_FIELD: 0x8020,
                RESPONDED_TO: int(event.message_id),
                DATA_SET_TYPE: WITH_DATA_SET,
                STATUS: 0xFF00,
            }
        )
        pdvs = b"".join(
            struct.pack(">IBB", len(piece) + 2, context.context_id, control) + piece
            for piece, control in ((command, 3), (data, 2))
        )
        self._pdu = struct.pack(">BxI", 4, len(pdvs)) + pdvs

    def of(self, number: int) -> bytes:
        day = f"{1990 + number % 35:04}{1 + number // 35 % 12:02}{1 + number // 420 % 28:02}"
        return self._pdu.replace(b"@NUMBER@", b"%08d" % (10_000_000 + number)).replace(b"@@DATE@@", day.encode())


def main() -> None:
    with FloodingPeer(int(sys.argv[1])) as peer:
        sys.stdout.write(f"{peer.port}\n")
        sys.stdout.flush()
        sys.stdin.read()  # until whoever started it lets go


if __name__ == "__main__":
    main()
