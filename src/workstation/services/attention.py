"""What somebody looks at right now: transfers under way bring it first."""

from __future__ import annotations


class Attention:
    """Safe from any thread: one value, replaced as a whole."""

    def __init__(self) -> None:
        self._looked_at = ("", "")

    def look_at(self, study_instance_uid: str, series_instance_uid: str) -> None:
        """Empty when nothing is looked at."""
        self._looked_at = (study_instance_uid, series_instance_uid)

    def series_of(self, study_instance_uid: str) -> str:
        """The series of that study that is looked at, empty when none is."""
        study, series = self._looked_at
        return series if study == study_instance_uid else ""
