"""Make the QApplication and the window, and connect the pages to each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QByteArray
from PySide6.QtWidgets import QApplication, QWidget

from workstation.domain.errors import WorkstationError
from workstation.domain.job import Job
from workstation.imaging.kernel_supply import KernelSupply
from workstation.services.workplace import Workplace
from workstation.settings import KeySettings, cache
from workstation.ui.actions import Actions
from workstation.ui.assets import apply_theme
from workstation.ui.background import Background
from workstation.ui.bridge import EventBridge
from workstation.ui.desk import Desk, Wishes
from workstation.ui.job_notices import JobNotices
from workstation.ui.main_window import MainWindow
from workstation.ui.messages import notice_of
from workstation.ui.node_states import NodeStates
from workstation.ui.remembered import Remembered, load, save
from workstation.ui.start import AfterFirstPicture
from workstation.ui.status_bar import StatusBar

if TYPE_CHECKING:
    from workstation.ui.activity.page import ActivityPage
    from workstation.ui.viewer.page import ViewerPage


def make_application(arguments: Iterable[str] = ()) -> QApplication:
    """The one QApplication of the process, in our theme."""
    existing = QApplication.instance()
    application = existing if isinstance(existing, QApplication) else QApplication(["workstation", *arguments])
    application.setApplicationName("Workstation")
    application.setDesktopFileName("workstation")
    apply_theme(application)
    return application


def build_window(workplace: Workplace) -> MainWindow:
    """The window with all its pages, made when they are needed, fed by the workplace's events until it closes."""
    actions = Actions()
    window = MainWindow(actions)
    actions.setParent(window)
    bridge, background, nodes = EventBridge(window), Background("questions", window), NodeStates(window)
    wishes = Wishes(window)
    desk = Desk(workplace, bridge, actions, background, nodes, wishes)
    bridge.source_answered.connect(nodes.source_answered)
    bridge.worklist_answered.connect(nodes.worklist_answered)
    bridge.job_finished.connect(nodes.job_finished)
    JobNotices(desk, window)
    unsubscribe = workplace.subscribe(bridge.publish)

    for name, make in _pages(desk).items():
        window.add_page(name, make)
    window.set_status(StatusBar(desk))

    def call(name: str, method: str, *arguments: object) -> None:
        getattr(window.page(name), method)(*arguments)

    def open_study(uid: str) -> None:
        window.show_page("viewer")
        call("viewer", "open_study", uid)

    def open_paths(paths: tuple[Path, ...]) -> None:
        window.show_page("viewer")
        call("viewer", "open_paths", paths)

    def export_studies(uids: tuple[str, ...]) -> None:
        window.show_page("export")
        call("export", "start", uids)

    def page_shown(name: str) -> None:
        worklist = window.made_page("worklist")
        if worklist is not None:
            _call(worklist, "set_shown", name == "worklist")

    def close() -> None:
        unsubscribe()
        bridge.close()
        for name in window.page_names:
            page = window.made_page(name)
            if page is not None:
                _call(page, "close_page")
        background.close()

    _follow_keys(desk)
    wishes.notice.connect(window.notices.show_notice)
    wishes.page.connect(window.show_page)
    wishes.viewer_title.connect(lambda title: window.set_subject("viewer", title))
    wishes.open_study.connect(open_study)
    wishes.open_paths.connect(open_paths)
    wishes.export_studies.connect(export_studies)
    wishes.import_paths.connect(lambda paths: call("studies", "import_paths", paths))
    actions["window.keys"].triggered.connect(lambda _checked=False: _show_keys(window, actions))
    window.files_dropped.connect(lambda paths: call("studies", "import_paths", paths))
    window.page_shown.connect(page_shown)
    window.closing.connect(lambda: _remember(window, workplace.folders.config))
    window.closing.connect(close)
    return window


def _pages(desk: Desk) -> dict[str, Callable[[], QWidget]]:
    """How each page is made, in the order of the navigation. Their modules are imported with them, see `start`."""

    def studies() -> QWidget:
        from workstation.ui.studies.page import StudiesPage

        return StudiesPage(desk)

    def worklist() -> QWidget:
        from workstation.ui.worklist.page import WorklistPage

        return WorklistPage(desk)

    def viewer() -> QWidget:
        from workstation.ui.viewer.page import ViewerPage

        page = ViewerPage(desk.workplace, desk.actions)
        page.title_changed.connect(desk.wishes.viewer_title)
        page.use_look(load(desk.workplace.folders.config).viewer)
        return page

    def export() -> QWidget:
        from workstation.ui.export_wizard.page import ExportPage

        return ExportPage(desk)

    def activity() -> QWidget:
        from workstation.ui.activity.page import ActivityPage

        return ActivityPage(desk)

    def settings() -> QWidget:
        from workstation.ui.preferences.page import SettingsPage

        return SettingsPage(desk)

    return {
        "studies": studies,
        "worklist": worklist,
        "viewer": viewer,
        "export": export,
        "activity": activity,
        "settings": settings,
    }


def _follow_keys(desk: Desk) -> None:
    """The actions have the keys that the settings give them."""
    keys = KeySettings()

    def follow() -> None:
        nonlocal keys
        if desk.workplace.settings().keys != keys:
            from workstation.ui.key_map import keys_of

            keys = desk.workplace.settings().keys
            desk.actions.use_keys(keys_of(keys))

    follow()
    desk.wishes.settings_changed.connect(follow)


def _show_keys(window: MainWindow, actions: Actions) -> None:
    from workstation.ui.key_sheet import KeySheet

    def change() -> None:
        window.show_page("settings")
        _call(window.page("settings"), "change_keys")

    sheet = KeySheet(actions, window)
    sheet.change_asked.connect(change)
    sheet.open()


def run_window(
    workplace: Workplace,
    *,
    page: str = "studies",
    open_paths: tuple[Path, ...] = (),
    complaints: tuple[WorkstationError, ...] = (),
) -> int:
    """Open the window and stay until it closes; the exit status. `complaints` are errors of the start.

    Receiving, and all that is slow to load, begins when the user sees the first page or picture.
    """
    application = make_application()
    window = build_window(workplace)
    window.unfinished_work = lambda: _unfinished_work(window)
    window.unsaved_measurements = lambda: _unsaved_measurements(window)
    for error in complaints:
        window.notices.show_notice(notice_of(error))
    later = AfterFirstPicture(window)
    loops = KernelSupply(cache())
    window.closing.connect(loops.close)
    later.ask(loops.start)
    later.ask(workplace.decode_pool.start)
    if workplace.settings().listen:
        later.ask(workplace.listener.start, failed=lambda error: window.notices.show_notice(notice_of(error)))
    later.ask(lambda: _take_up(workplace), then=lambda jobs: _tell_resumed(window, jobs))
    if open_paths:
        _open_first(window, open_paths, later)
    else:
        window.show_page(page)
        later.begin_after(window)
    if not window.restoreGeometry(QByteArray(load(workplace.folders.config).geometry)):  # moves it onto the screens
        window.fit_into(window.screen().availableSize())
    window.show()
    return application.exec()


def _take_up(workplace: Workplace) -> Sequence[Job]:
    from workstation.ui.activity.unfinished import take_up

    return take_up(workplace.runner, resume=workplace.settings().transfers.resume_at_start)


def _tell_resumed(window: MainWindow, jobs: Sequence[Job]) -> None:
    from workstation.ui.activity.unfinished import notice_of_resumed

    words = notice_of_resumed(jobs)
    if words is not None:
        window.notices.show_notice(words)


def _open_first(window: MainWindow, paths: tuple[Path, ...], later: AfterFirstPicture) -> None:
    """The window with `paths`; nothing else is done before their first picture is painted."""
    window.show_page("viewer")
    viewer = cast("ViewerPage", window.page("viewer"))
    viewer.frame_shown.connect(lambda _ref: later.begin_after(viewer.grid.canvas))
    viewer.failed.connect(later.begin)
    later.begin_at_the_latest()
    viewer.open_paths(paths)


def _remember(window: MainWindow, folder: Path) -> None:
    """Keep what the window looks like for the next start."""
    viewer = cast("ViewerPage | None", window.made_page("viewer"))
    look = viewer.look if viewer is not None else load(folder).viewer
    save(folder, Remembered(bytes(window.saveGeometry().data()), look))


def _unsaved_measurements(window: MainWindow) -> int:
    viewer = cast("ViewerPage | None", window.made_page("viewer"))
    return viewer.keeping.unsaved if viewer is not None else 0


def _unfinished_work(window: MainWindow) -> int:
    activity = cast("ActivityPage | None", window.made_page("activity"))
    return activity.model.unfinished_work if activity is not None else 0


def _call(page: QWidget, method: str, *arguments: object) -> None:
    call = getattr(page, method, None)
    if call is not None:
        call(*arguments)
