"""Tools under the pointer: layers over the picture that may take the left button before it drags the view.

A layer that takes a press has the pointer until the button is let go; all are painted over the picture, the
first one on top. Points are (across, down) in logical pixels of the viewport.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter

from workstation.ui.viewer.model import Tool

Point = tuple[float, float]


class PointerLayer(Protocol):
    """What a canvas asks of a tool."""

    def choose(self, tool: Tool) -> None:
        """Hear which tool the left button has now."""

    def press(self, at: Point, doubled: bool) -> bool:
        """Whether the layer takes the pointer; `doubled` on the second press of a double click."""

    def move(self, at: Point) -> None:
        """Follow the pointer while the button is down."""

    def release(self, at: Point) -> None:
        """The button was let go."""

    def hover(self, at: Point | None) -> Qt.CursorShape | None:
        """The pointer moves with no button down, or has left (None); its shape where the layer has a say."""

    def wheel(self, notches: int) -> bool:
        """Whether the layer takes the wheel."""

    def cancel(self) -> bool:
        """Give up what is unfinished; whether there was something."""

    def paint(self, painter: QPainter) -> None:
        """Over the picture, under the furniture."""


class PointerLayers:
    """The layers of one canvas, and which of them has the pointer."""

    def __init__(self, layers: Sequence[PointerLayer] = ()) -> None:
        self._layers = tuple(layers)
        self._held: PointerLayer | None = None

    @property
    def holds(self) -> bool:
        """Whether a layer has the pointer."""
        return self._held is not None

    def choose(self, tool: Tool) -> None:
        for layer in self._layers:
            layer.choose(tool)

    def press(self, at: Point, doubled: bool = False) -> bool:
        if self._held is None:
            self._held = next((layer for layer in self._layers if layer.press(at, doubled)), None)
        return self.holds

    def move(self, at: Point) -> bool:
        """Whether the movement belongs to a layer."""
        if self._held is not None:
            self._held.move(at)
        return self.holds

    def release(self, at: Point) -> bool:
        """Whether the button belonged to a layer."""
        held, self._held = self._held, None
        if held is not None:
            held.release(at)
        return held is not None

    def hover(self, at: Point | None) -> Qt.CursorShape | None:
        shapes = [layer.hover(at) for layer in self._layers]
        return next((shape for shape in shapes if shape is not None), None)

    def wheel(self, notches: int) -> bool:
        return any(layer.wheel(notches) for layer in self._layers)

    def cancel(self) -> bool:
        self._held = None
        return any(layer.cancel() for layer in self._layers)

    def paint(self, painter: QPainter) -> None:
        for layer in reversed(self._layers):
            layer.paint(painter)
