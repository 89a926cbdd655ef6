"""What is shown of an object without a picture: its text, or its wave form; and saving what it encapsulates."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import TYPE_CHECKING

from workstation.domain.document import Document
from workstation.domain.errors import DiskFull, LocalError
from workstation.imaging.recording import Recording

if TYPE_CHECKING:
    from workstation.dicom.encapsulated import Encapsulated

_REPORTS = "1.2.840.10008.5.1.4.1.1.88."
_WAVEFORMS = "1.2.840.10008.5.1.4.1.1.9."
PDF = "1.2.840.10008.5.1.4.1.1.104.1"
Readable = Document | Recording


def read_readable(path: str | Path) -> Readable:
    """By the class of the object and by what it holds. Raises NotDicom, DamagedFile."""
    from workstation.dicom import elements  # noqa: PLC0415 - all of it is needed for documents alone
    from workstation.dicom.encapsulated import encapsulated_card  # noqa: PLC0415
    from workstation.dicom.object_card import object_card  # noqa: PLC0415
    from workstation.dicom.read import read_header  # noqa: PLC0415
    from workstation.dicom.structured_report import read_report  # noqa: PLC0415
    from workstation.dicom.waveform import read_recording  # noqa: PLC0415

    dataset = read_header(path)
    with elements.quietly(dataset):
        uid = elements.first_text(dataset, "SOPClassUID")
        if uid.startswith(_WAVEFORMS) or "WaveformSequence" in dataset:
            return read_recording(dataset)
        if uid.startswith(_REPORTS) or "ContentSequence" in dataset:
            return read_report(dataset)
        if "EncapsulatedDocument" in dataset or uid.startswith("1.2.840.10008.5.1.4.1.1.104."):
            return encapsulated_card(dataset)
        return object_card(dataset)


def read_attachment(path: str | Path) -> Encapsulated:
    """Raises NotDicom, DamagedFile, UnsupportedObject where there is no document in it."""
    from workstation.dicom.encapsulated import read_encapsulated  # noqa: PLC0415 - needed for documents alone

    return read_encapsulated(path)


def save_attachment(path: str | Path, out: str | Path) -> None:
    """Write the document in `path` as it was before it was wrapped. Raises InputError, LocalError."""
    write_whole(Path(out), read_attachment(path).data)


def write_whole(out: Path, data: bytes) -> None:
    """Raises DiskFull, LocalError."""
    partial = out.with_name(out.name + ".part")
    try:
        partial.write_bytes(data)
        partial.replace(out)
    except OSError as error:
        partial.unlink(missing_ok=True)
        kind = DiskFull if error.errno in (errno.ENOSPC, errno.EDQUOT) else LocalError
        raise kind(path=out, reason=error.strerror or type(error).__name__) from error
