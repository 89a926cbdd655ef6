"""Step 5: every attribute of any instance before and after, and the instance's picture beside it."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QGuiApplication, QKeySequence, QPainter, QResizeEvent, QShortcut
from PySide6.QtWidgets import QBoxLayout, QSplitter, QWidget

from workstation.deidentify.changes import Kind
from workstation.deidentify.plan import Plan
from workstation.domain.errors import WorkstationError
from workstation.services.workplace import Workplace
from workstation.ui.assets import DARK, font
from workstation.ui.export_wizard.image_pane import ImagePane
from workstation.ui.export_wizard.model import ChosenImage, Step, Wizard
from workstation.ui.export_wizard.preview_model import GREEN, Column, PlanModel
from workstation.ui.export_wizard.progress_line import ProgressLine
from workstation.ui.export_wizard.residual import ResidualBox
from workstation.ui.export_wizard.survey import Survey
from workstation.ui.messages import count, one_line
from workstation.ui.widgets.buttons import Chip, frame, icon_button, label
from workstation.ui.widgets.fields import search_edit
from workstation.ui.widgets.layouts import column, row
from workstation.ui.widgets.table import PADDING, RowDelegate, RowTable, row_text, selected_rows, set_widths
from workstation.ui.widgets.timers import single_shot
from workstation.ui.words import series_title

WIDTHS = [118, 214, 280, 236, 146]
TYPING_MS = 150
DETAIL_WIDTH = 364
NARROW = 1130


class PreviewStep(QWidget):
    def __init__(self, wizard: Wizard, survey: Survey, workplace: Workplace) -> None:
        super().__init__()
        self._wizard = wizard
        self._survey = survey
        self._index = 0
        self._asked: object = None
        self.model = PlanModel(self)
        self.table = RowTable(self.tr("Attributes before and after"))
        self.table.setSortingEnabled(False)
        self.table.setModel(self.model)
        self.table.setItemDelegate(_PlanDelegate(self.table))
        set_widths(self.table.horizontalHeader(), WIDTHS, Column.ORIGINAL)
        self.filter = search_edit(self.tr("Filter attributes"), self.tr("Filter attributes"))
        self.chips = {
            Kind.CHANGED: Chip("", checked=True),
            Kind.REMOVED: Chip("", checked=True),
            Kind.KEPT: Chip("", checked=True),
        }
        self.back_button = icon_button("chevron-left", self.tr("Previous instance"), lambda: self.show_instance(-1))
        self.on_button = icon_button("chevron-right", self.tr("Next instance"), lambda: self.show_instance(1))
        self.position = label("")
        self.pane = ImagePane(workplace.decode_pool, survey.pictures, self.tr("Image of the instance"))
        self.residual = ResidualBox()
        self._caption = label("", "caption", wrap=True)
        self._held = label("", "pill_amber")
        self._held_words = label("", "muted", wrap=True)
        self.problem = label("", "problem", wrap=True)
        self._typed = single_shot(self, TYPING_MS, lambda: self.model.show_words(self.filter.text()))
        self._lay_out()
        self._connect()
        self._show_counts()

    def show_instance(self, by: int) -> None:
        """Go `by` instances on or back."""
        total = self._wizard.state.image_count
        if total:
            self._index = max(0, min(total - 1, self._index + by))
            self.refresh()

    def refresh(self) -> None:
        state = self._wizard.state
        if state.step is not Step.PREVIEW or not state.images:
            return
        images = state.images
        self._index = min(self._index, len(images) - 1)
        image = images[self._index]
        self._show_position(image, len(images))
        self.pane.show_instance(image.path, image.instance.number_of_frames)
        self._show_held(image)
        self._ask(image)

    def _ask(self, image: ChosenImage) -> None:
        cohort, options = self._survey.cohort_scan.answer, self._wizard.state.options
        if cohort is None:
            self._asked = None
            self._survey.forget_plans()
            self._show(Plan(()))
            return
        wanted = (image.path, options, self._survey.key, id(cohort))
        if wanted == self._asked:
            return
        self._asked = wanted
        self._survey.plan(image.path, self._show, self._fail)

    def _show(self, plan: Plan) -> None:
        self.problem.hide()
        self.model.show_plan(plan)
        self._show_counts()

    def _fail(self, error: WorkstationError) -> None:
        self._show(Plan(()))
        self.problem.setText(one_line(error))
        self.problem.show()

    def _show_counts(self) -> None:
        names = {Kind.CHANGED: self.tr("Changed"), Kind.REMOVED: self.tr("Removed"), Kind.KEPT: self.tr("Kept")}
        for kind, chip in self.chips.items():
            chip.setText(f"{names[kind]} · {count(self.model.count(kind))}")
            chip.setAccessibleName(chip.text())
            chip.updateGeometry()
            chip.update()

    def _show_position(self, image: ChosenImage, total: int) -> None:
        parts = [self.tr("Instance {n} of {total}").format(n=count(self._index + 1), total=count(total))]
        parts += [image.series.modality] if image.series.modality else []
        number = image.series.series_number
        parts += [self.tr("series {n}").format(n=number)] if number is not None else []
        self.position.setText(" · ".join(parts))
        self.back_button.setEnabled(self._index > 0)
        self.on_button.setEnabled(self._index + 1 < total)
        self._caption.setText(series_title(image.series))

    def _show_held(self, image: ChosenImage) -> None:
        held = self._survey.held.get(image.path)
        accepted = held is not None and held.acknowledgeable and self._wizard.state.accept_pixels
        self._held.setVisible(held is not None)
        self._held_words.setVisible(held is not None)
        self._held.setText(self.tr("let through on your word") if accepted else self.tr("held back"))
        self._held_words.setText(held.sentence if held is not None else "")

    def _connect(self) -> None:
        self.filter.textChanged.connect(lambda _: self._typed.start())
        for chip in self.chips.values():
            chip.toggled.connect(lambda _: self._choose_kinds())
        for keys, by in (("Ctrl+Left", -1), ("Ctrl+Right", 1)):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(lambda by=by: self.show_instance(by))
        for keys, call in (("Ctrl+F", self.filter.setFocus), ("Ctrl+C", self.copy)):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(call)
        self._wizard.changed.connect(self.refresh)
        self._survey.cohort_changed.connect(self.refresh)
        self._survey.held_changed.connect(self.refresh)
        self._survey.key_changed.connect(self.refresh)

    def copy(self) -> None:
        """The selected rows, for the clipboard."""
        rows = [row_text(self.model, index.row()) for index in selected_rows(self.table)]
        if rows:
            QGuiApplication.clipboard().setText("\n".join(rows))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where there is little room, the way through the instances goes below the filters."""
        super().resizeEvent(event)
        narrow = self.width() < NARROW
        direction = QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight
        self._tools.setDirection(direction)

    def _choose_kinds(self) -> None:
        self.model.show_kinds(frozenset(kind for kind, chip in self.chips.items() if chip.isChecked()))

    def _lay_out(self) -> None:
        self.filter.setMaximumWidth(300)
        filters = row(self.filter, *self.chips.values(), None, spacing=10)
        filters.setStretch(0, 10)
        instances = row(self.back_button, self.position, self.on_button, None, spacing=10)
        self._tools = row(filters, instances, spacing=10, margins=(16, 12, 16, 12))
        self._tools.setStretch(0, 1)
        self.problem.hide()
        self.problem.setIndent(16)
        left = QWidget()
        lists = column(self._tools, ProgressLine(self._survey, held=False), self.problem, self.table, spacing=0)
        lists.setStretch(3, 1)
        left.setLayout(lists)
        right = frame("detail")
        self._held.hide()
        self._held_words.hide()
        aside = column(
            self._caption,
            self.pane,
            row(self._held, None),
            self._held_words,
            label(self.tr("RESIDUAL CHECK"), "caption"),
            self.residual,
            None,
            spacing=8,
            margins=(16, 14, 16, 14),
        )
        self.pane.setMinimumHeight(130)
        self.pane.setMaximumHeight(300)
        aside.setStretch(1, 1000)
        right.setLayout(aside)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setHandleWidth(1)
        split.setChildrenCollapsible(False)
        split.addWidget(left)
        split.addWidget(right)
        split.setStretchFactor(0, 1)
        split.setSizes([982, DETAIL_WIDTH])
        self.setLayout(column(split, spacing=0))
        self.setFocusProxy(self.table)


class _PlanDelegate(RowDelegate):
    """Green for what a value becomes, beside the tones that all tables share."""

    def _paint_text(self, painter: QPainter, area: QRect, text: str, style: str) -> None:
        if GREEN not in style:
            super()._paint_text(painter, area, text, style)
            return
        painter.setFont(font(mono=True))
        painter.setPen(QColor(DARK.green))
        inside = area.adjusted(PADDING, 0, -PADDING, 0)
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, inside.width())
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine
        painter.drawText(inside, flags, shown)
