"""Why images are key images: the titles of a Key Object Selection (PS3.16 CID 7010)."""

from __future__ import annotations

from enum import Enum


class KeyObjectTitle(Enum):
    """Code value of the scheme DCM, and its meaning."""

    OF_INTEREST = ("113000", "Of Interest")
    FOR_REFERRING_PROVIDER = ("113002", "For Referring Provider")
    FOR_SURGERY = ("113003", "For Surgery")
    FOR_TEACHING = ("113004", "For Teaching")
    FOR_CONFERENCE = ("113005", "For Conference")
    FOR_THERAPY = ("113006", "For Therapy")
    FOR_PATIENT = ("113007", "For Patient")
    FOR_PEER_REVIEW = ("113008", "For Peer Review")
    FOR_RESEARCH = ("113009", "For Research")
    QUALITY_ISSUE = ("113010", "Quality Issue")
    BEST_IN_SET = ("113013", "Best In Set")

    @property
    def code(self) -> str:
        return self.value[0]

    @property
    def meaning(self) -> str:
        return self.value[1]
