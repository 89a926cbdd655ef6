"""The workplace: everything one profile works with, wired once in `app` and handed to ui and cli."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from workstation.dicom.decode_pool import DecodePool
from workstation.domain.events import Publish
from workstation.domain.node import LocalAe
from workstation.jobs.runner import JobRunner
from workstation.services.attention import Attention
from workstation.services.broadcast import Broadcast
from workstation.services.pace import Paces
from workstation.services.ports import Archive, DimsePeer, Inbox, Listener, Secrets, WebPeer
from workstation.settings import Folders, Settings

if TYPE_CHECKING:
    from workstation.services.annotations import MarkStore


@dataclass(frozen=True, slots=True)
class Workplace:
    """`settings` gives the current value, since the user may change it while the window is open."""

    folders: Folders
    settings: Callable[[], Settings]
    save_settings: Callable[[Settings], None]
    archive: Archive
    marks: MarkStore
    inbox: Inbox
    dimse_for: Callable[[LocalAe], DimsePeer]
    web: WebPeer
    secrets: Secrets
    listener: Listener
    runner: JobRunner
    decode_pool: DecodePool
    broadcast: Broadcast
    attention: Attention = field(default_factory=Attention)
    paces: Paces = field(default_factory=Paces)

    @property
    def dimse(self) -> DimsePeer:
        """The DIMSE client under our current AE title."""
        return self.dimse_for(self.settings().local)

    @property
    def publish(self) -> Publish:
        return self.broadcast.publish

    def subscribe(self, subscriber: Publish) -> Callable[[], None]:
        """Hear all events from now on, in the publishing threads; the returned call ends it."""
        return self.broadcast.subscribe(subscriber)

    def close(self) -> None:
        """Stop in the order in which nothing is lost: no new work, running work, then the workers."""
        self.listener.stop()
        self.runner.close()
        self.decode_pool.close()
