"""Sending: our C-STORE and DCMTK's storescu, both to a storescp that throws away what it receives."""

from __future__ import annotations

import support

from tests.support.peers import DcmtkStorescp, storescu
from workstation.domain.node import LocalAe, Node
from workstation.jobs.cancel import Cancellation
from workstation.network.dimse.client import DimseClient

ROUNDS = 3


def main() -> None:
    with support.scratch() as folder, DcmtkStorescp("+xa", "--ignore") as peer:
        for title, count, rows, columns in support.WORKLOADS:
            images = support.make_images(folder / title.replace(" ", ""), count, rows, columns)
            candidates = {
                "storescu": lambda images=images: _storescu(peer.node(), images),
                "our C-STORE": lambda images=images: _store(peer.node(), images),
            }
            support.compare(f"send {title}", candidates, ROUNDS, ("images/s", count))


def _storescu(node: Node, images: support.Images) -> float:
    def send() -> None:
        assert storescu(node, [images.folder], "+sd", "-xe").returncode == 0

    return support.seconds(send)


def _store(node: Node, images: support.Images) -> float:
    client = DimseClient(LocalAe())

    def send() -> None:
        report = client.store(node, images.paths, lambda _: None, Cancellation())
        assert report.transferred == images.count

    return support.seconds(send)


if __name__ == "__main__":
    support.start(main)
