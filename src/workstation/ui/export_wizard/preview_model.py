"""The preview's table: every element of one instance before and after, filtered by kind and by words. QtCore only."""

from __future__ import annotations

from datetime import date
from enum import IntEnum

from PySide6.QtCore import QCoreApplication, QObject, Qt

from workstation.deidentify.changes import Action, ElementChange, Kind
from workstation.deidentify.plan import Plan
from workstation.ui.widgets.roles import STYLE_ROLE
from workstation.ui.widgets.row_model import Index, RowModel

GREEN = "green"  # the de-identified value, which only this table has


class Column(IntEnum):
    TAG = 0
    ATTRIBUTE = 1
    ORIGINAL = 2
    RESULT = 3
    ACTION = 4


def T(_context: str, text: str) -> str:
    return text


HEADERS = {
    Column.TAG: T("export", "Tag"),
    Column.ATTRIBUTE: T("export", "Attribute"),
    Column.ORIGINAL: T("export", "Original"),
    Column.RESULT: T("export", "De-identified"),
    Column.ACTION: T("export", "Action"),
}
# Action, its letter in Table E.1-1 and its word.
PILLS = {
    Action.KEPT: T("export", "K kept"),
    Action.REMOVED: T("export", "X removed"),
    Action.EMPTIED: T("export", "Z emptied"),
    Action.REPLACED: T("export", "D replaced"),
    Action.REMAPPED: T("export", "U new UID"),
    Action.SHIFTED: T("export", "shifted"),
    Action.CLEANED: T("export", "C cleaned"),
    Action.ADDED: T("export", "added"),
}
_TONES = {Kind.CHANGED: "pill-blue", Kind.REMOVED: "pill-red", Kind.KEPT: "pill-green"}


def translate(text: str) -> str:
    return QCoreApplication.translate("export", text)


def pill_text(change: ElementChange) -> str:
    """The action in a word with the letter of the standard's table: `Z replaced`, `X private`."""
    if change.action is Action.REMOVED and change.tag >> 16 & 1:
        return translate(T("export", "X private"))
    if change.action is Action.REPLACED and change.reason.startswith("E.1-1: Z"):
        return translate(T("export", "Z replaced"))
    days = _days_between(change) if change.action is Action.SHIFTED else None
    if days is not None:
        return f"{translate(PILLS[Action.SHIFTED])} {'+' if days > 0 else '−'}{abs(days)} d"
    return translate(PILLS[change.action])


def result_text(change: ElementChange) -> str:
    if change.kind is Kind.REMOVED:
        return "—"
    if change.after_text or not change.before_text:
        return change.after_text
    return translate(T("export", "(empty)"))


class PlanModel(RowModel):
    """The elements of the plan that pass the filters, in the order of the data set."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.headings = tuple(translate(HEADERS[column]) for column in Column)
        self._plan = Plan(())
        self._kinds = frozenset(Kind)
        self._words = ""
        self._rows: list[ElementChange] = []

    def show_plan(self, plan: Plan) -> None:
        self._plan = plan
        self._filter()

    def show_kinds(self, kinds: frozenset[Kind]) -> None:
        self._kinds = kinds
        self._filter()

    def show_words(self, words: str) -> None:
        """Only elements in whose tag, name, keyword or values `words` occur."""
        self._words = words.strip().casefold()
        self._filter()

    def count(self, kind: Kind) -> int:
        """How many elements of the whole plan are of this kind."""
        return self._plan.count(kind)

    def change(self, row: int) -> ElementChange | None:
        return self._rows[row] if 0 <= row < len(self._rows) else None

    def row_total(self) -> int:
        return len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        change = self.change(index.row()) if index.isValid() else None
        if change is None:
            return None
        column = Column(index.column())
        if role == Qt.ItemDataRole.DisplayRole:
            return _text(change, column)
        if role == STYLE_ROLE:
            return _style(change, column)
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleDescriptionRole):
            return _explanation(change)
        return None

    def _filter(self) -> None:
        self.beginResetModel()
        self._rows = [change for change in self._plan.changes if change.kind in self._kinds and self._has_words(change)]
        self.endResetModel()

    def _has_words(self, change: ElementChange) -> bool:
        if not self._words:
            return True
        texts = (change.tag_text, change.name, change.keyword, change.before_text, change.after_text)
        return any(self._words in text.casefold() for text in texts)


def _depth(change: ElementChange) -> int:
    return change.path.count("[")


def _text(change: ElementChange, column: Column) -> str:
    if column is Column.TAG:
        return change.tag_text
    if column is Column.ATTRIBUTE:
        return "› " * _depth(change) + change.name
    if column is Column.ORIGINAL:
        return change.before_text
    return result_text(change) if column is Column.RESULT else pill_text(change)


def _style(change: ElementChange, column: Column) -> str:
    if column is Column.ACTION:
        return _TONES[change.kind]
    if column is Column.TAG:
        return "mono"
    if column is Column.ORIGINAL:
        return "mono red"
    if column is Column.RESULT:
        return "mono" if change.kind is Kind.REMOVED else f"mono {GREEN}"
    return ""


def _explanation(change: ElementChange) -> str:
    lines = [f"{change.path}{change.tag_text} {change.name}"]
    lines += [change.before_text] if change.before_text else []
    lines += [f"→ {result_text(change)}"]
    lines += [change.reason] if change.reason else []
    return "\n".join(lines)


def _days_between(change: ElementChange) -> int | None:
    try:
        before, after = (date.fromisoformat(text[:8]) for text in (change.before_text, change.after_text))
    except ValueError:
        return None
    return (after - before).days
