"""Settings by key, as `workstation config` spells them, and changes that give a new, checked value."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from enum import StrEnum
from typing import Any, get_origin

from workstation.domain.errors import SettingsError
from workstation.domain.node import Node
from workstation.settings.read import TYPE_NAMES, checked, hints, require_sound, rule_of
from workstation.settings.values import Settings

_TRUE = frozenset({"true", "yes", "on", "1"})
_FALSE = frozenset({"false", "no", "off", "0"})


def entries(settings: Settings) -> Iterator[tuple[str, Any]]:
    """Every key with its value: `listen`, `local.port`, `nodes.NAME.host` …"""
    for item in fields(settings):
        value = getattr(settings, item.name)
        if item.name == "nodes":
            continue
        if is_dataclass(value):
            yield from ((f"{item.name}.{part.name}", getattr(value, part.name)) for part in fields(value))
        else:
            yield item.name, value
    for node in settings.nodes:
        yield from ((f"nodes.{node.name}.{part.name}", getattr(node, part.name)) for part in fields(node))


def get(settings: Settings, key: str) -> Any:
    """The value of `key`. Raises SettingsError when there is no such key."""
    found = dict(entries(settings))
    if key not in found:
        raise _unknown(settings, key)
    return found[key]


def with_value(settings: Settings, key: str, text: str) -> Settings:
    """The settings with `key` set to what `text` says. Raises SettingsError when it is no such key or value."""
    get(settings, key)
    group, _, name = key.rpartition(".")
    if not group:
        return replace(settings, **{name: _parsed(text, hints(Settings)[name], key)})
    if group.startswith("nodes."):
        changed = _with_field(_node(settings, group.removeprefix("nodes.")), name, text, key)
        nodes = tuple(changed if f"nodes.{node.name}" == group else node for node in settings.nodes)
        require_sound(nodes)
        return replace(settings, nodes=nodes)
    return replace(settings, **{group: _with_field(getattr(settings, group), name, text, key)})


def add_node(settings: Settings, node: Node) -> Settings:
    """The settings with one node more. Raises SettingsError for a field that cannot be, or a name that is taken."""
    types = hints(Node)
    for item in fields(node):
        key = f"nodes.{node.name}.{item.name}"
        checked(getattr(node, item.name), types[item.name], key, rule_of(key))
    nodes = (*settings.nodes, node)
    require_sound(nodes)
    return replace(settings, nodes=nodes)


def remove_node(settings: Settings, name: str) -> Settings:
    """The settings without the node `name`. Raises SettingsError when there is none."""
    gone = _node(settings, name)
    return replace(settings, nodes=tuple(node for node in settings.nodes if node is not gone))


def _node(settings: Settings, name: str) -> Node:
    node = settings.node(name)
    if node is None:
        known = ", ".join(node.name for node in settings.nodes) or "none is configured yet"
        raise SettingsError(key="nodes", expected=f"the name of a node ({known})", found=name)
    return node


def _with_field(group: Any, name: str, text: str, key: str) -> Any:
    return replace(group, **{name: _parsed(text, hints(type(group))[name], key)})


def _parsed(text: str, kind: Any, key: str) -> Any:
    return checked(_converted(text, kind, key), kind, key, rule_of(key))


def _converted(text: str, kind: Any, key: str) -> object:
    if kind is bool:
        if text.strip().casefold() in _TRUE:
            return True
        if text.strip().casefold() in _FALSE:
            return False
    elif get_origin(kind) is tuple:
        return tuple(word for word in (part.strip() for part in text.split(",")) if word)
    elif kind in (int, float):
        try:
            return int(text) if kind is int else float(text)
        except ValueError:
            pass
    else:
        return text.casefold() if isinstance(kind, type) and issubclass(kind, StrEnum) else text
    raise SettingsError(key=key, expected=TYPE_NAMES[kind], found=repr(text))


def _unknown(settings: Settings, key: str) -> SettingsError:
    known = [name for name, _ in entries(settings)]
    near = difflib.get_close_matches(key, known) or known
    return SettingsError(key=key, expected=f"a key like {', '.join(near)}", found="an unknown key")
