"""The switches of what goes along: one for all on the button, one for each in its menu."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMenu, QToolButton

from workstation.ui.actions import Actions
from workstation.ui.viewer.sync import Linker

# action -> field of Links
SCROLLING = {"link_scroll": "scroll", "link_apart": "apart"}
LOOKING = {"link_zoom": "zoom", "link_pan": "pan", "link_window": "window", "link_turns": "turns"}
LINES = {"link_lines": "lines", "link_ends": "ends"}


class LinkSwitches(QObject):
    def __init__(self, linker: Linker, actions: Actions, button: QToolButton) -> None:
        super().__init__(linker)
        self._linker, self._actions = linker, actions
        menu = QMenu(button)
        for switches in (SCROLLING, LOOKING, LINES):
            for name in switches:
                menu.addAction(actions[f"viewer.{name}"])
            menu.addSeparator()
        button.setMenu(menu)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        self._switches = {"link": "on", **SCROLLING, **LOOKING, **LINES}
        for name, field in self._switches.items():
            actions[f"viewer.{name}"].toggled.connect(lambda on, field=field: linker.switch(field, on))
        linker.links_changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        links = self._linker.links
        for name, field in self._switches.items():
            self._actions[f"viewer.{name}"].setChecked(getattr(links, field))
