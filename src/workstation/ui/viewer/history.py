"""What can be undone in one viewport: views, and steps beside the view such as a measurement drawn."""

from __future__ import annotations

from typing import Protocol

from workstation.imaging.view import View

_LENGTH = 100


class Edit(Protocol):
    """A step of the history that is not a change of the view."""

    def undo(self) -> None:
        """Back to before."""

    def redo(self) -> None:
        """And forth again."""


class History:
    def __init__(self) -> None:
        self._past: list[View | Edit] = []
        self._future: list[View | Edit] = []

    def push(self, step: View | Edit) -> None:
        """`step` is the view before a change, or an edit that was made."""
        self._past = [*self._past[1 - _LENGTH :], step]
        self._future = []

    def undo(self, view: View) -> View | None:
        """The view to go back to from `view`; None when the step was an edit, which is undone, or there is none."""
        step = self._past.pop() if self._past else None
        if step is None or isinstance(step, View):
            if step is not None:
                self._future.append(view)
            return step
        self._future.append(step)
        step.undo()
        return None

    def redo(self, view: View) -> View | None:
        """As `undo`, forth again."""
        step = self._future.pop() if self._future else None
        if step is None or isinstance(step, View):
            if step is not None:
                self._past.append(view)
            return step
        self._past.append(step)
        step.redo()
        return None
