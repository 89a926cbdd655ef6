"""What a softcopy presentation state asks for (PS3.3 A.33): a value that `present` applies to a frame and a view."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from workstation.imaging.frame import LookupTable, Window
from workstation.imaging.overlay import Overlay
from workstation.imaging.shutter import Shutter

if TYPE_CHECKING:  # every view knows presentation states, few have one
    from workstation.imaging.graphics import Compound, Graphic, GraphicLayer, Text


class SizeMode(StrEnum):
    """Presentation Size Mode (0070,0100), PS3.3 C.10.4."""

    SCALE_TO_FIT = "SCALE TO FIT"
    TRUE_SIZE = "TRUE SIZE"
    MAGNIFY = "MAGNIFY"


@dataclass(frozen=True, slots=True)
class ImageReference:
    """An image that is meant, or some of its frames."""

    sop_instance_uid: str
    frames: tuple[int, ...] = ()  # from 1; empty for all of them


@dataclass(frozen=True, slots=True)
class DisplayedArea:
    """A rectangle of the image before it is turned, in pixels from 1, the last ones included (PS3.3 C.10.4).

    It may reach beyond the image.
    """

    left: int
    top: int
    right: int
    bottom: int
    mode: SizeMode = SizeMode.SCALE_TO_FIT
    spacing_mm: tuple[float, float] | None = None  # Presentation Pixel Spacing: between rows, between columns
    aspect_ratio: tuple[float, float] | None = None  # vertical : horizontal, where there is no spacing
    magnification: float | None = None  # screen pixels per image pixel, of MAGNIFY
    images: tuple[ImageReference, ...] = ()  # empty for all of the state

    @property
    def columns(self) -> int:
        return self.right - self.left + 1

    @property
    def rows(self) -> int:
        return self.bottom - self.top + 1


@dataclass(frozen=True, slots=True, eq=False)
class SoftcopyVoi:
    """VOI LUTs or windows for some of the images (PS3.3 C.11.8)."""

    windows: tuple[Window, ...] = ()
    luts: tuple[LookupTable, ...] = ()
    images: tuple[ImageReference, ...] = ()  # empty for all of the state


@dataclass(frozen=True, slots=True, eq=False)
class SoftcopyModality:
    """What the stored values of some of the images mean (PS3.3 C.11.1, C.11.15b)."""

    rescale: tuple[float, float] = (1.0, 0.0)  # slope, intercept; the image's own are not used (PS3.4 N.2.1)
    lut: LookupTable | None = None
    unit: str = ""
    images: tuple[ImageReference, ...] = ()  # empty for all of the state


@dataclass(frozen=True, slots=True)
class GraphicAnnotation:
    """Graphics and texts of one layer for some of the images (PS3.3 C.10.5)."""

    layer: str
    graphics: tuple[Graphic, ...] = ()
    texts: tuple[Text, ...] = ()
    compounds: tuple[Compound, ...] = ()
    images: tuple[ImageReference, ...] = ()  # empty for all of the state
    undrawn: int = 0  # objects of it that nobody can make sense of

    @property
    def count(self) -> int:
        """Of what can be drawn."""
        return len(self.graphics) + len(self.texts) + len(self.compounds)


@dataclass(frozen=True, slots=True, eq=False)
class Blending:
    """The series that a blending state lays over the images it is about (PS3.3 C.11.14)."""

    images: tuple[ImageReference, ...]
    colours: NDArray[np.uint8]  # (256, 3) for its levels
    opacity: float  # 0 to 1
    modality: SoftcopyModality
    voi: tuple[SoftcopyVoi, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class PresentationState:
    """One of them is equal to itself alone: views are compared often, and its tables are large."""

    sop_instance_uid: str
    label: str  # Content Label
    description: str = ""  # Content Description
    images: tuple[ImageReference, ...] = ()
    modality: tuple[SoftcopyModality, ...] = ()
    voi: tuple[SoftcopyVoi, ...] = ()
    inverse: bool = False  # Presentation LUT Shape INVERSE
    presentation_lut: LookupTable | None = None
    colours: NDArray[np.uint8] | None = None  # (256, 3) for the finished levels of a pseudo-color state
    blending: Blending | None = None
    unapplied: tuple[str, ...] = ()  # what it asks for and does not get
    shutter: Shutter | None = None
    areas: tuple[DisplayedArea, ...] = ()
    rotation: int = 0  # quarter turns clockwise
    flipped: bool = False  # left-right, after the rotation (PS3.3 C.10.6)
    overlays: tuple[Overlay, ...] = ()  # of the state itself, those that are active
    activations: Mapping[int, str] = field(default_factory=dict)  # overlay group -> the layer that it is shown in
    annotations: tuple[GraphicAnnotation, ...] = ()
    layers: tuple[GraphicLayer, ...] = ()  # the lowest first

    @property
    def title(self) -> str:
        """How people call it: its label and its description."""
        return " · ".join(part for part in (self.label, self.description) if part) or "(no label)"

    def applies_to(self, sop_instance_uid: str, frame: int) -> bool:
        """Whether it is about frame `frame` (from 1) of that image."""
        return _covers(self.images, sop_instance_uid, frame)

    def area_for(self, sop_instance_uid: str, frame: int) -> DisplayedArea | None:
        return _first(self.areas, sop_instance_uid, frame)

    def modality_for(self, sop_instance_uid: str, frame: int) -> SoftcopyModality:
        """An identity where it says nothing."""
        return _first(self.modality, sop_instance_uid, frame) or SoftcopyModality()

    def voi_for(self, sop_instance_uid: str, frame: int) -> SoftcopyVoi | None:
        return _first(self.voi, sop_instance_uid, frame)

    def annotations_for(self, sop_instance_uid: str, frame: int) -> tuple[GraphicAnnotation, ...]:
        """In the order of their layers, those of unknown layers last."""
        order = {layer.name: number for number, layer in reversed(list(enumerate(self.layers)))}
        meant = (one for one in self.annotations if not one.images or _covers(one.images, sop_instance_uid, frame))
        return tuple(sorted(meant, key=lambda one: order.get(one.layer, len(order))))

    def layer(self, name: str) -> GraphicLayer | None:
        return next((layer for layer in self.layers if layer.name == name), None)

    @property
    def drawn_layers(self) -> tuple[GraphicLayer, ...]:
        """Those that something may be drawn in, the lowest first, with those that the state forgot to declare."""
        from workstation.imaging.graphics import GraphicLayer  # noqa: PLC0415 - as above

        used = dict.fromkeys([one.layer for one in self.annotations if one.count] + list(self.activations.values()))
        declared = [layer for layer in self.layers if layer.name in used]
        names = {layer.name for layer in declared}
        return (*declared, *(GraphicLayer(name) for name in used if name not in names))

    @property
    def undrawn(self) -> int:
        """How many of its graphics and texts cannot be drawn."""
        return sum(one.undrawn for one in self.annotations)


class _ForImages(Protocol):
    @property
    def images(self) -> tuple[ImageReference, ...]: ...


_Part = TypeVar("_Part", bound=_ForImages)


def _first(parts: Sequence[_Part], sop_instance_uid: str, frame: int) -> _Part | None:
    return next((part for part in parts if not part.images or _covers(part.images, sop_instance_uid, frame)), None)


def _covers(images: Sequence[ImageReference], sop_instance_uid: str, frame: int) -> bool:
    return any(
        image.sop_instance_uid == sop_instance_uid and (not image.frames or frame in image.frames) for image in images
    )
