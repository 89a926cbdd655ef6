"""A node: another application entity that the workstation talks to (PS3.7, PS3.8)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class RetrieveMethod(StrEnum):
    AUTO = "auto"
    GET = "get"
    MOVE = "move"
    WEB = "web"


@dataclass(frozen=True, slots=True)
class Node:
    """Address and habits of one peer. `name` is the user's word for it and unique."""

    name: str
    ae_title: str
    host: str
    port: int
    web_url: str = ""  # DICOMweb root, empty when the peer has none
    retrieve_method: RetrieveMethod = RetrieveMethod.AUTO
    character_set: str = "ISO_IR 192"  # (0008,0005) used in queries and assumed where a reply has none
    connect_timeout_s: float = 10.0
    response_timeout_s: float = 30.0
    searched: bool = True  # ticked on the Studies page when the window opens
    worklist: bool = False  # asked by the Worklist page

    @property
    def speaks_dimse(self) -> bool:
        """Whether it can be reached over DIMSE; a node without an AE title is a DICOMweb server only."""
        return bool(self.ae_title)


@dataclass(frozen=True, slots=True)
class LocalAe:
    """Who we are on the network: what an administrator must enter on the other side."""

    ae_title: str = "WORKSTATION"
    host: str = "127.0.0.1"  # address the listener binds
    port: int = 11112


def ae_title_problem(value: str) -> str | None:
    """Why `value` cannot be an AE title (PS3.5 section 6.2: AE), or None when it can."""
    if not value.strip():
        return "1 to 16 characters that are not all spaces"
    if len(value) > 16:
        return f"at most 16 characters, this has {len(value)}"
    if not all(32 <= ord(character) < 127 and character != "\\" for character in value):
        return "only printable ASCII without a backslash"
    return None
