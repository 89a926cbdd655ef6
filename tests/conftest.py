"""Widgets are tested without a screen unless the caller brings one, and waited for as long as a busy machine needs."""

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from pytestqt.qtbot import QtBot

# pytest-qt gives up after 5 s and has no option for it; only a test that fails takes longer because of this.
for wait in (QtBot.waitUntil, QtBot.waitSignal, QtBot.waitSignals):
    wait.__kwdefaults__["timeout"] = 30_000
