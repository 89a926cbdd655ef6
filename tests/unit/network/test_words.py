"""Statuses and rejections in words."""

from __future__ import annotations

import pytest
from pydicom import Dataset

from workstation.network.dimse import status as words


@pytest.mark.parametrize(
    ("operation", "status", "expected"),
    [
        ("C-STORE", 0xA700, "out of resources"),
        ("C-STORE", 0xA7FF, "out of resources"),
        ("C-STORE", 0xA900, "data set does not match SOP class"),
        ("C-STORE", 0xC123, "cannot understand"),
        ("C-STORE", 0xB006, "elements discarded"),
        ("C-STORE", 0x0122, "SOP class not supported"),
        ("C-STORE", 0x0124, "not authorized"),
        ("C-MOVE", 0xA701, "out of resources: unable to calculate number of matches"),
        ("C-MOVE", 0xA702, "out of resources: unable to perform sub-operations"),
        ("C-MOVE", 0xA801, "move destination unknown"),
        ("C-MOVE", 0xC001, "unable to process"),
        ("C-FIND", 0xA700, "out of resources"),
        ("C-FIND", 0xFE00, "cancelled"),
        ("C-ECHO", 0x0211, "unrecognized operation"),
        ("C-ECHO", 0x9999, "status not in the standard"),
    ],
)
def test_a_status_has_the_words_of_its_service(operation: str, status: int, expected: str) -> None:
    assert words.meaning(operation, status) == expected


def test_the_error_comment_of_the_peer_is_quoted() -> None:
    status = Dataset()
    status.Status, status.ErrorComment = 0xA700, "disk is full"

    assert words.in_words("C-STORE", status) == "A700 out of resources (disk is full)"


def test_a_rejection_names_result_source_and_reason() -> None:
    assert words.rejection_in_words(1, 1, 7) == {
        "result": "rejected permanently",
        "source": "DICOM UL service-user",
        "reason": "called AE title not recognized",
    }
    assert words.rejection_in_words(2, 3, 2)["reason"] == "local limit exceeded"
    assert words.rejection_in_words(9, 9, 9)["reason"] == "reason 9"
