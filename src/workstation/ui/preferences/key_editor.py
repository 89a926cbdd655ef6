"""The keys of every action, to be changed: by a profile, one by one, from a file; says at once who had a key before."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QDialog,
    QFileDialog,
    QHeaderView,
    QKeySequenceEdit,
    QLineEdit,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from workstation.settings import KeyProfile, KeySettings
from workstation.ui.actions import ACTIONS, ActionSpec
from workstation.ui.key_map import Keys, keys_of, place_of, profile_keys, read, settings_for, taken_by, with_keys, write
from workstation.ui.key_sheet import PLACES
from workstation.ui.widgets.buttons import button, label
from workstation.ui.widgets.layouts import column, row

NAMES = {
    KeyProfile.STANDARD: "Standard",
    KeyProfile.WEASIS: "Weasis",
    KeyProfile.OHIF: "OHIF",
    KeyProfile.HOROS: "OsiriX / Horos",
    KeyProfile.CLEARCANVAS: "ClearCanvas",
}
_SUFFIX = "Keys (*.txt)"
_WHAT, _KEYS = 1, 2


def _words(spec: ActionSpec) -> str:
    return QCoreApplication.translate("actions", spec.text).rstrip("…")


def shown(keys: tuple[str, ...]) -> str:
    """As the platform writes them."""
    return ", ".join(QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText) for key in keys)


class KeyEditor(QDialog):
    """`chosen` carries the KeySettings to keep."""

    chosen = Signal(object)

    def __init__(self, settings: KeySettings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Keys"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(680, 720)
        order = {place: number for number, (place, _) in enumerate(PLACES)}
        self._specs = sorted(ACTIONS, key=lambda spec: order[spec.place])
        self._names = {spec.id: _words(spec) for spec in ACTIONS}
        self.keys: Keys = keys_of(settings)
        self.profile = QComboBox()
        for profile, name in NAMES.items():
            self.profile.addItem(name, profile)
        self.profile.setCurrentIndex(self.profile.findData(settings.profile))
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Search an action or a key"))
        self.table = self._table()
        self.wanted = QKeySequenceEdit()
        self.wanted.setMaximumSequenceLength(1)
        self.wanted.setClearButtonEnabled(True)
        self.problem = label("", "muted", wrap=True)
        self.problem.setMinimumHeight(2 * self.problem.sizeHint().height())
        self._use = button(self.tr("Use instead"), clicked=lambda: self._take(()))
        self._add = button(self.tr("Use as well"), clicked=lambda: self._take(self.keys[self.action]))
        self._none = button(self.tr("No key"), clicked=lambda: self._put(()))
        self._usual = button(self.tr("As in the profile"), clicked=self._put_usual)
        self._lay_out()
        for field, name in (
            (self.profile, self.tr("Keys as in")),
            (self.search, self.tr("Search")),
            (self.wanted, self.tr("New key")),
        ):
            field.setAccessibleName(name)
        self.profile.activated.connect(lambda _: self._use_profile())
        self.search.textChanged.connect(self._filter)
        self.table.itemSelectionChanged.connect(self._selected)
        self.wanted.keySequenceChanged.connect(lambda _: self._judge())
        self._show_keys()
        self.table.selectRow(0)

    @property
    def action(self) -> str:
        """The id of the action that is selected."""
        return self._specs[max(0, self.table.currentRow())].id

    def select(self, action: str) -> None:
        """Put `action` under the cursor."""
        self.table.selectRow(next(number for number, spec in enumerate(self._specs) if spec.id == action))

    def settings(self) -> KeySettings:
        """What the keys now shown come to."""
        return settings_for(KeyProfile(self.profile.currentData()), self.keys)

    # --- changing ----------------------------------------------------------------------------

    def _use_profile(self) -> None:
        self.keys = profile_keys(KeyProfile(self.profile.currentData()))
        self._show_keys()
        self._judge()

    def _take(self, others: tuple[str, ...]) -> None:
        key = self._key()
        if key:
            self._put((*(one for one in others if one != key), key))
            self.wanted.clear()

    def _put_usual(self) -> None:
        self._put(profile_keys(KeyProfile(self.profile.currentData()))[self.action])

    def _put(self, keys: tuple[str, ...]) -> None:
        self.keys = with_keys(self.keys, self.action, keys)
        self._show_keys()
        self._judge()

    def _key(self) -> str:
        return self.wanted.keySequence().toString(QKeySequence.SequenceFormat.PortableText)

    def _judge(self) -> None:
        """Say what the key pressed means now, before it is taken."""
        key = self._key()
        words = ""
        if key:
            other = taken_by(key, self.action, self.keys)
            name = shown((key,))
            if other is None:
                words = self.tr("{key} is free.").format(key=name)
            else:
                loses = self.tr("{key} is “{what}” now, which would lose it.")
                words = loses.format(key=name, what=self._names[other])
        self.problem.setText(words)
        usable = bool(key) and key not in ("Esc", "Escape")
        self._use.setEnabled(usable)
        self._add.setEnabled(usable)
        self._none.setEnabled(bool(self.keys[self.action]))
        usual = profile_keys(KeyProfile(self.profile.currentData()))[self.action]
        self._usual.setEnabled(self.keys[self.action] != usual)

    def _selected(self) -> None:
        self.wanted.clear()
        self._judge()

    # --- files -------------------------------------------------------------------------------

    def save_to(self, file: Path) -> None:
        """Write the keys, a line an action."""
        kept = self.settings()
        lines = [kept.profile.value, *write(read(kept.changes)).split("; ")]
        file.write_text("\n".join(line for line in lines if line) + "\n", encoding="utf-8")

    def read_from(self, file: Path) -> bool:
        """Take the keys that `save_to` wrote; whether the file is one of those."""
        try:
            profile, _, changes = file.read_text(encoding="utf-8").strip().partition("\n")
            found = KeySettings(KeyProfile(profile.strip()), "; ".join(changes.splitlines()))
        except (OSError, ValueError):
            self.problem.setText(self.tr("This file has no keys that were saved here."))
            return False
        self.profile.setCurrentIndex(self.profile.findData(found.profile))
        self.keys = keys_of(found)
        self._show_keys()
        return True

    def _ask_save(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, self.tr("Save keys"), "workstation-keys.txt", _SUFFIX)
        if name:
            try:
                self.save_to(Path(name))
            except OSError:
                self.problem.setText(self.tr("The file cannot be written there."))

    def _ask_open(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, self.tr("Load keys"), "", _SUFFIX)
        if name:
            self.read_from(Path(name))

    # --- showing -----------------------------------------------------------------------------

    def _lay_out(self) -> None:
        as_in = row(label(self.tr("Keys as in")), self.profile, self.search, spacing=10)
        as_in.setStretch(2, 1)
        new = row(label(self.tr("New key")), self.wanted, self._use, self._add, self._none, self._usual, spacing=8)
        new.setStretch(1, 1)
        save = button(self.tr("Save"), "save", self._save, look="primary")
        files = (
            button(self.tr("Load…"), "folder", self._ask_open),
            button(self.tr("Save as file…"), "export", self._ask_save),
        )
        ends = row(*files, None, button(self.tr("Cancel"), clicked=self.reject), save, spacing=8)
        layout = column(as_in, self.table, new, self.problem, ends, spacing=12, margins=(20, 18, 20, 16))
        layout.setStretch(1, 1)
        self.setLayout(layout)

    def _save(self) -> None:
        self.chosen.emit(self.settings())
        self.accept()

    def _table(self) -> QTableWidget:
        table = QTableWidget(len(self._specs), 3)
        table.setAccessibleName(self.tr("Keys"))
        table.setHorizontalHeaderLabels([self.tr("Where"), self.tr("What"), self.tr("Keys")])
        table.verticalHeader().hide()
        table.setShowGrid(False)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setTabKeyNavigation(False)
        where = dict(PLACES)
        for number, spec in enumerate(self._specs):
            texts = (QCoreApplication.translate("KeySheet", where[place_of(spec.id)]), self._names[spec.id], "")
            for at, text in enumerate(texts):
                table.setItem(number, at, QTableWidgetItem(text))
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(_KEYS, QHeaderView.ResizeMode.Stretch)
        return table

    def _show_keys(self) -> None:
        usual = profile_keys(KeyProfile.STANDARD)
        for number, spec in enumerate(self._specs):
            item = self.table.item(number, _KEYS)
            if item is not None:
                item.setText(shown(self.keys[spec.id]))
                font = item.font()
                font.setBold(self.keys[spec.id] != usual[spec.id])
                item.setFont(font)

    def _filter(self, wanted: str) -> None:
        words = wanted.casefold().split()
        for number in range(self.table.rowCount()):
            items = [self.table.item(number, at) for at in range(3)]
            text = " ".join(item.text() for item in items if item is not None).casefold()
            self.table.setRowHidden(number, not all(word in text for word in words))
