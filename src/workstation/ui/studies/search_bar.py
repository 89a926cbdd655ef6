"""The three strips above the table: sources, fields, modalities with the line of what was found."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QWidget

from workstation.domain.events import LOCAL
from workstation.domain.node import Node
from workstation.ui.actions import Actions
from workstation.ui.node_states import NodeStates
from workstation.ui.studies.search_state import DATE_CHOICES, DEFAULT_DATE, MODALITY_CHIPS, SearchForm
from workstation.ui.widgets.buttons import Chip, action_button, button, label, menu_button
from workstation.ui.widgets.fields import ChoiceField, TextField
from workstation.ui.widgets.layouts import FlowLayout, clear, row


class SourceBar(QFrame):
    """The page's title and a chip per source."""

    changed = Signal()

    def __init__(self, actions: Actions, states: NodeStates) -> None:
        super().__init__()
        self.setObjectName("header")
        self.setFixedHeight(58)
        self._states = states
        self._chips: dict[str, Chip] = {}
        self._places = row(spacing=10)
        kinds = (actions["studies.import"], actions["studies.import_folder"])
        self.import_button = menu_button(self.tr("Import…"), "import", kinds)
        self.setLayout(
            row(
                label(self.tr("Studies"), "title"),
                self._places,
                None,
                self.import_button,
                action_button(actions["studies.open_disc"]),
                spacing=12,
                margins=(16, 0, 16, 0),
            )
        )
        states.changed.connect(self._show_state)

    def show_nodes(self, nodes: tuple[Node, ...]) -> None:
        """Chips for the archive and `nodes`; what was switched stays so."""
        before = {name: chip.isChecked() for name, chip in self._chips.items()}
        clear(self._places)
        self._chips = {}
        for name, wanted in [(LOCAL, True), *((node.name, node.searched) for node in nodes)]:
            chip = Chip(name, checked=before.get(name, wanted))
            chip.toggled.connect(lambda _on: self.changed.emit())
            self._chips[name] = chip
            self._places.addWidget(chip)
            self._show_state(name)

    @property
    def sources(self) -> list[str]:
        return [name for name, chip in self._chips.items() if chip.isChecked()]

    def chip(self, name: str) -> Chip:
        return self._chips[name]

    def _show_state(self, name: str) -> None:
        chip = self._chips.get(name)
        if chip is not None:
            state = self._states.state(name)
            asked = name == LOCAL or state.error is not None or state.words == self.tr("answered")
            chip.set_state(state.colour if asked else "", state.words)


class SearchFields(QFrame):
    """The fields; Enter in any of them searches."""

    submitted = Signal()

    def __init__(self, search: QWidget) -> None:
        super().__init__()
        self.setObjectName("bar")
        self.setFixedHeight(74)
        self.name = TextField(self.tr("Patient name"), self.tr("Smi* or 王*"))
        self.patient_id = TextField(self.tr("Patient ID"), self.tr("MRN"))
        self.accession = TextField(self.tr("Accession"))
        choices: list[tuple[str, object]] = [(self.tr(text), days) for text, days in DATE_CHOICES]
        self.date = ChoiceField(self.tr("Study date"), choices)
        self.date.choice.setCurrentIndex([days for _, days in DATE_CHOICES].index(DEFAULT_DATE))
        self.description = TextField(self.tr("Description"))
        layout = row(spacing=8, margins=(16, 0, 16, 0))
        for field, stretch, width in (
            (self.name, 22, 160),
            (self.patient_id, 13, 110),
            (self.accession, 13, 110),
            (self.date, 18, 150),
            (self.description, 70, 120),
        ):
            field.setMinimumWidth(width)
            layout.addWidget(field, stretch)
            if isinstance(field, TextField):
                field.edit.returnPressed.connect(self.submitted)
        layout.addWidget(search)
        self.setLayout(layout)
        self.setFocusProxy(self.name)
        self.date.choice.activated.connect(lambda _: self.submitted.emit())

    def form(self, modalities: frozenset[str]) -> SearchForm:
        return SearchForm(
            self.name.text,
            self.patient_id.text,
            self.accession.text,
            str(self.date.choice.currentData()),
            self.description.text,
            modalities,
        )


class ModalityStrip(QFrame):
    """Modality chips, and how many were found by whom."""

    changed = Signal()
    why_asked = Signal()
    everything_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("strip")
        self.setMinimumHeight(43)
        self._all = Chip(self.tr("All"), checked=True)
        self._all.setCheckable(True)
        self._chips = [(frozenset(names), Chip(" / ".join(names))) for names in MODALITY_CHIPS]
        chips = QWidget()
        flow = FlowLayout(chips, spacing=9)
        flow.addWidget(self._all)
        for _, chip in self._chips:
            flow.addWidget(chip)
            chip.toggled.connect(self._toggled)
        self._all.clicked.connect(self._choose_all)
        self._summary = label("", "muted")
        self._summary.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._why = button(self.tr("why?"), look="link", clicked=self.why_asked.emit)
        self._why.hide()
        self._everything = button(self.tr("ask for all"), look="link", clicked=self.everything_asked.emit)
        self._everything.hide()
        layout = row(chips, self._summary, self._everything, self._why, spacing=6, margins=(16, 8, 16, 8))
        layout.setStretch(0, 1)
        self.setLayout(layout)

    @property
    def modalities(self) -> frozenset[str]:
        chosen = [names for names, chip in self._chips if chip.isChecked()]
        return frozenset().union(*chosen)

    def show_summary(self, text: str, *, why: bool, narrowed: bool = False) -> None:
        """`narrowed` offers to ask the nodes for everything after all."""
        self._everything.setVisible(narrowed)
        self._summary.setText(text)
        self._summary.setAccessibleName(text)
        self._why.setVisible(why)

    @property
    def summary(self) -> str:
        return self._summary.text()

    @property
    def everything_button(self) -> QWidget:
        return self._everything

    @property
    def why_button(self) -> QWidget:
        return self._why

    def _toggled(self, _on: bool) -> None:
        self._all.setChecked(not self.modalities)
        self.changed.emit()

    def _choose_all(self) -> None:
        for _, chip in self._chips:
            chip.blockSignals(True)
            chip.setChecked(False)
            chip.blockSignals(False)
        self._all.setChecked(True)
        self.changed.emit()
