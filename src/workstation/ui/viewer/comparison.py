"""The window with the attributes of two images side by side: what differs is marked, or all that is shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QObject, QSignalBlocker, QSortFilterProxyModel, Qt, Signal
from PySide6.QtGui import QColor, QFont, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QCheckBox,
    QComboBox,
    QHeaderView,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from workstation.services.display_sets import DisplaySet, FrameRef
from workstation.ui.assets import DARK, font
from workstation.ui.viewer.attribute_rows import Pair
from workstation.ui.viewer.series_model import title
from workstation.ui.widgets.buttons import label
from workstation.ui.widgets.fields import number_edit, search_edit
from workstation.ui.widgets.layouts import column, row
from workstation.ui.widgets.row_model import Index, RowModel

_INDENT = "  "
_MISSING = "—"
_TIP = 2000  # characters
_WIDTHS = (130, 230, 300)
_STATE_WIDTH = 130  # of "12345 differences"


class PairsModel(RowModel):
    """Tag, name and the two values of every attribute."""

    headings = ("Tag", "Name", "Left", "Right")

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._all: tuple[Pair, ...] = ()
        self._pairs: tuple[Pair, ...] = ()
        self._only_differences = False
        self._font = font(0.86, mono=True)
        self._bold = QFont(self._font)
        self._bold.setBold(True)

    @property
    def differences(self) -> int:
        return sum(pair.differs for pair in self._all)

    def name_sides(self, left: str, right: str) -> None:
        """What stands over the values."""
        self.headings = (*PairsModel.headings[:2], left, right)
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 2, 3)

    def set_pairs(self, pairs: Sequence[Pair]) -> None:
        self._all = tuple(pairs)
        self.show_only_differences(self._only_differences)

    def show_only_differences(self, only: bool) -> None:
        """With the sequences and items that the differences are in."""
        self._only_differences = only
        self.beginResetModel()
        self._pairs = tuple(pair for pair in self._all if not only or pair.differs or pair.contains_difference)
        self.endResetModel()

    def row_total(self) -> int:
        return len(self._pairs)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        pair = self._pairs[index.row()]
        column = index.column()
        match role:
            case Qt.ItemDataRole.BackgroundRole:
                return QColor(DARK.amber_back) if pair.differs else None
            case Qt.ItemDataRole.ForegroundRole:
                return QColor(_colour(pair, column))
            case Qt.ItemDataRole.FontRole:
                return self._bold if pair.differs and column >= 2 else self._font
        return self._words(pair, column).get(role)

    def _words(self, pair: Pair, column: int) -> dict[int, str]:
        left, right = (_MISSING if value is None else value for value in pair.values)
        state = self.tr("differs") if pair.differs else self.tr("the same")
        return {
            Qt.ItemDataRole.DisplayRole: (_INDENT * min(pair.depth, 6) + pair.tag, pair.name, left, right)[column],
            Qt.ItemDataRole.ToolTipRole: f"{pair.tag} {pair.name}\n{left[:_TIP]}\n{right[:_TIP]}",
            Qt.ItemDataRole.AccessibleTextRole: f"{pair.tag} {pair.name}: {left}; {right}; {state}",
        }


def _colour(pair: Pair, column: int) -> str:
    if column >= 2:
        return DARK.muted if pair.values[column - 2] is None else DARK.amber if pair.differs else DARK.text
    if pair.contains_difference:
        return DARK.amber
    return DARK.muted if column == 0 else DARK.soft


class Side(QWidget):
    """Which image stands on one side: a series, and the number of the image in it."""

    changed = Signal()

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sets: tuple[DisplaySet, ...] = ()
        self.series, self.number = QComboBox(), number_edit(1, 1)
        self.series.setAccessibleName(self.tr("Series on the {side}").format(side=name))
        self.series.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.number.setAccessibleName(self.tr("Image on the {side}").format(side=name))
        self.number.setKeyboardTracking(False)
        self.series.currentIndexChanged.connect(self._on_series)
        self.number.valueChanged.connect(lambda _value: self.changed.emit())
        layout = row(self.series, label(self.tr("Image"), "muted"), self.number, spacing=6)
        layout.setStretch(0, 1)
        self.setLayout(layout)

    def offer(self, display_sets: Sequence[DisplaySet]) -> None:
        self._sets = tuple(one for one in display_sets if one.frames)
        with QSignalBlocker(self.series):
            self.series.clear()
            for one in self._sets:
                self.series.addItem(title(one), one.uid)

    def choose(self, display_set: DisplaySet, index: int) -> None:
        """Without a word to those who listen for the user's choice."""
        uids = [one.uid for one in self._sets]
        if display_set.uid not in uids:
            return
        with QSignalBlocker(self.series), QSignalBlocker(self.number):
            self.series.setCurrentIndex(uids.index(display_set.uid))
            self._limit()
            self.number.setValue(index + 1)

    @property
    def words(self) -> str:
        return self.tr("{series} · image {number}").format(series=self.series.currentText(), number=self.number.value())

    @property
    def ref(self) -> FrameRef | None:
        row_ = self.series.currentIndex()
        return self._sets[row_].frames[self.number.value() - 1] if 0 <= row_ < len(self._sets) else None

    def _on_series(self) -> None:
        with QSignalBlocker(self.number):
            self._limit()
        self.changed.emit()

    def _limit(self) -> None:
        count = len(self._sets[self.series.currentIndex()].frames)
        self.number.setRange(1, count)
        self.number.setSuffix(f" / {count}")


class ComparisonWindow(QWidget):
    """`asked` when either side is to show another image; the answer comes by `show_pairs` or `show_problem`."""

    asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setObjectName("page")
        self.setWindowTitle(self.tr("Compare attributes"))
        self.resize(1000, 640)
        self.sides = Side(self.tr("left")), Side(self.tr("right"))
        for side in self.sides:
            side.changed.connect(self.asked)
        self.model = PairsModel(self)
        self.filtered = QSortFilterProxyModel(self)
        self.filtered.setSourceModel(self.model)
        self.filtered.setFilterKeyColumn(-1)
        self.filtered.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.filter = search_edit(self.tr("Filter tag, name or value"), self.tr("Filter of the comparison"))
        self.filter.textChanged.connect(self.filtered.setFilterFixedString)
        self.only = QCheckBox(self.tr("Differences only"))
        self.only.toggled.connect(self.model.show_only_differences)
        self.state = label("", "muted")
        self.state.setMinimumWidth(_STATE_WIDTH)
        self.state.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.table = self._table()
        both = row(*self.sides, spacing=16)
        both.setStretch(0, 1)
        both.setStretch(1, 1)
        filters = row(self.filter, self.only, self.state, spacing=12)
        filters.setStretch(0, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 12, 12, 12)
        layout.addLayout(column(both, filters))
        layout.addWidget(self.table, 1)
        for keys, act in ((QKeySequence.StandardKey.Find, self.filter.setFocus), (Qt.Key.Key_Escape, self.close)):
            QShortcut(QKeySequence(keys), self, act)

    def show_pairs(self, pairs: Sequence[Pair]) -> None:
        self.model.set_pairs(pairs)
        count = self.model.differences
        same_file = len({side.ref.path for side in self.sides if side.ref is not None}) == 1
        if same_file:
            self.state.setText(self.tr("Both are in one file"))
        else:
            self.state.setText(
                self.tr("{count} differences").format(count=count) if count != 1 else self.tr("1 difference")
            )

    def wait(self) -> None:
        """Nothing of the pair before is left to be taken for the new one."""
        self.model.name_sides(*(side.words for side in self.sides))
        self.model.set_pairs(())
        self.state.setText(self.tr("Reading…"))

    def show_problem(self, words: str) -> None:
        self.model.set_pairs(())
        self.state.setText(words)

    def copy(self) -> None:
        """The rows selected, columns parted by tabs."""
        rows = sorted(self.table.selectionModel().selectedRows(), key=lambda index: index.row())
        lines = ["\t".join(str(index.siblingAtColumn(n).data()) for n in range(4)) for index in rows]
        QApplication.clipboard().setText("\n".join(lines))

    def _table(self) -> QTableView:
        table = QTableView()
        table.setModel(self.filtered)
        table.setAccessibleName(self.tr("Attributes side by side"))
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setTextElideMode(Qt.TextElideMode.ElideMiddle)  # UIDs differ at their ends
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.setTabKeyNavigation(False)
        table.verticalHeader().hide()
        table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        table.verticalHeader().setDefaultSectionSize(22)
        header = table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for number, width in enumerate(_WIDTHS):
            header.resizeSection(number, width)
        header.setStretchLastSection(True)
        copy = QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), table)
        copy.setContext(Qt.ShortcutContext.WidgetShortcut)
        copy.activated.connect(self.copy)
        return table
