"""The main window: a shell of navigation, notices, one page at a time and the status bar. Nothing else.

A page is made when it is first shown or asked for: what nobody looks at costs no start-up time.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QMainWindow,
    QMessageBox,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from workstation.ui.actions import Actions
from workstation.ui.assets import DARK, icon
from workstation.ui.widgets.layouts import column, row
from workstation.ui.widgets.notice import NoticeArea

TITLE = "Workstation"
BOTTOM = frozenset({"activity", "settings"})
_FRAME = QSize(8, 40)  # what the title bar and the borders take, which nobody knows before the window is shown


class MainWindow(QMainWindow):
    page_shown = Signal(str)
    files_dropped = Signal(object)  # tuple[Path, ...]
    closing = Signal()

    def __init__(self, actions: Actions) -> None:
        super().__init__()
        self.setWindowTitle(TITLE)
        self.setAcceptDrops(True)
        self.resize(1600, 1000)
        self.setMinimumSize(960, 600)
        self.notices = NoticeArea()
        self.unfinished_work: Callable[[], int] = lambda: 0  # jobs to ask about before the window closes
        self.unsaved_measurements: Callable[[], int] = lambda: 0  # of measurements
        self._question: QMessageBox | None = None
        self._actions = actions
        self._subjects: dict[str, str] = {}
        self._makers: dict[str, Callable[[], QWidget]] = {}
        self._pages: dict[str, QWidget] = {}
        self._buttons: dict[str, QToolButton] = {}
        self._group = QButtonGroup(self)
        self._stack = QStackedWidget()
        self._top, self._bottom = column(spacing=4), column(spacing=4)
        self._layout = column(self.notices, self._stack, spacing=0)
        self._layout.setStretch(1, 1)
        self._body = row(self._rail(), self._layout, spacing=0)
        self._body.setStretch(1, 1)
        self._outer = QVBoxLayout()
        self._outer.setContentsMargins(0, 0, 0, 0)
        self._outer.setSpacing(0)
        self._outer.addLayout(self._body, 1)
        central = QWidget()
        central.setLayout(self._outer)
        self.setCentralWidget(central)
        for name in ("window.full_screen", "window.keys", "window.quit"):
            self.addAction(actions[name])
        actions["window.full_screen"].triggered.connect(self._toggle_full_screen)
        actions["window.quit"].triggered.connect(self.close)

    def fit_into(self, room: QSize) -> None:
        """Make the window, its title bar too, no larger than the screen's `room`: the status bar stays in sight."""
        self.resize(self.size().boundedTo(room - _FRAME))

    def add_page(self, name: str, make: Callable[[], QWidget]) -> None:
        """Put a page into the navigation; its action is `window.<name>`. `make` is called when it is needed."""
        action = self._actions[f"window.{name}"]
        button = QToolButton()
        button.setObjectName("nav")
        button.setCheckable(True)
        button.setFixedSize(54, 52)
        button.setIconSize(QSize(22, 22))
        button.setIcon(icon(name, DARK.muted))
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        button.setText(action.text())
        button.setToolTip(action.toolTip())
        button.setAccessibleName(action.text())
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.clicked.connect(lambda _checked=False: self.show_page(name))
        action.triggered.connect(lambda _checked=False: self.show_page(name))
        self.addAction(action)
        self._group.addButton(button)
        (self._bottom if name in BOTTOM else self._top).addWidget(button)
        self._buttons[name] = button
        self._makers[name] = make

    def set_status(self, status: QWidget) -> None:
        self._outer.addWidget(status)

    def page(self, name: str) -> QWidget:
        """The page, made now if nobody needed it so far."""
        if name not in self._pages:
            self._pages[name] = page = self._makers[name]()
            self._stack.addWidget(page)
        return self._pages[name]

    def made_page(self, name: str) -> QWidget | None:
        """The page if it was made."""
        return self._pages.get(name)

    @property
    def page_names(self) -> tuple[str, ...]:
        return tuple(self._makers)

    @property
    def current_page(self) -> str:
        shown = self._stack.currentWidget()
        return next((name for name, page in self._pages.items() if page is shown), "")

    def show_page(self, name: str) -> None:
        page = self.page(name)
        self._buttons[name].setChecked(True)
        self._stack.setCurrentWidget(page)
        proxy = page.focusProxy()
        if proxy is not None:
            proxy.setFocus(Qt.FocusReason.OtherFocusReason)
        self._say_title()
        self.page_shown.emit(name)

    def set_subject(self, name: str, subject: str) -> None:
        """What the title says before the name of the program while the page `name` is shown."""
        self._subjects[name] = subject
        self._say_title()

    def _say_title(self) -> None:
        subject = self._subjects.get(self.current_page, "")
        self.setWindowTitle(f"{subject} – {TITLE}" if subject else TITLE)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = tuple(Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile())
        if paths:
            event.acceptProposedAction()
            self.files_dropped.emit(paths)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask once when something would be lost; a second wish to close, while the question is open, is an answer."""
        if self._question is None:
            jobs, measurements = self.unfinished_work(), self.unsaved_measurements()
            if jobs or measurements:
                event.ignore()
                self._ask(jobs, measurements)
                return
        self.closing.emit()
        super().closeEvent(event)

    def _ask(self, jobs: int, measurements: int) -> None:
        self._question = question = QMessageBox(self)
        question.setWindowTitle(self.tr("Work is under way") if jobs else self.tr("Measurements are not saved"))
        facts, consequences = [], []
        if jobs:
            number = self.tr("1 job is not finished.") if jobs == 1 else self.tr("{n} jobs are not finished.")
            facts.append(number.format(n=jobs))
            consequences.append(
                self.tr(
                    "What has arrived is kept. Retrievals, sending and exports can be retried at the next start; "
                    "an import has to be started anew."
                )
            )
        if measurements:
            one = self.tr("1 measurement or mark is not saved.")
            many = self.tr("{n} measurements and marks are not saved.")
            facts.append((one if measurements == 1 else many).format(n=measurements))
            consequences.append(self.tr("They could not be saved and end with the program."))
        question.setText(" ".join(facts))
        question.setInformativeText("\n".join(consequences))
        end = question.addButton(self.tr("Close anyway"), QMessageBox.ButtonRole.DestructiveRole)
        question.setDefaultButton(question.addButton(self.tr("Stay"), QMessageBox.ButtonRole.RejectRole))

        def answered() -> None:
            if question.clickedButton() is end:
                self.close()
            self._question = None
            question.deleteLater()

        question.finished.connect(answered)
        question.open()

    def _rail(self) -> QFrame:
        rail = QFrame()
        rail.setObjectName("rail")
        rail.setFixedWidth(64)
        rail.setAccessibleName(self.tr("Pages"))
        rail.setLayout(column(self._top, None, self._bottom, margins=(5, 10, 4, 12)))
        return rail

    def _toggle_full_screen(self) -> None:
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)
