"""The frames of a whole series in one array, each read once and straight to its place; `frame` copies nothing.

Uncompressed files are read here; whatever else fits comes from a source of decoded frames, the decode pool. Frames may
be loaded in any order and by several threads, the ones near the cursor first.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from workstation.dicom.header_scan import NeedsFullHeader
from workstation.dicom.plain_frames import PlainFile, plain_file
from workstation.domain.errors import WorkstationError
from workstation.imaging.frame import Frame, PixelAttributes

Place = tuple[Path, int]  # a file and the number of a frame in it, from 0


class DecodesFrames(Protocol):
    """What is needed of `decode_pool.DecodePool`."""

    def frame(self, path: Path, index: int, cancellation: Any = None) -> Frame: ...


class Cancels(Protocol):
    """What is needed of `jobs.cancel.Cancellation`, which lies above this room."""

    @property
    def cancelled(self) -> bool: ...


class Volume:
    """`array` has shape (frames, rows, columns[, 3]); what of it is not loaded yet is undefined. Thread safe."""

    def __init__(
        self, places: Sequence[Place], shape: tuple[int, ...], dtype: np.dtype[Any], source: DecodesFrames | None = None
    ) -> None:
        self.places = tuple(places)
        self.array: NDArray[Any] = np.empty((len(places), *shape), dtype)
        self._source = source
        self._changed = threading.Condition()
        self._loading: set[int] = set()
        # What each loaded frame means; a file until somebody asks, because that takes longer than reading the pixels.
        self._meanings: list[PixelAttributes | PlainFile | None] = [None] * len(places)
        self._multi_frame_files: dict[Path, PlainFile | None] = {}
        self._misfits: set[int] = set()

    @property
    def nbytes(self) -> int:
        return self.array.nbytes

    @property
    def loaded(self) -> int:
        """How many frames are there."""
        return sum(each is not None for each in self._meanings)

    def frame(self, index: int) -> Frame | None:
        """A view of the frame, None while it is not loaded."""
        meaning = self._meanings[index]
        if isinstance(meaning, PlainFile):
            try:
                meaning = self._meanings[index] = meaning.attributes(self.places[index][1])
            except NeedsFullHeader:
                meaning = self._meanings[index] = None
                self._misfits.add(index)
        return None if meaning is None else Frame(self.array[index], meaning)

    def load(self, index: int, cancellation: Any = None) -> Frame | None:
        """The frame, read now if need be; None where it does not fit into the array: ask the decode pool for it.

        Raises what the source raises: InputError, Cancelled.
        """
        self._load(index, cancellation)
        return self.frame(index)

    def fill(self, order: Iterable[int] | None = None, cancellation: Cancels | None = None, threads: int = 2) -> None:
        """Load all frames in `order` and return when they are there; one that cannot be decoded is passed over."""
        waiting = iter(range(len(self.places)) if order is None else order)

        def work() -> None:
            while cancellation is None or not cancellation.cancelled:
                with self._changed:
                    index = next(waiting, None)
                if index is None:
                    return
                try:
                    self._load(index, cancellation)
                except WorkstationError:
                    self._misfits.add(index)  # whoever wants to see it is told why by the pool

        others = [threading.Thread(target=work, name=f"volume-{n}", daemon=True) for n in range(1, threads)]
        for thread in others:
            thread.start()
        work()
        for thread in others:
            thread.join()

    # -- one frame ----------------------------------------------------------------------------

    def _load(self, index: int, cancellation: Any) -> None:
        with self._changed:
            while index in self._loading:  # its pixels must not be written while somebody looks at them
                self._changed.wait()
            if self._meanings[index] is not None or index in self._misfits:
                return
            self._loading.add(index)
        try:
            meaning = self._read(index) or self._decode(index, cancellation)
            if meaning is None:
                self._misfits.add(index)
            else:
                self._meanings[index] = meaning
        finally:
            with self._changed:
                self._loading.discard(index)
                self._changed.notify_all()

    def _read(self, index: int) -> PlainFile | None:
        """Read straight into the array; None where the file is not plain or of another shape."""
        path, number = self.places[index]
        file = self._file(path)
        target = self.array[index]
        if file is None or file.shape != target.shape or file.dtype != target.dtype or number >= file.frames:
            return None
        try:
            return file if file.read_into(target, number) else None
        except OSError:
            return None

    def _file(self, path: Path) -> PlainFile | None:
        if path in self._multi_frame_files:
            return self._multi_frame_files[path]
        file = plain_file(path)
        if file is None or file.frames > 1:
            self._multi_frame_files[path] = file
        return file

    def _decode(self, index: int, cancellation: Any) -> PixelAttributes | None:
        if self._source is None:
            return None
        path, number = self.places[index]
        frame = self._source.frame(path, number, cancellation)
        target = self.array[index]
        if frame.stored.shape != target.shape or frame.stored.dtype != target.dtype:
            return None
        target[...] = frame.stored
        return frame.attributes


def volume_of(places: Sequence[Place], limit_bytes: int, source: DecodesFrames | None = None) -> Volume | None:
    """An empty volume for `places`, its shape that of the first; None where it would take more than `limit_bytes`.

    The memory is claimed page by page as frames come. With `source`, compressed series and those that need the whole
    header fit as well; its first frame is decoded here then. Raises what the source raises.
    """
    if not places:
        return None
    path, number = places[0]
    file = plain_file(path)
    if file is not None and _answers(file, number):
        shape, dtype, first = file.shape, file.dtype, None
    elif source is not None:
        first = source.frame(path, number)
        shape, dtype = first.stored.shape, first.stored.dtype
    else:
        return None
    if len(places) * int(np.prod(shape, dtype=np.int64)) * dtype.itemsize > limit_bytes:
        return None
    return Volume(places, shape, dtype, source)


def _answers(file: PlainFile, number: int) -> bool:
    try:
        file.attributes(number)
    except NeedsFullHeader:
        return False
    return number < file.frames
