"""A document to be read: a report's content tree, or what an object without a picture says of itself.

Made by `dicom`, put into words by `services/document_text`. Texts are ready to be read; nothing of them is markup.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class ItemKind(StrEnum):
    HEADING = "heading"  # a container: its name stands over its items
    VALUE = "value"  # a name and what is said of it
    REFERENCE = "reference"  # another object
    REGION = "region"  # a place in another object


@dataclass(frozen=True, slots=True)
class Reference:
    """Another object that a document names (PS3.3 C.18.3, C.18.4)."""

    sop_instance_uid: str
    kind: str = ""  # `CT Image`
    frames: tuple[int, ...] = ()  # from 1; empty: all of them


@dataclass(frozen=True, slots=True)
class Region:
    """Spatial coordinates on an image, in pixels from its top left corner (PS3.3 C.18.6)."""

    graphic_type: str  # POINT, MULTIPOINT, POLYLINE, CIRCLE, ELLIPSE
    points: tuple[tuple[float, float], ...]  # (column, row)
    label: str = ""  # what lies there, after the headings above it


@dataclass(frozen=True, slots=True)
class Item:
    name: str
    text: str = ""
    kind: ItemKind = ItemKind.VALUE
    relation: str = ""  # to the item that holds it, where that is not plain: `inferred from`
    reference: Reference | None = None
    region: Region | None = None
    items: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """`facts` stand in the head, `warnings` over everything: unverified, incomplete, damaged."""

    title: str
    kind: str  # `Comprehensive SR`
    facts: tuple[tuple[str, str], ...] = ()
    warnings: tuple[str, ...] = ()
    items: tuple[Item, ...] = ()
    attachment: str = ""  # media type of the document it encapsulates


def walk(items: tuple[Item, ...]) -> Iterator[Item]:
    """Every item, in reading order."""
    waiting = list(reversed(items))
    while waiting:
        item = waiting.pop()
        yield item
        waiting.extend(reversed(item.items))


def targets(document: Document) -> tuple[Item, ...]:
    """The items that lead somewhere, in reading order: a link is the number of one of them."""
    return tuple(item for item in walk(document.items) if item.reference is not None)


def regions_on(document: Document, sop_instance_uid: str, frame: int) -> tuple[Region, ...]:
    """What the document points out on frame `frame` (from 1) of an image."""
    return tuple(
        item.region
        for item in targets(document)
        if item.region is not None
        and item.reference is not None
        and item.reference.sop_instance_uid == sop_instance_uid
        and (not item.reference.frames or frame in item.reference.frames)
    )
