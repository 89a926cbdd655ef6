"""The pane beside the table: the selected study, its series with pictures, its patient's other studies."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPixmap
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QWidget

from workstation.domain.study import Series
from workstation.ui.actions import Actions
from workstation.ui.assets import DARK, pixmap
from workstation.ui.studies.model import StudyEntry
from workstation.ui.thumbnails import Thumbnails
from workstation.ui.widgets.buttons import action_button, button, frame, label
from workstation.ui.widgets.layouts import FlowLayout, clear, column, row
from workstation.ui.words import (
    date,
    patient_line,
    series_facts,
    series_origin,
    series_title,
    study_line,
)

PICTURE = 84
MOST_CARDS = 200


class SeriesCard(QFrame):
    """One series: picture, name, facts. Enter or a double click opens."""

    opened = Signal(str)  # Series Instance UID

    def __init__(self, series: Series, *, local: bool) -> None:
        super().__init__()
        self.setObjectName("card")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.series, self.local = series, local
        self._picture = QLabel()
        self._picture.setObjectName("picture")
        self._picture.setFixedSize(PICTURE, PICTURE)
        self._picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._picture.setAccessibleName(" ")
        self._show_icon("image" if local else "retrieve")
        self._facts = label(series_facts(series), "muted", wrap=True)
        title = series_title(series) if not series.description else series.description
        lines = column(label(title, "strong", wrap=True), self._facts, spacing=2)
        lines.addWidget(label(series_origin(series), "muted", wrap=True))
        lines.addStretch(1)
        layout = row(self._picture, lines, spacing=12, margins=(8, 8, 8, 8))
        layout.setStretch(1, 1)
        self.setLayout(layout)
        self.setAccessibleName(f"{title}, {series_facts(series)}")

    def show_picture(self, image: QImage, size: str) -> None:
        if image.isNull():
            self._show_icon("file")
        else:
            self._picture.setPixmap(QPixmap.fromImage(image))
        self._facts.setText(series_facts(self.series, size))

    def _show_icon(self, name: str) -> None:
        self._picture.setPixmap(pixmap(name, 22, DARK.disabled, self.devicePixelRatioF()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.opened.emit(self.series.series_instance_uid)
        else:
            super().keyPressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.opened.emit(self.series.series_instance_uid)


class StudyDetail(QFrame):
    series_opened = Signal(str, str)  # study, series
    prior_chosen = Signal(str)  # Study Instance UID

    def __init__(self, actions: Actions, thumbnails: Thumbnails, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("detail")
        self.setAccessibleName(self.tr("Selected study"))
        self._thumbnails = thumbnails
        self._uid = ""
        self._shown: tuple[tuple[str, int | None, bool], ...] | None = None
        self._name = label("", "heading", wrap=True, selectable=True)
        self._patient = label("", "muted", wrap=True, selectable=True)
        self._study = label("", "muted", wrap=True, selectable=True)
        self._buttons = QWidget()
        flow = FlowLayout(self._buttons)
        flow.addWidget(action_button(actions["studies.open"], look="primary"))
        for name in ("studies.retrieve", "studies.send", "studies.export"):
            flow.addWidget(action_button(actions[name]))
        self._heading = label("", "caption")
        self._cards = column(spacing=8)
        self._priors_heading = label("", "caption")
        self._priors = column(spacing=0)
        inside = QWidget()
        inside.setObjectName("scrolled")
        inside.setLayout(column(self._heading, self._cards, self._priors_heading, self._priors, None, spacing=8))
        scroll = QScrollArea()
        scroll.setWidget(inside)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll = scroll
        head = column(self._name, self._patient, self._study, spacing=3)
        layout = column(head, self._buttons, scroll, spacing=10, margins=(16, 16, 12, 8))
        layout.setStretch(2, 1)
        self.setLayout(layout)
        self.show_nothing()

    @property
    def study_uid(self) -> str:
        return self._uid

    def show_nothing(self, selected: int = 0) -> None:
        """Nothing selected, or several."""
        self._uid, self._shown = "", None
        self._thumbnails.forget()
        several = self.tr("{n} studies selected").format(n=selected)
        self._name.setText(several if selected else self.tr("No study selected"))
        self._patient.setText("" if selected else self.tr("Select a study in the table to see its series."))
        self._patient.setVisible(not selected)
        self._study.hide()
        self._buttons.setVisible(selected > 0)
        clear(self._cards)
        clear(self._priors)
        self._heading.clear()
        self._priors_heading.clear()

    def show_study(self, entry: StudyEntry) -> None:
        """The head of the pane; series and priors follow when they are known."""
        study = entry.study
        if study.study_instance_uid != self._uid:
            self._thumbnails.forget()
            clear(self._cards)
            clear(self._priors)
            self._priors_heading.clear()
            self._heading.setText(self.tr("SERIES"))
            self._uid, self._shown = study.study_instance_uid, None
            self._scroll.verticalScrollBar().setValue(0)
        self._name.setText(study.patient_name.display or "—")
        self._patient.setText(patient_line(study))
        self._study.setText(study_line(study))
        for part in (self._patient, self._study):
            part.setVisible(bool(part.text()))
        self._buttons.show()

    def show_series(self, series: list[Series], local: frozenset[str]) -> None:
        """Cards of `series`; those in `local` get a picture."""
        shown = tuple((s.series_instance_uid, s.instance_count, s.series_instance_uid in local) for s in series)
        if shown == self._shown:
            return
        self._shown = shown
        self._thumbnails.forget()  # pictures on their way are for cards that go
        clear(self._cards)
        self._heading.setText(self.tr("SERIES · {n}").format(n=len(series)))
        for one in series[:MOST_CARDS]:
            card = SeriesCard(one, local=one.series_instance_uid in local)
            card.opened.connect(partial(self.series_opened.emit, self._uid))
            self._cards.addWidget(card)
            if card.local:
                self._ask_picture(card)
        if len(series) > MOST_CARDS:
            self._cards.addWidget(label(self.tr("… and {n} more").format(n=len(series) - MOST_CARDS), "muted"))

    def show_priors(self, priors: list[StudyEntry]) -> None:
        """The patient's other studies."""
        clear(self._priors)
        self._priors_heading.setText(self.tr("PRIORS · {n}").format(n=len(priors)) if priors else "")
        for entry in priors[:30]:
            study = entry.study
            text = " · ".join(part for part in (date(study.study_date), study.description or "—") if part)
            one = button(text, look="row", clicked=partial(self.prior_chosen.emit, entry.uid))
            self._priors.addWidget(one)
            self._priors.addWidget(frame("rule"))

    def _ask_picture(self, card: SeriesCard) -> None:
        def deliver(image: QImage, size: str) -> None:
            if self._cards.indexOf(card) >= 0:
                card.show_picture(image, size)

        series = card.series
        self._thumbnails.ask(series.series_instance_uid, series.instance_count or 0, deliver, self.devicePixelRatioF())
