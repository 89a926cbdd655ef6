"""The window as a whole: navigation, names for screen readers, contrast, keys, and that it leaves nothing behind."""

from __future__ import annotations

import re
import threading
from collections import Counter
from dataclasses import replace

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QGuiApplication
from PySide6.QtWidgets import QApplication, QMessageBox, QWidget

from tests.support.ui import Rig, nameless
from workstation.domain import errors
from workstation.domain.errors import PeerUnreachable, WorkstationError
from workstation.ui.actions import ACTIONS, Actions, Situation
from workstation.ui.assets import DARK, pixmap, style_sheet
from workstation.ui.messages import notice_of, size
from workstation.ui.widgets.notice import NoticeArea, NoticeText

PAGES = ("studies", "worklist", "viewer", "export", "activity", "settings")


def _luminance(name: str) -> float:
    colour = QColor(name)
    parts = (colour.redF(), colour.greenF(), colour.blueF())
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(front: str, back: str) -> float:
    lighter, darker = sorted((_luminance(front), _luminance(back)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


GROUNDS = (DARK.rail, DARK.panel, DARK.base, DARK.well, DARK.card)
PAIRS = [
    *((front, back) for front in (DARK.text, DARK.muted, DARK.soft) for back in GROUNDS),
    *((front, DARK.selection) for front in (DARK.text, DARK.muted, DARK.link)),
    *(DARK.tone(name) for name in ("blue", "green", "red", "amber", "grey")),
]  # fmt: skip


@pytest.mark.parametrize(("front", "back"), PAIRS)
def test_text_stands_out_from_its_ground(front, back):
    assert _contrast(front, back) >= 4.5


def test_white_on_the_accent_reads_as_large_text_at_least():
    assert _contrast("#ffffff", DARK.accent) >= 3.0


def test_style_sheet_has_no_unknown_name(themed):
    rules = re.sub(r"/\*.*?\*/", "", style_sheet(), flags=re.S)
    assert "@" not in rules


def test_every_action_has_its_picture_and_no_two_share_a_key_on_one_page(themed):
    for spec in ACTIONS:
        if spec.icon_name:
            assert not pixmap(spec.icon_name, 16).isNull()
    used = Counter((spec.place, key) for spec in ACTIONS for key in spec.keys)
    window_keys = {key for spec in ACTIONS if not spec.place for key in spec.keys}
    assert [pair for pair, times in used.items() if times > 1] == []
    assert [spec.id for spec in ACTIONS if spec.place and window_keys.intersection(spec.keys)] == []


def test_actions_follow_the_situation(themed):
    actions = Actions()
    assert not actions["studies.open"].isEnabled()
    actions.follow(Situation(study=True, study_local=True))
    assert actions["studies.open"].isEnabled() and actions["studies.export"].isEnabled()
    assert not actions["studies.retrieve"].isEnabled()


@pytest.mark.parametrize("page", PAGES)
def test_every_control_of_a_page_has_a_name(page, window):
    window.show_page(page)
    assert nameless(window.page(page)) == []


def test_navigation_and_status_bar_have_names(window):
    assert nameless(window) == []


def test_alt_and_a_number_goes_to_a_page(window, qtbot):
    for number, page in enumerate(PAGES[:5], 1):
        qtbot.keyClick(window, getattr(Qt.Key, f"Key_{number}"), Qt.KeyboardModifier.AltModifier)
        assert window.current_page == page


def test_tab_reaches_fields_table_and_buttons_of_studies(window, qtbot):
    window.activateWindow()
    page = window.page("studies")
    page.fields.name.edit.setFocus()
    reached: list[QWidget] = []
    for _ in range(80):
        qtbot.keyClick(QApplication.focusWidget() or window, Qt.Key.Key_Tab)
        reached.append(QApplication.focusWidget())
    assert {page.fields.patient_id.edit, page.fields.date.choice, page.sources.chip("RADPACS")} <= set(reached)


def test_the_window_and_its_title_bar_fit_the_screen(window):
    window.fit_into(QSize(1366, 768))
    assert (window.width() < 1366, window.height() < 740) == (True, True)
    window.fit_into(QSize(3840, 2160))
    assert window.height() < 740, "it never grows"


@pytest.mark.parametrize("size_of_window", [(1024, 600), (1600, 1000)])
def test_pages_fit_a_small_screen(size_of_window, window):
    window.resize(*size_of_window)
    for page in PAGES:
        window.show_page(page)
        QApplication.processEvents()
        assert (window.width(), window.height()) == size_of_window, page


def test_closing_ends_every_thread_and_keeps_late_events_out(rig: Rig, window, qtbot):
    window.close()
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("ui-")] == []
    rig.workplace.broadcast.publish(errors)  # type: ignore[arg-type]  # nobody listens any more
    QApplication.processEvents()


def test_a_notice_stays_until_dismissed_and_equal_ones_are_one(themed, qtbot):
    area = NoticeArea()
    qtbot.addWidget(area)
    words = notice_of(PeerUnreachable(node="OLDPACS", host="10.0.0.9", port=104, reason="refused"))
    area.show_notice(words)
    area.show_notice(NoticeText("Other"))
    area.show_notice(words)
    assert [notice.title for notice in area.notices] == [words.title, "Other"]
    newest = area._notices[0]
    newest._copy()
    assert "peer-unreachable" in QGuiApplication.clipboard().text()
    area.dismiss(newest)
    assert [notice.title for notice in area.notices] == ["Other"]


def _all_errors(root: type[WorkstationError]) -> list[type[WorkstationError]]:
    return [root, *(one for child in root.__subclasses__() for one in _all_errors(child))]


@pytest.mark.parametrize("error", _all_errors(WorkstationError), ids=lambda error: error.code)
def test_every_error_has_words_for_the_window(error):
    words = notice_of(error(node="PACS", path="x.dcm", reason="because"))
    assert words.title and words.text


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "0 B"), (999, "999 B"), (41_000_000_000, "41.0 GB"), (38_200_000, "38.2 MB"), (412e6, "412 MB")],
)
def test_sizes_are_decimal(number, words):
    assert size(number) == words


def test_pages_behind_leave_the_viewer_its_tools(rig: Rig, window, qtbot):
    actions = window.page("viewer").actions_
    actions.follow(replace(actions.situation, image=True, many_frames=True))
    window.page("studies").show_situation()
    window.page("activity").show_situation()
    assert actions["viewer.fit"].isEnabled() and actions["viewer.cine"].isEnabled()


def test_good_news_goes_by_itself_and_bad_news_stays(themed, qtbot, monkeypatch):
    monkeypatch.setattr("workstation.ui.widgets.notice.GONE_AFTER_MS", 1)
    area = NoticeArea()
    qtbot.addWidget(area)
    area.show_notice(NoticeText("Did not", tone="red"))
    area.show_notice(NoticeText("Done", tone="green"))
    qtbot.waitUntil(lambda: [one.title for one in area.notices] == ["Did not"])


@pytest.mark.parametrize("closes", [True, False])
def test_closing_asks_once_while_work_is_under_way(window, qtbot, closes):
    window.unfinished_work = lambda: 2
    window.close()
    question = window.findChild(QMessageBox)
    assert question.isVisible() and question.text() == "2 jobs are not finished."
    words = "Close anyway" if closes else "Stay"
    next(one for one in question.buttons() if one.text() == words).click()
    qtbot.waitUntil(lambda: window.isVisible() is not closes and window._question is None)
    window.unfinished_work = lambda: 0


def test_closing_says_that_measurements_that_could_not_be_saved_end_with_the_program(window, qtbot):
    window.unsaved_measurements = lambda: 3
    window.close()
    question = window.findChild(QMessageBox)
    assert question.text() == "3 measurements and marks are not saved."
    assert "could not be saved" in question.informativeText()
    next(one for one in question.buttons() if one.text() == "Close anyway").click()
    qtbot.waitUntil(lambda: not window.isVisible() and window._question is None)
    window.unsaved_measurements = lambda: 0


def test_the_title_says_whom_the_viewer_shows_while_it_is_shown(rig: Rig, window, qtbot):
    viewer = window.page("viewer")
    viewer.title_changed.emit("DOE, JANE · 4711 · CT")
    window.show_page("viewer")
    assert window.windowTitle() == "DOE, JANE · 4711 · CT – Workstation"
    window.show_page("studies")
    assert window.windowTitle() == "Workstation"
    window.show_page("viewer")
    viewer.title_changed.emit("")
    assert window.windowTitle() == "Workstation"
