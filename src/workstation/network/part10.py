"""What must be known of a Part 10 file to send it as it is (PS3.10 7.1)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydicom.filereader import _read_file_meta_info, read_preamble

from workstation.dicom import elements
from workstation.dicom.quiet import quiet
from workstation.dicom.summarise import summarise
from workstation.domain.errors import NotDicom
from workstation.domain.uid import is_valid_uid


@dataclass(frozen=True, slots=True)
class Part10File:
    """A file with its identity by group 0002, and the bytes of its data set from `offset` to the end."""

    path: Path
    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    offset: int
    size: int

    @classmethod
    def read(cls, path: Path) -> Part10File:
        """Raises NotDicom and DamagedFile, or OSError where the file cannot be read."""
        with quiet(), path.open("rb") as file:
            if read_preamble(file, force=True) is None:
                raise NotDicom(path=path, reason="no Part 10 header")
            meta = _read_file_meta_info(file)
            offset = file.tell()
            size = file.seek(0, 2)
        sop_class = elements.first_text(meta, "MediaStorageSOPClassUID")
        sop_instance = elements.first_text(meta, "MediaStorageSOPInstanceUID")
        syntax = elements.first_text(meta, "TransferSyntaxUID")
        if not (is_valid_uid(sop_class) and is_valid_uid(sop_instance)):
            instance = summarise(path).instance
            sop_class, sop_instance = instance.sop_class_uid, instance.sop_instance_uid
        if not is_valid_uid(syntax):
            raise NotDicom(path=path, reason="no transfer syntax in the Part 10 header")
        return cls(path, sop_class, sop_instance, syntax, offset, size)

    @property
    def data_bytes(self) -> int:
        return self.size - self.offset
