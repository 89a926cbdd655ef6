"""What the window looked like comes back at the next start, and never stands in the way of one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.ui import Rig
from workstation.ui.main_window import MainWindow
from workstation.ui.remembered import FILE, Remembered, ViewerLook, load, save


def test_layout_links_and_width_of_the_panel_come_back(rig: Rig, open_window: Callable[[Rig], MainWindow]) -> None:
    window = open_window(rig)
    viewer = window.page("viewer")
    viewer.grid.set_shape((2, 3))
    viewer.linker.switch("zoom", True)
    viewer.linker.switch("lines", False)
    viewer.panel.want_width(402)
    window.resize(1100, 720)
    window.close()
    again = open_window(rig)
    viewer = again.page("viewer")
    assert viewer.grid.shape == (2, 3)
    assert viewer.linker.links.zoom
    assert not viewer.linker.links.lines
    assert viewer.panel.sizeHint().width() == 402
    assert again.restoreGeometry(load(rig.workplace.folders.config).geometry)
    assert again.height() == 720  # the width is bounded by the screen, which is a narrow one here


def test_without_the_viewer_its_look_is_kept(rig: Rig, open_window: Callable[[Rig], MainWindow]) -> None:
    folder = rig.workplace.folders.config
    save(folder, Remembered(viewer=ViewerLook(1, 2, 300, {"pan": True})))
    open_window(rig).close()
    assert load(folder).viewer == ViewerLook(1, 2, 300, {"pan": True})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"geometry": 3}',
        '{"geometry": "not base64!"}',
        '{"viewer": []}',
        '{"viewer": {"rows": 99, "columns": -1, "panel_width": true, "links": {"zoom": 1}}}',
        '{"geometry": "AAAA", "viewer": {"links": 7}}',
    ],
)
def test_a_damaged_file_is_as_none(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    assert load(tmp_path).viewer == ViewerLook()


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    save(tmp_path / "file" / "folder", Remembered())
    assert load(tmp_path / "file" / "folder") == Remembered()
