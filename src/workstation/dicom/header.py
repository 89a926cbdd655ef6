"""The header of a file, read no more slowly than what is asked of it needs: by the scan, or by pydicom."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from workstation.dicom.header_scan import NeedsFullHeader, scan_header

if TYPE_CHECKING:
    from workstation.dicom.elements import Header

Made = TypeVar("Made")


def from_header(path: str | Path, make: Callable[[Header], Made]) -> Made:
    """`make(header)`, first with a scan, then with the whole header where the scan does not know enough.

    `make` reads through `dicom.elements` and must not act, since it may be called twice. Raises NotDicom,
    DamagedFile, OSError.
    """
    scan = scan_header(path)
    if scan is not None:
        try:
            return make(scan)
        except NeedsFullHeader:
            pass
    from workstation.dicom.read import read_header  # noqa: PLC0415 - pydicom, not needed for plain files

    return make(read_header(path))
