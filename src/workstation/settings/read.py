"""From plain TOML values to the frozen Settings; every wrong type, range and key is a SettingsError."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar, get_origin, get_type_hints

from workstation.domain.errors import SettingsError
from workstation.domain.node import Node
from workstation.settings.rules import RULES
from workstation.settings.values import Settings

SCHEMA_VERSION = 1
_T = TypeVar("_T")


def settings_from(table: Mapping[str, Any]) -> Settings:
    """Build the settings from the parsed file; what it does not mention keeps its default."""
    values = dict(table)
    version = values.pop("schema_version", SCHEMA_VERSION)
    if isinstance(version, bool) or not isinstance(version, int) or not 1 <= version <= SCHEMA_VERSION:
        raise SettingsError(
            key="schema_version", expected=f"{SCHEMA_VERSION} or less for this version of Workstation", found=version
        )
    nodes = _nodes(values.pop("nodes", []))
    return _build(Settings, values, "", {"nodes": nodes})


def hints(kind: type) -> dict[str, Any]:
    """Field name -> type of a settings dataclass."""
    return _hints(kind)


def checked(value: object, kind: Any, key: str, rule: str) -> Any:
    """`value` as a setting of type `kind`, or SettingsError for `key`; `rule` is its name in RULES."""
    converted = _typed(value, kind, key)
    problem = RULES[rule](converted) if rule in RULES else None
    if problem:
        raise SettingsError(key=key, expected=problem, found=_shown(value))
    return converted


def require_sound(nodes: tuple[Node, ...]) -> None:
    """Raise SettingsError when two nodes bear one name (whatever the case), or one cannot be reached in any way."""
    seen: set[str] = set()
    for node in nodes:
        if not node.ae_title and not node.web_url:
            raise SettingsError(
                key=f"nodes.{node.name}.ae_title", expected="an AE title, unless web_url is set", found="nothing"
            )
        if node.name.casefold() in seen:
            raise SettingsError(key="nodes", expected="a name of its own for each node", found=f"{node.name} twice")
        seen.add(node.name.casefold())


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _nodes(found: object) -> tuple[Node, ...]:
    if not isinstance(found, list) or not all(isinstance(item, Mapping) for item in found):
        raise SettingsError(key="nodes", expected="tables that start with [[nodes]]", found=_shown(found))
    nodes = tuple(_build(Node, item, f"nodes[{number}].", {}) for number, item in enumerate(found, start=1))
    require_sound(nodes)
    return nodes


def _build(kind: type[_T], table: Mapping[str, Any], prefix: str, ready: Mapping[str, Any]) -> _T:
    types = hints(kind)
    known = {item.name: item for item in fields(kind)}  # type: ignore[arg-type]  # every kind here is a dataclass
    for name in table:
        if name not in known:
            raise SettingsError(key=f"{prefix}{name}", expected=f"one of {', '.join(known)}", found="an unknown key")
    values: dict[str, Any] = dict(ready)
    for name, field in known.items():
        if name in ready:
            continue
        key = f"{prefix}{name}"
        if name in table:
            values[name] = _value(table[name], types[name], key)
        elif _required(field):
            raise SettingsError(key=key, expected="a value", found="nothing")
    return kind(**values)


def _value(value: object, kind: Any, key: str) -> Any:
    if is_dataclass(kind) and isinstance(kind, type):
        if not isinstance(value, Mapping):
            raise SettingsError(key=key, expected=f"a table that starts with [{key}]", found=_shown(value))
        return _build(kind, value, f"{key}.", {})
    return checked(value, kind, key, rule_of(key))


def rule_of(key: str) -> str:
    """The name in RULES of the setting `key`: `nodes[2].port` and `nodes.pacs.port` are both `nodes.port`."""
    return f"nodes.{key.rpartition('.')[2]}" if key.startswith("nodes") else key


def _required(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _typed(value: object, kind: Any, key: str) -> Any:
    found = _shown(value)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        names = [member.value for member in kind]
        if value not in names:
            raise SettingsError(key=key, expected=f"one of {', '.join(names)}", found=found)
        return kind(value)
    if get_origin(kind) is tuple:
        if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):
            raise SettingsError(key=key, expected=TYPE_NAMES[kind], found=found)
        return tuple(str(item) for item in value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise SettingsError(key=key, expected=TYPE_NAMES[kind], found=found)
    return value


TYPE_NAMES: dict[Any, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text in quotes",
    tuple[str, ...]: "a list of texts in quotes",
}


def _shown(value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
