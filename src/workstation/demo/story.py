"""The demo's cast: the embedded PACS, and the node under which the workstation knows it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from workstation.demo.pacs import EmbeddedPacs
from workstation.domain.node import LocalAe, Node

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class DemoSession:
    """A running PACS and its node; whoever starts it stops it."""

    pacs: EmbeddedPacs
    node: Node

    def know(self, local: LocalAe) -> None:
        """Tell the PACS where the workstation listens, once its port is known."""
        host = LOOPBACK if local.host in ("", "0.0.0.0", "::") else local.host
        self.pacs.add_destination(local.ae_title, host, local.port)

    def stop(self) -> None:
        self.pacs.stop()


def start_demo(local: LocalAe, samples: Path) -> DemoSession:
    """Start the PACS on a loopback port of its own choice, ready for queries, retrieval and worklist."""
    pacs = EmbeddedPacs(samples)
    node = Node(name="DEMOPACS", ae_title=pacs.ae_title, host=LOOPBACK, port=0, searched=True, worklist=True)
    session = DemoSession(pacs, node)
    session.know(local)
    return replace(session, node=replace(node, port=pacs.start(LOOPBACK)))
