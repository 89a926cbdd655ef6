"""A picture of one instance with its frames, made off the GUI thread; a late picture is dropped."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from workstation.dicom.decode_pool import DecodePool
from workstation.domain.errors import WorkstationError
from workstation.imaging.compose import compose
from workstation.imaging.view import View
from workstation.ui.assets import DARK
from workstation.ui.background import Background
from workstation.ui.messages import one_line
from workstation.ui.thumbnails import to_image
from workstation.ui.widgets.buttons import icon_button, label
from workstation.ui.widgets.layouts import column, row

LONGEST_SIDE = 1024
RADIUS = 8


def make_picture(pool: DecodePool, path: Path, index: int, longest: int) -> QImage:
    """The frame as the viewer would first show it, within `longest` pixels. Raises InputError."""
    frame = pool.frame(path, index)
    scale = min(1.0, longest / max(frame.rows, frame.columns, 1))
    size = (max(1, round(frame.columns * scale)), max(1, round(frame.rows * scale)))
    return to_image(compose(frame, View(), size))


class Picture(QWidget):
    """Paints one image as large as there is room, or says why there is none."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(200, 160)
        self._image = QImage()
        self._words = ""

    @property
    def image(self) -> QImage:
        return self._image

    def show_image(self, image: QImage, words: str = "") -> None:
        self._image, self._words = image, words
        self.setAccessibleDescription(words)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(348, 262)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        outline = QPainterPath()
        outline.addRoundedRect(QRectF(self.rect()), RADIUS, RADIUS)
        painter.setClipPath(outline)
        painter.fillRect(self.rect(), QColor("#000000"))
        if not self._image.isNull():
            room = QSize(self._image.size()).scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
            place = QRectF((self.width() - room.width()) / 2, (self.height() - room.height()) / 2, *room.toTuple())
            painter.drawImage(place, self._image)
        elif self._words:
            painter.setPen(QColor(DARK.muted))
            inside = self.rect().adjusted(16, 16, -16, -16)
            painter.drawText(inside, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._words)


class ImagePane(QWidget):
    """`Picture` with a way through the frames of the instance."""

    frame_changed = Signal(int)

    def __init__(self, pool: DecodePool, pictures: Background, name: str) -> None:
        super().__init__()
        self._pool = pool
        self._pictures = pictures
        self._path: Path | None = None
        self._index = 0
        self._count = 0
        self._wanted = 0
        self.picture = Picture(name)
        self._frame = label("", "caption")
        self._back = icon_button("chevron-left", self.tr("Previous frame"), lambda: self.show_frame(self._index - 1))
        self._on = icon_button("chevron-right", self.tr("Next frame"), lambda: self.show_frame(self._index + 1))
        self._frames = QWidget()
        self._frames.setLayout(row(self._back, self._frame, self._on, None))
        self._frames.hide()
        layout = column(self.picture, self._frames, spacing=6)
        layout.setStretch(0, 1)
        self.setLayout(layout)

    @property
    def frame_count(self) -> int:
        return self._count

    def show_instance(self, path: Path | None, frames: int | None = 1) -> None:
        """Show its first frame; None shows nothing."""
        if path == self._path:
            return
        self._path, self._index, self._count = path, 0, max(1, frames or 1)
        self._frames.setVisible(path is not None and self._count > 1)
        self.picture.show_image(QImage(), self.tr("Loading…") if path is not None else "")
        self._request()

    def show_frame(self, index: int) -> None:
        if 0 <= index < self._count and index != self._index:
            self._index = index
            self._request()

    def _request(self) -> None:
        self._wanted += 1
        wanted, path, index = self._wanted, self._path, self._index
        self._frame.setText(self.tr("frame {n} of {total}").format(n=index + 1, total=self._count))
        self._back.setEnabled(index > 0)
        self._on.setEnabled(index + 1 < self._count)
        if path is None:
            return

        def show(image: QImage) -> None:
            if wanted == self._wanted:
                self.picture.show_image(image)
                self.frame_changed.emit(index)

        def say(error: WorkstationError) -> None:
            if wanted == self._wanted:
                self.picture.show_image(QImage(), one_line(error))

        def make() -> QImage:
            if wanted != self._wanted:  # somebody moved on meanwhile
                return QImage()
            return make_picture(self._pool, path, index, LONGEST_SIDE)

        self._pictures.ask(make, show, say)
