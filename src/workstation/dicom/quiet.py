"""pydicom kept quiet: its warnings quote values, and a value may be a patient's name (house rule 8).

What is wrong with a file is said by our own errors and by `PixelAttributes.incomplete` instead.
"""

from __future__ import annotations

import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from pydicom import config

# Reading never validates: archives are full of values that break their VR and still can be shown.
config.settings.reading_validation_mode = config.IGNORE
logging.getLogger("pydicom").setLevel(logging.CRITICAL + 1)


class _SharedFilter:
    """`warnings.catch_warnings` is not thread safe; the first to enter installs, the last to leave restores."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._catcher: warnings.catch_warnings[None] | None = None

    def enter(self) -> None:
        with self._lock:
            self._users += 1
            if self._users == 1:
                self._catcher = warnings.catch_warnings()
                self._catcher.__enter__()
                # Not `ignore` by module: a warning raised with a stack level names its caller's module.
                warnings.simplefilter("ignore", UserWarning)
                warnings.simplefilter("ignore", DeprecationWarning)
                warnings.simplefilter("ignore", BytesWarning)

    def leave(self) -> None:
        with self._lock:
            self._users -= 1
            if self._users == 0 and self._catcher is not None:
                self._catcher.__exit__(None, None, None)
                self._catcher = None


_FILTER = _SharedFilter()


@contextmanager
def quiet() -> Iterator[None]:
    """No warnings from pydicom inside; safe to nest and to use from several threads."""
    _FILTER.enter()
    try:
        yield
    finally:
        _FILTER.leave()
