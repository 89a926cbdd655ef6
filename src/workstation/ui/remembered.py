"""What the window looked like when it was closed: kept beside the settings, and of no weight when it cannot be read.

Not a setting: nobody types it, and losing it costs nobody anything.
"""

from __future__ import annotations

import contextlib
import json
from base64 import b64decode, b64encode
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

FILE = "window.json"
_MOST = 4  # rows, and columns


@dataclass(frozen=True, slots=True)
class ViewerLook:
    """How the viewer was laid out."""

    rows: int = 1
    columns: int = 1
    panel_width: int = 0  # logical pixels, 0 for the usual one
    links: dict[str, bool] = field(default_factory=dict)  # switches of `matching.Links` that are not as usual


@dataclass(frozen=True, slots=True)
class Remembered:
    geometry: bytes = b""  # of QWidget.saveGeometry, which knows about other screens
    viewer: ViewerLook = ViewerLook()


def load(folder: Path) -> Remembered:
    """What was saved in `folder`; what is missing or unreadable is as at the first start."""
    try:
        found = json.loads((folder / FILE).read_text(encoding="utf-8"))
        viewer = _viewer(found.get("viewer"))
        return Remembered(b64decode(found.get("geometry", ""), validate=True), viewer)
    except (OSError, ValueError, AttributeError, TypeError):
        return Remembered()


def save(folder: Path, remembered: Remembered) -> None:
    """Write it whole, or leave what is there; a disk that is full is no reason to stay open."""
    values = {"geometry": b64encode(remembered.geometry).decode("ascii"), "viewer": asdict(remembered.viewer)}
    draft = folder / f".{FILE}.new"
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        draft.write_text(json.dumps(values, indent=1), encoding="utf-8")
        draft.replace(folder / FILE)


def _viewer(found: Any) -> ViewerLook:
    if not isinstance(found, dict):
        return ViewerLook()
    links = found.get("links")
    return ViewerLook(
        _number(found.get("rows"), _MOST, 1),
        _number(found.get("columns"), _MOST, 1),
        _number(found.get("panel_width"), 4000, 0),
        {name: on for name, on in links.items() if isinstance(on, bool)} if isinstance(links, dict) else {},
    )


def _number(value: Any, highest: int, usual: int) -> int:
    usable = isinstance(value, int) and not isinstance(value, bool) and 0 < value <= highest
    return value if usable else usual
