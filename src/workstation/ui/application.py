"""Make the QApplication and the window, and connect the pages to each other."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QWidget

from workstation.domain.errors import WorkstationError
from workstation.services.workplace import Workplace
from workstation.ui.actions import Actions
from workstation.ui.activity.page import ActivityPage
from workstation.ui.assets import apply_theme
from workstation.ui.background import Background
from workstation.ui.bridge import EventBridge
from workstation.ui.desk import Desk, Wishes
from workstation.ui.export_wizard.page import ExportPage
from workstation.ui.main_window import MainWindow
from workstation.ui.messages import notice_of
from workstation.ui.node_states import NodeStates
from workstation.ui.preferences.page import SettingsPage
from workstation.ui.status_bar import StatusBar
from workstation.ui.studies.page import StudiesPage
from workstation.ui.viewer.page import ViewerPage
from workstation.ui.worklist.page import WorklistPage


def make_application(arguments: Iterable[str] = ()) -> QApplication:
    """The one QApplication of the process, in our theme."""
    existing = QApplication.instance()
    application = existing if isinstance(existing, QApplication) else QApplication(["workstation", *arguments])
    application.setApplicationName("Workstation")
    application.setDesktopFileName("workstation")
    apply_theme(application)
    return application


def build_window(workplace: Workplace) -> MainWindow:
    """The window with all its pages, fed by the workplace's events until it closes."""
    actions = Actions()
    window = MainWindow(actions)
    actions.setParent(window)
    bridge, background, nodes = EventBridge(window), Background("questions", window), NodeStates(window)
    wishes = Wishes(window)
    desk = Desk(workplace, bridge, actions, background, nodes, wishes)
    bridge.source_answered.connect(nodes.source_answered)
    bridge.worklist_answered.connect(nodes.worklist_answered)
    bridge.job_finished.connect(nodes.job_finished)
    unsubscribe = workplace.subscribe(bridge.publish)

    studies = StudiesPage(desk)
    worklist = WorklistPage(desk)
    activity = ActivityPage(desk)
    viewer = ViewerPage(workplace, actions)
    export = ExportPage(desk)
    for name, page in (
        ("studies", studies),
        ("worklist", worklist),
        ("viewer", viewer),
        ("export", export),
        ("activity", activity),
        ("settings", SettingsPage(desk)),
    ):
        window.add_page(name, page)
    window.set_status(StatusBar(desk))

    def open_study(uid: str) -> None:
        window.show_page("viewer")
        viewer.open_study(uid)

    def open_paths(paths: tuple[Path, ...]) -> None:
        window.show_page("viewer")
        viewer.open_paths(paths)

    def export_studies(uids: tuple[str, ...]) -> None:
        window.show_page("export")
        export.start(uids)

    def close() -> None:
        unsubscribe()
        bridge.close()
        for page in (studies, worklist, viewer, export):
            _call(page, "close_page")
        background.close()

    wishes.notice.connect(window.notices.show_notice)
    wishes.page.connect(window.show_page)
    wishes.open_study.connect(open_study)
    wishes.open_paths.connect(open_paths)
    wishes.export_studies.connect(export_studies)
    wishes.import_paths.connect(studies.import_paths)
    window.files_dropped.connect(studies.import_paths)
    window.page_shown.connect(lambda name: worklist.set_shown(name == "worklist"))
    window.closing.connect(close)
    return window


def run_window(
    workplace: Workplace,
    *,
    page: str = "studies",
    open_paths: tuple[Path, ...] = (),
    complaints: tuple[WorkstationError, ...] = (),
) -> int:
    """Open the window and stay until it closes; the exit status. `complaints` are errors of the start."""
    application = make_application()
    window = build_window(workplace)
    activity = window.page("activity")
    assert isinstance(activity, ActivityPage)
    window.unfinished_work = lambda: activity.model.unfinished_work
    window.show_page(page)
    window.show()
    for error in complaints:
        window.notices.show_notice(notice_of(error))
    wishes = window.findChild(Wishes)
    if open_paths and isinstance(wishes, Wishes):
        QTimer.singleShot(0, window, lambda: wishes.open_paths.emit(open_paths))
    return application.exec()


def _call(page: QWidget, method: str, *arguments: object) -> None:
    call = getattr(page, method, None)
    if call is not None:
        call(*arguments)
