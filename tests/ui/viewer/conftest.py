"""A workplace with the real runner and decode pool, and a viewer page on it that leaves nothing behind."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.support.testdata import require_testdata
from workstation.dicom.decode_pool import DecodePool
from workstation.jobs.journal import Journal
from workstation.jobs.runner import JobRunner
from workstation.services.annotations import MarksInMemory, MarkStore
from workstation.services.attention import Attention
from workstation.services.broadcast import Broadcast
from workstation.services.open_series import OpenPaths, run_open_paths
from workstation.settings import DecodeSettings, Settings, ViewerSettings
from workstation.ui.assets import apply_theme
from workstation.ui.viewer.page import ViewerPage


@dataclass
class SmallWorkplace:
    """What the viewer uses of `services.workplace.Workplace`."""

    runner: JobRunner
    decode_pool: DecodePool
    broadcast: Broadcast
    attention: Attention = field(default_factory=Attention)
    marks: MarkStore = field(default_factory=MarksInMemory)
    value: Settings = field(default_factory=lambda: Settings(viewer=ViewerSettings(cache_mib=128)))

    def settings(self) -> Settings:
        return self.value

    def save_settings(self, settings: Settings) -> None:
        self.value = settings

    def subscribe(self, subscriber: Callable[..., None]) -> Callable[[], None]:
        return self.broadcast.subscribe(subscriber)


@pytest.fixture(scope="session")
def decode_pool() -> Iterator[DecodePool]:
    pool = DecodePool(DecodeSettings(workers=1))
    yield pool
    pool.close()


@pytest.fixture
def workplace(tmp_path: Path, decode_pool: DecodePool) -> Iterator[SmallWorkplace]:
    broadcast = Broadcast()
    runner = JobRunner({OpenPaths: run_open_paths}, broadcast.publish, Journal(tmp_path / "jobs.sqlite"))
    yield SmallWorkplace(runner, decode_pool, broadcast)
    runner.close()


@pytest.fixture
def page(qtbot: QtBot, qapp: QApplication, workplace: SmallWorkplace) -> Iterator[ViewerPage]:
    before = set(threading.enumerate())
    if not qapp.styleSheet():
        apply_theme(qapp)
    page = ViewerPage(workplace)  # type: ignore[arg-type] - the part of it that the page uses
    qtbot.addWidget(page, before_close_func=lambda widget: widget.close_page())
    page.resize(1200, 800)
    page.show()
    qtbot.waitExposed(page)
    yield page
    page.close_page()
    page.hide()
    left = [one.name for one in threading.enumerate() if one not in before and one.name.startswith(("frame", "ui-"))]
    assert left == []


@pytest.fixture(scope="session")
def testdata() -> Path:
    return require_testdata()
