"""The settings as frozen values with their defaults."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from workstation.domain.node import LocalAe, Node


@dataclass(frozen=True, slots=True)
class Folders:
    """Where this profile lives; `--config-dir` and `--data-dir` move everything."""

    config: Path
    data: Path

    @property
    def settings_file(self) -> Path:
        return self.config / "settings.toml"


class MouseProfile(StrEnum):
    """Whose habits the mouse follows in the viewer."""

    STANDARD = "standard"  # left windows, middle pans, right zooms
    BIR = "bir"  # IHE Basic Image Review: left scrolls
    CLEARCANVAS = "clearcanvas"  # left scrolls, middle and right window, Ctrl+left pans


class KeyProfile(StrEnum):
    """Whose keys the window has, before the user's own changes."""

    STANDARD = "standard"
    WEASIS = "weasis"
    OHIF = "ohif"
    HOROS = "horos"  # and OsiriX
    CLEARCANVAS = "clearcanvas"


@dataclass(frozen=True, slots=True)
class KeySettings:
    profile: KeyProfile = KeyProfile.STANDARD
    changes: str = ""  # the user's own: "viewer.invert Ctrl+I; viewer.reset R Space; viewer.cine"


class OverlayColour(StrEnum):
    """Of the overlay planes 60xx."""

    WHITE = "white"  # black where the picture is inverted
    YELLOW = "yellow"
    GREEN = "green"
    CYAN = "cyan"
    MAGENTA = "magenta"
    ORANGE = "orange"


@dataclass(frozen=True, slots=True)
class ViewerSettings:
    mouse: MouseProfile = MouseProfile.STANDARD
    drag_up_brightens: bool = True  # Weasis's habit; IHE BIR has it the other way
    cache_mib: int = 1024
    overlay_colour: OverlayColour = OverlayColour.WHITE
    sort: str = ""  # the user's own order by modality: "CT position reversed; US instance-number"


@dataclass(frozen=True, slots=True)
class DecodeSettings:
    workers: int = max(2, min(8, os.cpu_count() or 2))  # every core decodes
    memory_mib: int = 2048  # per worker
    deadline_s: float = 30.0  # per frame


@dataclass(frozen=True, slots=True)
class WorklistSettings:
    refresh_s: int = 30
    modality: str = ""


@dataclass(frozen=True, slots=True)
class TransferSettings:
    resume_at_start: bool = True  # the window goes on with what was interrupted when it last ended


@dataclass(frozen=True, slots=True)
class Settings:
    local: LocalAe = LocalAe()
    listen: bool = True  # whether the window opens the listener
    nodes: tuple[Node, ...] = ()
    viewer: ViewerSettings = ViewerSettings()
    keys: KeySettings = KeySettings()
    decode: DecodeSettings = DecodeSettings()
    worklist: WorklistSettings = WorklistSettings()
    transfers: TransferSettings = TransferSettings()

    def node(self, name: str) -> Node | None:
        return next((node for node in self.nodes if node.name == name), None)
