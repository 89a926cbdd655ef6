"""What must be known of a Part 10 file to send it as it is (PS3.10 7.1)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pydicom  # noqa: F401 - before its parts, or two threads see it half loaded
from pydicom.filereader import _read_file_meta_info, read_partial, read_preamble

from workstation.dicom import elements
from workstation.dicom.header_scan import NeedsFullHeader, scan_header
from workstation.dicom.quiet import quiet
from workstation.domain.errors import NotDicom
from workstation.domain.uid import is_valid_uid


@dataclass(frozen=True, slots=True)
class Part10File:
    """A file with its identity, and the bytes of its data set from `offset` to the end."""

    path: Path
    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    offset: int
    size: int

    @classmethod
    def read(cls, path: Path) -> Part10File:
        """Raises NotDicom, or OSError where the file cannot be read.

        The UIDs are those of the data set, which the peer will compare with what is announced; group 0002
        of real files says otherwise now and then.
        """
        scan = scan_header(path)
        if scan is None:
            return cls._read_whole(path)
        try:
            sop_class, sop_instance = (
                elements.first_text(scan, keyword) for keyword in ("SOPClassUID", "SOPInstanceUID")
            )
        except NeedsFullHeader:
            return cls._read_whole(path)
        return cls(path, *_valid(path, sop_class, sop_instance, scan.transfer_syntax), scan.start, scan.size)

    @classmethod
    def _read_whole(cls, path: Path) -> Part10File:
        with quiet(), path.open("rb") as file:
            if read_preamble(file, force=True) is None:
                raise NotDicom(path=path, reason="no Part 10 header")
            try:
                meta = _read_file_meta_info(file)
                offset = file.tell()
                size = file.seek(0, 2)
                file.seek(0)
                first = read_partial(file, stop_when=lambda tag, _vr, _length: tag > 0x00080018)
            except OSError:
                raise
            except Exception as error:  # pydicom raises whatever the bytes provoke
                raise NotDicom(path=path, reason="Part 10 header unreadable") from error
        sop_class = elements.first_text(first, "SOPClassUID")
        sop_instance = elements.first_text(first, "SOPInstanceUID")
        syntax = elements.first_text(meta, "TransferSyntaxUID")
        return cls(path, *_valid(path, sop_class, sop_instance, syntax), offset, size)

    @property
    def data_bytes(self) -> int:
        return self.size - self.offset


def _valid(path: Path, sop_class: str, sop_instance: str, syntax: str) -> tuple[str, str, str]:
    if not (is_valid_uid(sop_class) and is_valid_uid(sop_instance)):
        raise NotDicom(path=path, reason="no SOP Class UID or SOP Instance UID")
    if not is_valid_uid(syntax):
        raise NotDicom(path=path, reason="no transfer syntax in the Part 10 header")
    return sop_class, sop_instance, syntax
