"""The graphics of a presentation state for one image as it lies on a screen, layer by layer."""

from __future__ import annotations

from collections.abc import Collection

from workstation.imaging.compose import Layout, layout
from workstation.imaging.compound_graphics import compound_paths
from workstation.imaging.frame import Frame
from workstation.imaging.graphic_paths import Drawing, Placing, colour_of, graphic_path, label_of
from workstation.imaging.present import presented_view
from workstation.imaging.presentation import DisplayedArea, PresentationState
from workstation.imaging.view import View


def area_on_screen(
    frame: Frame,
    state: PresentationState,
    area: DisplayedArea | None,
    size: tuple[int, int],
    *,
    screen_pixel_mm: float | None = None,
) -> tuple[float, float, float, float]:
    """(left, top, width, height) of the displayed area where the state itself puts it on a screen of `size`.

    What is drawn in fractions of it stays there when the user moves or enlarges the image. `frame` is a `presented`
    one.
    """
    view = presented_view(frame, View(), state, area, size, screen_pixel_mm=screen_pixel_mm)
    plan = layout(frame, view, size)
    if area is None:
        first, last = plan.to_screen(0, 0), plan.to_screen(frame.columns, frame.rows)
    else:
        first, last = plan.to_screen(area.left - 1, area.top - 1), plan.to_screen(area.right, area.bottom)
    left, top = min(first[0], last[0]), min(first[1], last[1])
    return left, top, abs(last[0] - first[0]), abs(last[1] - first[1])


def drawings(
    frame: Frame,
    state: PresentationState,
    sop_instance_uid: str,
    number: int,
    plan: Layout,
    *,
    size: tuple[int, int],
    ratio: float = 1.0,
    hidden: Collection[str] = (),
    screen_pixel_mm: float | None = None,
) -> tuple[Drawing, ...]:
    """What is drawn over frame `number` (from 1) of that image, lowest layer first, without those `hidden`.

    `frame` is a `presented` one that lies on a screen of `size` as `plan` says; `ratio` is device pixels per logical
    pixel, by which lines and marks grow that have no size of their own.
    """
    wanted = [one for one in state.annotations_for(sop_instance_uid, number) if one.layer not in hidden and one.count]
    if not wanted or not state.applies_to(sop_instance_uid, number):
        return ()
    area = area_on_screen(frame, state, state.area_for(sop_instance_uid, number), size, screen_pixel_mm=screen_pixel_mm)
    placing = Placing(plan, area, size, frame.attributes.matrix_origin)
    found = []
    for one in wanted:
        colour = colour_of(state.layer(one.layer))
        compounds = [compound_paths(compound, placing, colour, ratio) for compound in one.compounds]
        paths = tuple(graphic_path(graphic, placing, colour, ratio) for graphic in one.graphics)
        labels = tuple(label_of(text, placing, colour, ratio) for text in one.texts)
        found.append(
            Drawing(
                one.layer,
                (*paths, *(path for drawn, _ in compounds for path in drawn)),
                (*labels, *(label for _, told in compounds for label in told)),
            )
        )
    return tuple(found)
