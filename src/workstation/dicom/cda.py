"""The narrative of an HL7 clinical document (CDA R2): what its author wrote to be read, section by section.

Only text is taken: no style sheet, script, picture or address of the document is followed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree as Xml

from workstation.dicom.report_values import moment
from workstation.domain.document import Item, ItemKind

_DEEPEST = 12  # sections within sections
_MOST_ELEMENTS = 200_000
_SPACES = re.compile(r"[ \t\r\n\xa0]+")
_BLOCKS = frozenset({"paragraph", "list", "table", "caption", "tr", "thead", "tbody", "tfoot", "item", "br"})
Told = list[tuple[str, str]]


class NotCda(Exception):
    """Why it is none, in words without the document's own."""


def narrative(data: bytes) -> tuple[Told, tuple[Item, ...], tuple[str, ...]]:
    """Facts of the head, sections, warnings. Raises NotCda."""
    if b"<!ENTITY" in data or b"<!DOCTYPE" in data:
        raise NotCda("it declares entities, which a clinical document has no use for")
    try:
        root = Xml.fromstring(data)
    except (Xml.ParseError, ValueError, LookupError) as error:
        raise NotCda("it is damaged XML") from error
    if sum(1 for _ in root.iter()) > _MOST_ELEMENTS:
        raise NotCda("it is too large")
    if _name(root) != "ClinicalDocument":
        raise NotCda("it is not a clinical document")
    items = tuple(_sections(root, 0))
    warnings = () if items else (_without_text(root),)
    return list(_head(root)), items, warnings


def _name(element: Xml.Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _children(element: Xml.Element | None, *names: str) -> list[Xml.Element]:
    """Those along a path of names, whatever their namespace."""
    found = [element] if element is not None else []
    for name in names:
        found = [child for one in found for child in one if _name(child) == name]
    return found


def _without_text(root: Xml.Element) -> str:
    if _children(root, "component", "nonXMLBody"):
        return "Its body is no text but another file inside it: save the document to open it elsewhere"
    return "The document has no text"


def _head(root: Xml.Element) -> Iterator[tuple[str, str]]:
    yield "Title", "".join(_text(one) for one in _children(root, "title"))
    for name in _children(root, "recordTarget", "patientRole", "patient", "name"):
        yield "Patient", _text(name)
    for time in _children(root, "effectiveTime"):
        yield "Effective", moment(time.get("value", ""))
    for author in _children(root, "author", "assignedAuthor", "assignedPerson", "name"):
        yield "Author", _text(author)
    for one in _children(root, "custodian", "assignedCustodian", "representedCustodianOrganization", "name"):
        yield "Kept by", _text(one)


def _sections(holder: Xml.Element, depth: int) -> Iterator[Item]:
    paths = (("component", "structuredBody", "component", "section"), ("component", "section"))
    for path in paths:
        for section in _children(holder, *path):
            title = " ".join(_text(one) for one in _children(section, "title"))
            said = "\n".join(_narrated(one) for one in _children(section, "text")).strip()
            items = [Item("", said)] if said else []
            if depth < _DEEPEST:
                items += _sections(section, depth + 1)
            yield Item(title or "Section", kind=ItemKind.HEADING, items=tuple(items))


def _text(element: Xml.Element) -> str:
    return _SPACES.sub(" ", " ".join(element.itertext())).strip()


def _narrated(block: Xml.Element) -> str:
    """A narrative block in lines: paragraphs, items with a dash, cells of a row side by side."""
    lines = [""]
    for event, element, text in _events(block):
        name = _name(element)
        if event == "begin" and name in _BLOCKS:
            lines.append("– " if name == "item" else "")
        elif event == "end" and name in _BLOCKS:
            lines.append("")
        elif event == "end" and name in ("td", "th") and lines[-1]:
            lines[-1] += "   "
        lines[-1] += _SPACES.sub(" ", text) if lines[-1] else _SPACES.sub(" ", text).lstrip()
    return "\n".join(line.rstrip() for line in lines if line.strip(" –"))


def _events(root: Xml.Element) -> Iterator[tuple[str, Xml.Element, str]]:
    """Begin with the text after it, end with the tail, without recursion."""
    waiting: list[tuple[Xml.Element, bool]] = [(root, False)]
    while waiting:
        element, left = waiting.pop()
        if left:
            yield "end", element, (element.tail or "") if element is not root else ""
            continue
        yield "begin", element, element.text or ""
        waiting.append((element, True))
        waiting.extend((child, False) for child in reversed(list(element)))
