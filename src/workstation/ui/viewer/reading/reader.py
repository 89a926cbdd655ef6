"""Objects without a picture are read once they are shown, off the GUI thread, and laid over their viewport.

An encapsulated PDF becomes a display set of its pages, which is scrolled and zoomed as every other one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import QFileDialog, QMenu

from workstation.domain.document import Document, targets
from workstation.services.display_sets import DisplayKind, DisplaySet
from workstation.services.documents import PDF, Readable, read_readable, save_attachment
from workstation.services.presentation_states import is_presentation
from workstation.ui.background import Background
from workstation.ui.messages import notice_of
from workstation.ui.viewer.canvas import Canvas
from workstation.ui.viewer.grid import ViewportGrid
from workstation.ui.viewer.model import Viewport
from workstation.ui.widgets.notice import NoticeArea

if TYPE_CHECKING:
    from workstation.dicom.decode_pool import DecodePool
    from workstation.ui.viewer.reading.pane import ReadingPane

_HEAD = 92  # logical pixels for name, ID and birth date, which stay over every document
_EDGE = 3
Show = Callable[[Viewport, DisplaySet, int], None]


class Reader(QObject):
    """`look` once a study is opened."""

    described = Signal(object)  # DisplaySet of the pages of a document

    def __init__(self, pool: DecodePool, grid: ViewportGrid, notices: NoticeArea, parent: QObject) -> None:
        super().__init__(parent)
        self._pool, self._grid, self._notices = pool, grid, notices
        self._background = Background("reading", self)
        self._sets: tuple[DisplaySet, ...] = ()
        self._places: dict[str, tuple[DisplaySet, int]] = {}
        self._panes: dict[Canvas, ReadingPane] = {}
        grid.display_set_changed.connect(self._on_display_set)
        grid.private_changed.connect(self._show_all)

    def look(self, display_sets: Sequence[DisplaySet]) -> None:
        """At these and at nothing that was open before."""
        self._background.forget()
        self._sets = tuple(display_sets)
        self._places = {}
        for one in self._sets:
            for index, ref in enumerate(one.frames):
                self._places.setdefault(ref.sop_instance_uid, (one, index))
        for one in self._sets:
            ref = one.frames[0]
            if one.kind is DisplayKind.DOCUMENT and ref.sop_class_uid == PDF:
                self._background.ask(
                    lambda path=ref.path: self._pool.pages(path),  # type: ignore[misc]
                    lambda count, one=one: self._keep_pages(one, count),  # type: ignore[misc]
                )
        self._show_all()

    def close(self) -> None:
        self._background.close()

    def find(self) -> None:
        pane = self._panes.get(self._grid.canvas)
        if pane is not None and pane.isVisible():
            pane.open_search()

    def add_to(self, menu: QMenu, display_set: DisplaySet | None) -> None:
        """Saving what is wrapped, for the menu of its pages."""
        if display_set is not None and display_set.paged:
            menu.addSeparator()
            menu.addAction(self.tr("Save the document as…"), lambda: self._save(display_set))

    def _keep_pages(self, one: DisplaySet, count: int) -> None:
        first = one.frames[0]
        pages = tuple(replace(first, frame_index=number, place=number) for number in range(count))
        self.described.emit(replace(one, frames=pages, kind=DisplayKind.IMAGE, ordered_by="the document", paged=True))

    # --- over a viewport ---------------------------------------------------------------------

    def _show_all(self) -> None:
        self._panes = {canvas: pane for canvas, pane in self._panes.items() if canvas in self._grid.canvases}
        for canvas in self._grid.canvases:
            self._show(canvas)

    def _on_display_set(self, viewport: Viewport) -> None:
        for canvas in self._grid.canvases:
            if canvas.viewport is viewport:
                self._show(canvas)

    def _show(self, canvas: Canvas) -> None:
        pane, one = self._panes.get(canvas), canvas.viewport.display_set
        if pane is not None:
            pane.hide()
            canvas.setFocusProxy(None)  # type: ignore[arg-type]
        if one is None or self._grid.private or not is_read(one):
            return
        path = one.frames[0].path
        self._background.ask(
            lambda: read_readable(path),
            lambda readable: self._lay_over(canvas, one, readable),
            lambda error: canvas.viewport.fail(error) if canvas.viewport.display_set is one else None,
        )

    def _lay_over(self, canvas: Canvas, one: DisplaySet, readable: Readable) -> None:
        if canvas not in self._grid.canvases or canvas.viewport.display_set is not one or self._grid.private:
            return
        pane = self._panes.get(canvas) or self._new_pane(canvas)
        had_focus = canvas.hasFocus()
        pane.show_readable(readable, self._places)
        self._place(canvas)
        pane.show()
        pane.raise_()
        canvas.setFocusProxy(pane.view)
        if had_focus:
            pane.view.setFocus(Qt.FocusReason.OtherFocusReason)

    def _new_pane(self, canvas: Canvas) -> ReadingPane:
        from workstation.ui.viewer.reading.pane import ReadingPane  # noqa: PLC0415 - needed for documents alone

        def follow(number: int) -> None:
            self._follow(canvas, number)

        def save() -> None:
            if canvas.viewport.display_set is not None:
                self._save(canvas.viewport.display_set)

        pane = self._panes[canvas] = ReadingPane(canvas, follow, save)
        canvas.installEventFilter(self)
        for part in (pane.text, pane.text.viewport(), pane.trace):
            part.installEventFilter(self)
        return pane

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Resize and isinstance(watched, Canvas):
            self._place(watched)
        elif event.type() in (QEvent.Type.MouseButtonPress, QEvent.Type.FocusIn):
            for canvas, pane in self._panes.items():
                if watched in (pane.text, pane.text.viewport(), pane.trace):
                    canvas.activated.emit()
        return super().eventFilter(watched, event)

    def _place(self, canvas: Canvas) -> None:
        pane = self._panes.get(canvas)
        if pane is not None:
            pane.setGeometry(_EDGE, _HEAD, canvas.width() - 2 * _EDGE, max(0, canvas.height() - _HEAD - _EDGE))

    # --- links -------------------------------------------------------------------------------

    def _follow(self, canvas: Canvas, number: int) -> None:
        """To what a link names: in the viewport beside this one, where there is one."""
        readable = self._panes[canvas].readable
        found = targets(readable)[number].reference if isinstance(readable, Document) else None
        place = self._places.get(found.sop_instance_uid) if found is not None else None
        if found is None or place is None:
            return
        one, index = place
        wanted = [
            at
            for at, ref in enumerate(one.frames)
            if ref.sop_instance_uid == found.sop_instance_uid and (ref.frame_index + 1 in found.frames)
        ]
        index = wanted[0] if wanted else index
        canvases = self._grid.canvases
        target = canvases[(canvases.index(canvas) + 1) % len(canvases)]
        target.viewport.show(one, index)
        target.viewport.go_to(index)

    def _save(self, display_set: DisplaySet) -> None:
        path = display_set.frames[0].path
        suffix = {"2": ".xml", "3": ".stl", "4": ".obj", "5": ".mtl"}.get(
            display_set.frames[0].sop_class_uid[-1], ".pdf"
        )
        chosen, _ = QFileDialog.getSaveFileName(self._grid, self.tr("Save the document"), f"document{suffix}")
        if chosen:
            self.save_to(path, Path(chosen))

    def save_to(self, path: Path, out: Path) -> None:
        self._background.ask(
            lambda: save_attachment(path, out), None, lambda error: self._notices.show_notice(notice_of(error))
        )


def is_read(display_set: DisplaySet) -> bool:
    """Whether it is read, not looked at."""
    wordy = display_set.kind in (DisplayKind.DOCUMENT, DisplayKind.OTHER)
    return wordy and not is_presentation(display_set)
