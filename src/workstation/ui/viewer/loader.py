"""Frames off the GUI thread: who wants which, in what order; a bounded memory of what was decoded.

A viewport states its wishes anew whenever it moves; what nobody wants any more is never started, and given up where
it runs. Each wish carries the viewport's generation, and an answer names the generation that was current when it was
ready. Of a large JPEG 2000 image there are two answers: first a reduced one, then the whole.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QObject, Signal

from workstation.domain.errors import Cancelled, DecodeFailed, WorkstationError
from workstation.imaging.frame import Frame
from workstation.jobs.cancel import Cancellation
from workstation.services.display_sets import FrameRef
from workstation.ui.viewer.prefetch import Around, first_look

_CLOSE_TIMEOUT_S = 5.0
_STACKS_KNOWN = 32
THREADS = max(2, min(8, os.cpu_count() or 2))  # each waits for a decoding worker or reads a file


class FrameSource(Protocol):
    """What is asked of the decode pool."""

    def frame(self, path: Path, index: int, cancellation: Cancellation | None = None, reduce: int = 0) -> Frame:
        """Blocking; called from several threads. `reduce` n: halved n times where the codec can."""


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
        self.losses = 0  # grows when something is forgotten

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
                self.losses += 1

    def keep_error(self, ref: FrameRef, error: WorkstationError) -> None:
        with self._lock:
            self._errors[ref] = error

    def clear(self) -> None:
        with self._lock:
            self._frames.clear()
            self._errors.clear()
            self._bytes = 0
            self.losses += 1


@dataclass(frozen=True, slots=True, eq=False)
class _Wish:
    generation: int
    refs: Sequence[FrameRef]
    size: tuple[int, int] | None  # of the picture on the screen, when the whole image is to be seen


class FrameLoader(QObject):
    """Threads that fetch what is wanted most; `loaded` arrives on the GUI thread."""

    loaded = Signal(object)

    def __init__(
        self,
        source: FrameSource,
        cache: FrameCache,
        threads: int = THREADS,
        parent: QObject | None = None,
        levels: Callable[[Path, tuple[int, int]], int] = first_look,
    ) -> None:
        super().__init__(parent)
        self.cache = cache
        self._source = source
        self._levels = levels
        self._changed = threading.Condition()
        self._wishes: dict[object, _Wish] = {}
        self._running: dict[FrameRef, Cancellation] = {}
        self._there: tuple[int, list[Sequence[FrameRef]]] = (-1, [])  # losses when said, stacks wholly in the cache
        self._closed = False
        self._threads = [
            threading.Thread(target=self._work, name=f"frame-loader-{number}", daemon=True) for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def want(
        self, owner: object, generation: int, refs: Sequence[FrameRef], size: tuple[int, int] | None = None
    ) -> None:
        """Replace the wishes of `owner`; only the first is answered, the rest fill the cache.

        `size` (width, height) of the viewport says that a reduced first look will do.
        """
        with self._changed:
            self._wishes[owner] = _Wish(generation, refs, size)
            self._give_up()
            if not self._is_there(refs):
                self._changed.notify_all()

    def forget(self, owner: object) -> None:
        with self._changed:
            self._wishes.pop(owner, None)
            self._give_up()

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
        self._there = (-1, [])

    def _work(self) -> None:
        while (ref := self._next()) is not None:
            self._serve(ref)

    def _serve(self, ref: FrameRef) -> None:
        """A function of its own: no frame is held while the thread waits for the next wish."""
        cancellation = self._running[ref]
        frame, error = self._first_look(ref, cancellation), None
        if frame is None and self._wanted(ref):
            frame, error = self._fetch(ref, cancellation)
        with self._changed:
            del self._running[ref]
            if not self._closed and (frame is not None or error is not None):
                if frame is not None:
                    self.cache.keep(ref, frame)
                elif error is not None:
                    self.cache.keep_error(ref, error)
                self._answer(ref, frame, error)
            self._changed.notify_all()

    def _first_look(self, ref: FrameRef, cancellation: Cancellation) -> Frame | None:
        """Answer a reduced frame where that pays; the whole frame when it turned out to be one."""
        with self._changed:
            sizes = [wish.size for wish in self._wishes.values() if wish.size and wish.refs and wish.refs[0] == ref]
        levels = min((self._levels(ref.path, size) for size in sizes), default=0)
        if not levels:
            return None
        frame, _error = self._fetch(ref, cancellation, levels)
        if frame is None or frame.attributes.reduction == 1:
            return frame
        with self._changed:
            if not self._closed:
                self._answer(ref, frame, None)
        return None

    def _answer(self, ref: FrameRef, frame: Frame | None, error: WorkstationError | None) -> None:
        """Under the lock, so that close() cannot return between the check and the answer."""
        for owner, wish in self._wishes.items():
            if wish.refs and wish.refs[0] == ref:
                self.loaded.emit(Loaded(owner, wish.generation, ref, frame, error))

    def _fetch(
        self, ref: FrameRef, cancellation: Cancellation, reduce: int = 0
    ) -> tuple[Frame | None, WorkstationError | None]:
        more = {"reduce": reduce} if reduce else {}
        try:
            return self._source.frame(ref.path, ref.frame_index, cancellation, **more), None
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
        stacks = [wish.refs for wish in self._wishes.values() if not self._is_there(wish.refs)]
        for refs in zip_longest(*stacks):
            for ref in refs:
                if ref is not None and ref not in self._running and not self.cache.knows(ref):
                    return ref
        if not self._running:
            self._remember(stacks)
        return None

    def _wanted(self, ref: FrameRef) -> bool:
        with self._changed:
            return not self._closed and any(ref in wish.refs for wish in self._wishes.values())

    def _give_up(self) -> None:
        """Cancel what nobody wants any more."""
        for ref, cancellation in self._running.items():
            if not any(ref in wish.refs for wish in self._wishes.values()):
                cancellation.cancel()

    # Scrolling through a stack that is wholly in the cache costs nothing here: 1000 images are a millisecond's walk.

    def _is_there(self, refs: Sequence[FrameRef]) -> bool:
        losses, stacks = self._there
        return isinstance(refs, Around) and losses == self.cache.losses and any(refs.frames is one for one in stacks)

    def _remember(self, stacks: Iterable[Sequence[FrameRef]]) -> None:
        losses, known = self._there
        whole = [refs.frames for refs in stacks if isinstance(refs, Around) and refs.whole]
        self._there = (self.cache.losses, ([*known, *whole] if losses == self.cache.losses else whole)[-_STACKS_KNOWN:])
