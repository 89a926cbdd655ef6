"""The pane beside the worklist: safety first, then the order and the step."""

from __future__ import annotations

from datetime import date

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QScrollArea, QWidget

from workstation.domain.worklist import WorklistItem
from workstation.ui.assets import DARK
from workstation.ui.widgets.buttons import frame, label, picture
from workstation.ui.widgets.layouts import clear, column, row
from workstation.ui.words import date_and_time
from workstation.ui.worklist.model import patient_line, procedure, station, status

# PS3.3 C.2.2, C.2.4: Pregnancy Status (0010,21C0)
PREGNANCY = {"0001": "Not pregnant", "0002": "Possibly pregnant", "0003": "Definitely pregnant", "0004": "Unknown"}
SILENT_PREGNANCY = frozenset({"", "0001", "1"})


def warnings(item: WorklistItem) -> list[tuple[str, str]]:
    """What somebody at the machine must not miss, as heading and text."""
    pregnancy = item.pregnancy_status.strip()
    words = PREGNANCY.get(pregnancy.zfill(4), pregnancy)
    pairs = [
        ("Allergy", item.allergies),
        ("Medical alert", item.medical_alerts),
        ("Pregnancy", "" if pregnancy in SILENT_PREGNANCY else words),
        ("Special needs", item.special_needs),
        ("Patient state", item.patient_state),
    ]
    return [(name, text) for name, text in pairs if text]


def facts(item: WorklistItem) -> list[tuple[str, str, str]]:
    """Caption, value, look."""
    place = " · ".join(part for part in (station(item), item.step_location) if part)
    pairs = [
        ("Procedure", procedure(item), ""),
        ("Step", item.step_description if item.step_description != procedure(item) else "", ""),
        ("Reason", item.reason, ""),
        ("Priority", item.priority.capitalize(), ""),
        ("Contrast", item.requested_contrast_agent, ""),
        ("Medication", item.pre_medication, ""),
        ("Referring", item.referring_physician.display, ""),
        ("Requested by", item.requesting_physician.display, ""),
        ("Performed by", item.performing_physician.display, ""),
        ("Scheduled", date_and_time(item.start_date, item.start_time), "mono"),
        ("Step ID", item.step_id, "mono"),
        ("Accession", item.accession_number, "mono"),
        ("Station", place, ""),
        ("Comes from", item.patient_location, ""),
        ("Transport", item.transport, ""),
        ("Confidentiality", item.confidentiality, ""),
        ("Status", status(item)[0], ""),
        ("Worklist", item.node, ""),
    ]
    return [(caption, value, look) for caption, value, look in pairs if value]


class WorklistDetail(QFrame):
    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("detail")
        self.setAccessibleName(self.tr("Selected step"))
        self._name = label("", "heading", wrap=True, selectable=True)
        self._patient = label("", "muted", wrap=True, selectable=True)
        self._warnings = column(spacing=6)
        self._facts = QGridLayout()
        self._facts.setHorizontalSpacing(16)
        self._facts.setVerticalSpacing(8)
        self._facts.setColumnMinimumWidth(0, 104)
        self._facts.setColumnStretch(1, 1)
        inside = QWidget()
        inside.setObjectName("scrolled")
        inside.setLayout(column(self._warnings, self._facts, None, spacing=12))
        scroll = QScrollArea()
        scroll.setWidget(inside)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        head = column(self._name, self._patient, spacing=3)
        layout = column(head, scroll, spacing=10, margins=(16, 16, 16, 8))
        layout.setStretch(1, 1)
        self.setLayout(layout)
        self.show_item(None)

    def show_item(self, item: WorklistItem | None) -> None:
        clear(self._warnings)
        clear(self._facts)
        if item is None:
            self._name.setText(self.tr("No step selected"))
            self._patient.setText(self.tr("Select a scheduled step to see its order."))
            return
        self._name.setText(item.patient_name.display or "—")
        self._patient.setText(patient_line(item, date.today()))
        for caption, text in warnings(item):
            self._warnings.addWidget(_warning(self.tr(caption), text))
        for line, (caption, value, look) in enumerate(facts(item)):
            words = label(self.tr(caption), "caption")
            words.setAlignment(Qt.AlignmentFlag.AlignTop)
            shown = label(value, look, wrap=True, selectable=True)
            shown.setAccessibleName(f"{caption}: {value}")
            self._facts.addWidget(words, line, 0)
            self._facts.addWidget(shown, line, 1)


def _warning(caption: str, text: str) -> QFrame:
    box = frame("notice")
    box.setProperty("tone", "amber")
    box.setAccessibleName(f"{caption}: {text}")
    heading: QLabel = label(f"{caption}:", "strong")
    words = label(text, wrap=True, selectable=True)
    layout = row(picture("warning", DARK.amber, 16), heading, words, spacing=8, margins=(12, 7, 12, 7))
    layout.setStretch(2, 1)
    layout.setAlignment(heading, Qt.AlignmentFlag.AlignTop)
    box.setLayout(layout)
    return box
