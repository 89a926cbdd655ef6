"""Widgets are tested without a screen unless the caller brings one, and waited for as long as a busy machine needs."""

import os
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("WORKSTATION_CACHE_DIR", str(Path(__file__).parents[1] / ".pytest_cache" / "workstation"))

from hypothesis import settings
from pytestqt.qtbot import QtBot

# A busy machine makes an example slow, not wrong.
settings.register_profile("workstation", deadline=None)
settings.load_profile("workstation")

# pytest-qt gives up after 5 s and has no option for it; only a test that fails takes longer because of this.
for wait in (QtBot.waitUntil, QtBot.waitSignal, QtBot.waitSignals):
    wait.__kwdefaults__["timeout"] = 30_000
