"""Identifiers of queries (PS3.4 C.4): our keys and return keys as data elements, and as bytes of a character set."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

import pydicom  # noqa: F401 - before its parts, or two threads see it half loaded
from pydicom import Dataset, config
from pydicom.datadict import dictionary_VR, keyword_for_tag, tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_data_element

from workstation.dicom.code_extensions import encode_text
from workstation.dicom.quiet import quiet
from workstation.domain.errors import InvalidQuery
from workstation.domain.query import Query
from workstation.domain.study import NOUN_OF_LEVEL, keywords

_INTEGERS = ("US", "SS", "UL", "SL", "UV", "SV")
_FLOATS = ("FL", "FD")
_IN_A_CHARACTER_SET = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UT"})  # PS3.5 6.1.2.2
_LONG = frozenset({"UC", "UT"})
_UTF_8 = "ISO_IR 192"
# Asked in these, in this order, where the node's own set finds nothing: what archives in use were filled with.
_OTHERS = (
    _UTF_8, "ISO_IR 100", "ISO_IR 101", "ISO_IR 144", "ISO_IR 126", "ISO_IR 127", "ISO_IR 138", "ISO_IR 148",
    "ISO_IR 110", "ISO_IR 109", "ISO_IR 166", "ISO_IR 13", "\\ISO 2022 IR 87", "\\ISO 2022 IR 87\\ISO 2022 IR 159",
    "\\ISO 2022 IR 149", "\\ISO 2022 IR 58", "GB18030",
)  # fmt: skip


def identifier_of(query: Query, character_set: str) -> Dataset:
    """All return keys of the level's noun, and the query's own keys with their values.

    Raises InvalidQuery for a keyword that is none, a value its VR cannot hold, or a character that the
    character set does not have.
    """
    wanted = dict.fromkeys(keywords(NOUN_OF_LEVEL[query.level]).values(), "")
    wanted.update(query.keys)
    dataset = dataset_of(wanted.items(), character_set)
    dataset.QueryRetrieveLevel = query.level.upper()
    return dataset


def dataset_of(keys: Iterable[tuple[str, str]], character_set: str) -> Dataset:
    """A data set of `keys`; group 0002 is left out, which no identifier may hold (PS3.7 6.3)."""
    dataset = Dataset()
    dataset.add(DataElement(0x00080005, "CS", character_set.split("\\"), validation_mode=config.IGNORE))
    for keyword, value in keys:
        place = dataset
        *around, name = keyword.split(".")
        for sequence in around:
            place = _item(place, sequence, keyword)
        element = _element(name, value, character_set, keyword)
        if element.tag.group != 0x0002:
            place.add(element)
    return dataset


def character_sets_for(query: Query, own: str) -> Iterator[str]:
    """The sets to ask `query` in: the node's own, then others that hold its texts and write them in other bytes.

    Raises InvalidQuery where it would have to, when there is none.
    """
    texts = [value for _, value in query.keys if not value.isascii()]
    tried: set[tuple[bytes, ...]] = set()
    for character_set in dict.fromkeys((own, *_OTHERS)) if texts else (own,):
        try:
            written = tuple(encode_text(text, character_set) for text in texts)
        except (UnicodeEncodeError, LookupError):
            continue
        if written not in tried:
            tried.add(written)
            yield character_set


def encoded(dataset: Dataset, character_set: str, *, implicit: bool) -> bytes:
    """`dataset` in little endian, its texts in `character_set`. Raises InvalidQuery for what that does not hold."""
    parts = []
    for element in dataset:
        if element.VR == "SQ":
            items = [encoded(item, character_set, implicit=implicit) for item in element.value]
            value = b"".join(struct.pack("<HHL", 0xFFFE, 0xE000, len(item)) + item for item in items)
        elif element.VR in _IN_A_CHARACTER_SET and not str(element.value or "").isascii():
            value = _text(element, character_set)
        else:
            parts.append(_plain(element, implicit=implicit))
            continue
        parts.append(_header(element, len(value), implicit=implicit) + value)
    return b"".join(parts)


def _plain(element: DataElement, *, implicit: bool) -> bytes:
    out = DicomBytesIO()
    out.is_implicit_VR, out.is_little_endian = implicit, True
    with quiet():
        write_data_element(out, element)
    return out.getvalue()


def _text(element: DataElement, character_set: str) -> bytes:
    try:
        value = encode_text(str(element.value), character_set)
    except (UnicodeEncodeError, LookupError) as error:
        raise _unencodable(element.keyword, character_set) from error
    return value + b" " * (len(value) % 2)


def _header(element: DataElement, length: int, *, implicit: bool) -> bytes:
    tag = struct.pack("<HH", element.tag.group, element.tag.element)
    if implicit:
        return tag + struct.pack("<L", length)
    vr = element.VR.encode("ascii")
    if element.VR == "SQ" or element.VR in _LONG:
        return tag + vr + struct.pack("<HL", 0, length)
    return tag + vr + struct.pack("<H", length)


def _item(around: Dataset, sequence: str, path: str) -> Dataset:
    """The one item of `sequence` that holds the keys of a query (PS3.4 C.2.2.2.6)."""
    tag = tag_for_keyword(sequence)
    if tag is None or keyword_for_tag(tag) != sequence or dictionary_VR(tag) != "SQ":
        raise InvalidQuery(keyword=path, expected=f"a sequence of PS3.6 where “{sequence}” stands")
    if tag not in around or not around[tag].value:
        around.add(DataElement(tag, "SQ", [Dataset()]))
    item: Dataset = around[tag].value[0]
    return item


def _element(keyword: str, value: str, character_set: str, path: str) -> DataElement:
    tag = tag_for_keyword(keyword)
    if tag is None or keyword_for_tag(tag) != keyword:
        raise InvalidQuery(keyword=path, expected="an attribute keyword of PS3.6, such as PatientName")
    vr = dictionary_VR(tag)
    if vr == "SQ":
        if value:
            example = "RequestAttributesSequence.ScheduledProcedureStepID"
            raise InvalidQuery(keyword=path, expected=f"an attribute inside the sequence, such as {example}")
        return DataElement(tag, vr, [])
    vr = vr.partition(" or ")[0]
    _refuse_unencodable(path, value, character_set)
    with quiet():
        try:
            return DataElement(tag, vr, _value(vr, value), validation_mode=config.IGNORE)
        except (ValueError, TypeError, OverflowError) as error:
            raise InvalidQuery(keyword=path, expected=f"a value of VR {vr}") from error


def _value(vr: str, value: str) -> object:
    if not value:
        return None
    if vr in _INTEGERS:
        return int(value)
    if vr in _FLOATS:
        return float(value)
    return value.split("\\") if vr == "UI" else value


def _refuse_unencodable(keyword: str, value: str, character_set: str) -> None:
    """A replacement character on the wire would match the wrong patients."""
    if value.isascii():
        return
    try:
        encode_text(value, character_set)
    except (UnicodeEncodeError, LookupError) as error:
        raise _unencodable(keyword, character_set) from error


def _unencodable(keyword: str, character_set: str) -> InvalidQuery:
    return InvalidQuery(keyword=keyword, expected=f"characters of the node's character set {character_set}")
