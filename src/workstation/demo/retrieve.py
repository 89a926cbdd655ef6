"""C-MOVE and C-GET of the embedded PACS: instances go out in the transfer syntax they are kept in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pydicom  # noqa: F401 - before its parts, or two threads see it half loaded
from pydicom.dataset import Dataset, FileDataset
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import build_context
from pynetdicom.events import Event
from pynetdicom.presentation import PresentationContext

from workstation.demo.sop_classes import PATIENT_ROOT
from workstation.demo.store import Catalogue, InvalidIdentifier, query_level

PENDING, CANCELLED, IDENTIFIER_MISMATCH = 0xFF00, 0xFE00, 0xA900
MAXIMUM_CONTEXTS = 128  # PS3.8 9.3.2.2: odd numbers of one byte

Address = tuple[str, int]
Answers = Iterator[tuple[int, Dataset | None]]


def root_of(sop_class_uid: object) -> str:
    """The topmost level of the information model of `sop_class_uid` (PS3.4 C.6)."""
    return "PATIENT" if sop_class_uid in PATIENT_ROOT else "STUDY"


def get(event: Event, catalogue: Catalogue) -> Iterator[Any]:
    """EVT_C_GET: the number of sub-operations, then each instance (PS3.4 C.4.3)."""
    try:
        instances = _selected(event, catalogue)
    except InvalidIdentifier:
        yield 1
        yield IDENTIFIER_MISMATCH, None
        return
    yield len(instances)
    yield from _outgoing(event, instances)


def move(
    event: Event,
    catalogue: Catalogue,
    address_of: Callable[[str], Address | None],
    evt_handlers: list[tuple[Any, ...]],
) -> Iterator[Any]:
    """EVT_C_MOVE: the destination, the number of sub-operations, then each instance (PS3.4 C.4.2)."""
    address = address_of(str(event.move_destination).strip())
    if address is None:
        yield None, None  # pynetdicom answers A801
        return
    try:
        instances = _selected(event, catalogue)
    except InvalidIdentifier:
        yield *address, {"evt_handlers": evt_handlers}
        yield 1
        yield IDENTIFIER_MISMATCH, None
        return
    yield *address, {"contexts": contexts_for(instances), "evt_handlers": evt_handlers}
    yield len(instances)
    yield from _outgoing(event, instances)


def contexts_for(instances: Sequence[FileDataset]) -> list[PresentationContext]:
    """One context per SOP class and stored syntax; the uncompressed ones share one, they convert freely."""
    kinds = dict.fromkeys(
        (str(instance.SOPClassUID), _offered(instance.file_meta.TransferSyntaxUID)) for instance in instances
    )
    return [build_context(sop_class, list(syntaxes)) for sop_class, syntaxes in kinds][:MAXIMUM_CONTEXTS]


def _offered(transfer_syntax: Any) -> tuple[str, ...]:
    if transfer_syntax in (ExplicitVRLittleEndian, ImplicitVRLittleEndian, DeflatedExplicitVRLittleEndian):
        return (ExplicitVRLittleEndian, ImplicitVRLittleEndian)
    return (str(transfer_syntax),)


def _selected(event: Event, catalogue: Catalogue) -> list[FileDataset]:
    identifier = event.identifier
    return catalogue.select(
        query_level(identifier, root_of(getattr(event.request, "AffectedSOPClassUID", None))), identifier
    )


def _outgoing(event: Event, instances: Sequence[FileDataset]) -> Answers:
    for instance in instances:
        if event.is_cancelled:
            yield CANCELLED, None
            return
        yield PENDING, instance
