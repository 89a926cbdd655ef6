"""Step 4: images that may have text burned in, for a person to look at; and what is held in any case."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath
from PySide6.QtWidgets import (
    QCheckBox,
    QListView,
    QSplitter,
    QStackedWidget,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from workstation.services.workplace import Workplace
from workstation.ui.assets import DARK, font
from workstation.ui.export_wizard.held_model import REASON_ROLE, HeldImage, HeldModel, held_images
from workstation.ui.export_wizard.image_pane import ImagePane, make_picture
from workstation.ui.export_wizard.model import Step, Wizard
from workstation.ui.export_wizard.progress_line import ProgressLine
from workstation.ui.export_wizard.records import RecordColumn, RecordModel
from workstation.ui.export_wizard.survey import Survey
from workstation.ui.messages import count
from workstation.ui.widgets.buttons import frame, label
from workstation.ui.widgets.empty import EmptyState
from workstation.ui.widgets.layouts import column
from workstation.ui.widgets.table import RowTable, set_widths

Index = QModelIndex | QPersistentModelIndex
THUMBNAIL = 72
ROW = 92


class PixelsStep(QWidget):
    def __init__(self, wizard: Wizard, survey: Survey, workplace: Workplace) -> None:
        super().__init__()
        self._wizard = wizard
        self._survey = survey
        self._pool = workplace.decode_pool
        self.model = HeldModel(self)
        self.list = QListView()
        self.list.setModel(self.model)
        self.list.setItemDelegate(_HeldDelegate(self.list))
        self.list.setAccessibleName(self.tr("Images that may have text burned in"))
        self.list.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.list.setUniformItemSizes(True)
        self.accept = QCheckBox(self.tr("I have looked at every one of these images: let them through"))
        self.pane = ImagePane(self._pool, survey.pictures, self.tr("The chosen image"))
        self._heading = label("", "strong", wrap=True)
        self._reason = label("", "muted", wrap=True)
        columns = (
            RecordColumn[HeldImage](self.tr("Object"), lambda one: one.title),
            RecordColumn[HeldImage](self.tr("Why it stays here"), lambda one: one.held.sentence, "muted"),
        )
        self.documents: RecordModel[HeldImage] = RecordModel(columns, self)
        self.documents_table = RowTable(self.tr("Held back in any case"))
        self.documents_table.setSortingEnabled(False)
        self.documents_table.setModel(self.documents)
        set_widths(self.documents_table.horizontalHeader(), [220, 400], 1)
        self._documents_heading = label("", "strong", wrap=True)
        self._lay_out()
        self.accept.toggled.connect(lambda on: wizard.change(accept_pixels=on))
        self.list.selectionModel().currentChanged.connect(lambda current, _: self._show(current.row()))
        self.model.wanted.connect(self._make_thumbnail, Qt.ConnectionType.QueuedConnection)
        wizard.changed.connect(self.refresh)
        survey.held_changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        state, held = self._wizard.state, self._survey.held
        if state.step is not Step.PIXELS:
            self.accept.setChecked(state.accept_pixels)
            return
        images = held_images(state, held, of_pixels=True)
        documents = held_images(state, held, of_pixels=False)
        self.model.show_items(images)
        self.documents.show_records(documents)
        self.accept.setChecked(state.accept_pixels)
        one = len(images) == 1
        words = self.tr("1 image may have text burned in") if one else self.tr("{n} images may have text burned in")
        self._heading.setText(words.format(n=count(len(images))))
        many = self.tr("{n} objects are held back in any case")
        words = self.tr("1 object is held back in any case") if len(documents) == 1 else many
        self._documents_heading.setText(words.format(n=count(len(documents))))
        self._documents.setVisible(bool(documents))
        self._images.setVisible(bool(images))
        self._split.setVisible(bool(images or documents))
        self._stack.setCurrentIndex(1 if images or documents else 0)
        self._say_none()
        if images and not self.list.currentIndex().isValid():
            self.list.setCurrentIndex(self.model.index(0))
        if not images:
            self.pane.show_instance(None)

    def _say_none(self) -> None:
        scan = self._survey.held_scan
        if scan.running:
            self._empty.say(self.tr("Looking at the files"), self.tr("Nothing that must be held back so far."))
        elif scan.answer is None:
            words = self.tr("Whatever must be held back is found when the export runs, and listed then.")
            self._empty.say(self.tr("Not all files were looked at"), words)
        else:
            words = self.tr("No image of this export is of a kind that tends to have text burned in.")
            self._empty.say(self.tr("Nothing to hold back"), words)

    def _lay_out(self) -> None:
        held = self.tr(
            "Text in the picture cannot be removed yet. Images of these kinds are held back: they stay on this "
            "computer and are listed in the result."
        )
        accepted = label(
            self.tr("On your word they are exported as they are; the pixels are not cleaned. The report says so."),
            "muted",
        )
        accepted.setIndent(24)
        accepted.setWordWrap(True)
        self._images = QWidget()
        top = column(self._heading, label(held, "muted", wrap=True), spacing=4, margins=(16, 14, 16, 10))
        bottom = frame("strip")
        bottom.setStyleSheet(f"QFrame#strip {{ border-top: 1px solid {DARK.border}; }}")
        bottom.setLayout(column(self.accept, accepted, spacing=2, margins=(16, 10, 16, 10)))
        layout = column(top, self.list, bottom, spacing=0)
        layout.setStretch(1, 1)
        self._images.setLayout(layout)
        self._documents = QWidget()
        documents = column(column(self._documents_heading, margins=(16, 12, 16, 8)), self.documents_table, spacing=0)
        self._documents.setLayout(documents)
        self._documents.setMaximumHeight(260)
        left = QWidget()
        lists = column(self._images, self._documents, spacing=0)
        lists.setStretch(0, 1)
        left.setLayout(lists)
        right = frame("detail")
        right.setLayout(column(self.pane, self._reason, spacing=8, margins=(16, 14, 16, 14)))
        self._split = QSplitter(Qt.Orientation.Horizontal)
        self._split.setHandleWidth(1)
        self._split.setChildrenCollapsible(False)
        self._split.addWidget(left)
        self._split.addWidget(right)
        self._split.setSizes([680, 660])
        self._empty = EmptyState("check", "")
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._split)
        body = column(ProgressLine(self._survey, held=True), self._stack, spacing=0)
        body.setStretch(1, 1)
        self.setLayout(body)
        self.setFocusProxy(self.list)

    def _show(self, row: int) -> None:
        item = self.model.item(row)
        if item is None:
            self.pane.show_instance(None)
            self._reason.clear()
            return
        self.pane.show_instance(item.image.path, item.image.instance.number_of_frames)
        self._reason.setText(f"{item.title}. {item.held.sentence}")

    def _make_thumbnail(self, row: int) -> None:
        item = self.model.item(row)
        if item is None:
            return
        path, pixels = item.image.path, round(THUMBNAIL * self.devicePixelRatioF())
        self._survey.thumbnails.ask(
            lambda: make_picture(self._pool, path, 0, pixels),
            lambda image: self._take(path, image),
            lambda _error: self._take(path, QImage()),
        )

    def _take(self, path: Path, image: QImage) -> None:
        image.setDevicePixelRatio(self.devicePixelRatioF())
        self.model.take(path, image)


class _HeldDelegate(QStyledItemDelegate):
    """A thumbnail, beside it what it is and why it is held."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(260, ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        area = QRect(option.rect)
        painter.save()
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, QColor(DARK.selection))
        painter.setPen(QColor(DARK.line))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        box = QRectF(area.left() + 16, area.top() + (area.height() - THUMBNAIL) / 2, THUMBNAIL, THUMBNAIL)
        self._paint_thumbnail(painter, box, index.data(Qt.ItemDataRole.DecorationRole))
        left = round(box.right()) + 14
        words = QRect(left, area.top() + 16, area.right() - left - 12, area.height() - 24)
        painter.setFont(font(strong=True))
        painter.setPen(QColor(DARK.text))
        title = painter.fontMetrics().elidedText(index.data() or "", Qt.TextElideMode.ElideRight, words.width())
        painter.drawText(words, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft, title)
        below = words.adjusted(0, painter.fontMetrics().height() + 5, 0, 0)
        painter.setFont(font())
        painter.setPen(QColor(DARK.muted))
        wrapped = Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextWordWrap
        painter.drawText(below, wrapped, str(index.data(REASON_ROLE) or ""))
        painter.restore()

    @staticmethod
    def _paint_thumbnail(painter: QPainter, box: QRectF, image: object) -> None:
        painter.save()
        outline = QPainterPath()
        outline.addRoundedRect(box, 5, 5)
        painter.setClipPath(outline)
        painter.fillRect(box, QColor("#000000"))
        if isinstance(image, QImage) and not image.isNull():
            room = QSize(image.size()).scaled(box.size().toSize(), Qt.AspectRatioMode.KeepAspectRatio)
            place = QRectF(box.center().x() - room.width() / 2, box.center().y() - room.height() / 2, *room.toTuple())
            painter.drawImage(place, image)
        painter.restore()
