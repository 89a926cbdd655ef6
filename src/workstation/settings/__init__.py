"""The settings: one frozen value, TOML in, TOML out, errors that name file, key and what was expected."""

from workstation.settings.change import add_node, entries, get, remove_node, with_value
from workstation.settings.places import cache, folders, resources
from workstation.settings.toml_file import load, save, set_aside
from workstation.settings.values import (
    DecodeSettings,
    Folders,
    KeyProfile,
    KeySettings,
    MouseProfile,
    OverlayColour,
    Settings,
    TransferSettings,
    ViewerSettings,
    WorklistSettings,
)

__all__ = [
    "DecodeSettings",
    "Folders",
    "KeyProfile",
    "KeySettings",
    "MouseProfile",
    "OverlayColour",
    "Settings",
    "TransferSettings",
    "ViewerSettings",
    "WorklistSettings",
    "add_node",
    "cache",
    "entries",
    "folders",
    "get",
    "load",
    "remove_node",
    "resources",
    "save",
    "set_aside",
    "with_value",
]
