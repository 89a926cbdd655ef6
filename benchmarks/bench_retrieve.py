"""Retrieving a study from Orthanc: our C-GET and C-MOVE into the archive, DCMTK's getscu and movescu into a folder."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import support

from tests.support.peers import OUR_AE_TITLE, OrthancPeer, require_program, storescu
from workstation.archive.local import LocalArchive
from workstation.domain.node import LocalAe
from workstation.jobs.cancel import Cancellation
from workstation.network.dimse.client import DimseClient
from workstation.network.listener import StorageListener
from workstation.services.delivery import ArchiveInbox
from workstation.services.ports import RetrieveTarget

ROUNDS = 3


def main() -> None:
    sys.setswitchinterval(0.0005)  # as the program does: else a thread waits 5 ms for its turn
    with support.scratch() as folder, OrthancPeer() as orthanc:
        for title, count, rows, columns in support.WORKLOADS:
            images = support.make_images(folder / title.replace(" ", ""), count, rows, columns)
            assert storescu(orthanc.node(), [images.folder], "+sd", "-xe").returncode == 0
            ways = _Ways(folder / f"{count}", images, orthanc)
            per = ("images/s", float(count))
            support.compare(f"C-GET {title}", {"getscu": ways.getscu, "our C-GET, archive": ways.get}, ROUNDS, per)
            moves = {"movescu": ways.movescu, "our C-MOVE, archive": ways.move}
            support.compare(f"C-MOVE {title}", moves, ROUNDS, per)


class _Ways:
    """Each call retrieves the whole study once, to a place that has nothing of it."""

    def __init__(self, folder: Path, images: support.Images, orthanc: OrthancPeer) -> None:
        self._folder = folder
        self._images = images
        self._orthanc = orthanc
        self._local = LocalAe(port=orthanc.our_port)
        self._target = RetrieveTarget(images.study_instance_uid)
        self._numbers = itertools.count()

    def getscu(self) -> float:
        return self._dcmtk("getscu", "-S")

    def movescu(self) -> float:
        return self._dcmtk("movescu", "-S", "-aem", OUR_AE_TITLE, "+P", str(self._orthanc.our_port))

    def get(self) -> float:
        client = DimseClient(self._local)
        return self._ours(
            lambda inbox: client.get(self._orthanc.node(), self._target, inbox, lambda _: None, Cancellation())
        )

    def move(self) -> float:
        client = DimseClient(self._local)

        def move(inbox: ArchiveInbox) -> None:
            listener = StorageListener(lambda: self._local, inbox, lambda: frozenset({OrthancPeer.ae_title}))
            listener.start()
            try:
                client.move(self._orthanc.node(), self._target, lambda _: None, Cancellation())
            finally:
                listener.stop()

        return self._ours(move)

    def _ours(self, retrieve: Callable[[ArchiveInbox], object]) -> float:
        archive = LocalArchive(self._new_folder())
        try:
            taken = support.seconds(lambda: retrieve(ArchiveInbox(archive, lambda _: None)))
            assert len(archive.instance_uids(self._images.study_instance_uid)) == self._images.count
            return taken
        finally:
            archive.close()

    def _dcmtk(self, program: str, *options: str) -> float:
        folder = self._new_folder()
        node = self._orthanc.node()
        keys = ("-k", "0008,0052=STUDY", "-k", f"0020,000d={self._images.study_instance_uid}")
        titles = ("-aet", OUR_AE_TITLE, "-aec", node.ae_title)
        address = (node.host, str(node.port))
        # movescu forgets its output directory when it preserves bits, so that is where it is started.
        command = [require_program(program, "dcmtk"), *titles, *options, "+B", *keys, *address]
        taken = support.seconds(
            lambda: subprocess.run(command, check=True, capture_output=True, timeout=120, cwd=folder)
        )
        assert len(list(folder.iterdir())) == self._images.count
        return taken

    def _new_folder(self) -> Path:
        folder = self._folder / f"{next(self._numbers)}"
        folder.mkdir(parents=True)
        return folder


if __name__ == "__main__":
    support.start(main)
