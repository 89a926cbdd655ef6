"""Where things lie: the profile's folders and the resources that ship with the program."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import platformdirs

from workstation.settings.values import Folders

_APPLICATION = "workstation"
_PACKAGE = Path(__file__).resolve().parents[1]


def folders(
    config_dir: Path | str | None = None,
    data_dir: Path | str | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Folders:
    """The profile's folders: the arguments, else WORKSTATION_CONFIG_DIR and _DATA_DIR, else the platform's."""
    config = config_dir or environ.get("WORKSTATION_CONFIG_DIR")
    data = data_dir or environ.get("WORKSTATION_DATA_DIR")
    return Folders(
        config=_absolute(config) if config else platformdirs.user_config_path(_APPLICATION, appauthor=False),
        data=_absolute(data) if data else platformdirs.user_data_path(_APPLICATION, appauthor=False),
    )


def cache(environ: Mapping[str, str] = os.environ) -> Path:
    """What can be made again, the same for every profile: WORKSTATION_CACHE_DIR, else the platform's cache folder."""
    chosen = environ.get("WORKSTATION_CACHE_DIR")
    return _absolute(chosen) if chosen else platformdirs.user_cache_path(_APPLICATION, appauthor=False)


def resources() -> Path:
    """The folder with icons, fonts, theme, samples and standards: inside a wheel, or beside `src` in a checkout."""
    installed = _PACKAGE / "resources"
    return installed if installed.is_dir() else _PACKAGE.parents[1] / "resources"


def _absolute(path: Path | str) -> Path:
    return Path(path).expanduser().absolute()
