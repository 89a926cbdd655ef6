"""The Type of an attribute in an IOD, which decides between removing, emptying and a dummy (PS3.5 7.4)."""

from __future__ import annotations

from functools import cache

from workstation.deidentify.tables import iod_types

_STRICTNESS = ("1", "1C", "2", "2C", "3")
_FUNCTIONAL_GROUPS = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")


def is_known_sop_class(sop_class_uid: str) -> bool:
    """Whether the standard defines a composite IOD for it that the tables know."""
    return sop_class_uid in iod_types()["sop_class_iod"]


def type_of(sop_class_uid: str, path: tuple[str, ...]) -> str:
    """The strictest Type of the attribute at `path` (keywords, outermost first) in the IOD; "" when unknown."""
    types = _types(sop_class_uid)
    if (found := types.get(".".join(path))) is not None:
        return found
    flattened = _without_repeated_levels(path)
    if flattened != path and (found := types.get(".".join(flattened))) is not None:
        return found
    if path[0] in _FUNCTIONAL_GROUPS and len(path) > 1:
        other = _FUNCTIONAL_GROUPS[1 - _FUNCTIONAL_GROUPS.index(path[0])]
        return types.get(".".join((other, *path[1:])), "")
    return ""


def _without_repeated_levels(path: tuple[str, ...]) -> tuple[str, ...]:
    """Content items nest in themselves without end (PS3.3 C.17.3): one level stands for all."""
    return tuple(name for index, name in enumerate(path) if index == 0 or path[index - 1] != name)


@cache
def _types(sop_class_uid: str) -> dict[str, str]:
    tables = iod_types()
    modules = tables["iod_modules"].get(tables["sop_class_iod"].get(sop_class_uid, ""), [])
    strictest: dict[str, str] = {}
    for module, _usage in modules:
        for path, found in tables["module_attributes"].get(module, {}).items():
            before = strictest.get(path)
            if before is None or _STRICTNESS.index(found) < _STRICTNESS.index(before):
                strictest[path] = found
    return strictest
