"""A study that is open while more of it arrives."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from tests.support.dicom_files import image_dataset, write
from tests.ui.viewer.conftest import SmallWorkplace
from workstation.archive.local import LocalArchive
from workstation.dicom.decode_pool import DecodePool
from workstation.jobs.journal import Journal
from workstation.jobs.runner import JobRunner
from workstation.services.broadcast import Broadcast
from workstation.services.delivery import ArchiveInbox
from workstation.services.open_series import OpenStudy, run_open_study
from workstation.ui.viewer.page import ViewerPage
from workstation.ui.viewer.series_model import SUBTITLE_ROLE

STUDY = "1.2.826.0.1.3680043.9.2"


class Arrivals:
    def __init__(self, folder: Path, archive: LocalArchive, broadcast: Broadcast) -> None:
        self._folder = folder
        self._inbox = ArchiveInbox(archive, broadcast.publish)

    def arrive(self, series: int, *numbers: int) -> None:
        delivery = self._inbox.delivery("PACS")
        for number in numbers:
            path = delivery.new_path()
            image = image_dataset(
                np.full((16, 16), number, np.uint16),
                StudyInstanceUID=STUDY,
                SeriesInstanceUID=f"{STUDY}.{series}",
                SOPInstanceUID=f"{STUDY}.{series}.{number}",
                SeriesNumber=series,
                InstanceNumber=number,
            )
            write(path, image)
            delivery.take(path)
        delivery.settled()


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[LocalArchive]:
    archive = LocalArchive(tmp_path / "archive")
    archive.expect(STUDY, {f"{STUDY}.1": 5, f"{STUDY}.2": 1})
    yield archive
    archive.close()


@pytest.fixture
def workplace(tmp_path: Path, decode_pool: DecodePool, archive: LocalArchive) -> Iterator[SmallWorkplace]:
    broadcast = Broadcast()
    handlers = {OpenStudy: lambda command, context: run_open_study(command, context, archive=archive)}
    runner = JobRunner(handlers, broadcast.publish, Journal(tmp_path / "jobs.sqlite"))
    yield SmallWorkplace(runner, decode_pool, broadcast)
    runner.close()


def test_the_stack_grows_and_the_picture_stays(
    qtbot: QtBot, page: ViewerPage, workplace: SmallWorkplace, archive: LocalArchive, tmp_path: Path
) -> None:
    arrivals = Arrivals(tmp_path, archive, workplace.broadcast)
    arrivals.arrive(1, 3)
    with qtbot.waitSignal(page.opened):
        page.open_study(STUDY)
    qtbot.waitUntil(lambda: page.viewport.frame is not None)
    seen, frame, picture_gone = page.viewport.shown_ref, page.viewport.frame, []
    page.viewport.changed.connect(lambda: picture_gone.append(page.viewport.frame is None))
    assert page.series.index(0).data(SUBTITLE_ROLE).endswith("1 of 5")

    arrivals.arrive(1, 1, 2)
    qtbot.waitUntil(lambda: page.viewport.count == 3)
    arrivals.arrive(2, 1)
    qtbot.waitUntil(lambda: len(page.display_sets) == 2)

    assert page.viewport.shown_ref == seen
    assert page.viewport.frame is frame
    assert True not in picture_gone
    assert page.viewport.index == 2
    assert page.series.index(0).data(SUBTITLE_ROLE).endswith("3 of 5")
    assert workplace.attention.series_of(STUDY) == f"{STUDY}.1"


def test_what_is_closed_does_not_come_back(
    qtbot: QtBot, page: ViewerPage, workplace: SmallWorkplace, archive: LocalArchive, tmp_path: Path
) -> None:
    arrivals = Arrivals(tmp_path, archive, workplace.broadcast)
    arrivals.arrive(1, 1)
    with qtbot.waitSignal(page.opened):
        page.open_study(STUDY)
    page.close_study()

    arrivals.arrive(1, 2)

    qtbot.wait(400)
    assert page.display_sets == ()
