"""What waits until the first picture is painted, and that nothing of it is lost."""

from __future__ import annotations

import gc

import pytest

from workstation import app
from workstation.domain.errors import ArchiveUnusable, PortInUse
from workstation.settings import Folders
from workstation.ui.start import AfterFirstPicture

PAGES = ("studies", "worklist", "viewer", "export", "activity", "settings")


def test_a_page_is_made_when_it_is_first_shown(window):
    assert [name for name in PAGES if window.made_page(name)] == ["studies"]
    window.show_page("worklist")
    assert window.made_page("worklist") is window.page("worklist")


def test_the_other_pages_are_made_after_the_first_picture(window, qtbot):
    later = AfterFirstPicture(window)
    with qtbot.waitSignal(later.finished, timeout=60_000):
        later.begin()
    assert all(window.made_page(name) for name in PAGES)


def test_waiting_begins_with_the_next_paint_and_only_once(window, qtbot):
    begun = []
    later = AfterFirstPicture(window)
    later.ask(lambda: begun.append(1))
    later.begin_after(window)
    assert begun == []
    window.update()
    with qtbot.waitSignal(later.finished, timeout=60_000):
        pass
    later.begin()
    later.begin_after(window)
    assert begun == [1]


def test_waiting_begins_at_the_latest_when_no_picture_comes(window, qtbot):
    later = AfterFirstPicture(window)
    with qtbot.waitSignal(later.finished, timeout=60_000):
        later.begin_at_the_latest(0)


def test_an_error_of_a_task_reaches_the_window(window, qtbot):
    def refused() -> None:
        raise PortInUse(host="127.0.0.1", port=104)

    heard = []
    later = AfterFirstPicture(window)
    later.ask(refused, failed=heard.append)
    with qtbot.waitSignal(later.finished, timeout=60_000):
        later.begin()
    assert [error.code for error in heard] == ["port-in-use"]


def test_closing_the_window_gives_up_what_has_not_begun(window, qtbot):
    later = AfterFirstPicture(window)
    window.close()
    later.begin()
    assert [name for name in PAGES if window.made_page(name)] == ["studies"]


def test_garbage_is_collected_again_from_the_first_picture_on(window, qtbot):
    later = AfterFirstPicture(window)
    gc.disable()
    later.begin()
    assert gc.isenabled()
    with qtbot.waitSignal(later.finished, timeout=60_000):
        pass


def test_garbage_is_collected_again_when_the_window_could_not_open(monkeypatch, tmp_path):
    def refuse(*_):
        assert not gc.isenabled()
        raise ArchiveUnusable(folder="archive", reason="newer")

    monkeypatch.setattr(app, "open_workplace", refuse)
    with pytest.raises(ArchiveUnusable):
        app.open_window(Folders(tmp_path / "config", tmp_path / "data"))
    assert gc.isenabled()
