"""How the embedded PACS behaves towards DIMSE-N and C-FIND: for trying what happens when a peer does not obey."""

from __future__ import annotations

import threading
from enum import StrEnum


class Temper(StrEnum):
    OBEYS = "obeys"
    REFUSES = "refuses"  # answers with a failure status
    HANGS = "hangs"  # accepts the request and never answers


class Mood:
    """The temper in force, and the end of the server that wakes whoever hangs."""

    def __init__(self, temper: Temper) -> None:
        self.temper = temper
        self._stopped = threading.Event()

    def refuses(self) -> bool:
        """Whether the request at hand is to be refused. Blocks while the temper is to hang."""
        if self.temper is Temper.HANGS:
            self._stopped.wait()
        return self.temper is not Temper.OBEYS

    def stop(self) -> None:
        self._stopped.set()
