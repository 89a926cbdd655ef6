"""A document as HTML, for the window and for files, and as plain text.

Everything that comes from the file is escaped, and nothing is ever fetched: the HTML has neither scripts nor
addresses, only links `target:N` to the N-th of `targets(document)`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby

from workstation.domain.document import Document, Item, ItemKind, targets

_INDENT = 14  # pixels a level
_LINKS = 60  # of one kind in a row; what is more is counted
_DEEPEST_HEADING = 4


@dataclass(frozen=True, slots=True)
class Look:
    """Colours of one sheet; the page's own where empty."""

    text: str = "#1c2430"
    soft: str = "#56606e"
    line: str = "#d5dae1"
    link: str = "#1a5fb4"
    warning: str = "#8a5a00"
    ground: str = "#ffffff"


PAPER = Look()


def to_html(document: Document, look: Look = PAPER, *, here: frozenset[int] = frozenset(), head: str = "") -> str:
    """`here`: the targets that can be shown, which become links. `head` stands over the title, as plain text."""
    numbers = {id(item): number for number, item in enumerate(targets(document))}
    body = _Html(look, numbers, here)
    return "".join(
        (
            '<!DOCTYPE html><html><head><meta charset="utf-8">',
            f"<title>{escape(document.title)}</title><style>{_style(look)}</style></head><body>",
            f'<p class="soft">{escape(head)}</p>' if head else "",
            f"<h1>{escape(document.title)}</h1>",
            f'<p class="soft">{escape(document.kind)}</p>' if document.kind != document.title else "",
            *(f'<p class="warning">{escape(warning)}</p>' for warning in document.warnings),
            _facts(document),
            *body.items(document.items, 0),
            "</body></html>",
        )
    )


def to_text(document: Document, head: str = "") -> str:
    """The same in lines, indented two spaces a level."""
    lines = [head] if head else []
    lines += [document.title, "=" * len(document.title)]
    lines += [document.kind] if document.kind != document.title else []
    lines += [f"! {warning}" for warning in document.warnings]
    lines += [f"{label}: {text}" for label, text in document.facts]
    lines.append("")
    lines += _lines(document.items, 0)
    return "\n".join(lines).rstrip() + "\n"


def _style(look: Look) -> str:
    return (
        f"body {{ color: {look.text}; background: {look.ground}; font-family: Inter, sans-serif; line-height: 135%; }}"
        f"h1 {{ font-size: x-large; margin: 0; }} h2 {{ font-size: large; margin: 14px 0 4px 0; }}"
        f"h3, h4 {{ font-size: medium; margin: 10px 0 2px 0; }}"
        f"td {{ padding: 2px 14px 2px 0; vertical-align: top; }}"
        f".soft {{ color: {look.soft}; margin: 2px 0; }} .warning {{ color: {look.warning}; margin: 4px 0; }}"
        f"a {{ color: {look.link}; text-decoration: none; }}"
    )


def _facts(document: Document) -> str:
    if not document.facts:
        return ""
    rows = (f'<tr><td class="soft">{escape(label)}</td><td>{_broken(text)}</td></tr>' for label, text in document.facts)
    return f"<table>{''.join(rows)}</table><hr>"


def _broken(text: str) -> str:
    return escape(text).replace("\n", "<br>")


class _Html:
    def __init__(self, look: Look, numbers: dict[int, int], here: frozenset[int]) -> None:
        self._look, self._numbers, self._here = look, numbers, here

    def items(self, items: Sequence[Item], level: int) -> Iterator[str]:
        """Headings over what they hold; values in between as tables of names and values."""
        for is_heading, run in groupby(items, key=lambda item: item.kind is ItemKind.HEADING):
            if not is_heading:
                yield f"<table>{''.join(self._rows(list(run), 0))}</table>"
                continue
            for item in run:
                number = min(level + 2, _DEEPEST_HEADING)
                name = escape(item.name or ("Section" if item.items else ""))
                relation = f' <span class="soft">({escape(item.relation)})</span>' if item.relation else ""
                yield f"<h{number}>{name}{relation}</h{number}>"
                held = "".join(self.items(item.items, level + 1))
                yield f'<div style="margin-left: {_INDENT}px">{held}</div>' if level else held

    def _rows(self, items: Sequence[Item], depth: int) -> Iterator[str]:
        for (_, is_plain), run in groupby(items, key=_as_links):
            members = list(run)
            if is_plain and len(members) > 1:
                yield self._row(members[0].name or _several(members), self._numbered(members), depth)
                continue
            for item in members:
                value = self._link(item, _broken(item.text))
                yield self._row(item.name or _unnamed(item), value, depth, item.relation)
                yield from self._rows(item.items, depth + 1)

    def _row(self, name: str, value: str, depth: int, relation: str = "") -> str:
        indent = f' style="padding-left: {_INDENT * depth}px"' if depth else ""
        label = " ".join(part for part in (relation, name) if part)
        return f'<tr><td class="soft"{indent}>{escape(label)}</td><td>{value}</td></tr>'

    def _numbered(self, items: Sequence[Item]) -> str:
        """References that say nothing more than what they are: `CT Image: 1 2 3`."""
        links = [self._link(item, str(number)) for number, item in enumerate(items[:_LINKS], 1)]
        more = f" and {len(items) - _LINKS} more" if len(items) > _LINKS else ""
        return f"{escape(items[0].text)}: {' &nbsp;'.join(links)}{more}"

    def _link(self, item: Item, shown: str) -> str:
        number = self._numbers.get(id(item), -1)
        return f'<a href="target:{number}">{shown}</a>' if number in self._here else shown


def _as_links(item: Item) -> tuple[str, bool]:
    plain = item.kind is ItemKind.REFERENCE and not item.items and not item.relation
    return (f"{item.name}\0{item.text}", True) if plain else (item.name, False)


def _several(items: Sequence[Item]) -> str:
    return f"{len(items)} objects"


def _unnamed(item: Item) -> str:
    return {ItemKind.REFERENCE: "Object", ItemKind.REGION: "Place"}.get(item.kind, "")


def _lines(items: Sequence[Item], depth: int) -> Iterator[str]:
    space = "  " * depth
    counts = Counter(_as_links(item) for item in items)
    for item in items:
        key = _as_links(item)
        if key[1] and counts[key] != 1:
            if counts[key]:
                yield f"{space}{counts.pop(key)} x {item.text}"
                counts[key] = 0
            continue
        if item.kind is ItemKind.HEADING:
            if depth == 0:
                yield ""
            yield f"{space}{item.name or 'Section'}"
        else:
            label = " ".join(part for part in (item.relation, item.name or _unnamed(item)) if part)
            first, *others = (item.text or "").split("\n")
            yield f"{space}{label}: {first}" if label else f"{space}{first}"
            yield from (f"{space}  {line}" for line in others)
        yield from _lines(item.items, depth + 1)
