"""Frames decoded in worker processes: native decoders crash, hang and eat memory on damaged data.

Uncompressed frames are read in this process straight from the file: no native code is involved and nothing
is allocated that the file does not hold. Everything else goes to a pre-started worker with a memory limit
and a deadline; one that dies is replaced and the caller gets DecoderDied. Frames come back through a pipe
into the final array: as fast as shared memory, which has to be copied out again
(docs/decisions/0006-frames-through-a-pipe.md).
"""

from __future__ import annotations

import logging
import os
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol, TypeVar, cast

import numpy as np

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

from workstation.dicom.decode_worker import COUNT, ERROR, FRAME, HEADER, STORED, WORKER_ARGUMENT, ImageFiles, Request
from workstation.dicom.plain_frames import Precedents, plain_frame
from workstation.domain import errors
from workstation.domain.errors import Cancelled, DecodeFailed, DecoderDied, NotDicom, WorkstationError
from workstation.imaging.frame import Frame, PixelAttributes, Stored
from workstation.settings import DecodeSettings

if TYPE_CHECKING:
    from workstation.dicom.decode import ImageFile
    from workstation.dicom.pdf_pages import PdfPages

_NATIVE = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2")
_LOG = logging.getLogger(__name__)
_PIPE_BYTES = 1 << 20
_STARTED_AHEAD = 2
_GRACE_S = 0.4  # a cancelled decode may still finish: killing costs a worker's start
_START_CODE = "import sys; sys.path.insert(0, sys.argv[1]); from workstation.dicom.decode_worker import main; main()"


Result = TypeVar("Result")


class CancelsWork(Protocol):
    """What is needed of `jobs.cancel.Cancellation`, which lies above this room."""

    @property
    def cancelled(self) -> bool: ...

    def on_cancel(self, callback: Callable[[], None]) -> AbstractContextManager[None]: ...


class DecodePool:
    """Thread safe; every method blocks the calling thread only."""

    def __init__(self, settings: DecodeSettings | None = None) -> None:
        self._settings = settings or DecodeSettings()
        self._condition = threading.Condition()
        self._idle: list[_Worker] = []
        self._all: set[_Worker] = set()
        self._urgent = 0  # callers that wait for a worker
        self._closed = False
        self._precedents = Precedents()
        self._watchdog: threading.Thread | None = None
        self._files = ImageFiles()
        self._files_lock = threading.Lock()

    def start(self) -> None:
        """Start the first workers now, without waiting for them; the others start when they are needed."""
        with self._condition:
            while not self._closed and len(self._all) < min(_STARTED_AHEAD, self._settings.workers):
                self._idle.append(self._new_worker())

    def frame(
        self,
        path: str | Path,
        index: int = 0,
        cancellation: CancelsWork | None = None,
        reduce: int = 0,
        *,
        urgent: bool = True,
    ) -> Frame:
        """Raises InputError of all kinds (DecoderDied when the worker did), Cancelled.

        Not `urgent`: a frame nobody looks at yet; it waits while somebody waits for one that is looked at.

        `reduce` n: rows and columns halved n times where the codec can (JPEG 2000, HTJ2K), the full frame where
        not; `PixelAttributes.reduction` says which.
        """
        plain = plain_frame(path, index, self._precedents)
        if plain is not None:
            return plain
        if self._is_native(path):
            here = self._in_process(path, index, lambda files: _frame_here(files.get(str(path)), index))
            if here is not None:
                return here
        attributes, stored = self._decode(Request(FRAME, str(path), index, reduce), cancellation, urgent)
        assert attributes is not None
        if " after " in attributes.decoder:
            _LOG.debug("frame %d decoded by %s", index, attributes.decoder)
        return Frame(stored, attributes)

    def stored(self, path: str | Path, index: int = 0, cancellation: CancelsWork | None = None) -> Stored:
        """Stored values only, as `decode.decode_stored`."""
        if self._is_native(path):
            return self._in_process(path, index, lambda files: files.get(str(path)).decoded(index).stored)
        return self._decode(Request(STORED, str(path), index), cancellation)[1]

    def pages(self, path: str | Path, cancellation: CancelsWork | None = None) -> int:
        """How many pages the PDF in `path` has, counted in a worker. Raises as `frame` does."""
        return int(self._decode(Request(COUNT, str(path), 0), cancellation)[1][0])

    def close(self) -> None:
        """End every worker; calls that are waiting raise Cancelled."""
        with self._condition:
            self._closed = True
            watchdog = self._watchdog
            for worker in self._all:
                if worker in self._idle:
                    worker.dispose()
                else:
                    worker.kill("closed")
            self._all.clear()
            self._idle.clear()
            self._condition.notify_all()
        if watchdog is not None:
            watchdog.join()
        with self._files_lock:
            self._files.close()

    def __enter__(self) -> DecodePool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- uncompressed, here -------------------------------------------------------------------

    @staticmethod
    def _is_native(path: str | Path) -> bool:
        return _transfer_syntax(path) in _NATIVE

    def _in_process(self, path: str | Path, index: int, work: Callable[[ImageFiles], Result]) -> Result:
        try:
            with self._files_lock:
                return work(self._files)
        except OSError as error:
            raise NotDicom(path=path, reason=error.strerror or type(error).__name__) from error
        except MemoryError as error:
            raise DecodeFailed(path=path, frame=index, reason="out of memory") from error

    # -- compressed, in a worker --------------------------------------------------------------

    def _decode(
        self, request: Request, cancellation: CancelsWork | None, urgent: bool = True
    ) -> tuple[PixelAttributes | None, Stored]:
        with self._borrowed(request.path, cancellation, urgent) as worker:
            deadline = time.monotonic() + self._settings.deadline_s
            hurry = cancellation.on_cancel(lambda: self._hurry(worker)) if cancellation else nullcontext()
            self._watch(worker, deadline)
            with hurry:
                try:
                    answer = worker.ask(request)
                except (OSError, EOFError) as error:
                    raise self._death(worker, request, cancellation) from error
                finally:
                    self._watch(worker, None)
        if cancellation is not None and cancellation.cancelled:
            raise Cancelled()
        return answer

    def _death(self, worker: _Worker, request: Request, cancellation: CancelsWork | None) -> WorkstationError:
        if self._closed or (cancellation is not None and cancellation.cancelled):
            return Cancelled()
        reason = worker.killed_because or f"the decoder crashed ({worker.exit_text()})"
        syntax = _transfer_syntax(request.path)
        return DecoderDied(path=request.path, frame=request.index, transfer_syntax=syntax, reason=reason)

    @contextmanager
    def _borrowed(self, path: str, cancellation: CancelsWork | None, urgent: bool) -> Iterator[_Worker]:
        worker = self._acquire(path, cancellation, urgent)
        try:
            yield worker
        except BaseException:
            # Only a WorkstationError that the worker itself reported leaves it in step with us.
            if not worker.in_step:
                worker.kill("failed")
            raise
        finally:
            with self._condition:
                if worker.in_step and not self._closed:
                    self._idle.append(worker)
                else:
                    self._all.discard(worker)
                    worker.dispose()
                self._condition.notify_all()

    def _acquire(self, path: str, cancellation: CancelsWork | None, urgent: bool) -> _Worker:
        wake = cancellation.on_cancel(self._wake) if cancellation else nullcontext()
        with wake, self._condition:
            self._urgent += urgent
            try:
                while True:
                    if self._closed or (cancellation is not None and cancellation.cancelled):
                        raise Cancelled()
                    worker = self._free_worker(path) if urgent or not self._urgent else None
                    if worker is not None:
                        return worker
                    self._condition.wait()
            finally:
                self._urgent -= urgent
                self._condition.notify_all()

    def _free_worker(self, path: str) -> _Worker | None:
        """Rather the one that has this file open: a video's decoder stands at its next frame."""
        if self._idle:
            worker = next((each for each in reversed(self._idle) if each.path == path), self._idle[-1])
            self._idle.remove(worker)
            worker.path = path
            return worker
        return self._new_worker() if len(self._all) < self._settings.workers else None

    def _wake(self) -> None:
        with self._condition:
            self._condition.notify_all()

    def _new_worker(self) -> _Worker:
        try:
            worker = _Worker(self._settings)
        except OSError as error:
            raise DecoderDied(reason=f"it cannot be started: {error.strerror or type(error).__name__}") from error
        self._all.add(worker)
        return worker

    # -- deadlines ----------------------------------------------------------------------------

    def _watch(self, worker: _Worker, deadline: float | None) -> None:
        with self._condition:
            worker.deadline = deadline
            if deadline is not None and self._watchdog is None:
                self._watchdog = threading.Thread(target=self._kill_late_workers, name="decode-watchdog", daemon=True)
                self._watchdog.start()
            self._condition.notify_all()

    def _hurry(self, worker: _Worker) -> None:
        with self._condition:
            if worker.deadline is not None:
                worker.deadline = min(worker.deadline, time.monotonic() + _GRACE_S)
            self._condition.notify_all()

    def _kill_late_workers(self) -> None:
        with self._condition:
            while not self._closed:
                now = time.monotonic()
                due = [worker.deadline for worker in self._all if worker.deadline is not None]
                for worker in self._all:
                    if worker.deadline is not None and worker.deadline <= now:
                        worker.deadline = None
                        worker.kill(f"no answer within {self._settings.deadline_s:g} s")
                waiting = [moment for moment in due if moment > now]
                self._condition.wait(min(waiting) - now if waiting else None)


def _transfer_syntax(path: str | Path) -> str:
    from workstation.dicom.read import transfer_syntax_of  # noqa: PLC0415 - plain files are shown before pydicom is loaded

    return transfer_syntax_of(path)


def _frame_here(image: ImageFile | PdfPages, index: int) -> Frame | None:
    """None where a colour profile or a PDF is to be opened, which is native code as decoders are."""
    return None if image.has_profile else image.frame(index)


class _Worker:
    """One process. `in_step`: it has answered everything it was asked and can be asked again."""

    def __init__(self, settings: DecodeSettings) -> None:
        limits = [str(settings.memory_mib), str(settings.deadline_s)]
        package_root = str(Path(__file__).resolve().parents[2])
        if getattr(sys, "frozen", False):
            command = [sys.executable, WORKER_ARGUMENT, *limits]
        else:
            # -P: a file called numpy.py in the current folder, a patient's CD say, is not imported.
            command = [sys.executable, "-P", "-c", _START_CODE, package_root, *limits]
        single = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}  # their stacks count as memory
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            env={**os.environ, **single},
            close_fds=True,
        )
        self._input = cast(IO[bytes], self._process.stdin)
        self._output = cast(IO[bytes], self._process.stdout)
        self._ending = threading.Lock()
        self._widen()
        self.path = ""  # of the file it read last
        self.deadline: float | None = None
        self.killed_because = ""
        self.in_step = True

    def _widen(self) -> None:
        """A pipe of 1 MiB: measured 9 instead of 12 ms for 27 MB. Where there is no such thing, 64 KiB do."""
        size = getattr(fcntl, "F_SETPIPE_SZ", None)
        if size is not None:
            with suppress(OSError):
                fcntl.fcntl(self._output.fileno(), size, _PIPE_BYTES)

    def ask(self, request: Request) -> tuple[PixelAttributes | None, Stored]:
        """Raises the error the worker reports, EOFError or OSError when it dies."""
        self.in_step = False
        self._input.write(request.line())
        answer, length = HEADER.unpack(self._read(HEADER.size))
        content = pickle.loads(self._read(length))
        if answer == ERROR:
            self.in_step = True
            raise _error(*content)
        attributes, dtype, shape = content
        stored = np.empty(shape, np.dtype(dtype))
        if stored.size:
            self._read_into(stored.reshape(-1).view(np.uint8).data)
        self.in_step = True
        return attributes, stored

    def kill(self, reason: str) -> None:
        """Safe from any thread, more than once."""
        with self._ending:
            if not self.killed_because:
                self.killed_because = reason
            self.in_step = False
            self._process.kill()
            self._process.wait()

    def dispose(self) -> None:
        """Kill, and close the pipes: only where no thread can be reading them."""
        self.kill("closed")
        self._input.close()
        self._output.close()

    def exit_text(self) -> str:
        code = self._process.wait()
        return f"signal {-code}" if code < 0 else f"exit status {code}"

    def _read(self, count: int) -> bytes:
        buffer = bytearray(count)
        self._read_into(memoryview(buffer))
        return bytes(buffer)

    def _read_into(self, left: memoryview) -> None:
        while left:
            got = self._output.readinto(left)  # type: ignore[attr-defined]
            if not got:
                raise EOFError
            left = left[got:]


def _error(code: str, details: dict[str, str]) -> WorkstationError:
    classes = (each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, WorkstationError))
    return {each.code: each for each in classes}.get(code, DecodeFailed)(**details)
