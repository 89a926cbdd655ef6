"""The network libraries kept quiet: they log identifiers and URLs, and those hold patients' names (house rule 8)."""

from __future__ import annotations

import logging

import pydicom  # noqa: F401 - before its parts, or two threads see it half loaded
from pynetdicom import _config

_LIBRARIES = ("pynetdicom", "httpx2", "httpcore2")


def quiet_libraries() -> None:
    """No log line of theirs leaves the process; what goes wrong is said by our own errors."""
    _config.LOG_HANDLER_LEVEL = "none"
    _config.LOG_REQUEST_IDENTIFIERS = False
    _config.LOG_RESPONSE_IDENTIFIERS = False
    for name in _LIBRARIES:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
