"""The sample studies that ship with the product, moved in time so that the newest was made today."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

from pydicom import dcmread
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileDataset
from pydicom.multival import MultiValue

_DATE = "%Y%m%d"
_FIXED = ("PatientBirthDate", "ContextGroupVersion", "ContextGroupLocalVersion")


def sample_files(folder: Path) -> list[Path]:
    """The DICOM files below `folder`, in a fixed order."""
    return sorted(folder.rglob("*.dcm"))


def load(folder: Path, today: date | None = None) -> list[FileDataset]:
    """Every sample, dates moved by the same number of days; times of day stay."""
    instances = [dcmread(path) for path in sample_files(folder)]
    dates = [parsed for instance in instances if (parsed := _parsed(str(instance.get("StudyDate", ""))))]
    if dates:
        shift = (today or date.today()) - max(dates)
        for instance in instances:
            shift_dates(instance, shift)
    return instances


def shift_dates(dataset: Dataset, shift: timedelta) -> None:
    """Move every date of `dataset`, at any depth, except the patient's birth date."""
    for element in _dated(dataset):
        if isinstance(element.value, MultiValue):
            element.value = [_shifted(str(value), shift) for value in element.value]
        elif element.value:
            element.value = _shifted(str(element.value), shift)


def _dated(dataset: Dataset) -> Iterator[DataElement]:
    for element in dataset:
        if element.VR == "SQ":
            for item in element.value:
                yield from _dated(item)
        elif element.VR in ("DA", "DT") and element.keyword not in _FIXED:
            yield element


def _shifted(value: str, shift: timedelta) -> str:
    parsed = _parsed(value[:8])
    return (parsed + shift).strftime(_DATE) + value[8:] if parsed else value


def _parsed(value: str) -> date | None:
    try:
        return datetime.strptime(value, _DATE).date()
    except ValueError:
        return None
