"""Which series hangs where: by study and patient among what is open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from tests.ui.viewer.sources import GatedSource, display_set
from workstation.domain.person_name import PersonName
from workstation.services.display_sets import DisplaySet
from workstation.ui.viewer.grid import ViewportGrid
from workstation.ui.viewer.hanging import Hanging, groups_of, of_patient, of_study
from workstation.ui.viewer.loader import FrameCache, FrameLoader
from workstation.ui.viewer.series_model import SeriesModel


def series(uid: str, study: str = "1", patient: str = "4711", name: str = "DOE^JANE") -> DisplaySet:
    made = display_set(3, uid)
    who = replace(made.study, study_instance_uid=study, patient_id=patient, patient_name=PersonName(name))
    return replace(made, study=who)


A1, A2, B1, C1 = series("a1"), series("a2"), series("b1", "2"), series("c1", "3", "12")


@pytest.fixture
def grid(qtbot: QtBot) -> Iterator[ViewportGrid]:
    loader = FrameLoader(GatedSource(open_gate=True), FrameCache(1 << 20))
    grid = ViewportGrid(loader)
    qtbot.addWidget(grid)
    yield grid
    grid.close_viewports()
    loader.close()


def shown(grid: ViewportGrid) -> list[str]:
    return [one.display_set.uid if one.display_set else "" for one in grid.viewports]


def test_the_next_study_takes_all_viewports(grid: ViewportGrid) -> None:
    model = SeriesModel()
    model.set_display_sets((A1, A2, B1, C1))
    hanging = Hanging(grid, model)
    grid.set_shape((1, 2))
    hanging.begin()
    assert shown(grid) == ["a1", "a2"]
    hanging.show_group(hanging.following_group(1, of_study))
    assert shown(grid) == ["b1", ""]
    hanging.show_group(hanging.following_group(-1, of_study))
    assert shown(grid) == ["a1", "a2"]
    assert hanging.following_group(-1, of_study) == ()
    hanging.show_group(hanging.following_group(1, of_patient))
    assert shown(grid) == ["c1", ""]
    assert hanging.following_group(1, of_patient) == ()


def test_a_larger_layout_shows_what_is_not_shown_yet(grid: ViewportGrid) -> None:
    model = SeriesModel()
    model.set_display_sets((A1, A2, B1))
    hanging = Hanging(grid, model)
    hanging.begin()
    grid.viewport.show(A2)
    grid.set_shape((2, 2))
    hanging.fill()
    assert shown(grid) == ["a2", "a1", "b1", ""]


def test_studies_that_lie_scattered_are_brought_together() -> None:
    assert groups_of((A1, B1, A2, C1), of_study) == [(A1, A2), (B1,), (C1,)]
    assert groups_of((A1, B1, A2, C1), of_patient) == [(A1, B1, A2), (C1,)]


def test_two_names_under_one_patient_id_are_two_patients() -> None:
    other = series("d1", "4", "4711", "ROE^RICHARD")
    assert groups_of((A1, other), of_patient) == [(A1,), (other,)]
