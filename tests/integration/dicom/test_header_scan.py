"""The fast scan says what pydicom says of every real file, or nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.testdata import manifest, require_testdata
from workstation.dicom import elements
from workstation.dicom.header_scan import NeedsFullHeader, scan_header
from workstation.dicom.read import open_file
from workstation.dicom.scanned_elements import SCANNED_ELEMENTS, SCANNED_META
from workstation.domain.errors import InputError

TEXTS, NUMBERS = (elements.texts, elements.first_text), (elements.integer, elements.numbers)
FOLDERS = sorted({row["path"].split("/")[0] for row in manifest()})


def accessors(keyword: str) -> tuple[Any, ...]:
    """Nobody asks for a person as a number."""
    is_name = (SCANNED_ELEMENTS | SCANNED_META)[keyword][1] == "PN"
    return (*TEXTS, elements.person_name) if is_name else (*TEXTS, *NUMBERS)


def answer(accessor: Any, source: Any, keyword: str) -> Any:
    try:
        return accessor(source, keyword)
    except NeedsFullHeader:
        return NeedsFullHeader


def assert_same(path: Path) -> bool:
    """Whether the scan read the file; fails where it says anything else than the reader."""
    scan = scan_header(path)
    if scan is None:
        return False
    with open_file(path) as opened:
        for source, full, table in (
            (scan, opened.dataset, SCANNED_ELEMENTS),
            (scan.file_meta, opened.dataset.file_meta, SCANNED_META),
        ):
            for keyword in table:
                assert (keyword in source) == (keyword in full), keyword
                for accessor in accessors(keyword):
                    said = answer(accessor, source, keyword)
                    assert said is NeedsFullHeader or said == answer(accessor, full, keyword), keyword
        found, expected = scan.pixels, opened.pixels
        assert (found is None) == (expected is None)
        if found is not None and expected is not None:
            assert (found.tag, found.offset, found.length) == (expected.tag, expected.offset, expected.length)
        assert scan.original_encoding == opened.dataset.original_encoding
    return True


@pytest.mark.parametrize("folder", FOLDERS)
def test_scan_equals_pydicom_or_leaves_the_file_to_it(folder: str) -> None:
    for row in manifest():
        if row["path"].startswith(f"{folder}/"):
            path = require_testdata() / row["path"]
            try:
                assert_same(path)
            except InputError as error:
                pytest.fail(f"{row['path']} is refused by the reader, not by the scan: {error.code}")
            except AssertionError as error:
                raise AssertionError(row["path"]) from error


@pytest.mark.parametrize("folder", ["volumes/ct_head_slicer_93", "volumes/mr_ge_fmap_32", "volumes/mr_t1_sag_hfs_35"])
def test_ordinary_slices_need_nothing_but_the_scan(folder: str) -> None:
    paths = [path for path in (require_testdata() / folder).iterdir() if path.is_file()]
    assert paths
    assert all(scan_header(path) is not None for path in paths)
