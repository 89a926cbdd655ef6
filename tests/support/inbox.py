"""An inbox that keeps files in a folder: what the network needs of the archive, and what a test needs of us."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from pydicom import Dataset, dcmread

from tests.support.secrets import secrets_of_this_run
from workstation.dicom.summarise import summarise
from workstation.domain.errors import WorkstationError
from workstation.domain.node import LocalAe
from workstation.jobs.cancel import Cancellation
from workstation.network.dicomweb.client import DicomWebClient
from workstation.network.dimse.client import DimseClient
from workstation.services.ports import Delivery, Inbox, NotAnnounced, StoreOutcome, TransferProgress


class FolderInbox(Inbox):
    """Takes everything in; `refusal` is raised instead where a test wants it."""

    def __init__(self, folder: Path, refusal: WorkstationError | None = None) -> None:
        self.folder = folder
        self.refusal = refusal
        self.taken: dict[Path, str] = {}
        self._numbers = itertools.count()

    def delivery(self, source: str) -> FolderDelivery:
        return FolderDelivery(self, source)

    def settle(self) -> None:
        """Everything is taken at once."""

    def new_path(self) -> Path:
        return self.folder / f"{next(self._numbers)}.part"

    @property
    def files(self) -> list[Path]:
        """Every file there is, taken or left behind."""
        return sorted(self.folder.iterdir())

    def by_uid(self) -> dict[str, Dataset]:
        """What was taken, by SOP Instance UID."""
        return {str(dataset.SOPInstanceUID): dataset for dataset in map(dcmread, self.taken)}


class FolderDelivery(Delivery):
    """Files of one source, checked as the archive checks them."""

    def __init__(self, inbox: FolderInbox, source: str) -> None:
        self._inbox = inbox
        self._source = source
        self._outcomes: Counter[StoreOutcome] = Counter()

    def new_path(self) -> Path:
        return self._inbox.new_path()

    def take(self, path: Path, announced: str = "") -> None:
        if self._inbox.refusal is not None:
            raise self._inbox.refusal
        uid = summarise(path).instance.sop_instance_uid
        if announced not in ("", uid):
            raise NotAnnounced(reason="another instance")
        self._inbox.taken[path] = self._source
        self._outcomes[StoreOutcome.STORED] += 1

    def discard(self, path: Path) -> None:
        path.unlink(missing_ok=True)

    def settled(self) -> Counter[StoreOutcome]:
        return self._outcomes


@dataclass(frozen=True)
class Us:
    """Our side of a conversation."""

    inbox: FolderInbox
    cancellation: Cancellation
    dimse: DimseClient
    web: DicomWebClient

    @classmethod
    def with_folder(cls, folder: Path, local: LocalAe | None = None) -> Us:
        return cls(
            FolderInbox(folder), Cancellation(), DimseClient(local or LocalAe()), DicomWebClient(secrets_of_this_run())
        )


def ignore(_: TransferProgress) -> None:
    """Nobody watches the progress."""
