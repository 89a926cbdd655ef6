"""One publish for many listeners: from any thread to whoever subscribed."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from workstation.domain.events import Event, Publish

_log = logging.getLogger(__name__)


class Broadcast:
    """Hands every event to every subscriber, in the publishing thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._subscribers: list[Publish] = []

    def publish(self, event: Event) -> None:
        """A subscriber that raises is logged and does not keep the others from hearing."""
        with self._lock:
            subscribers = list(self._subscribers)
        for subscriber in subscribers:
            try:
                subscriber(event)
            except Exception as error:  # noqa: BLE001 - a listener's fault must not fail the job that published
                # Without the exception's text, which may quote a patient's name.
                _log.error("a subscriber failed on %s: %s", type(event).__name__, type(error).__name__)

    def subscribe(self, subscriber: Publish) -> Callable[[], None]:
        """Hear all events from now on; the returned call ends it."""
        with self._lock:
            self._subscribers.append(subscriber)

        def unsubscribe() -> None:
            with self._lock:
                if subscriber in self._subscribers:
                    self._subscribers.remove(subscriber)

        return unsubscribe
