"""What an export is asked for and what it answers; apart from `export`, whose libraries are slow to load."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class DeidentifyAndExport:
    """Studies of the archive (or files), de-identified into a folder.

    `pixels` is "hold" or "accept": whether somebody has looked at the images that may have text burned
    in. Without `key_file` the key is thrown away: nobody can link or repeat the pseudonyms.
    `report` is a path for the JSON report; the HTML one is written beside it.
    """

    kind: ClassVar[str] = "deidentify"
    version: ClassVar[int] = 1
    journalled: ClassVar[bool] = True

    destination: str
    paths: tuple[str, ...] = ()
    study_instance_uids: tuple[str, ...] = ()
    profile: str = "basic"
    options: tuple[str, ...] = ()
    key_file: str = ""
    create_key_file: bool = True
    report: str = ""
    pixels: str = "hold"

    @property
    def lane(self) -> str:
        return "disk"

    @property
    def subject(self) -> str:
        studies, paths = len(self.study_instance_uids), len(self.paths)
        counts = [(studies, "study" if studies == 1 else "studies"), (paths, "path" if paths == 1 else "paths")]
        return ", ".join(f"{count} {word}" for count, word in counts if count)


@dataclass(frozen=True, slots=True)
class DeidentifyFiles(DeidentifyAndExport):
    """The same for files that a person names. Not journalled: the names of people's folders are people's names."""

    kind: ClassVar[str] = "deidentify-files"
    journalled: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class NotReleased:
    """A file that was held. `path` is for the person at the screen; the report does not have it."""

    path: str
    reason: str  # a value of deidentify.held.Why
    explanation: str


@dataclass(frozen=True, slots=True)
class ExportResult:
    """`folder` is where the export appeared, empty when nothing was released."""

    folder: str = ""
    written: int = 0
    patients: int = 0
    duplicates: int = 0
    held: tuple[NotReleased, ...] = ()
    skipped: tuple[str, ...] = ()  # no DICOM
    bytes: int = 0
    report: str = ""  # the JSON report
    report_html: str = ""
    report_sha256: str = ""
