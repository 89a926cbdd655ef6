"""Search what was written, read back, for every identifier that its source was known to hold; a find stops the export.

Texts are searched element by element, in any spelling; the bytes of the file once more, in every
encoding, for identifiers long enough not to occur by chance; UIDs are compared with the old ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pydicom import Dataset
from pydicom._uid_dict import UID_dictionary
from pydicom.dataelem import DataElement

from workstation.deidentify.charsets import encodings_of
from workstation.deidentify.container import EMPTY_PREAMBLE
from workstation.deidentify.identifiers import Identifiers
from workstation.deidentify.identities import Identities
from workstation.deidentify.pixel_element import is_encapsulated
from workstation.deidentify.rules import DEFINITIONS
from workstation.deidentify.scrub import is_strict
from workstation.deidentify.texts import BINARY, NUMBERS, STRINGS, values_of, vr_of
from workstation.domain.uid import IMPLEMENTATION_CLASS_UID

_UID_IN_BYTES = re.compile(rb"[0-9]+(?:\.[0-9]+){3,}")
_SHORTEST_AMONG_PIXELS = 10  # bytes; a shorter text may occur in an image by chance
_ANCHOR = 512
_SAYING_NOTHING = NUMBERS | {"AS", "DS", "IS", "TM"}  # as texts; among the bytes they are searched with the rest


@dataclass(frozen=True, slots=True)
class Residue:
    """One thing left: `element` says where, free of what it is."""

    element: str
    kind: str


def identifying_uids(dataset: Dataset, identities: Identities) -> frozenset[str]:
    """The UIDs of a source that must not stand in the result: all but the standard's, definitions and our own."""
    found: set[str] = set()
    defining: set[str] = set()
    for item, _, _ in _elements(dataset, ""):
        if item.VR == "UI":
            group = defining if int(item.tag) in DEFINITIONS else found
            group.update(value.strip("\0 ") for value in values_of(item))
    found -= defining
    return frozenset(uid for uid in found if uid and uid not in UID_dictionary and not identities.is_our_uid(uid))


def verify(
    dataset: Dataset, content: bytes, identifiers: Identifiers, old_uids: frozenset[str] | None = frozenset()
) -> tuple[Residue, ...]:
    """What is left in the written file: `dataset` is it read back, `content` its bytes. Empty when it is clean.

    `old_uids` is None where UIDs are retained: what devices built into them then stays with them.
    """
    if old_uids is None:
        content, old_uids = _UID_IN_BYTES.sub(b"\n", _without(content, _native_pixels(dataset))), frozenset()
    encodings = encodings_of(dataset)
    found: dict[Residue, None] = {}
    for item, parent, path in _elements(dataset, ""):
        kind = _in_element(item, parent, identifiers, old_uids)
        if kind:
            found[Residue(f"{path}({item.tag.group:04X},{item.tag.element:04X})", kind)] = None
    for residue in (*_in_container(dataset), *_in_bytes(dataset, content, identifiers, encodings, old_uids)):
        found[residue] = None
    return tuple(found)


def _in_element(item: DataElement, parent: Dataset, identifiers: Identifiers, old_uids: frozenset[str]) -> str:
    if item.VR == "UI":
        return "an original UID" if any(value.strip("\0 ") in old_uids for value in values_of(item)) else ""
    if item.VR in STRINGS:
        strict = is_strict(item, parent)
        if any(identifiers.found_in(value, strict) for value in values_of(item)):
            return "an identifier"
    return ""


def _in_container(dataset: Dataset) -> Iterator[Residue]:
    if (getattr(dataset, "preamble", None) or EMPTY_PREAMBLE) != EMPTY_PREAMBLE:
        yield Residue("preamble", "content")
    for item in getattr(dataset, "file_meta", None) or ():
        if item.VR in ("AE", "OB") and int(item.tag) != 0x00020001:
            yield Residue(f"({item.tag.group:04X},{item.tag.element:04X})", "file meta information of the original")


def _in_bytes(
    dataset: Dataset, content: bytes, identifiers: Identifiers, encodings: tuple[str, ...], old_uids: frozenset[str]
) -> Iterator[Residue]:
    texts, numbers = identifiers.byte_patterns(encodings)
    pixels = _native_pixels(dataset)
    blocks = [_without(content, pixels)]
    syntax = str(dataset.file_meta.get("TransferSyntaxUID", "")) if hasattr(dataset, "file_meta") else ""
    if syntax == "1.2.840.10008.1.2.1.99":  # deflated: the bytes of the file are not those of its elements
        values = (item.value for item, _, _ in _elements(dataset, "") if item.VR in BINARY)
        blocks.extend(value for value in values if isinstance(value, bytes) and value is not pixels)
    uids = {uid.encode("latin-1", "replace") for uid in old_uids} - {IMPLEMENTATION_CLASS_UID.encode()}
    for block in blocks:
        if any(text in block for text in texts) or (numbers is not None and numbers.search(block)):
            yield Residue("file", "an identifier")
        if uids and not uids.isdisjoint(_UID_IN_BYTES.findall(block)):
            yield Residue("file", "an original UID")
    if pixels and any(text in pixels for text in texts if len(text) >= _SHORTEST_AMONG_PIXELS):
        yield Residue("(7FE0,0010)", "an identifier")


def _native_pixels(dataset: Dataset) -> bytes:
    if "PixelData" not in dataset:
        return b""
    raw = dataset.get_item("PixelData")
    value = raw.value
    return value if isinstance(value, bytes) and not is_encapsulated(raw, value) else b""


def _without(content: bytes, pixels: bytes) -> bytes:
    """`content` without the native pixel data, whose every byte is the picture's."""
    position = content.find(pixels[:_ANCHOR]) if len(pixels) >= _ANCHOR else -1
    while position >= 0 and not content.startswith(pixels, position):
        position = content.find(pixels[:_ANCHOR], position + 1)
    return content if position < 0 else content[:position] + b"\n" + content[position + len(pixels) :]


def _elements(dataset: Dataset, path: str) -> Iterator[tuple[DataElement, Dataset, str]]:
    """Every readable element but the pixel data, private ones too, with the data set that it is in."""
    for tag in sorted(dataset.keys()):
        if tag.group == 0x7FE0:
            continue
        if vr_of(dataset.get_item(tag)) in _SAYING_NOTHING:
            continue
        try:
            item = dataset[tag]
        except Exception:  # noqa: BLE001 - what pydicom cannot read is still searched among the bytes
            continue
        if item.VR == "SQ":
            for index, part in enumerate(item.value or ()):
                yield from _elements(part, f"{path}({tag.group:04X},{tag.element:04X})[{index}]/")
        else:
            yield item, dataset, path
