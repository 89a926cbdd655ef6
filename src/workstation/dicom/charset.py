"""Texts of a data set and the character set they are in (PS3.3 C.12.1.1.2, PS3.5 chapter 6)."""

from __future__ import annotations

from pydicom import Dataset
from pydicom.charset import convert_encodings
from pydicom.dataelem import RawDataElement

from workstation.dicom.quiet import quiet

SPECIFIC_CHARACTER_SET = 0x00080005
LATIN_1 = "iso8859"
UTF_8 = "utf8"


def assume_character_set(dataset: Dataset, assumed: str = "") -> None:
    """Decide how texts are read where Specific Character Set (0008,0005) is absent or empty.

    The standard then allows ASCII only. Bytes beyond it are read as `assumed` (a defined term such as
    `ISO_IR 192`) when given, else as UTF-8 when they all are, else as Latin 1: what devices mean.
    """
    declared = dataset.get_item(SPECIFIC_CHARACTER_SET, keep_deferred=True)
    if declared is not None and str(declared.value or b"").strip("b' "):
        return
    raw = _non_ascii_values(dataset)
    if not raw:
        return
    if assumed:
        with quiet():
            encodings = convert_encodings(assumed.split("\\"))
    else:
        encodings = [UTF_8] if all(map(_is_utf8, raw)) else [LATIN_1]
    implicit, little = dataset.original_encoding
    dataset.set_original_encoding(implicit, little, encodings)


def _non_ascii_values(dataset: Dataset) -> list[bytes]:
    texts = ("PN", "LO", "SH", "ST", "LT", "UT", "UC", None)
    return [
        element.value
        for element in dataset.elements()
        if isinstance(element, RawDataElement)
        and element.VR in texts
        and isinstance(element.value, bytes)
        and len(element.value) <= 4096
        and not element.value.isascii()
    ]


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode(UTF_8)
    except UnicodeDecodeError:
        return False
    return True
