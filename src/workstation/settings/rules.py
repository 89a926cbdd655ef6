"""Which value each key may have, beyond its type, and how that is said to the user."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from workstation.domain.node import ae_title_problem

Rule = Callable[[Any], str | None]  # what was expected when the value is wrong, None when it is fine

_CHARACTER_SET = re.compile(r"(ISO_IR \d{1,3}|ISO 2022 IR \d{1,3}|GB18030|GBK)?(\\ISO 2022 IR \d{1,3})*")
_MODALITY = re.compile(r"[A-Z0-9_ ]{0,16}")
_SORT = re.compile(r"[A-Z0-9_]{1,16} (position|instance-number|acquisition-time)( reversed)?")
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}")  # RFC 9110 section 5.6.2: token
_KEYS = re.compile(r"[a-z]+\.[a-z0-9_]+( [^\s;]+)*")
RESERVED_NODE_NAMES = frozenset({"local"})  # the archive's name among the sources of a search


def _ae_title(value: str) -> str | None:
    problem = ae_title_problem(value)
    return f"an AE title: {problem}" if problem else None


def _between(low: float, high: float) -> Rule:
    expected = f"a number from {low:g} to {high:g}" if high < 1e6 else f"a number of {low:g} or more"
    return lambda value: None if low <= value <= high else expected


def _host(value: str) -> str | None:
    return None if value and not any(c.isspace() or c in "/@" for c in value) else "a host name or an IP address"


def _web_url(value: str) -> str | None:
    expected = "empty, or an address like https://pacs.example.org/dicom-web"
    if not value:
        return None
    try:
        parts = urlsplit(value)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return expected
    return None if usable and not any(c.isspace() for c in value) else expected


def _character_set(value: str) -> str | None:
    return None if _CHARACTER_SET.fullmatch(value) else "a character set of PS3.3 C.12.1.1.2, for example ISO_IR 192"


def _issuer(value: str) -> str | None:
    expected = "empty, or the address of an issuer like https://login.example.org/realms/hospital"
    return expected if value and _web_url(value) else None


def _one_line(value: str) -> str | None:
    return None if len(value) <= 1024 and value.isprintable() else "at most 1024 printable characters"


def _headers(value: tuple[str, ...]) -> str | None:
    usable = len({name.casefold() for name in value}) == len(value) and all(_HEADER.fullmatch(name) for name in value)
    return None if usable else "names of HTTP headers, each once, for example X-Api-Key"


def _modality(value: str) -> str | None:
    return None if _MODALITY.fullmatch(value) else "empty, or a modality in capitals, for example CT"


def _node_name(value: str) -> str | None:
    if value.casefold() in RESERVED_NODE_NAMES:
        return f"another name: {value} stands for the archive of this computer"
    usable = 0 < len(value) <= 64 and value == value.strip() and value.isprintable() and not value.startswith("-")
    return None if usable else "1 to 64 printable characters, no space at either end, no hyphen at the start"


def _sort(value: str) -> str | None:
    entries = [entry.strip() for entry in value.split(";")] if value.strip() else []
    usable = all(_SORT.fullmatch(entry) for entry in entries)
    return None if usable else "empty, or orders such as: CT position reversed; US acquisition-time"


def _keys(value: str) -> str | None:
    entries = [entry.strip() for entry in value.split(";")] if value.strip() else []
    usable = all(_KEYS.fullmatch(entry) for entry in entries)
    return None if usable else "empty, or actions with their keys such as: viewer.invert Ctrl+I; viewer.cine"


RULES: dict[str, Rule] = {
    "local.ae_title": _ae_title,
    "local.host": _host,
    "local.port": _between(0, 65535),
    "local.certificate": _one_line,
    "local.key": _one_line,
    "local.client_ca": _one_line,
    "viewer.cache_mib": _between(64, 1e9),
    "viewer.sort": _sort,
    "keys.changes": _keys,
    "decode.workers": _between(1, 64),
    "decode.memory_mib": _between(256, 1e9),
    "decode.deadline_s": _between(1, 3600),
    "worklist.refresh_s": _between(5, 86400),
    "worklist.modality": _modality,
    "nodes.name": _node_name,
    "nodes.ae_title": lambda value: _ae_title(value) if value else None,  # see read.require_sound
    "nodes.host": _host,
    "nodes.port": _between(1, 65535),
    "nodes.web_url": _web_url,
    "nodes.character_set": _character_set,
    "nodes.connect_timeout_s": _between(0.1, 3600),
    "nodes.response_timeout_s": _between(0.1, 3600),
    "nodes.ca_file": _one_line,
    "nodes.client_certificate": _one_line,
    "nodes.client_key": _one_line,
    "nodes.tls_name": lambda value: _host(value) if value else None,
    "nodes.user": _one_line,
    "nodes.oidc_issuer": _issuer,
    "nodes.oidc_client_id": _one_line,
    "nodes.oidc_scope": _one_line,
    "nodes.headers": _headers,
    "nodes.connections": _between(0, 16),
    "nodes.priors": _between(0, 100),
    "nodes.result_limit": _between(0, 1e9),
}
