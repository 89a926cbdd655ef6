"""Questions beside the GUI thread: answers in order, late ones dropped, a failing one harmless."""

from __future__ import annotations

import logging
import threading

from workstation.domain.errors import ArchiveUnusable
from workstation.ui.background import Background


def test_answers_arrive_in_order_on_the_gui_thread(qtbot):
    background, heard = Background("test"), []
    for number in range(5):
        background.ask(lambda number=number: number, lambda answer: heard.append((answer, threading.get_ident())))
    qtbot.waitUntil(lambda: len(heard) == 5)
    background.close()
    assert heard == [(number, threading.get_ident()) for number in range(5)]


def test_our_errors_go_to_the_one_who_asked(qtbot):
    background, heard = Background("test"), []

    def fail() -> None:
        raise ArchiveUnusable(path="archive")

    background.ask(fail, None, heard.append)
    qtbot.waitUntil(lambda: bool(heard))
    background.close()
    assert isinstance(heard[0], ArchiveUnusable)


def test_a_fault_in_one_question_does_not_end_the_others(qtbot, caplog):
    background, heard = Background("test"), []
    with caplog.at_level(logging.CRITICAL, "workstation.ui.background"):
        background.ask(lambda: 1 / 0)
        background.ask(lambda: "still here", heard.append)
        qtbot.waitUntil(lambda: bool(heard))
    background.close()
    assert heard == ["still here"]


def test_forgotten_questions_are_neither_asked_nor_answered(qtbot):
    background, heard, asked = Background("test"), [], []
    began, go_on = threading.Event(), threading.Event()

    def wait() -> str:
        began.set()
        go_on.wait(60)
        return "late"

    background.ask(wait, heard.append)
    background.ask(lambda: asked.append("second"), heard.append)
    began.wait(60)
    background.forget()
    go_on.set()
    background.ask(lambda: "new", heard.append)
    qtbot.waitUntil(lambda: bool(heard))
    background.close()
    assert (heard, asked) == (["new"], [])
