"""A workplace with the real archive, runner, engine and decode pool, and the export page on it."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.support.planted import Cohort, make_cohort
from tests.support.secrets import secrets_of_this_run
from tests.support.ui import Saved, ScriptedPeers, StillListener
from workstation.archive.local import LocalArchive
from workstation.dicom.decode_pool import DecodePool
from workstation.dicom.summarise import summarise
from workstation.domain.query import Query
from workstation.domain.study import Level, Study
from workstation.jobs.journal import Journal
from workstation.jobs.runner import JobRunner
from workstation.services.annotations import MarksInMemory
from workstation.services.broadcast import Broadcast
from workstation.services.delivery import ArchiveInbox
from workstation.services.export import run_export
from workstation.services.export_command import DeidentifyAndExport
from workstation.services.workplace import Workplace
from workstation.settings import DecodeSettings, Folders, Settings, resources
from workstation.ui.actions import Actions
from workstation.ui.background import Background
from workstation.ui.bridge import EventBridge
from workstation.ui.desk import Desk, Wishes
from workstation.ui.export_wizard.page import ExportPage
from workstation.ui.node_states import NodeStates

LONG_MS = 60_000  # the engine on a shared machine
Export = Callable[[DeidentifyAndExport, Any], Any]


@pytest.fixture(scope="session")
def decode_pool() -> Iterator[DecodePool]:
    pool = DecodePool(DecodeSettings(workers=1))
    yield pool
    pool.close()


@pytest.fixture(scope="session")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Cohort:
    return make_cohort(tmp_path_factory.mktemp("planted"))


@dataclass
class Bench:
    """The workplace; `export` holds what carries the job out, the last one does."""

    workplace: Workplace
    export: list[Export]

    def import_files(self, *paths: Path) -> None:
        archive = self.workplace.archive
        for path in paths:
            incoming = archive.new_incoming()
            shutil.copyfile(path, incoming)
            archive.add(incoming, summarise(incoming))

    @property
    def studies(self) -> list[Study]:
        found = self.workplace.archive.find(Query(Level.STUDY))
        return [match for match in found if isinstance(match, Study)]

    @property
    def uids(self) -> tuple[str, ...]:
        return tuple(study.study_instance_uid for study in self.studies)


@pytest.fixture
def bench(tmp_path: Path, decode_pool: DecodePool) -> Iterator[Bench]:
    archive, broadcast, saved = LocalArchive(tmp_path / "data" / "archive"), Broadcast(), Saved(Settings())
    export: list[Export] = [lambda command, context: run_export(command, context, archive=archive)]

    def carry_out(command: DeidentifyAndExport, context: Any) -> Any:
        return export[-1](command, context)

    peers: Any = ScriptedPeers()
    workplace = Workplace(
        folders=Folders(tmp_path / "config", tmp_path / "data"),
        settings=saved,
        save_settings=saved.save,
        archive=archive,
        marks=MarksInMemory(),
        inbox=ArchiveInbox(archive, broadcast.publish),
        dimse_for=lambda _: peers,
        web=peers,
        secrets=secrets_of_this_run(),
        listener=StillListener(),  # type: ignore[arg-type]
        runner=JobRunner({DeidentifyAndExport: carry_out}, broadcast.publish, Journal(tmp_path / "jobs.sqlite")),
        decode_pool=decode_pool,
        broadcast=broadcast,
    )
    yield Bench(workplace, export)
    workplace.runner.close()
    archive.close()


@pytest.fixture
def stocked(bench: Bench, planted: Cohort) -> Bench:
    """The planted files of one patient, and a real ultrasound with text in its picture."""
    first = planted.files[0].parent
    bench.import_files(*(path for path in planted.files if path.parent == first))
    bench.import_files(*(path for path in (resources() / "samples" / "us-neck").rglob("*") if path.is_file()))
    return bench


@pytest.fixture
def desk(bench: Bench, themed: QApplication) -> Iterator[Desk]:
    wishes = Wishes()
    bridge, background = EventBridge(wishes), Background("questions", wishes)
    desk = Desk(bench.workplace, bridge, Actions(wishes), background, NodeStates(wishes), wishes)
    unsubscribe = bench.workplace.subscribe(bridge.publish)
    yield desk
    unsubscribe()
    bridge.close()
    background.close()


@pytest.fixture
def page(qtbot: QtBot, desk: Desk) -> Iterator[ExportPage]:
    page = ExportPage(desk)
    qtbot.addWidget(page, before_close_func=lambda widget: widget.close_page())
    page.resize(1536, 970)
    page.show()
    qtbot.waitExposed(page)
    yield page
    page.close_page()
    page.hide()
    left = [thread.name for thread in threading.enumerate() if thread.name.startswith("ui-export")]
    assert left == []


@pytest.fixture
def started(page: ExportPage, stocked: Bench, qtbot: QtBot) -> ExportPage:
    """The page with all studies chosen."""
    page.start(stocked.uids)
    qtbot.waitUntil(page.can_go_next, timeout=LONG_MS)
    return page
