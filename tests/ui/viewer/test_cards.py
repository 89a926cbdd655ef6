"""What the cards of the strip say of a display set."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.ui.viewer.sources import display_set
from workstation.domain.study import Series
from workstation.services.display_sets import Part
from workstation.ui.viewer.series_model import subtitle


@pytest.mark.parametrize(
    ("here", "known", "words"), [(3, None, "MR · 3"), (3, 40, "MR · 3 of 40"), (5, 40, "MR · 3 · 5 of 40")]
)
def test_a_card_says_how_much_of_the_series_is_here(here: int, known: int | None, words: str) -> None:
    whole = replace(display_set(3), series=Series(modality="MR"))
    assert subtitle(replace(whole, part=Part.of(here, known))) == words
