"""The wizard's item models: what they show, filtered how, under Qt's own model tester."""

from __future__ import annotations

from pathlib import Path

import pytest

from workstation.deidentify.changes import Action, ElementChange, Kind
from workstation.deidentify.held import Held, Why
from workstation.deidentify.plan import Plan
from workstation.domain.study import Instance, Series, Study
from workstation.ui.export_wizard.held_model import REASON_ROLE, HeldModel, held_images
from workstation.ui.export_wizard.model import ChosenImage, ChosenStudy, WizardState
from workstation.ui.export_wizard.preview_model import Column, PlanModel, pill_text, result_text
from workstation.ui.export_wizard.records import RecordColumn, RecordModel
from workstation.ui.widgets.roles import STYLE_ROLE


def change(tag: int, name: str, action: Action, before: str = "x", after: str = "", **more: str) -> ElementChange:
    given = {"path": "", "keyword": name.replace(" ", ""), "vr": "LO", "reason": ""} | more
    return ElementChange(
        tag=tag,
        name=name,
        action=action,
        before_text=before,
        after_text=after,
        **given,  # type: ignore[arg-type]
    )


NAME = change(0x00100010, "Patient's Name", Action.REPLACED, "DOE^Jane", "P1^DEIDENTIFIED", reason="E.1-1: Z, Type 2")
PLAN = Plan(
    (
        change(0x00080050, "Accession Number", Action.EMPTIED, "ACC-1"),
        change(0x00080020, "Study Date", Action.SHIFTED, "20261123", "20261009"),
        change(0x00080080, "Institution Name", Action.REMOVED, "St Olav Hospital"),
        NAME,
        change(0x0020000D, "Study Instance UID", Action.REMAPPED, "1.2", "2.25.3"),
        change(0x00180050, "Slice Thickness", Action.KEPT, "1.0", "1.0"),
        change(0x00291010, "Private", Action.REMOVED, "10308 bytes"),
        change(0x0040A160, "Text Value", Action.REPLACED, "by Dr N", "REMOVED", path="(0040,A730)[0]/"),
    )
)


def texts(model: PlanModel, column: Column) -> list[str]:
    return [model.index(row, column).data() for row in range(model.rowCount())]


@pytest.fixture
def model(qtmodeltester) -> PlanModel:
    model = PlanModel()
    model.show_plan(PLAN)
    qtmodeltester.check(model)
    return model


def test_the_action_is_a_word_with_the_letter_of_the_standards_table(model):
    assert texts(model, Column.ACTION) == [
        "Z emptied",
        "shifted −45 d",
        "X removed",
        "Z replaced",
        "U new UID",
        "K kept",
        "X private",
        "D replaced",
    ]


def test_what_is_empty_or_gone_says_so(model):
    assert texts(model, Column.RESULT)[:3] == ["(empty)", "20261009", "—"]


def test_an_element_inside_of_a_sequence_is_set_in(model):
    assert texts(model, Column.ATTRIBUTE)[-1] == "› Text Value"


@pytest.mark.parametrize("kind", list(Kind))
def test_each_kind_can_be_shown_alone_and_counts_stay(model, kind):
    model.show_kinds(frozenset({kind}))
    assert model.rowCount() == model.count(kind) > 0
    assert sum(model.count(one) for one in Kind) == len(PLAN.changes)


@pytest.mark.parametrize("words", ["patient's", "0010,0010", "doe^", "p1^DEID", "  PatientsName "])
def test_the_filter_looks_at_tag_name_keyword_and_both_values(model, words):
    if "PatientsName" in words:
        words = NAME.keyword
    model.show_words(words)
    assert texts(model, Column.TAG) == ["(0010,0010)"]


def test_original_is_red_and_result_green(model):
    assert model.index(0, Column.ORIGINAL).data(STYLE_ROLE) == "mono red"
    assert "green" in model.index(0, Column.RESULT).data(STYLE_ROLE)
    assert model.index(2, Column.ACTION).data(STYLE_ROLE) == "pill-red"


def test_a_shift_of_something_that_is_no_date_has_no_days():
    assert pill_text(change(1, "Odd", Action.SHIFTED, "abc", "def")) == "shifted"
    assert result_text(change(1, "Empty", Action.KEPT, "", "")) == ""


def test_records_are_shown_by_their_columns(qtmodeltester):
    model: RecordModel[int] = RecordModel(
        [RecordColumn("One", str), RecordColumn("Square", lambda n: str(n * n), "mono")]
    )
    model.show_records((2, 3))
    qtmodeltester.check(model)
    assert [model.index(row, 1).data() for row in range(2)] == ["4", "9"]
    assert model.index(0, 1).data(STYLE_ROLE) == "mono"
    assert model.record(5) is None


def an_image(number: int, frames: int | None = None) -> ChosenImage:
    series = Series("1.2.3", modality="US", description="Neck")
    return ChosenImage(
        Path(f"/a/{number}"), 10, series, Instance(f"1.{number}", instance_number=number, number_of_frames=frames)
    )


def test_held_images_are_those_a_person_may_let_through_documents_the_others(qtmodeltester, qtbot):
    images = (an_image(1), an_image(2, 30), an_image(3))
    state = WizardState(studies=(ChosenStudy(Study("1.2"), images),))
    held = {images[1].path: Held(Why.BURNED_IN_LIKELY), images[2].path: Held(Why.ENCAPSULATED_DOCUMENT)}

    of_pixels = held_images(state, held, of_pixels=True)
    assert [item.title for item in of_pixels] == ["US Neck · 30 frames"]
    assert [item.title for item in held_images(state, held, of_pixels=False)] == ["US Neck · image 3"]

    model = HeldModel()
    model.show_items(of_pixels)
    qtmodeltester.check(model)
    assert "somebody must look" in model.index(0).data(REASON_ROLE)


def test_a_picture_is_asked_for_once_when_it_is_first_seen(qtbot):
    from PySide6.QtCore import Qt

    image = an_image(1)
    state = WizardState(studies=(ChosenStudy(Study("1.2"), (image,)),))
    model = HeldModel()
    model.show_items(held_images(state, {image.path: Held(Why.BURNED_IN_DECLARED)}, of_pixels=True))
    asked: list[int] = []
    model.wanted.connect(asked.append)
    for _ in range(2):
        assert model.index(0).data(Qt.ItemDataRole.DecorationRole) is None
    assert asked == [0]
    with qtbot.waitSignal(model.dataChanged):
        model.take(image.path, "picture")
    assert model.index(0).data(Qt.ItemDataRole.DecorationRole) == "picture"
