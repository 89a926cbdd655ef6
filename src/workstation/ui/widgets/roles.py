"""Item roles that models and the row delegate share; QtCore only, so that models may import them."""

from __future__ import annotations

from PySide6.QtCore import Qt

STYLE_ROLE = Qt.ItemDataRole.UserRole + 1  # words: strong, muted, mono, red, right, or pill-<tone>
FOLD_ROLE = Qt.ItemDataRole.UserRole + 2  # in the narrow first column: open, closed, or nothing
