"""Several transfers from one node that take from one order: another one is begun as long as that pays."""

from __future__ import annotations

import threading
from collections.abc import Callable

from workstation.domain.errors import PeerError
from workstation.services.pace import Growth


class SideBySide:
    """`fetch` takes from the order until it is empty; the first one runs in the caller's thread, the rest beside it."""

    def __init__(
        self, fetch: Callable[[], None], growth: Growth, *, stop: Callable[[], None], refused: Callable[[int], None]
    ) -> None:
        self._fetch, self._growth, self._stop, self._refused = fetch, growth, stop, refused
        self._lock = threading.Lock()
        self._others: list[threading.Thread] = []
        self._active = 1
        self._errors: list[BaseException] = []

    def run(self) -> None:
        """Until all have ended. What ended one beside the first is raised unless the node only refused it."""
        try:
            self._fetch()
        except BaseException:
            self._stop()
            raise
        finally:
            for other in self._others:
                other.join()
        if self._errors:
            raise self._errors[0]

    def consider(self, instances: int, bytes_: int) -> None:
        """Told after each instance, by whichever of them: `instances` and `bytes_` that came so far."""
        with self._lock:
            if self._errors or not self._growth.wants_more(instances, bytes_, self._active):
                return
            self._active += 1
            other = threading.Thread(target=self._run_beside, name=f"transfer beside {len(self._others) + 1}")
            self._others.append(other)
        other.start()

    def _run_beside(self) -> None:
        try:
            self._fetch()
        except PeerError:  # it may bear one association only; what was asked for here is asked for again
            with self._lock:
                self._refused(self._active - 1)
                self._growth.stop()
        except BaseException as error:  # noqa: BLE001 - raised where the transfer is waited for
            self._errors.append(error)
            self._stop()
        finally:
            with self._lock:
                self._active -= 1
