"""The Python codecs of a data set's Specific Character Set (PS3.3 C.12.1.1.2)."""

from __future__ import annotations

from pydicom import Dataset
from pydicom.charset import python_encoding

from workstation.deidentify.texts import values_of


def encodings_of(dataset: Dataset) -> tuple[str, ...]:
    """Codecs in which texts of this data set may be written, unknown ones left out."""
    try:
        names = values_of(dataset["SpecificCharacterSet"]) if "SpecificCharacterSet" in dataset else ()
    except Exception:  # noqa: BLE001 - pydicom raises whatever the bytes provoke
        return ()
    return tuple({python_encoding[name] for name in names if name in python_encoding})
