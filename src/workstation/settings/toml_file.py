"""The settings file: read with every fault named, written whole or not at all, the user's comments kept."""

from __future__ import annotations

import contextlib
import os
import tempfile
import tomllib
from collections.abc import MutableMapping
from dataclasses import MISSING, fields, is_dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workstation.domain.errors import SettingsError
from workstation.domain.node import Node
from workstation.settings.read import SCHEMA_VERSION, settings_from
from workstation.settings.values import Folders, Settings

if TYPE_CHECKING:
    from tomlkit import TOMLDocument


def load(folders: Folders) -> Settings:
    """The profile's settings; defaults where there is no file. Raises SettingsError when it is broken."""
    file = folders.settings_file
    text = _read(file)
    if text is None:
        return Settings()
    try:
        return settings_from(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(file=file, expected="a TOML file", found=str(error)) from error
    except SettingsError as error:
        raise SettingsError(**{**error.details, "file": str(file)}) from error


def save(settings: Settings, folders: Folders) -> None:
    """Write `settings`: changed values in place, comments and order kept, defaults left unsaid.

    Raises SettingsError when the file there is broken (it is not overwritten: see `set_aside`) or cannot be written.
    """
    import tomlkit  # costs 50 ms, and reading does not need it  # noqa: PLC0415

    load(folders)  # a file that we cannot read is not ours to rewrite
    file = folders.settings_file
    document = tomlkit.parse(_read(file) or "")
    document["schema_version"] = SCHEMA_VERSION
    _update(document, settings, Settings())
    _update_nodes(document, settings.nodes)
    try:
        _replace(file, tomlkit.dumps(document))
    except OSError as error:
        raise SettingsError(file=file, expected="a file that can be written", found=error.strerror or "") from error


def set_aside(folders: Folders) -> Path:
    """Rename a broken settings file to `settings.toml.bad` (numbered when taken), so that defaults can start."""
    file = folders.settings_file
    kept = file.with_name(f"{file.name}.bad")
    number = 1
    while kept.exists():
        number += 1
        kept = file.with_name(f"{file.name}.bad{number}")
    file.rename(kept)
    return kept


def _read(file: Path) -> str | None:
    try:
        return file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        raise SettingsError(file=file, expected="text in UTF-8", found=f"byte {error.start} is not") from error
    except OSError as error:
        raise SettingsError(file=file, expected="a file that can be read", found=error.strerror or "") from error


def _update(table: MutableMapping[str, Any], values: Any, defaults: Any) -> None:
    import tomlkit  # see save  # noqa: PLC0415

    for item in fields(values):
        value = getattr(values, item.name)
        default = getattr(defaults, item.name)
        if item.name == "nodes":
            continue
        if is_dataclass(value):
            if item.name in table or value != default:
                _update(table.setdefault(item.name, tomlkit.table()), value, default)
        else:
            _put(table, item.name, value, default)


def _update_nodes(document: TOMLDocument, nodes: tuple[Node, ...]) -> None:
    """Nodes keep their tables, comments included, as long as their name stays."""
    import tomlkit  # see save  # noqa: PLC0415

    tables = {str(table["name"]): table for table in document.get("nodes", [])}
    if not nodes:
        document.pop("nodes", None)
        return
    written = tomlkit.aot()
    for node in nodes:
        table = tables.get(node.name) or tomlkit.table()
        for item in fields(node):
            _put(table, item.name, getattr(node, item.name), item.default)
        written.append(table)
    document["nodes"] = written


def _put(table: MutableMapping[str, Any], name: str, value: Any, default: Any) -> None:
    plain = value.value if isinstance(value, StrEnum) else list(value) if isinstance(value, tuple) else value
    if name in table:
        if table[name] != plain:
            table[name] = plain
    elif default is MISSING or value != default:
        table[name] = plain


def _replace(file: Path, text: str) -> None:
    target = file.resolve()  # a link to a shared file stays a link
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
