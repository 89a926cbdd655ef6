"""A study that was imported into the real archive opens in the viewer."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from tests.support.testdata import require_testdata
from workstation.app import open_workplace
from workstation.domain.job import JobState
from workstation.domain.query import Query
from workstation.services.ingest import ImportPaths
from workstation.services.open_series import OpenStudy
from workstation.settings import Folders, Settings
from workstation.ui.viewer.page import ViewerPage

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")
VOLUME = "volumes/ct_ibsi_phantom_60"


def test_an_imported_study_opens_and_is_shown(qtbot: QtBot, tmp_path: Path) -> None:
    before = set(threading.enumerate())
    with open_workplace(Folders(tmp_path / "config", tmp_path / "data"), Settings()) as workplace:
        finished = workplace.runner.run(ImportPaths((str(require_testdata() / VOLUME),)))
        assert finished.job.state is JobState.SUCCEEDED
        (study,) = workplace.archive.find(Query())
        page = ViewerPage(workplace)
        qtbot.addWidget(page, before_close_func=lambda widget: widget.close_page())
        page.resize(800, 600)
        page.show()
        with qtbot.waitSignals([page.opened, page.frame_shown]):
            page.open_study(study.study_instance_uid)  # type: ignore[union-attr]
        stack = page.viewport.display_set
        assert stack is not None
        assert len(stack.frames) == 60
        assert stack.study.patient_name.display == study.patient_name.display  # type: ignore[union-attr]
        page.close_page()
    assert [thread.name for thread in set(threading.enumerate()) - before] == []


def test_opening_a_study_that_is_not_there_gives_nothing(tmp_path: Path) -> None:
    with open_workplace(Folders(tmp_path / "config", tmp_path / "data"), Settings()) as workplace:
        assert workplace.runner.run(OpenStudy("1.2.3")).result == ()
