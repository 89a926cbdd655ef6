"""Which keys each action has now: its own, those of the profile chosen, the user's own changes; and who shares one.

No widgets. A key is told as in `actions`: portable text such as `Ctrl+Shift+R`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from workstation.settings import KeyProfile, KeySettings
from workstation.ui.actions import ACTIONS, ActionSpec
from workstation.ui.key_profiles import PROFILES

Keys = dict[str, tuple[str, ...]]
_SEMICOLON = "Semicolon"


def keys_of(settings: KeySettings, specs: Iterable[ActionSpec] = ACTIONS) -> Keys:
    """The keys of every action; of changes to actions that are no more, nothing is left."""
    keys = profile_keys(settings.profile, specs)
    return keys | {name: new for name, new in read(settings.changes).items() if name in keys}


def profile_keys(profile: KeyProfile, specs: Iterable[ActionSpec] = ACTIONS) -> Keys:
    """The keys of every action before the user's own changes."""
    other = PROFILES[profile]
    return {spec.id: other.get(spec.id, spec.keys) for spec in specs}


def settings_for(profile: KeyProfile, keys: Mapping[str, tuple[str, ...]]) -> KeySettings:
    """What to keep so that the actions have `keys`: only what differs from the profile."""
    usual = profile_keys(profile)
    return KeySettings(profile, write({name: new for name, new in keys.items() if usual.get(name) != new}))


def read(text: str) -> Keys:
    """The user's changes from the text of the setting."""
    entries = (entry.split() for entry in text.split(";"))
    return {entry[0]: tuple(_plain(key) for key in entry[1:]) for entry in entries if entry}


def write(changes: Mapping[str, tuple[str, ...]]) -> str:
    """The text of the setting."""
    return "; ".join(" ".join((name, *map(_coded, keys))) for name, keys in changes.items())


def taken_by(key: str, action: str, keys: Mapping[str, tuple[str, ...]]) -> str | None:
    """The other action that `key` means where `action` is heard; None when the key is free."""
    place = place_of(action)
    for name, used in keys.items():
        if name != action and key in used and (not place or place_of(name) in ("", place)):
            return name
    return None


def place_of(action: str) -> str:
    """The page that hears the action, empty for the whole window."""
    place = action.partition(".")[0]
    return "" if place == "window" else place


def with_keys(keys: Mapping[str, tuple[str, ...]], action: str, new: tuple[str, ...]) -> Keys:
    """`keys` with those of one action replaced; whoever had one of them there loses it."""
    changed = dict(keys)
    for key in new:
        while (other := taken_by(key, action, changed)) is not None:
            changed[other] = tuple(one for one in changed[other] if one != key)
    changed[action] = new
    return changed


def _coded(key: str) -> str:
    return key.replace(";", _SEMICOLON).replace(" ", "_")


def _plain(key: str) -> str:
    return key.replace(_SEMICOLON, ";").replace("_", " ") if len(key) > 1 else key
