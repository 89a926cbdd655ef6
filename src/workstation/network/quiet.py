"""pynetdicom kept quiet: it logs identifiers, and an identifier holds a patient's name (house rule 8)."""

from __future__ import annotations

import logging

from pynetdicom import _config


def quiet_pynetdicom() -> None:
    """No pynetdicom log line leaves the process; what goes wrong is said by our own errors."""
    _config.LOG_HANDLER_LEVEL = "none"
    _config.LOG_REQUEST_IDENTIFIERS = False
    _config.LOG_RESPONSE_IDENTIFIERS = False
    logging.getLogger("pynetdicom").setLevel(logging.CRITICAL + 1)
