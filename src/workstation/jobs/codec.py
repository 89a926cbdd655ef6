"""Commands as JSON and back, by the types their dataclass declares: how the journal keeps them."""

from __future__ import annotations

import json
import types
import typing
from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any

_PLAIN = (str, int, float, bool, type(None))


class CannotRestore(Exception):
    """The text does not fit the type: written by another version, or damaged."""


def encode(value: Any) -> str:
    """JSON of a dataclass made of plain values, enums, paths, tuples, mappings and such dataclasses."""
    return _text(_plain(value))


def encode_apart(value: Any, private: Collection[str]) -> tuple[str, str]:
    """What `encode` gives, in two: the fields named in `private` stand in the second text."""
    plain = _plain(value)
    return (
        _text({name: item for name, item in plain.items() if name not in private}),
        _text({name: item for name, item in plain.items() if name in private}),
    )


def decode(expected: Any, text: str, private: str = "{}") -> Any:
    """The value of type `expected` that `encode` or `encode_apart` wrote. Raises CannotRestore."""
    try:
        return _restore(expected, {**json.loads(text), **json.loads(private)})
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise CannotRestore(type(error).__name__) from error


def _text(plain: Any) -> str:
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, Path):
        return str(value)
    return _plain_container(value)


def _plain_container(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: _plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted(_plain(item) for item in value)
    raise TypeError(f"a journalled command cannot hold a {type(value).__name__}")


def _restore(expected: Any, value: Any) -> Any:
    origin = typing.get_origin(expected)
    if origin in (typing.Union, types.UnionType):
        return _restore_first(typing.get_args(expected), value)
    if origin is not None:
        return _restore_container(origin, typing.get_args(expected), value)
    if expected is Any:
        return value
    if is_dataclass(expected) and isinstance(expected, type):
        return _restore_dataclass(expected, value)
    if isinstance(expected, type) and issubclass(expected, (Enum, Path)):
        return expected(value)
    return _restore_plain(expected, value)


def _restore_plain(expected: Any, value: Any) -> Any:
    if expected is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, expected) or (isinstance(value, bool) and expected is not bool):
        raise TypeError(f"expected {expected}")
    return value


def _restore_first(candidates: Sequence[Any], value: Any) -> Any:
    for candidate in candidates:
        try:
            return _restore(candidate, value)
        except (ValueError, TypeError, KeyError, AttributeError):
            continue
    raise TypeError("no member of the union fits")


def _restore_container(origin: Any, arguments: Sequence[Any], value: Any) -> Any:
    if issubclass(origin, Mapping):
        return {key: _restore(arguments[1], item) for key, item in value.items()}
    if not isinstance(value, list):
        raise TypeError("expected a list")
    if origin is tuple and arguments and arguments[-1] is not Ellipsis:
        return tuple(_restore(item_type, item) for item_type, item in zip(arguments, value, strict=True))
    items = [_restore(arguments[0], item) for item in value]
    return items if origin is list or origin is Sequence else origin(items)


def _restore_dataclass(expected: type, value: Any) -> Any:
    hints = typing.get_type_hints(expected)
    if not isinstance(value, dict) or not value.keys() <= {item.name for item in fields(expected)}:
        raise TypeError("other fields")
    return expected(**{name: _restore(hints[name], item) for name, item in value.items()})
