"""Every user action, declared once: its id, words, key, picture, and when it can be used.

`place` is the page whose widgets hear the key; an action without a place belongs to the window. Keys
are those of the keyboard table of the user guide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from PySide6.QtCore import QCoreApplication, QObject, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from workstation.ui.assets import icon


@dataclass(frozen=True, slots=True)
class Situation:
    """What is selected and shown; pages replace it, actions follow."""

    study: bool = False  # a study is selected
    study_local: bool = False  # at least partly in the archive
    study_remote: bool = False  # a node has it
    nodes: bool = False  # at least one node is configured
    image: bool = False  # the viewer shows an image
    many_frames: bool = False
    job_active: bool = False
    job_retryable: bool = False
    job_pausable: bool = False
    job_cancellable: bool = False
    job: bool = False


Condition = Callable[[Situation], bool]


def always(_: Situation) -> bool:
    return True


def _image(situation: Situation) -> bool:
    return situation.image


@dataclass(frozen=True, slots=True)
class ActionSpec:
    id: str
    text: str
    keys: tuple[str, ...] = ()
    icon_name: str = ""
    place: str = ""
    enabled_when: Condition = field(default=always)
    checkable: bool = False
    group: str = ""  # of the actions of one group only one is checked
    menu_text: str = ""  # in a menu whose button says the rest


def _spec(id_: str, text: str, *keys: str, icon: str = "", when: Condition = always, **more: object) -> ActionSpec:
    place = id_.split(".", 1)[0]
    return ActionSpec(id_, text, keys, icon, "" if place == "window" else place, when, **more)  # type: ignore[arg-type]


def T(_context: str, text: str) -> str:
    return text


ACTIONS: tuple[ActionSpec, ...] = (
    _spec("window.studies", T("actions", "Studies"), "Alt+1", icon="studies"),
    _spec("window.worklist", T("actions", "Worklist"), "Alt+2", icon="worklist"),
    _spec("window.viewer", T("actions", "Viewer"), "Alt+3", icon="viewer"),
    _spec("window.export", T("actions", "Export"), "Alt+4", icon="export"),
    _spec("window.activity", T("actions", "Activity"), "Alt+5", icon="activity"),
    _spec("window.settings", T("actions", "Settings"), "Ctrl+,", icon="settings"),
    _spec("window.full_screen", T("actions", "Full screen"), "F11"),
    _spec("window.keys", T("actions", "Keys and mouse"), "F1", "?"),
    _spec("window.quit", T("actions", "Quit"), "Ctrl+Q"),
    # studies
    _spec("studies.find", T("actions", "Go to the search fields"), "Ctrl+F", icon="search"),
    _spec("studies.search", T("actions", "Search"), "F5", icon="search"),
    _spec("studies.open", T("actions", "Open"), "Ctrl+O", icon="viewer", when=lambda s: s.study),
    _spec("studies.retrieve", T("actions", "Retrieve"), "Ctrl+R", icon="retrieve", when=lambda s: s.study_remote),
    _spec("studies.send", T("actions", "Send…"), icon="send", when=lambda s: s.study_local and s.nodes),
    _spec(
        "studies.export", T("actions", "De-identify & export…"), "Ctrl+E", icon="export", when=lambda s: s.study_local
    ),
    _spec("studies.import", T("actions", "Import files…"), "Ctrl+I", icon="import", menu_text=T("actions", "Files…")),
    _spec("studies.import_folder", T("actions", "Import folder…"), icon="folder", menu_text=T("actions", "Folder…")),
    _spec("studies.open_disc", T("actions", "Open CD / DICOMDIR"), "Ctrl+D", icon="disc"),
    _spec(
        "studies.delete", T("actions", "Delete from this computer…"), "Del", icon="trash", when=lambda s: s.study_local
    ),
    _spec("studies.copy", T("actions", "Copy rows"), "Ctrl+C", icon="copy", when=lambda s: s.study),
    # worklist
    _spec("worklist.refresh", T("actions", "Refresh"), "F5", icon="refresh"),
    _spec("worklist.filter", T("actions", "Go to the filter"), "Ctrl+F", icon="search"),
    _spec("worklist.today", T("actions", "Today"), "Ctrl+Home"),
    _spec("worklist.previous_day", T("actions", "Previous day"), "Alt+Left", icon="chevron-left"),
    _spec("worklist.next_day", T("actions", "Next day"), "Alt+Right", icon="chevron-right"),
    # viewer
    _spec("viewer.window", T("actions", "Window"), "W", icon="window", checkable=True, group="tool"),
    _spec("viewer.scroll", T("actions", "Scroll"), "S", icon="scroll", checkable=True, group="tool"),
    _spec("viewer.pan", T("actions", "Pan"), "T", icon="pan", checkable=True, group="tool"),
    _spec("viewer.zoom", T("actions", "Zoom"), "Z", icon="zoom", checkable=True, group="tool"),
    _spec("viewer.rotate", T("actions", "Turn"), "Shift+R", icon="rotate-right", checkable=True, group="tool"),
    _spec("viewer.cursor", T("actions", "3D cursor"), "G", icon="crosshair", checkable=True, group="tool"),
    _spec("viewer.length", T("actions", "Length"), "D", "L", icon="length", checkable=True, group="tool"),
    _spec("viewer.angle", T("actions", "Angle"), "A", icon="angle", checkable=True, group="tool"),
    _spec("viewer.ellipse", T("actions", "Ellipse"), "E", icon="ellipse", checkable=True, group="tool"),
    _spec("viewer.rectangle", T("actions", "Rectangle"), "Shift+E", icon="rectangle", checkable=True, group="tool"),
    _spec("viewer.freehand", T("actions", "Freehand"), "Shift+D", icon="freehand", checkable=True, group="tool"),
    _spec("viewer.arrow", T("actions", "Arrow"), "Q", icon="arrow", checkable=True, group="tool"),
    _spec("viewer.text", T("actions", "Text"), "X", icon="text", checkable=True, group="tool"),
    _spec("viewer.point", T("actions", "Probe"), "P", icon="probe", checkable=True, group="tool"),
    _spec(
        "viewer.magnifier",
        T("actions", "Magnifier"),
        icon="magnifier",
        checkable=True,
        group="tool",
        menu_text=T("actions", "Magnifier (hold M)"),
    ),
    _spec(
        "viewer.region_window",
        T("actions", "ROI window"),
        "Shift+W",
        icon="region-window",
        checkable=True,
        group="tool",
    ),
    _spec("viewer.auto_window", T("actions", "Auto window"), "F2", icon="window", when=_image),
    _spec("viewer.delete", T("actions", "Delete measurement"), "Del", "Backspace", icon="trash", when=_image),
    _spec("viewer.save_marks", T("actions", "Save measurements to the study…"), "Ctrl+S", icon="save", when=_image),
    _spec("viewer.copy_marks", T("actions", "Copy measurements as a table"), icon="copy", when=_image),
    _spec("viewer.export_marks", T("actions", "Measurements as CSV…"), icon="file", when=_image),
    _spec("viewer.key_image", T("actions", "Key image"), "K", icon="star", when=_image, checkable=True),
    _spec("viewer.next_image", T("actions", "Next image"), "Down", when=_image),
    _spec("viewer.previous_image", T("actions", "Previous image"), "Up", when=_image),
    _spec("viewer.next_page", T("actions", "Ten images on"), "PgDown", "Shift+Down", when=_image),
    _spec("viewer.previous_page", T("actions", "Ten images back"), "PgUp", "Shift+Up", when=_image),
    _spec("viewer.first_image", T("actions", "First image"), "Home", when=_image),
    _spec("viewer.last_image", T("actions", "Last image"), "End", when=_image),
    _spec("viewer.next_phase", T("actions", "Next time, echo or b-value"), "Alt+Down", when=_image),
    _spec("viewer.previous_phase", T("actions", "Previous time, echo or b-value"), "Alt+Up", when=_image),
    _spec("viewer.reverse", T("actions", "Reverse the stack"), "Ctrl+Shift+R", when=lambda s: s.many_frames),
    _spec("viewer.next_series", T("actions", "Next series"), "Right", when=_image),
    _spec("viewer.previous_series", T("actions", "Previous series"), "Left", when=_image),
    _spec("viewer.next_study", T("actions", "Next study"), "Ctrl+Right", when=_image),
    _spec("viewer.previous_study", T("actions", "Previous study"), "Ctrl+Left", when=_image),
    _spec("viewer.next_patient", T("actions", "Next patient"), "Ctrl+Down", when=_image),
    _spec("viewer.previous_patient", T("actions", "Previous patient"), "Ctrl+Up", when=_image),
    _spec("viewer.next_viewport", T("actions", "Next viewport"), "Tab", when=_image),
    _spec("viewer.previous_viewport", T("actions", "Previous viewport"), "Shift+Tab", when=_image),
    _spec("viewer.invert", T("actions", "Invert"), "I", icon="invert", when=_image, checkable=True),
    _spec("viewer.flip_horizontal", T("actions", "Flip"), "H", icon="flip-horizontal", when=_image),
    _spec("viewer.flip_vertical", T("actions", "Flip upside down"), "V", icon="flip-vertical", when=_image),
    _spec("viewer.rotate_right", T("actions", "Rotate"), "Alt+R", icon="rotate-right", when=_image),
    _spec("viewer.rotate_left", T("actions", "Rotate left"), "Alt+L", icon="rotate-left", when=_image),
    _spec("viewer.undo", T("actions", "Undo"), "Ctrl+Z", when=_image),
    _spec("viewer.redo", T("actions", "Redo"), "Ctrl+Y", "Ctrl+Shift+Z", when=_image),
    _spec("viewer.reset", T("actions", "Reset"), "R", icon="reset", when=_image),
    _spec("viewer.fit", T("actions", "Fit"), "F", icon="fit", when=_image),
    _spec("viewer.actual_size", T("actions", "1 : 1"), "Shift+F", when=_image),
    _spec("viewer.zoom_in", T("actions", "Zoom in"), "+", "=", when=_image),
    _spec("viewer.zoom_out", T("actions", "Zoom out"), "-", when=_image),
    _spec("viewer.cine", T("actions", "Cine"), "C", icon="play", when=lambda s: s.many_frames, checkable=True),
    _spec("viewer.cine_faster", T("actions", "Cine faster"), ".", when=lambda s: s.many_frames),
    _spec("viewer.cine_slower", T("actions", "Cine slower"), ",", when=lambda s: s.many_frames),
    _spec(
        "viewer.cine_sweep",
        T("actions", "Cine back and forth"),
        "Shift+C",
        icon="sweep",
        when=lambda s: s.many_frames,
        checkable=True,
    ),
    _spec("viewer.cine_in", T("actions", "Cine from this image"), "[", icon="mark-in", when=lambda s: s.many_frames),
    _spec("viewer.cine_out", T("actions", "Cine to this image"), "]", icon="mark-out", when=lambda s: s.many_frames),
    _spec("viewer.cine_all", T("actions", "Cine over all images"), "\\", icon="close", when=lambda s: s.many_frames),
    _spec("viewer.overlay", T("actions", "Overlay"), "Space", icon="overlay", when=_image),
    _spec("viewer.privacy", T("actions", "Privacy view"), "Ctrl+Shift+H", icon="eye", when=_image, checkable=True),
    _spec("viewer.planes", T("actions", "Overlay planes of the image"), "O", when=_image, checkable=True),
    _spec("viewer.shutter", T("actions", "Shutter"), "Shift+O", when=_image, checkable=True),
    _spec(
        "viewer.graphics", T("actions", "Graphics of the presentation state"), "Shift+P", when=_image, checkable=True
    ),
    _spec("viewer.find", T("actions", "Find in the document"), "Ctrl+F", icon="search", when=_image),
    _spec("viewer.layout", T("actions", "Layout"), "Ctrl+L", icon="layout", when=_image),
    _spec("viewer.link", T("actions", "Link"), "Y", icon="sync", when=_image, checkable=True),
    _spec("viewer.link_scroll", T("actions", "Scroll to the same place"), when=_image, checkable=True),
    _spec("viewer.link_apart", T("actions", "Scroll together from here"), when=_image, checkable=True),
    _spec("viewer.link_zoom", T("actions", "Zoom together"), when=_image, checkable=True),
    _spec("viewer.link_pan", T("actions", "Pan together"), when=_image, checkable=True),
    _spec("viewer.link_window", T("actions", "Window together"), when=_image, checkable=True),
    _spec("viewer.link_turns", T("actions", "Rotate, flip and invert together"), when=_image, checkable=True),
    _spec("viewer.link_lines", T("actions", "Reference lines"), when=_image, checkable=True),
    _spec("viewer.link_ends", T("actions", "Lines of the first and last image"), when=_image, checkable=True),
    _spec("viewer.default_window", T("actions", "The file's window"), "`", when=_image),
    _spec("viewer.full_range", T("actions", "Full range"), "0", when=_image),
    *(_spec(f"viewer.preset_{n}", T("actions", "Preset {n}").format(n=n), str(n), when=_image) for n in range(1, 10)),
    # activity
    _spec("activity.cancel", T("actions", "Cancel"), "Del", icon="cancel", when=lambda s: s.job_cancellable),
    _spec("activity.pause", T("actions", "Pause"), "P", icon="pause", when=lambda s: s.job_pausable),
    _spec("activity.first", T("actions", "Do first"), "Ctrl+Up", icon="arrow-up", when=lambda s: s.job_active),
    _spec("activity.retry", T("actions", "Retry"), "Ctrl+R", icon="refresh", when=lambda s: s.job_retryable),
    _spec("activity.copy", T("actions", "Copy details"), "Ctrl+C", icon="copy", when=lambda s: s.job),
)


class Actions(QObject):
    """The QActions of one window, made from a table and enabled by the situation."""

    def __init__(self, parent: QObject | None = None, specs: Iterable[ActionSpec] = ACTIONS) -> None:
        super().__init__(parent)
        self._specs = {spec.id: spec for spec in specs}
        self._actions = {spec.id: self._make(spec) for spec in self._specs.values()}
        self._situation = Situation()
        self.follow(self._situation)

    def __getitem__(self, action_id: str) -> QAction:
        return self._actions[action_id]

    @property
    def situation(self) -> Situation:
        return self._situation

    def spec(self, action_id: str) -> ActionSpec:
        return self._specs[action_id]

    def of(self, place: str) -> list[QAction]:
        """All actions of a page, in the order of the table."""
        return [self._actions[spec.id] for spec in self._specs.values() if spec.place == place]

    def attach(self, widget: QWidget, place: str) -> None:
        """Let `widget` and everything in it hear the keys of `place`."""
        widget.addActions(self.of(place))

    def follow(self, situation: Situation) -> None:
        """Enable what `situation` allows."""
        self._situation = situation
        for spec in self._specs.values():
            self._actions[spec.id].setEnabled(spec.enabled_when(situation))

    def use_keys(self, keys: Mapping[str, tuple[str, ...]]) -> None:
        """Give the actions named in `keys` those instead of their own."""
        for action_id, wanted in keys.items():
            self._give_keys(self._actions[action_id], wanted)

    def _make(self, spec: ActionSpec) -> QAction:
        text = QCoreApplication.translate("actions", spec.text)
        in_menu = QCoreApplication.translate("actions", spec.menu_text) if spec.menu_text else text
        action = QAction(in_menu.replace("&", "&&"), self)
        action.setIconText(text)
        action.setObjectName(spec.id)
        context = Qt.ShortcutContext
        action.setShortcutContext(context.WidgetWithChildrenShortcut if spec.place else context.WindowShortcut)
        action.setCheckable(spec.checkable)
        action.setProperty("icon_name", spec.icon_name)
        if spec.icon_name:
            action.setIcon(icon(spec.icon_name))
        self._give_keys(action, spec.keys)
        return action

    @staticmethod
    def _give_keys(action: QAction, wanted: tuple[str, ...]) -> None:
        action.setShortcuts([QKeySequence(key) for key in wanted])
        keys = ", ".join(key.toString(QKeySequence.SequenceFormat.NativeText) for key in action.shortcuts())
        text = action.iconText().rstrip("…")
        action.setToolTip(f"{text}  ({keys})" if keys else text)
