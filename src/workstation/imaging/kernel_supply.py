"""Brings the compiled loops into this process, from the cache or, the first time, from a process that makes them."""

from __future__ import annotations

import logging
import subprocess
import threading
from pathlib import Path

from workstation.imaging import compiled, kernel_build

_log = logging.getLogger(__name__)
_CLOSE_TIMEOUT_S = 5.0


class KernelSupply:
    """One thread that ends by itself; without compiled loops everything is drawn all the same, more slowly."""

    def __init__(self, cache: Path) -> None:
        self._cache = cache
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False
        self._thread = threading.Thread(target=self._supply, name="kernels", daemon=True)

    def start(self) -> None:
        """Not before the first picture is on the screen: mapping LLVM takes 70 ms."""
        self._thread.start()

    def close(self) -> None:
        """Give up what is being made; nothing of it stays behind."""
        with self._lock:
            self._closed = True
            if self._process is not None:
                self._process.kill()
        if self._thread.ident is not None:
            self._thread.join(_CLOSE_TIMEOUT_S)

    def _supply(self) -> None:
        try:
            if compiled.loaded() is None:
                self._load(compiled.file_in(self._cache))
        except Exception:  # noqa: BLE001 - third-party code in three layers; drawing goes on without it
            _log.warning("no compiled loops, images are drawn more slowly", exc_info=True)

    def _load(self, file: Path) -> None:
        if not file.exists() and not self._made(file):
            return
        try:
            compiled.load(file)
        except compiled.Damaged:
            file.unlink(missing_ok=True)
            if self._made(file):
                compiled.load(file)

    def _made(self, file: Path) -> bool:
        with self._lock:
            if self._closed:
                return False
            self._process = kernel_build.start(file)
        status = self._process.wait()
        if status != 0 and not self._closed:
            _log.warning("no compiled loops, images are drawn more slowly: making them ended with status %d", status)
        return status == 0
