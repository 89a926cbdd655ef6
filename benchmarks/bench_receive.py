"""Receiving: DCMTK's storescu sends to our listener and to DCMTK's storescp."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import support

from tests.support.inbox import FolderInbox
from tests.support.peers import HOST, DcmtkStorescp, storescu
from workstation.archive.local import LocalArchive
from workstation.domain.node import LocalAe, Node
from workstation.network.listener import StorageListener
from workstation.services.delivery import ArchiveInbox
from workstation.services.ports import Inbox

ROUNDS = 3
SENDER = "SENDER"


def main() -> None:
    with support.scratch() as folder:
        for title, count, rows, columns in (("300 x 512 KiB", 300, 512, 512), ("1000 x 30 KiB", 1000, 128, 120)):
            images = support.make_images(folder / title.replace(" ", ""), count, rows, columns)
            receivers = _Receivers(folder / f"{count}", images)
            candidates = {
                "storescp": receivers.storescp,
                "our listener, files only": receivers.into_a_folder,
                "our listener, archive": receivers.into_an_archive,
            }
            support.compare(f"receive {title}", candidates, ROUNDS, ("images/s", count), warm_up=False)


class _Receivers:
    """Each call receives all images once, at a place that has none of them."""

    def __init__(self, folder: Path, images: support.Images) -> None:
        self._folder = folder
        self._images = images
        self._numbers = itertools.count()

    def storescp(self) -> float:
        with DcmtkStorescp() as peer:
            taken = self._send(peer.node())
            assert len(peer.files()) == self._images.count
            return taken

    def into_a_folder(self) -> float:
        inbox = FolderInbox(self._new_folder())
        return self._listen(inbox, lambda: len(inbox.taken))

    def into_an_archive(self) -> float:
        archive = LocalArchive(self._new_folder())
        try:
            inbox = ArchiveInbox(archive, lambda _: None)
            return self._listen(inbox, lambda: len(archive.instance_uids(self._images.study_instance_uid)))
        finally:
            archive.close()

    def _listen(self, inbox: Inbox, count: Callable[[], int]) -> float:
        listener = StorageListener(lambda: LocalAe(port=0), inbox, lambda: frozenset({SENDER}))
        local = listener.start()
        try:
            taken = self._send(Node("us", local.ae_title, HOST, local.port))
        finally:
            listener.stop()
        assert count() == self._images.count
        return taken

    def _send(self, node: Node) -> float:
        def send() -> None:
            assert storescu(node, [self._images.folder], "+sd", "-xe", calling=SENDER).returncode == 0

        return support.seconds(send)

    def _new_folder(self) -> Path:
        folder = self._folder / f"{next(self._numbers)}"
        folder.mkdir(parents=True)
        return folder


if __name__ == "__main__":
    support.start(main)
