"""workstation measurements: what the window keeps, for scripts, and saved as DICOM."""

from __future__ import annotations

import csv
import io

import pytest

from tests.integration.cli.conftest import CT_HEAD
from tests.support.command_line import CommandLine
from tests.support.marks import image_of, marks_on
from workstation.archive.marks import LocalMarks
from workstation.services.annotations import Change

SLICE = CT_HEAD[0]


@pytest.fixture
def marked(alone: CommandLine) -> CommandLine:
    """A profile with one slice of a CT, marked in every way."""
    assert alone("import", SLICE).status == 0
    marks = LocalMarks(alone.data / "marks.sqlite")
    marks.apply([Change(mark) for mark in marks_on(SLICE, text="knot")])
    marks.close()
    return alone


def test_measurements_are_listed_with_their_numbers(marked: CommandLine) -> None:
    study = image_of(SLICE).study_instance_uid
    records = marked("measurements", study, "--json").records
    assert [record["kind"] for record in records] == [
        "length",
        "angle",
        "ellipse",
        "rectangle",
        "freehand",
        "arrow",
        "text",
        "point",
        "key image",
    ]
    assert records[0]["quantities"][0]["unit"] == "mm"
    assert [one["name"] for one in records[2]["quantities"]] == [
        "area",
        "mean",
        "standard deviation",
        "minimum",
        "maximum",
    ]
    assert records[6]["text"] == "knot"
    table = marked("measurements", study)
    assert table.out.startswith("SERIES")
    rows = list(csv.DictReader(io.StringIO(marked("measurements", study, "--csv").out)))
    assert len(rows) == 1 + 1 + 3 * 5 + 1 + 1 + 1 + 1
    assert float(rows[0]["value"]) == pytest.approx(records[0]["quantities"][0]["value"], rel=1e-4)


def test_saving_puts_the_objects_into_the_study(marked: CommandLine) -> None:
    study = image_of(SLICE).study_instance_uid
    ended = marked("measurements", study, "--save", "--title", "for-teaching", "--json")
    assert ended.status == 0
    assert (ended.record["states"], ended.record["key_objects"], ended.record["reports"]) == (1, 1, 1)
    assert marked("studies", "--json").record["ModalitiesInStudy"] == ["CT", "KO", "PR", "SR"]


def test_a_study_without_marks_says_so(alone: CommandLine) -> None:
    assert alone("measurements", "1.2.3").out == "nothing is measured or marked in this study\n"
    assert alone("measurements", "1.2.3", "--save").status == 1
    assert alone("measurements", "not a UID").status == 2
