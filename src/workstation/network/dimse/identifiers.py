"""Identifiers of queries (PS3.4 C.4): our keys and return keys as data elements in the node's character set."""

from __future__ import annotations

from collections.abc import Iterable

from pydicom import Dataset, config
from pydicom.charset import convert_encodings
from pydicom.datadict import dictionary_VR, keyword_for_tag, tag_for_keyword
from pydicom.dataelem import DataElement

from workstation.dicom.quiet import quiet
from workstation.domain.errors import InvalidQuery
from workstation.domain.query import Query
from workstation.domain.study import NOUN_OF_LEVEL, keywords

_INTEGERS = ("US", "SS", "UL", "SL", "UV", "SV")
_FLOATS = ("FL", "FD")


def identifier_of(query: Query, character_set: str) -> Dataset:
    """All return keys of the level's noun, and the query's own keys with their values.

    Raises InvalidQuery for a keyword that is none, a value its VR cannot hold, or a character that the
    node's character set does not have.
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
        element = _element(keyword, value, character_set)
        if element.tag.group != 0x0002:
            dataset.add(element)
    return dataset


def _element(keyword: str, value: str, character_set: str) -> DataElement:
    tag = tag_for_keyword(keyword)
    if tag is None or keyword_for_tag(tag) != keyword:
        raise InvalidQuery(keyword=keyword, expected="an attribute keyword of PS3.6, such as PatientName")
    vr = dictionary_VR(tag)
    if vr == "SQ":
        if value:
            raise InvalidQuery(keyword=keyword, expected="an attribute that is not a sequence")
        return DataElement(tag, vr, [])
    vr = vr.partition(" or ")[0]
    _refuse_unencodable(keyword, value, character_set)
    with quiet():
        try:
            return DataElement(tag, vr, _value(vr, value), validation_mode=config.IGNORE)
        except (ValueError, TypeError, OverflowError) as error:
            raise InvalidQuery(keyword=keyword, expected=f"a value of VR {vr}") from error


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
    with quiet():
        encodings = convert_encodings(character_set.split("\\"))
    if not all(any(_encodes(character, encoding) for encoding in encodings) for character in value):
        raise InvalidQuery(keyword=keyword, expected=f"characters of the node's character set {character_set}")


def _encodes(character: str, encoding: str) -> bool:
    try:
        character.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
