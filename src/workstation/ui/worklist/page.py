"""Worklist: what is scheduled on a day, kept fresh by itself."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import count

from PySide6.QtCore import QDate, QLocale, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QTextCharFormat
from PySide6.QtWidgets import (
    QButtonGroup,
    QCalendarWidget,
    QComboBox,
    QFrame,
    QMenu,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QWidget,
    QWidgetAction,
)

from workstation.domain.events import WorklistAnswered
from workstation.domain.query import WorklistQuery
from workstation.services.search import ListWorklist
from workstation.ui.assets import DARK, icon, spaced_icon
from workstation.ui.desk import Desk
from workstation.ui.messages import notice_of
from workstation.ui.widgets.buttons import Chip, button, icon_button, label
from workstation.ui.widgets.empty import EmptyState
from workstation.ui.widgets.fields import search_edit
from workstation.ui.widgets.layouts import FlowLayout, ListAndDetail, clear, column, row
from workstation.ui.widgets.table import RowTable, set_widths
from workstation.ui.widgets.timers import every
from workstation.ui.words import failed as failed_words
from workstation.ui.worklist.detail import WorklistDetail
from workstation.ui.worklist.model import Column, Filter, WorklistModel

WIDTHS = [72, 124, 216, 86, 290, 58, 108, 104]
USUAL_MODALITIES = ("CT", "MR", "DX", "US")


class WorklistPage(QWidget):
    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.setObjectName("page")
        self._desk = desk
        self._ids = count(1)
        self._day = date.today()
        self._asked: dict[str, int] = {}  # node -> the number of its last question
        self._waiting: set[str] = set()
        self._refreshed_at: datetime | None = None
        self._shown = False
        self._chips: dict[str, Chip] = {}
        self._group = QButtonGroup(self)
        self.model = WorklistModel(self)
        self.table = RowTable(self.tr("Scheduled procedure steps"))
        self.table.setModel(self.model)
        self.table.sortByColumn(Column.TIME, Qt.SortOrder.AscendingOrder)
        set_widths(self.table.horizontalHeader(), WIDTHS, Column.PROCEDURE)
        self.detail = WorklistDetail()
        settings = button(self.tr("Open Settings"), "settings", lambda: desk.wishes.page.emit("settings"))
        self._settings_button = settings
        self._empty = EmptyState("worklist", "", "", settings)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.table)
        self._stack.addWidget(self._empty)
        split = ListAndDetail(self._stack, self.detail, sum(WIDTHS), wide=420)
        layout = column(self._header(), split, spacing=0)
        layout.setStretch(1, 1)
        self.setLayout(layout)
        self.setFocusProxy(self.filter)
        self._clock = every(self, 1000, self._tick)
        self._connect()
        self._show_chips()
        self._show_stations()
        self._show_day()
        self._show_list()

    # --- asking ------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Ask every worklist node for the day; a node that still owes its last answer is not asked again."""
        self._refreshed_at = datetime.now()
        for node in self._nodes():
            if node in self._waiting:
                continue
            self._asked[node] = next(self._ids)
            self._waiting.add(node)
            command = ListWorklist(self._asked[node], node, WorklistQuery(date_range=f"{self._day:%Y%m%d}"))
            self._desk.workplace.runner.submit(command)
        self._tick()
        self._show_list()

    def go_to(self, day: date) -> None:
        if day == self._day:
            return
        self._day = day
        self.model.clear()
        self._waiting.clear()
        self.detail.show_item(None)
        self._show_day()
        self.refresh()

    def select_row(self, row: int) -> None:
        """Select a step, by its place in the list as it is sorted and filtered now."""
        self.table.selectRow(row)

    def set_shown(self, shown: bool) -> None:
        """The list is kept fresh while it is looked at."""
        self._shown = shown
        if shown and self._seconds_left() <= 0:
            self.refresh()

    def _nodes(self) -> list[str]:
        return [node.name for node in self._desk.workplace.settings().nodes if node.worklist]

    def _answered(self, event: WorklistAnswered) -> None:
        if self._asked.get(event.node) != event.search_id:
            return
        self._waiting.discard(event.node)
        self.model.take(event.node, event.items, event.error, datetime.now())
        self._show_chips()
        self._show_stations()
        self._show_list()

    def _seconds_left(self) -> int:
        if self._refreshed_at is None:
            return 0
        interval = self._desk.workplace.settings().worklist.refresh_s
        return round(interval - (datetime.now() - self._refreshed_at).total_seconds())

    def _tick(self) -> None:
        if not self._nodes():
            self._line.clear()
        elif self._shown and self._seconds_left() <= 0:
            self.refresh()
        else:
            self._show_line()

    # --- showing -----------------------------------------------------------------------------

    def _show_line(self) -> None:
        failed = {name: answer for name, answer in self.model.answers.items() if answer.error is not None}
        times = [answer.at for answer in self.model.answers.values() if answer.at is not None]
        parts = []
        if failed:
            oldest = min((answer.at for answer in failed.values() if answer.at is not None), default=None)
            since = self.tr("list of {t:%H:%M:%S}").format(t=oldest) if oldest else self.tr("nothing to show from it")
            parts.extend([*failed_words({name: answer.error for name, answer in failed.items()}), since])
        elif self._waiting:
            parts.append(self.tr("asking {names}").format(names=", ".join(sorted(self._waiting))))
        elif times:
            parts.append(self.tr("refreshed {t:%H:%M:%S}").format(t=min(times)))
        if not self._waiting and not failed:  # a longer line would push the filter away from under the hands
            parts.append(self.tr("next in {n} s").format(n=max(0, self._seconds_left())))
        self._line.setText(" · ".join(parts))
        self._line.setProperty("stale", bool(failed))
        self._why.setVisible(bool(failed))
        self._old.setVisible(bool(failed))

    def _show_list(self) -> None:
        rows = self.model.rowCount()
        if rows == 0:
            self._empty.say(*self._empty_words())
            self._settings_button.setVisible(not self._nodes())
        self._stack.setCurrentWidget(self.table if rows else self._empty)
        self._show_line()
        self._selection_changed()

    def _empty_words(self) -> tuple[str, str]:
        if not self._nodes():
            return (
                self.tr("No worklist is configured"),
                self.tr("Add the RIS or worklist server as a node in Settings and tick “Ask it for the worklist”."),
            )
        if self.model.total_count:
            return self.tr("Nothing passes the filter"), self.tr("Choose All, every station, or clear the text.")
        if self._waiting and not self.model.answers:
            return self.tr("Asking…"), ""
        if any(answer.error is not None for answer in self.model.answers.values()):
            return self.tr("The worklist did not answer"), self.tr(
                "“why?” above says what is wrong and what to do about it."
            )
        return self.tr("Nothing is scheduled"), self.tr("No worklist node has a step on this day.")

    def _show_day(self) -> None:
        day = QDate(self._day.year, self._day.month, self._day.day)
        words = QLocale().toString(day, "ddd d MMM yyyy")
        names = {0: self.tr("Today"), -1: self.tr("Yesterday"), 1: self.tr("Tomorrow")}
        name = names.get((self._day - date.today()).days)
        self._date.setText(f"{name} · {words}" if name else words)
        self._date.setAccessibleName(self.tr("Day shown: {day}").format(day=self._date.text()))
        self._calendar.setSelectedDate(day)

    def _show_chips(self) -> None:
        """The usual modalities and those that are on the list; the choice stays."""
        names = list(dict.fromkeys([*USUAL_MODALITIES, *self.model.modalities]))
        chosen = self.modality if self._chips else self._desk.workplace.settings().worklist.modality
        if chosen and chosen not in names:
            names.append(chosen)
        if list(self._chips) == [*names, ""]:
            return
        for chip in self._chips.values():
            self._group.removeButton(chip)
        clear(self._chip_row)
        self._chips = {}
        for name in [*names, ""]:
            chip = Chip(name or self.tr("All"), checked=name == chosen)
            self._group.addButton(chip)
            self._chip_row.addWidget(chip)
            self._chips[name] = chip

    @property
    def modality(self) -> str:
        return next((name for name, chip in self._chips.items() if chip.isChecked()), "")

    def _show_stations(self) -> None:
        chosen = self._stations.currentData()
        self._stations.blockSignals(True)
        self._stations.clear()
        self._stations.addItem(self.tr("Every station"), "")
        for name in self.model.stations:
            self._stations.addItem(self.tr("Station: {name}").format(name=name), name)
        self._stations.setCurrentIndex(max(0, self._stations.findData(chosen)))
        self._stations.blockSignals(False)

    def _filter_changed(self) -> None:
        station = str(self._stations.currentData() or "")
        chosen = frozenset({station}) if station else frozenset()
        self.model.set_filter(Filter(self.modality, chosen, self.filter.text().strip()))
        self._show_list()

    def _selection_changed(self) -> None:
        rows = self.table.selectionModel().selectedRows()
        self.detail.show_item(self.model.item(rows[0].row()) if rows else None)

    def _explain(self) -> None:
        for answer in self.model.answers.values():
            if answer.error is not None:
                self._desk.notify(notice_of(answer.error, "amber"))

    # --- making ------------------------------------------------------------------------------

    def _header(self) -> QFrame:
        header = QFrame()
        header.setObjectName("header")
        header.setMinimumHeight(58)
        self._date = QPushButton()
        self._date.setFixedWidth(
            self._date.fontMetrics().horizontalAdvance(self.tr("Yesterday · Wed 30 May 2026")) + 60
        )
        self._calendar = QCalendarWidget()
        self._calendar.setGridVisible(False)
        self._calendar.setMinimumSize(320, 260)
        for name, picture in (("prevmonth", "chevron-left"), ("nextmonth", "chevron-right")):  # Qt's are black
            arrow = self._calendar.findChild(QToolButton, f"qt_calendar_{name}")
            if arrow is not None:
                arrow.setIcon(icon(picture))
        weekend = QTextCharFormat()
        weekend.setForeground(QColor(DARK.muted))
        for day in (Qt.DayOfWeek.Saturday, Qt.DayOfWeek.Sunday):
            self._calendar.setWeekdayTextFormat(day, weekend)
        self._calendar.setVerticalHeaderFormat(QCalendarWidget.VerticalHeaderFormat.NoVerticalHeader)
        menu = QMenu(self._date)
        holder = QWidgetAction(menu)
        holder.setDefaultWidget(self._calendar)
        menu.addAction(holder)
        self._date.setMenu(menu)
        self._calendar.clicked.connect(menu.hide)
        self._chip_row = row(spacing=9)
        self._stations = QComboBox()
        self._stations.setAccessibleName(self.tr("Station"))
        self._stations.setMinimumWidth(145)
        self.filter = search_edit(self.tr("name, ID or accession"), self.tr("Filter the list"))
        self.filter.setFixedWidth(230)
        self._line = label("", "muted")
        self._old = label(self.tr("Old"), "strong")
        self._old.setObjectName("pill_amber")
        self._old.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._why = button(self.tr("why?"), look="link", clicked=self._explain)
        refresh = icon_button("refresh", self.tr("Refresh (F5)"), self.refresh)
        previous = icon_button("chevron-left", self.tr("Previous day"), lambda: self.go_to(self._day - timedelta(1)))
        following = icon_button("chevron-right", self.tr("Next day"), lambda: self.go_to(self._day + timedelta(1)))
        for one in (previous, following, refresh):
            one.setFixedSize(QSize(40, 32))
        self._date.setIcon(spaced_icon("calendar"))
        self._date.setIconSize(QSize(20, 16))
        chips = QWidget()
        chips.setLayout(self._chip_row)
        evened: tuple[QWidget, ...] = (self._stations, self.filter, chips)
        for widget in evened:
            widget.setFixedHeight(32)
        controls = QWidget()
        flow = FlowLayout(controls, spacing=10)  # a narrow window shows them in two lines
        shown: tuple[QWidget, ...] = (previous, self._date, following, chips, self._stations, self.filter)
        for widget in shown:
            flow.addWidget(widget)
        state = row(self._old, self._line, self._why, refresh, spacing=10)
        layout = row(label(self.tr("Worklist"), "title"), controls, state, spacing=14, margins=(16, 12, 16, 12))
        layout.setStretch(1, 1)
        header.setLayout(layout)
        return header

    def _connect(self) -> None:
        self._desk.bridge.worklist_answered.connect(self._answered)
        self._desk.wishes.settings_changed.connect(self._settings_changed)
        self._group.setExclusive(True)
        self._group.buttonToggled.connect(lambda *_: self._filter_changed())
        self._stations.currentIndexChanged.connect(lambda _: self._filter_changed())
        self.filter.textChanged.connect(lambda _: self._filter_changed())
        self._calendar.clicked.connect(lambda day: self.go_to(date(day.year(), day.month(), day.day())))
        self.table.selectionModel().selectionChanged.connect(lambda *_: self._selection_changed())
        actions = self._desk.actions
        actions.attach(self, "worklist")
        for name, call in {
            "refresh": self.refresh,
            "filter": lambda: self.filter.setFocus(Qt.FocusReason.ShortcutFocusReason),
            "today": lambda: self.go_to(date.today()),
            "previous_day": lambda: self.go_to(self._day - timedelta(1)),
            "next_day": lambda: self.go_to(self._day + timedelta(1)),
        }.items():
            actions[f"worklist.{name}"].triggered.connect(lambda _checked=False, call=call: call())

    def _settings_changed(self) -> None:
        self.model.keep_only(self._nodes())
        self._show_list()
        if self._shown:
            QTimer.singleShot(0, self, self.refresh)
