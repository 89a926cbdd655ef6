"""The editor of keys: conflicts said before, changes heard at once, files, profiles."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtGui import QKeySequence
from pytestqt.qtbot import QtBot

from tests.support.ui import Rig
from workstation.settings import KeyProfile, KeySettings
from workstation.ui.key_sheet import KeySheet
from workstation.ui.main_window import MainWindow
from workstation.ui.preferences.key_editor import KeyEditor


@pytest.fixture
def editor(qtbot: QtBot) -> KeyEditor:
    made = KeyEditor(KeySettings())
    qtbot.addWidget(made)
    return made


def press(editor: KeyEditor, key: str) -> None:
    editor.wanted.setKeySequence(QKeySequence(key))


def test_who_has_a_key_is_told_before_it_is_taken(editor: KeyEditor) -> None:
    editor.select("viewer.invert")
    press(editor, "F9")
    assert editor.problem.text() == "F9 is free."
    press(editor, "R")
    assert "“Reset”" in editor.problem.text()
    assert editor.keys["viewer.reset"] == ("R",)
    editor._add.click()
    assert editor.keys["viewer.invert"] == ("I", "R")
    assert editor.keys["viewer.reset"] == ()
    editor._usual.click()
    assert editor.keys["viewer.invert"] == ("I",)
    editor._none.click()
    assert editor.settings() == KeySettings(changes="viewer.reset; viewer.invert") or (
        set(editor.settings().changes.split("; ")) == {"viewer.reset", "viewer.invert"}
    )


def test_a_profile_replaces_all_keys(editor: KeyEditor) -> None:
    editor.profile.setCurrentIndex(editor.profile.findData(KeyProfile.HOROS))
    editor.profile.activated.emit(editor.profile.currentIndex())
    assert editor.keys["viewer.pan"] == ("M",)
    assert editor.settings() == KeySettings(KeyProfile.HOROS)


def test_keys_go_from_one_workstation_to_another_in_a_file(editor: KeyEditor, qtbot: QtBot, tmp_path: Path) -> None:
    editor.select("viewer.cine")
    press(editor, "F9")
    editor._use.click()
    editor.save_to(tmp_path / "keys.txt")
    other = KeyEditor(KeySettings(KeyProfile.OHIF))
    qtbot.addWidget(other)
    assert other.read_from(tmp_path / "keys.txt")
    assert other.settings() == editor.settings()
    (tmp_path / "letter.txt").write_text("Dear colleague,\n")
    assert not other.read_from(tmp_path / "letter.txt")
    assert other.settings() == editor.settings()


def test_from_the_sheet_to_the_editor_to_the_actions(rig: Rig, window: MainWindow, qtbot: QtBot) -> None:
    window._actions["window.keys"].trigger()
    (sheet,) = window.findChildren(KeySheet)
    sheet.change_asked.emit()
    sheet.close()
    assert window.current_page == "settings"
    (editor,) = window.findChildren(KeyEditor)
    editor.select("viewer.invert")
    press(editor, "Ctrl+J")
    editor._use.click()
    editor._save()
    qtbot.waitUntil(lambda: rig.settings().keys == KeySettings(changes="viewer.invert Ctrl+J"))
    qtbot.waitUntil(lambda: window._actions["viewer.invert"].shortcut() == QKeySequence("Ctrl+J"))
    assert "Ctrl+J" in window._actions["viewer.invert"].toolTip()
    assert "your changes" in window.page("settings").keys.text()
