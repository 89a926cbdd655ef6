"""pydicom and pynetdicom are loaded late, by whichever thread needs them first, so by several at once.

A thread that begins with a part (`from pydicom.uid import UID`) holds that part's lock while it waits for the
package, whose own loading waits for the part: Python then hands out half a module. `import pydicom` first cannot.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import workstation

PACKAGES = {"pydicom", "pynetdicom"}


def imported(statements: Iterator[ast.AST]) -> list[tuple[int, str]]:
    """Line and full name of each module that is imported, in the order of the lines."""
    found = []
    for node in statements:
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found.append((node.lineno, node.module))
    return sorted(found)


def at_run_time(tree: ast.AST) -> Iterator[ast.AST]:
    """The nodes of one scope and those of the functions in it; not what only the type checker reads."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        yield node
        yield from at_run_time(node)


def parts_before_the_whole(path: Path) -> list[str]:
    module = ast.parse(path.read_text(encoding="utf-8"))
    functions = [node for node in ast.walk(module) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    inside = {id(node) for function in functions for node in ast.walk(function)}
    top = imported(node for node in at_run_time(module) if id(node) not in inside)
    wrong = []
    for scope in [top, *(top + imported(at_run_time(function)) for function in functions)]:
        whole: set[str] = set()
        for line, name in scope:
            root = name.split(".")[0]
            if root in PACKAGES and not {"pydicom", root} <= whole | {name}:
                wrong.append(f"{path.name}:{line} {name}")
            whole |= {root} & PACKAGES
    return wrong


def test_the_whole_package_is_loaded_before_a_part_of_it() -> None:
    sources = sorted(Path(workstation.__file__).parent.rglob("*.py"))
    assert len(sources) > 100
    assert [wrong for path in sources for wrong in parts_before_the_whole(path)] == []
