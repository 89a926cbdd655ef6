"""What `workstation info` prints: the facts of a file, and of its decoded frames."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from pydicom import Dataset
from pydicom.uid import UID

from workstation.dicom import elements
from workstation.dicom.decode_pool import DecodePool
from workstation.dicom.pixel_format import transfer_syntax
from workstation.dicom.quiet import quiet
from workstation.dicom.read import OpenedFile, open_file
from workstation.domain.errors import DecodeFailed, InputError, NoPixelData
from workstation.imaging.frame import Stored


@dataclass(frozen=True, slots=True)
class FrameFacts:
    """Of the stored values of one frame. `sha256` is over little-endian int32 in C order (floats as they are)."""

    index: int
    shape: tuple[int, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None
    sha256: str = ""
    incomplete: str = ""
    decoder: str = ""  # the library that decoded it, and those that failed before; empty for native pixels
    error: str = ""  # the code of the error where the frame cannot be decoded


@dataclass(frozen=True, slots=True)
class FileFacts:
    path: Path
    size_bytes: int
    transfer_syntax_uid: str
    transfer_syntax: str
    sop_class_uid: str
    sop_class: str
    modality: str
    patient_name: str
    character_set: str
    rows: int | None
    columns: int | None
    frames: int | None
    photometric_interpretation: str
    samples_per_pixel: int | None
    bits_allocated: int | None
    bits_stored: int | None
    pixel_representation: int | None
    incomplete: str = ""
    frame_facts: tuple[FrameFacts, ...] = ()


def inspect(path: str | Path, pixels: bool = False, pool: DecodePool | None = None) -> FileFacts:
    """The facts; with `pixels` every frame is decoded, in `pool` or one of its own.

    Raises NotDicom, DamagedFile; a frame that cannot be decoded says so in its own facts.
    """
    path = Path(path)
    with open_file(path) as opened, quiet():
        has_pixels = opened.pixels is not None
        facts = _facts(path, opened)
    if not pixels or not has_pixels:
        return facts
    if pool is not None:
        return _with_frames(facts, pool)
    with DecodePool() as own:
        return _with_frames(facts, own)


def _facts(path: Path, opened: OpenedFile) -> FileFacts:
    dataset = opened.dataset
    syntax = transfer_syntax(opened)
    sop_class = elements.first_text(dataset, "SOPClassUID") or elements.first_text(
        dataset.file_meta, "MediaStorageSOPClassUID"
    )
    rows = elements.integer(dataset, "Rows")
    return FileFacts(
        path=path,
        size_bytes=path.stat().st_size,
        transfer_syntax_uid=syntax,
        transfer_syntax=uid_name(syntax),
        sop_class_uid=sop_class,
        sop_class=uid_name(sop_class),
        modality=elements.first_text(dataset, "Modality"),
        patient_name=elements.person_name(dataset, "PatientName").value,
        character_set=elements.text(dataset, "SpecificCharacterSet"),
        rows=rows,
        columns=elements.integer(dataset, "Columns"),
        frames=_frames(dataset, rows),
        photometric_interpretation=elements.first_text(dataset, "PhotometricInterpretation"),
        samples_per_pixel=elements.integer(dataset, "SamplesPerPixel"),
        bits_allocated=elements.integer(dataset, "BitsAllocated"),
        bits_stored=elements.integer(dataset, "BitsStored"),
        pixel_representation=elements.integer(dataset, "PixelRepresentation"),
        incomplete=opened.incomplete,
    )


def _frames(dataset: Dataset, rows: int | None) -> int | None:
    frames = elements.integer(dataset, "NumberOfFrames")
    return frames if frames is not None or rows is None else 1


def uid_name(uid: str) -> str:
    """The name PS3.6 gives a UID, empty for one it does not know."""
    name = UID(uid).name if uid else ""
    return "" if name == uid else name


def _with_frames(facts: FileFacts, pool: DecodePool) -> FileFacts:
    found = []
    for index in range(max(1, facts.frames or 1)):
        try:
            frame = pool.frame(facts.path, index)
        except NoPixelData:
            break
        except InputError as error:
            found.append(FrameFacts(index, error=error.code, incomplete=error.details.get("reason", "")))
            if not isinstance(error, DecodeFailed):
                break  # it is about the file, so every further frame would say the same
        else:
            read = frame_facts(index, frame.stored, frame.attributes.incomplete)
            found.append(replace(read, decoder=frame.attributes.decoder))
    return replace(facts, frame_facts=tuple(found))


def frame_facts(index: int, stored: Stored, incomplete: str = "") -> FrameFacts:
    """Minimum, maximum, mean and digest of stored values."""
    whole = stored.dtype.kind in "iu"
    low, high = (float(value) for value in (np.min(stored), np.max(stored)))
    return FrameFacts(
        index=index,
        shape=tuple(stored.shape),
        minimum=int(low) if whole else low,
        maximum=int(high) if whole else high,
        mean=float(stored.astype(np.float64).mean()),
        sha256=stored_sha256(stored),
        incomplete=incomplete,
    )


def stored_sha256(stored: Stored) -> str:
    """SHA-256 of the values as little-endian int32 in C order, colour interleaved; floats as they are."""
    kind = stored.dtype.newbyteorder("<") if stored.dtype.kind == "f" else np.dtype("<i4")
    return hashlib.sha256(np.ascontiguousarray(stored.astype(kind, copy=False)).tobytes()).hexdigest()
