"""Which series hangs in which viewport: when a study opens, the layout changes, or the user goes to the next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby

from workstation.services.display_sets import DisplayKind, DisplaySet
from workstation.ui.viewer.grid import ViewportGrid
from workstation.ui.viewer.series_model import SeriesModel

Key = Callable[[DisplaySet], object]


def of_study(display_set: DisplaySet) -> object:
    return display_set.study.study_instance_uid


def of_patient(display_set: DisplaySet) -> object:
    """Who it is of, as far as the files tell: two with one ID and different names are two."""
    study = display_set.study
    return study.patient_id, study.patient_name.display, study.birth_date


class Hanging:
    """Moves display sets of `series` through the viewports of `grid`."""

    def __init__(self, grid: ViewportGrid, series: SeriesModel) -> None:
        self._grid, self._series = grid, series

    def begin(self) -> None:
        """Fill the viewports with what was opened, images before what is only read."""
        images_first = sorted(self._series.display_sets, key=lambda one: one.kind is not DisplayKind.IMAGE)
        for viewport, display_set in zip(self._grid.viewports, images_first, strict=False):
            viewport.show(display_set)

    def go_on(self) -> None:
        """More has been read: every viewport stays with its picture, the empty ones are filled."""
        of_frame = {ref: one for one in self._series.display_sets for ref in one.frames}
        for viewport in self._grid.viewports:
            if viewport.display_set is not None:
                viewport.refine(of_frame.get(viewport.display_set.frames[viewport.index]))
        self.fill()

    def fill(self) -> None:
        """Give viewports that came with a larger layout what is not shown yet."""
        shown = [viewport.display_set for viewport in self._grid.viewports]
        following = [one for one in self._series.display_sets if one not in shown]
        for viewport in self._grid.viewports:
            if viewport.display_set is None and following:
                viewport.show(following.pop(0))

    def following_series(self, step: int) -> DisplaySet | None:
        """The series `step` further than the one worked in; None beyond the ends."""
        sets = self._series.display_sets
        at = self._series.row_of(self._grid.viewport.display_set) + step
        return sets[at] if 0 <= at < len(sets) else None

    def following_group(self, step: int, key: Key) -> tuple[DisplaySet, ...]:
        """What is open of the next or previous study or patient; empty beyond the ends."""
        current = self._grid.viewport.display_set
        groups = groups_of(self._series.display_sets, key)
        at = next((n for n, group in enumerate(groups) if current in group), None)
        if at is None or not 0 <= at + step < len(groups):
            return ()
        return groups[at + step]

    def show_group(self, group: Sequence[DisplaySet]) -> None:
        """Into all viewports, from the first on; those that are left over become empty."""
        images_first = sorted(group, key=lambda one: one.kind is not DisplayKind.IMAGE)
        for number, viewport in enumerate(self._grid.viewports):
            viewport.show(images_first[number] if number < len(images_first) else None)


def groups_of(sets: Sequence[DisplaySet], key: Key) -> list[tuple[DisplaySet, ...]]:
    """Display sets of one study or patient together, in the order in which each first appears."""
    order = {value: number for number, value in reversed(list(enumerate(map(key, sets))))}
    together = sorted(sets, key=lambda one: order[key(one)])
    return [tuple(members) for _, members in groupby(together, key)]
