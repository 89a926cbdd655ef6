"""Frames off the GUI thread: who wants which, in what order; a bounded memory of what was decoded.

A viewport states its wishes anew whenever it moves; what nobody wants any more is never started. Each wish
carries the viewport's generation, and an answer names the generation that was current when it was ready.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QObject, Signal

from workstation.domain.errors import Cancelled, DecodeFailed, WorkstationError
from workstation.imaging.frame import Frame
from workstation.jobs.cancel import Cancellation
from workstation.services.display_sets import FrameRef

_CLOSE_TIMEOUT_S = 5.0


class FrameSource(Protocol):
    """What is asked of the decode pool."""

    def frame(self, path: Path, index: int, cancellation: Cancellation | None = None) -> Frame:
        """Blocking; called from several threads."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """One answer: a frame or the reason why there is none."""

    owner: object
    generation: int
    ref: FrameRef
    frame: Frame | None = None
    error: WorkstationError | None = None


class FrameCache:
    """The frames used last, up to `limit_bytes`. Thread safe. Errors are kept too, they cost nothing."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._lock = threading.Lock()
        self._frames: OrderedDict[FrameRef, Frame] = OrderedDict()
        self._errors: dict[FrameRef, WorkstationError] = {}
        self._bytes = 0

    @property
    def limit_bytes(self) -> int:
        return self._limit_bytes

    @property
    def size_bytes(self) -> int:
        return self._bytes

    def frame(self, ref: FrameRef) -> Frame | None:
        with self._lock:
            frame = self._frames.get(ref)
            if frame is not None:
                self._frames.move_to_end(ref)
            return frame

    def error(self, ref: FrameRef) -> WorkstationError | None:
        return self._errors.get(ref)

    def knows(self, ref: FrameRef) -> bool:
        return ref in self._frames or ref in self._errors

    def keep(self, ref: FrameRef, frame: Frame) -> None:
        with self._lock:
            replaced = self._frames.pop(ref, None)
            self._bytes += frame.stored.nbytes - (replaced.stored.nbytes if replaced else 0)
            self._frames[ref] = frame
            while self._bytes > self._limit_bytes and len(self._frames) > 1:
                _, oldest = self._frames.popitem(last=False)
                self._bytes -= oldest.stored.nbytes

    def keep_error(self, ref: FrameRef, error: WorkstationError) -> None:
        with self._lock:
            self._errors[ref] = error

    def clear(self) -> None:
        with self._lock:
            self._frames.clear()
            self._errors.clear()
            self._bytes = 0


class FrameLoader(QObject):
    """Two threads that fetch what is wanted most; `loaded` arrives on the GUI thread."""

    loaded = Signal(object)

    def __init__(self, source: FrameSource, cache: FrameCache, threads: int = 2, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.cache = cache
        self._source = source
        self._changed = threading.Condition()
        self._wishes: dict[object, tuple[int, tuple[FrameRef, ...]]] = {}
        self._running: dict[FrameRef, Cancellation] = {}
        self._closed = False
        self._threads = [
            threading.Thread(target=self._work, name=f"frame-loader-{number}", daemon=True) for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def want(self, owner: object, generation: int, refs: Sequence[FrameRef]) -> None:
        """Replace the wishes of `owner`; only the first is answered, the rest fill the cache."""
        with self._changed:
            self._wishes[owner] = (generation, tuple(refs))
            self._changed.notify_all()

    def forget(self, owner: object) -> None:
        with self._changed:
            self._wishes.pop(owner, None)

    def close(self) -> None:
        """Stop what runs and join the threads; no answer is sent afterwards."""
        with self._changed:
            self._closed = True
            self._wishes.clear()
            running = list(self._running.values())
            self._changed.notify_all()
        for cancellation in running:
            cancellation.cancel()
        for thread in self._threads:
            thread.join(_CLOSE_TIMEOUT_S)
        self.cache.clear()

    def _work(self) -> None:
        while (ref := self._next()) is not None:
            cancellation = self._running[ref]
            frame, error = self._fetch(ref, cancellation)
            with self._changed:
                del self._running[ref]
                if self._closed or (frame is None and error is None):
                    continue
                if frame is not None:
                    self.cache.keep(ref, frame)
                elif error is not None:
                    self.cache.keep_error(ref, error)
                waiting = [
                    Loaded(owner, generation, ref, frame, error)
                    for owner, (generation, refs) in self._wishes.items()
                    if refs and refs[0] == ref
                ]
                self._changed.notify_all()
                # Under the lock, so that close() cannot return between the check and the answer.
                for answer in waiting:
                    self.loaded.emit(answer)

    def _fetch(self, ref: FrameRef, cancellation: Cancellation) -> tuple[Frame | None, WorkstationError | None]:
        try:
            return self._source.frame(ref.path, ref.frame_index, cancellation), None
        except Cancelled:
            return None, None
        except WorkstationError as error:
            return None, error
        except Exception as error:  # noqa: BLE001 - a decoder's surprise belongs into this viewport, not into a dead thread
            return None, DecodeFailed(frame=ref.frame_index + 1, reason=type(error).__name__)

    def _next(self) -> FrameRef | None:
        """The most wanted frame that nobody fetches yet; waits for one, None when closed."""
        with self._changed:
            while not self._closed:
                ref = self._most_wanted()
                if ref is not None:
                    self._running[ref] = Cancellation()
                    return ref
                self._changed.wait()
            return None

    def _most_wanted(self) -> FrameRef | None:
        """First wishes of all viewports before any second ones."""
        lists = [refs for _, refs in self._wishes.values()]
        for position in range(max((len(refs) for refs in lists), default=0)):
            for refs in lists:
                if position < len(refs):
                    ref = refs[position]
                    if ref not in self._running and not self.cache.knows(ref):
                        return ref
        return None
