"""The first whole journey in the window, against a real Orthanc filled by storescu."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt

from tests.journeys.conftest import BRAIN, HEAD, HIP, Start, archived, files_of, known_to, pixel_digests
from tests.support.peers import DcmtkStorescp, OrthancPeer
from workstation.domain.node import RetrieveMethod

# Of the offscreen platform about itself, when a menu opens.
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


def test_search_retrieve_open_and_window_by_mouse(start: Start, orthanc: OrthancPeer) -> None:
    user = start(orthanc.node(), local=known_to(orthanc))
    user.searches("WANG*")
    assert user.places == ["orthanc"]
    user.retrieves_first().sees_places("Local")
    assert pixel_digests(archived(user.workplace.folders.data)) == pixel_digests(BRAIN)

    user.opens()
    assert user.window.current_page == "viewer"
    assert user.viewer.viewport.count > 1
    before, window = user.picture, user.window_level
    user.drags_window(across=120, down=0)
    assert user.window_level[1] > window[1]
    assert not np.array_equal(user.picture, before)
    user.drags_window(across=0, down=-80)
    assert user.window_level[0] != window[0]
    user.presses_key(Qt.Key.Key_R)
    assert user.window_level == window
    assert np.array_equal(user.picture, before)

    user.scrolls_to(0)
    first = user.picture
    user.scrolls_to(3)
    assert not np.array_equal(user.picture, first)
    user.presses_key(Qt.Key.Key_I)
    assert user.viewer.viewport.view.inverted


@pytest.mark.parametrize("method", [RetrieveMethod.GET, RetrieveMethod.MOVE, RetrieveMethod.WEB])
def test_pixel_data_arrives_as_storescu_sent_it(start: Start, orthanc: OrthancPeer, method: RetrieveMethod) -> None:
    user = start(orthanc.node(retrieve_method=method), local=known_to(orthanc))
    for patient_id, sent in (("4471920", HEAD), ("3310045", HIP)):
        user.searches(patient_id=patient_id).retrieves_first()
        assert user.notices == ()
        assert pixel_digests(sent).items() <= pixel_digests(archived(user.workplace.folders.data)).items()
    assert len(archived(user.workplace.folders.data)) == len(HEAD) + len(HIP)


def test_archive_and_node_are_searched_together(start: Start, orthanc: OrthancPeer) -> None:
    user = start(orthanc.node(), local=known_to(orthanc))
    user.drops(HIP[0].parent)
    assert "1 new" in user.reads_notice()
    user.dismisses_notices()
    user.drops(files_of("mr-brain-prior")[0], HEAD[0])
    assert "2 new" in user.reads_notice()
    user.searches("*")
    user.sees_places("Local", "Local", f"Local · 1 of {len(HEAD)}", "orthanc")
    assert "2 sources answered" in user.studies.strip.summary


def test_dropping_a_folder_imports_it_and_what_is_no_dicom_is_counted(start: Start, tmp_path: Path) -> None:
    folder = tmp_path / "from-a-stick"
    (folder / "deep" / "deeper").mkdir(parents=True)
    (folder / "deep" / "deeper" / "IM0001").write_bytes(HIP[0].read_bytes())
    (folder / "readme.txt").write_text("This is no image.")
    user = start()
    user.drops(folder)
    assert "1 new · 1 not DICOM" in user.reads_notice()
    user.searches()
    assert user.places == ["Local"]
    user.selects_first().opens()
    assert user.picture.max() > 0


def test_send_brings_a_study_back(start: Start, orthanc: OrthancPeer) -> None:
    with DcmtkStorescp() as storescp, OrthancPeer() as second:
        user = start(orthanc.node(), storescp.node(), second.node(name="second"), local=known_to(orthanc))
        user.drops(BRAIN[0].parents[1])
        user.searches("WANG*").selects_first()
        user.sends_to("storescp")
        assert pixel_digests(storescp.files()) == pixel_digests(BRAIN)
        user.sends_to("second")
        held = [second.instance_file(uid) for uid in pixel_digests(BRAIN)]
        assert len(held) == len(BRAIN)
        assert len(second.get("/instances")) == len(BRAIN)
        user.selects_job("send")
        assert user.job.progress.done == len(BRAIN)
        assert user.job.progress.bytes_done > 0


def test_worklist_of_today_is_shown(start: Start, orthanc: OrthancPeer) -> None:
    user = start(orthanc.node(worklist=True), local=known_to(orthanc))
    user.goes_to("worklist")
    model = user.worklist.model
    user._until(lambda: model.rowCount() == 2)
    shown = {str(model.index(row, 2).data()) for row in range(2)}
    assert shown == {"WORKLIST, PATIENT1", "WORKLIST, PATIENT2"}
    user._click_cell(user.worklist.table, model.index(0, 2))
    user._until(user.worklist.detail.isVisible)
