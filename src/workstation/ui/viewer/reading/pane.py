"""What lies over a viewport whose object has no picture: its text or its wave form, and a bar to search or save it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from workstation.domain.document import Document, targets
from workstation.imaging.recording import Recording
from workstation.imaging.trace_sheet import GAINS, SPEEDS, Arrangement
from workstation.services.documents import Readable
from workstation.services.recording_text import recording_document
from workstation.ui.assets import DARK
from workstation.ui.viewer.reading.text_view import TextView
from workstation.ui.viewer.reading.trace_view import TraceView
from workstation.ui.widgets.buttons import button, icon_button

_NOTES_WIDTH = 260
_WIDE = 900  # logical pixels, from which the measurements stand beside the traces


class ReadingPane(QWidget):
    """`follow` gets the number of a link, `save` is called where there is a document to save."""

    def __init__(self, parent: QWidget, follow: Callable[[int], None], save: Callable[[], None]) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setObjectName("readingPane")
        self.setStyleSheet(f"#readingPane {{ background: {DARK.card}; }}")
        self.readable: Readable | None = None
        self.text, self.trace = TextView(), TraceView()
        self.text.followed.connect(follow)
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Find in the document"))
        self.search.setAccessibleName(self.tr("Find in the document"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(lambda: self._find(again=False))
        self.search.returnPressed.connect(self._find)
        self._search_bar = QWidget()
        bar = QHBoxLayout(self._search_bar)
        bar.setContentsMargins(12, 4, 12, 4)
        bar.addWidget(self.search, 1)
        bar.addWidget(icon_button("arrow-up", self.tr("Previous"), lambda: self._find(backwards=True)))
        bar.addWidget(icon_button("arrow-down", self.tr("Next"), self._find))
        bar.addWidget(icon_button("close", self.tr("Close"), self.close_search))
        self._search_bar.hide()
        self.save = button(self.tr("Save the document as…"), "save", save)
        self._choices = _TraceChoices(self.trace)
        body = QHBoxLayout()
        body.setSpacing(0)
        body.addWidget(self.trace, 1)
        body.addWidget(self.text, 1)
        under = QHBoxLayout()
        under.setContentsMargins(12, 0, 12, 0)
        under.addWidget(self._choices)
        under.addWidget(self.save)
        under.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 6)
        column.setSpacing(4)
        column.addWidget(self._search_bar)
        column.addLayout(body, 1)
        column.addLayout(under)

    @property
    def view(self) -> QWidget:
        """What hears the keys."""
        return self.trace if isinstance(self.readable, Recording) else self.text

    def show_readable(self, readable: Readable, here: Mapping[str, object]) -> None:
        """`here`: SOP Instance UIDs that can be gone to."""
        self.readable = readable
        document = readable if isinstance(readable, Document) else recording_document(readable)
        links = (number for number, item in enumerate(targets(document)) if _uid(item.reference) in here)
        self.text.show_document(document, frozenset(links))
        is_trace = isinstance(readable, Recording)
        if isinstance(readable, Recording):
            self.trace.show_recording(readable)
            self._choices.offer(readable)
        self.trace.setVisible(is_trace and self.trace.sheet is not None)
        self._choices.setVisible(self.trace.isVisibleTo(self))
        self.save.setVisible(isinstance(readable, Document) and bool(readable.attachment))
        self.close_search()
        self._share()

    def _share(self) -> None:
        beside = self.trace.isVisibleTo(self)
        self.text.setVisible(not beside or self.width() >= _WIDE)
        self.text.setMaximumWidth(_NOTES_WIDTH if beside else 16777215)

    def resizeEvent(self, event: object) -> None:
        self._share()
        super().resizeEvent(event)  # type: ignore[arg-type]

    def open_search(self) -> None:
        if self.text.isVisibleTo(self):
            self._search_bar.show()
            self.search.setFocus()
            self.search.selectAll()

    def close_search(self) -> None:
        if self._search_bar.isVisibleTo(self):
            self._search_bar.hide()
            self.view.setFocus()

    def _find(self, *, backwards: bool = False, again: bool = True) -> None:
        found = self.text.find_text(self.search.text(), backwards=backwards, again=again)
        self.search.setStyleSheet("" if found else f"color: {DARK.red};")


def _uid(reference: object) -> str:
    return str(getattr(reference, "sop_instance_uid", ""))


class _TraceChoices(QWidget):
    """Group, arrangement, speed and gain."""

    def __init__(self, trace: TraceView) -> None:
        super().__init__()
        self._trace = trace
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self.group, self.arrangement, self.speed, self.gain = (QComboBox() for _ in range(4))
        for name, one in (
            (self.tr("Group"), self.group),
            (self.tr("Arrangement"), self.arrangement),
            (self.tr("Speed"), self.speed),
            (self.tr("Gain"), self.gain),
        ):
            one.setAccessibleName(name)
            one.setToolTip(name)
            row.addWidget(one)
            one.activated.connect(self._choose)
        self.arrangement.addItem(self.tr("3 x 4 and rhythm"), Arrangement.STANDARD)
        self.arrangement.addItem(self.tr("One below the other"), Arrangement.STACKED)
        for speed in SPEEDS:
            self.speed.addItem(f"{speed:g} mm/s", speed)
        for gain in GAINS:
            self.gain.addItem(f"{gain:g} mm/mV", gain)

    def offer(self, recording: Recording) -> None:
        self.group.clear()
        for number, group in enumerate(recording.groups):
            self.group.addItem(group.label or f"{number + 1}", number)
        self.group.setVisible(len(recording.groups) > 1)
        made = self._trace.sheet
        self.arrangement.setCurrentIndex(self.arrangement.findData(made.arrangement if made else Arrangement.STACKED))
        self.speed.setCurrentIndex(self.speed.findData(self._trace.wish.speed))
        self.gain.setCurrentIndex(self.gain.findData(self._trace.wish.gain))

    def _choose(self) -> None:
        wish = replace(
            self._trace.wish,
            group=max(self.group.currentIndex(), 0),
            arrangement=Arrangement(self.arrangement.currentData()),
            speed=float(self.speed.currentData()),
            gain=float(self.gain.currentData()),
        )
        self._trace.choose(wish)
