"""Receiving: DCMTK's storescu sends to our listener and to DCMTK's storescp."""

from __future__ import annotations

import itertools
import socket
import sys
import threading
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

import support

from tests.support.peers import HOST, DcmtkStorescp, storescu
from workstation.archive.local import LocalArchive
from workstation.domain.node import LocalAe, Node
from workstation.network.listener import StorageListener
from workstation.services.delivery import ArchiveInbox
from workstation.services.ports import Delivery, Inbox, StoreOutcome

ROUNDS = 3
SENDER = "SENDER"


def main() -> None:
    sys.setswitchinterval(0.0005)  # as the window does: else a thread waits 5 ms for its turn
    with support.scratch() as folder:
        for title, count, rows, columns in support.WORKLOADS:
            images = support.make_images(folder / title.replace(" ", ""), count, rows, columns)
            receivers = _Receivers(folder / f"{count}", images)
            candidates = {
                "storescp": receivers.storescp,
                "our listener, files only": receivers.into_a_folder,
                "our listener, archive": receivers.into_an_archive,
                "until all is indexed": receivers.until_indexed,
                "bare copy": receivers.copied,
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
        inbox = _Folder(self._new_folder())
        return self._listen(inbox, lambda: len(list(inbox.folder.iterdir())))

    def into_an_archive(self) -> float:
        return self._archived(indexed=False)

    def until_indexed(self) -> float:
        return self._archived(indexed=True)

    def copied(self) -> float:
        """The same bytes through a loopback socket into files, without any protocol."""
        folder, paths = self._new_folder(), self._images.paths
        with socket.create_server((HOST, 0)) as server:
            address = server.getsockname()
            sender = threading.Thread(target=_send_files, args=(address, paths))

            def copy() -> None:
                sender.start()
                connection, _ = server.accept()
                with connection:
                    _receive_files(connection, [path.stat().st_size for path in paths], folder)
                sender.join()

            return support.seconds(copy)

    def _archived(self, indexed: bool) -> float:
        archive = LocalArchive(self._new_folder())
        try:
            inbox = ArchiveInbox(archive, lambda _: None)
            count = partial(self._count, archive, inbox)
            return self._listen(inbox, count, inbox.settle if indexed else lambda: None)
        finally:
            archive.close()

    def _count(self, archive: LocalArchive, inbox: ArchiveInbox) -> int:
        inbox.settle()
        return len(archive.instance_uids(self._images.study_instance_uid))

    def _listen(self, inbox: Inbox, count: Callable[[], int], then: Callable[[], None] = lambda: None) -> float:
        listener = StorageListener(lambda: LocalAe(port=0), inbox, lambda: frozenset({SENDER}))
        local = listener.start()
        try:
            taken = self._send(Node("us", local.ae_title, HOST, local.port)) + support.seconds(then)
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


class _Folder(Inbox, Delivery):
    """Keeps the files and does nothing else with them, as storescp does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._numbers = itertools.count()

    def delivery(self, source: str) -> Delivery:
        return self

    def new_path(self) -> Path:
        return self.folder / f"{next(self._numbers)}.dcm"

    def take(self, path: Path, announced: str = "") -> None:
        """It lies where it belongs."""

    def discard(self, path: Path) -> None:
        path.unlink(missing_ok=True)

    def settled(self) -> Counter[StoreOutcome]:
        return Counter()

    def settle(self) -> None:
        """Nothing waits."""


def _send_files(address: tuple[str, int], paths: list[Path]) -> None:
    with socket.create_connection(address) as connection:
        for path in paths:
            with path.open("rb") as file:
                connection.sendfile(file)


def _receive_files(connection: socket.socket, sizes: list[int], folder: Path) -> None:
    buffer = memoryview(bytearray(512 * 1024))
    for number, size in enumerate(sizes):
        with (folder / f"{number}").open("wb", buffering=0) as file:
            left = size
            while left:
                count = connection.recv_into(buffer[: min(left, len(buffer))])
                file.write(buffer[:count])
                left -= count


if __name__ == "__main__":
    support.start(main)
