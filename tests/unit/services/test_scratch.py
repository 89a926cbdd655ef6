"""What a diagnosis waits for is kept out of the archive, once; it asks for the smallest instance there is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from workstation.domain.node import Node
from workstation.domain.query import Query
from workstation.domain.study import Instance, Level, QueryMatch, Series, Study
from workstation.jobs.cancel import Cancellation
from workstation.services.ports import Delivery, Inbox, StoreOutcome
from workstation.services.scratch import WatchedInbox
from workstation.services.smallest import find_smallest


class Taking(Inbox, Delivery):
    """An inbox and its delivery that remember what they were given."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.taken: list[Path] = []

    def delivery(self, source: str) -> Delivery:
        return self

    def settle(self) -> None:
        """Everything is taken at once."""

    def new_path(self) -> Path:
        path = self._folder / f"{len(list(self._folder.iterdir()))}.part"
        path.write_bytes(b"content")
        return path

    def take(self, path: Path, announced: str = "") -> None:
        self.taken.append(path)

    def discard(self, path: Path) -> None:
        path.unlink()

    def settled(self) -> Counter[StoreOutcome]:
        return Counter()


def test_only_the_first_copy_of_what_is_waited_for_is_caught(tmp_path: Path) -> None:
    inner = Taking(tmp_path)
    watched = WatchedInbox(inner)
    delivery = watched.delivery("PACS")
    with watched.catching("1.2.3") as caught:
        other, wanted, again = (delivery.new_path() for _ in range(3))
        delivery.take(other, "1.2.4")
        delivery.take(wanted, "1.2.3")
        delivery.take(again, "1.2.3")
    assert caught.size_bytes == 7
    assert not wanted.exists()
    assert inner.taken == [other, again]
    later = delivery.new_path()
    delivery.take(later, "1.2.3")
    assert inner.taken[-1] == later


class Answering:
    """A peer with two studies of this week, the second of which is small."""

    def __init__(self) -> None:
        self.asked: list[Query] = []

    def find(self, node: Node, query: Query, cancellation: Cancellation) -> Iterator[QueryMatch]:
        self.asked.append(query)
        if query.level is Level.STUDY:
            recent = [Study("1.1", instance_count=900), Study("1.2", instance_count=2), Study("1.3")]
            yield from recent if len(self.asked) > 1 else []
        elif query.level is Level.SERIES:
            yield from [Series("1.2.1", "1.2", instance_count=1), Series("1.2.2", "1.2", instance_count=1)]
        else:
            frames = (None, 40)
            yield from [Instance(f"1.2.1.{n}", "1.9", rows=64, columns=64, number_of_frames=n) for n in frames]


def test_the_smallest_instance_of_the_smallest_recent_study_is_asked_for() -> None:
    peer = Answering()
    found = find_smallest(peer, Node("PACS", "PACS", "pacs", 104), Cancellation())  # type: ignore[arg-type]
    assert (found.studies, found.more, found.days) == (3, False, 14)
    assert found.target is not None
    assert found.target.study_instance_uid == "1.2"
    assert found.sop_instance_uid == "1.2.1.None"
    assert found.target.sop_classes == ("1.9",)
