"""QIDO-RS (PS3.18 10.6): the same queries as C-FIND, page by page until the server has no more."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from pydicom import Dataset
from pydicom.datadict import keyword_for_tag, tag_for_keyword

from workstation.dicom import elements
from workstation.dicom.quiet import quiet
from workstation.dicom.summarise import match_from
from workstation.domain.errors import InvalidQuery, PeerFailure
from workstation.domain.query import OnRemark, Query, QueryRemark, no_remark
from workstation.domain.study import NOUN_OF_LEVEL, Level, QueryMatch, keywords
from workstation.domain.uid import is_valid_uid
from workstation.network.dicomweb.transport import Session

_PAGE = 200
_JSON = {"Accept": "application/dicom+json"}
_OWN_KEY = {
    Level.PATIENT: "PatientID",
    Level.STUDY: "StudyInstanceUID",
    Level.SERIES: "SeriesInstanceUID",
    Level.IMAGE: "SOPInstanceUID",
}
# What a study does not say of its patient, and no resource of QIDO-RS either.
_NOT_ASKED = ("NumberOfPatientRelatedStudies", "TransferSyntaxUID")


def find(session: Session, query: Query, *, fuzzy: bool = False, remark: OnRemark = no_remark) -> Iterator[QueryMatch]:
    """Matches as their pages arrive; QIDO-RS has no patients, so those are gathered from their studies.

    With `fuzzy` names match semantically where the server can (PS3.18 8.3.4.2); one that cannot says so in `Warning`.
    """
    noun = NOUN_OF_LEVEL[query.level]
    seen: set[tuple[str, ...]] = set()
    for item in _pages(session, query, fuzzy, remark):
        key = _identity(item, query.level)
        if key in seen:
            continue
        seen.add(key)
        with quiet():
            yield match_from(item, noun)  # type: ignore[type-var]


def parameters(query: Query) -> tuple[str, list[tuple[str, str]]]:
    """Resource and query parameters of `query`. Raises InvalidQuery."""
    keys = dict(query.keys)
    for path in keys:  # of a key in a sequence its keywords, joined by dots here as there (PS3.18 8.3.4.1)
        for keyword in path.split("."):
            tag = tag_for_keyword(keyword)
            if tag is None or keyword_for_tag(tag) != keyword:
                raise InvalidQuery(keyword=path, expected="an attribute keyword of PS3.6, such as PatientName")
    resource = _resource(query.level, keys)
    matching = [(keyword, value.replace("\\", ",")) for keyword, value in keys.items()]
    wanted = [keyword for keyword in keywords(NOUN_OF_LEVEL[query.level]).values() if keyword not in _NOT_ASKED]
    included = [("includefield", keyword) for keyword in wanted if keyword not in keys]
    return resource, matching + included


def _resource(level: Level, keys: dict[str, str]) -> str:
    """The narrowest resource that the keys name; a key that is in the path is not asked for again."""
    path = ""
    if level in (Level.SERIES, Level.IMAGE):
        path += _take(keys, "StudyInstanceUID", "/studies/")
    if level is Level.IMAGE and path:
        path += _take(keys, "SeriesInstanceUID", "/series/")
    return path + {Level.SERIES: "/series", Level.IMAGE: "/instances"}.get(level, "/studies")


def _take(keys: dict[str, str], keyword: str, segment: str) -> str:
    return segment + keys.pop(keyword) if is_valid_uid(keys.get(keyword, "")) else ""


def _pages(session: Session, query: Query, fuzzy: bool, remark: OnRemark) -> Iterator[Dataset]:
    """All items, however few of them the server gives at a time: only an empty page is the end.

    A server that ignores `offset` gives the first page again, which ends it too.
    """
    resource, matching = parameters(query)
    if fuzzy:
        matching.append(("fuzzymatching", "true"))
    offset = 0
    seen: set[tuple[str, ...]] = set()
    while True:
        page = _page(session, resource, [*matching, ("limit", str(_PAGE)), ("offset", str(offset))], remark)
        offset += len(page)
        fresh = 0
        for item in page:
            key = _identity(item, Level.STUDY if query.level is Level.PATIENT else query.level)
            if key not in seen:
                seen.add(key)
                fresh += 1
                yield item
        if not fresh:
            return


def _page(session: Session, resource: str, query: list[tuple[str, str]], remark: OnRemark) -> list[Dataset]:
    with session.request("GET", f"{resource}?{encoded(query)}", headers=_JSON) as response:
        if response.status_code == 204:
            return []
        if response.status_code != 200:
            session.raise_for(response)
        response.read()
        if ("fuzzymatching", "true") in query and "fuzzy" in response.headers.get("warning", "").casefold():
            remark(QueryRemark(declined=("fuzzy matching",)))
        try:
            with quiet():
                return [Dataset.from_json(item, _no_bulk_data) for item in response.json()]
        except Exception as error:  # pydicom raises whatever the JSON provokes
            raise PeerFailure(meaning="the answer is not DICOM JSON (PS3.18 annex F)", **session.facts) from error


def encoded(query: list[tuple[str, str]]) -> str:
    """`query` with as few escapes as a URL allows: Orthanc 1.10 decodes none, not even that of a wildcard."""
    return "&".join(f"{keyword}={quote(value, safe='*?,:^/@!$()')}" for keyword, value in query)


def _no_bulk_data(_uri: str) -> None:
    """Bulk data of a match is not fetched."""


def _identity(item: Dataset, level: Level) -> tuple[str, ...]:
    keyword = _OWN_KEY[level]
    if level is Level.PATIENT:
        return (
            elements.text(item, keyword),
            elements.text(item, "IssuerOfPatientID"),
            elements.person_name(item, "PatientName").value,
        )
    return (elements.text(item, keyword),)
