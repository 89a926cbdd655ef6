"""The options of the Basic Profile by the names that the command line and the wizard use (PS3.15 E.3)."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class ProfileOption:
    """One option: `column` is its name in the table, `code` its method code in CID 7050 (PS3.16)."""

    name: str
    title: str
    sentence: str
    code: str
    column: str
    implemented: bool


_ALL = (
    ProfileOption(
        "retain-uids", "Retain UIDs", "Study, series and instance UIDs stay as they are.", "113110", "retain_uids", True
    ),
    ProfileOption(
        "retain-device-identity",
        "Retain device identity",
        "Serial numbers, station names and other device identifiers stay.",
        "113109",
        "retain_device_identity",
        True,
    ),
    ProfileOption(
        "retain-institution-identity",
        "Retain institution identity",
        "Name and address of the institution stay.",
        "113112",
        "retain_institution_identity",
        True,
    ),
    ProfileOption(
        "retain-patient-characteristics",
        "Retain patient characteristics",
        "Age, sex, size, weight and the like stay.",
        "113108",
        "retain_patient_characteristics",
        True,
    ),
    ProfileOption(
        "retain-full-dates",
        "Retain full dates",
        "Dates and times of the examination stay as they are; the birth date does not.",
        "113106",
        "retain_longitudinal_full_dates",
        True,
    ),
    ProfileOption(
        "retain-modified-dates",
        "Retain modified dates",
        "All dates of a patient move back by the same secret number of days; intervals stay.",
        "113107",
        "retain_longitudinal_modified_dates",
        True,
    ),
    ProfileOption(
        "retain-safe-private",
        "Retain safe private attributes",
        "Private attributes that the standard lists as safe stay, their texts cleaned.",
        "113111",
        "retain_safe_private",
        True,
    ),
    ProfileOption(
        "clean-descriptors",
        "Clean descriptors",
        "Descriptions stay with identifying words taken out.",
        "113105",
        "clean_descriptors",
        False,
    ),
    ProfileOption(
        "clean-structured-content",
        "Clean structured content",
        "The content of structured reports stays with identifying items taken out.",
        "113104",
        "clean_structured_content",
        False,
    ),
    ProfileOption(
        "clean-graphics",
        "Clean graphics",
        "Overlays and annotations stay with identifying ones taken out.",
        "113103",
        "clean_graphics",
        False,
    ),
    ProfileOption(
        "clean-pixel-data",
        "Clean pixel data",
        "Text burned into the image is blacked out.",
        "113101",
        "clean_pixel_data",
        False,
    ),
    ProfileOption(
        "clean-visual-features",
        "Clean recognizable visual features",
        "Faces that could be recognised are removed.",
        "113102",
        "clean_visual_features",
        False,
    ),
)
OPTIONS: MappingProxyType[str, ProfileOption] = MappingProxyType({option.name: option for option in _ALL})
EXCLUSIVE = frozenset({"retain-full-dates", "retain-modified-dates"})  # PS3.15 E.3.6: one or the other
