"""The keys people bring from other workstations: what each profile has otherwise than `actions` says.

An action whose key went to another one has a new key here, so that nothing is without one.
"""

from __future__ import annotations

from collections.abc import Mapping

from workstation.settings import KeyProfile

Keys = Mapping[str, tuple[str, ...]]

PROFILES: Mapping[KeyProfile, Keys] = {
    KeyProfile.STANDARD: {},
    KeyProfile.WEASIS: {
        "viewer.rotate": ("R",),
        "viewer.reset": ("Shift+R",),
        "viewer.cursor": ("H",),
        "viewer.flip_horizontal": ("Alt+F",),
        "viewer.overlay": ("Space", "I"),
        "viewer.invert": ("Shift+I",),
        "viewer.text": ("B", "X"),
        "viewer.fit": ("Ctrl+Return", "F"),
        "viewer.zoom_in": ("Ctrl++", "+", "="),
        "viewer.zoom_out": ("Ctrl+-", "-"),
    },
    KeyProfile.OHIF: {
        "viewer.next_page": ("Shift+Down",),
        "viewer.previous_page": ("Shift+Up",),
        "viewer.next_series": ("PgDown",),
        "viewer.previous_series": ("PgUp",),
        "viewer.next_viewport": ("Right", "Tab"),
        "viewer.previous_viewport": ("Left", "Shift+Tab"),
        "viewer.reset": ("Space",),
        "viewer.overlay": ("Shift+Space",),
        "viewer.rotate_right": ("R", "Alt+R"),
        "viewer.rotate_left": ("L", "Alt+L"),
        "viewer.length": ("D",),
        "viewer.fit": ("=", "F"),
        "viewer.zoom_in": ("+",),
        "viewer.delete": ("Backspace", "Del"),
    },
    KeyProfile.HOROS: {
        "viewer.pan": ("M",),
        "viewer.text": ("T", "X"),
        "viewer.rotate": ("I",),
        "viewer.invert": ("Shift+I",),
        "viewer.cursor": ("Y",),
        "viewer.link": ("Shift+Y",),
        "viewer.length": ("L", "D"),
        "viewer.default_window": ("~", "`"),
    },
    KeyProfile.CLEARCANVAS: {
        "viewer.next_image": ("Down", "PgDown"),
        "viewer.previous_image": ("Up", "PgUp"),
        "viewer.next_page": ("Shift+Down",),
        "viewer.previous_page": ("Shift+Up",),
        "viewer.next_series": ("N", "Right"),
        "viewer.previous_series": ("E", "Left"),
        "viewer.ellipse": ("Ctrl+Shift+E",),
        "viewer.pan": ("P",),
        "viewer.point": ("Alt+P",),
        "viewer.rotate_right": ("R", "Alt+R"),
        "viewer.rotate_left": ("L", "Alt+L"),
        "viewer.length": ("D",),
        "viewer.reset": ("Shift+X",),
        "viewer.zoom_in": (".", "+", "="),
        "viewer.zoom_out": (",", "-"),
        "viewer.cine_faster": ("Ctrl+.",),
        "viewer.cine_slower": ("Ctrl+-",),
        "viewer.overlay": ("Space", "O"),
        "viewer.planes": ("Ctrl+Shift+O",),
    },
}
