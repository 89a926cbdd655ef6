"""The whole application on a profile of its own, beside a real Orthanc; nothing of it outlives its test.

Every journey is also a search for patients: no name of a fixture may stand in a log record, in an error or
in the journal of the jobs.
"""

from __future__ import annotations

import gc
import hashlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path

import pytest
import shiboken6
from pydicom import dcmread
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.support.command_line import CommandLine
from tests.support.driver import User
from tests.support.peers import OrthancPeer, free_port, run_storescu, worklist_item
from workstation.app import open_workplace
from workstation.domain.events import Event, JobFinished
from workstation.domain.node import LocalAe, Node
from workstation.settings import Folders, Settings, resources
from workstation.ui.application import build_window
from workstation.ui.assets import apply_theme
from workstation.ui.main_window import MainWindow

SAMPLES = resources() / "samples"
NAMES = ("WANG", "Xiaodong", "王", "GARC", "LÓPEZ", "Иванов", "SATO", "佐藤", "WORKLIST^PATIENT", "KOWALSKI", "HASSAN")
ENDING_S = 30.0
FOREIGN_THREADS = ("resolver", "line", "scripted-peer")  # a name look-up nobody waits for; peers of the tests


def files_of(sample: str) -> list[Path]:
    return sorted((SAMPLES / sample).rglob("*.dcm"))


BRAIN, HEAD, HIP = files_of("mr-brain"), files_of("ct-head"), files_of("cr-hip")
BRAIN_UID = str(dcmread(BRAIN[0], stop_before_pixels=True).StudyInstanceUID)


def archived(data: Path) -> list[Path]:
    """The files in the archive of the profile whose data lies in `data`."""
    return sorted((data / "archive" / "objects").rglob("*.dcm"))


def pixel_digests(paths: list[Path]) -> dict[str, str]:
    """SOP Instance UID → SHA-256 of the pixel data as it is encoded."""
    datasets = [dcmread(path) for path in paths]
    return {str(one.SOPInstanceUID): hashlib.sha256(one.get("PixelData", b"")).hexdigest() for one in datasets}


@pytest.fixture(scope="package")
def orthanc() -> Iterator[OrthancPeer]:
    """Holds three of the sample studies, sent by storescu, and a worklist of today."""
    today = time.strftime("%Y%m%d")
    items = [worklist_item(number, ScheduledProcedureStepStartDate=today) for number in (1, 2)]
    items.append(worklist_item(3, ScheduledProcedureStepStartDate="20200101"))
    with OrthancPeer(worklist=items) as peer:
        run_storescu(peer.node(), [*BRAIN, *HEAD, *HIP])
        yield peer


@pytest.fixture
def patients(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> Iterator[list[str]]:
    """Fails when a name of a fixture was written where none belongs; texts to search, too, can be appended."""
    caplog.set_level(logging.DEBUG)
    texts: list[str] = []
    yield texts
    texts += [record.getMessage() + (record.exc_text or "") for record in caplog.get_records("call")]
    for text in texts:
        assert [name for name in NAMES if name in text] == [], text
    for path in filter(Path.is_file, tmp_path.rglob("jobs.sqlite*")):
        content = path.read_bytes()
        assert [name for name in NAMES if name.encode() in content] == [], path.name


Start = Callable[..., User]


@pytest.fixture
def start(qapp: QApplication, qtbot: QtBot, tmp_path: Path, patients: list[str]) -> Iterator[Start]:
    """Start the application on `nodes` in a profile under tmp_path: `start(*nodes, local=…)`."""
    if not qapp.styleSheet():
        apply_theme(qapp)
    before = _Present()
    with ExitStack() as closing:

        def start_(*nodes: Node, local: LocalAe | None = None, listen: bool = False) -> User:
            settings = Settings(local=local or LocalAe(port=free_port()), nodes=nodes)
            workplace = closing.enter_context(open_workplace(Folders(tmp_path / "config", tmp_path / "data"), settings))
            workplace.save_settings(settings)
            closing.callback(workplace.subscribe(_reading_errors(patients)))
            if listen:
                workplace.listener.start()
            window = build_window(workplace)
            closing.callback(_close, window)
            window.show_page("studies")
            window.show()
            window.activateWindow()
            qtbot.waitUntil(window.isActiveWindow)  # or it hears no shortcut
            user = User(qtbot, window, workplace)
            qtbot.waitUntil(lambda: user.studies.searching.run is not None)
            return user

        yield start_
    before.require_nothing_more(qapp)


def _close(window: MainWindow) -> None:
    window.close()
    window.deleteLater()
    QApplication.processEvents()
    shiboken6.delete(window) if shiboken6.isValid(window) else None


def _reading_errors(texts: list[str]) -> Callable[[Event], None]:
    def read(event: Event) -> None:
        if isinstance(event, JobFinished):
            texts.append(f"{event.job.subject} {event.job.error} {event.error} {event.job.warnings}")

    return read


class _Present:
    """What lives in this process before a test, so that what is left by it is known."""

    def __init__(self) -> None:
        self.threads = set(threading.enumerate())
        self.children = _children()
        self.timers = set(map(id, _timers()))

    def require_nothing_more(self, application: QApplication) -> None:
        deadline = time.monotonic() + ENDING_S
        while (left := self._left(application)) and time.monotonic() < deadline:
            application.processEvents()
            threading.Event().wait(0.01)
        assert left == []

    def _left(self, application: QApplication) -> list[str]:
        gc.collect()
        threads = {thread for thread in threading.enumerate() if thread.name not in FOREIGN_THREADS}
        left = [f"thread {thread.name}" for thread in threads - self.threads]
        left += [f"process {number}" for number in _children() - self.children]
        left += [f"widget {widget!r}" for widget in application.topLevelWidgets()]
        left += [f"timer {one!r} of {one.parent()!r}" for one in _timers() if id(one) not in self.timers]
        return left


def _timers() -> list[QTimer]:
    """Those that tick."""
    timers = [one for one in gc.get_objects() if isinstance(one, QTimer) and shiboken6.isValid(one)]
    return [one for one in timers if one.isActive()]


def _children() -> set[int]:
    """The processes that this one has started and that still run."""
    found: set[int] = set()
    for task in Path("/proc/self/task").iterdir():
        with suppress(OSError):
            found.update(map(int, (task / "children").read_text().split()))
    return found


@pytest.fixture
def workstation(tmp_path: Path) -> CommandLine:
    """The command line on an empty profile."""
    return CommandLine(tmp_path)


def known_to(orthanc: OrthancPeer) -> LocalAe:
    """Who we are for Orthanc."""
    return replace(LocalAe(), port=orthanc.our_port)
