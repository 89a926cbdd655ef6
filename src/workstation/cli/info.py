"""workstation info"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from workstation.cli.output import (
    DONE,
    FAILED,
    PARTLY,
    error_record,
    print_error,
    print_facts,
    print_json,
    print_table,
    print_warning,
)
from workstation.cli.running import worst
from workstation.cli.session import Session, json_option, pass_session
from workstation.dicom.decode_pool import DecodePool
from workstation.dicom.inspect import FileFacts, FrameFacts, inspect
from workstation.domain.errors import InputError, NotDicom
from workstation.services.file_walk import FileWalk


@click.command("info")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--pixels", is_flag=True, help="Decode every frame: minimum, maximum, mean and SHA-256 of its values.")
@json_option
@pass_session
def command(session: Session, *, paths: tuple[Path, ...], pixels: bool, as_json: bool) -> int:
    """Show what DICOM files hold: transfer syntax, SOP class, size; files in folders that are not DICOM are skipped."""
    statuses: list[int] = []
    skipped = 0
    with ExitStack() as closing:
        pool = closing.enter_context(DecodePool(session.settings().decode)) if pixels else None
        for path, error in _files(paths):
            try:
                if error is not None:
                    raise error
                facts = inspect(path, pixels, pool)
            except NotDicom as not_dicom:
                if path not in paths:
                    skipped += 1
                    continue
                statuses.append(_refuse(path, not_dicom, as_json))
            except InputError as refused:
                statuses.append(_refuse(path, refused, as_json))
            else:
                if statuses and not as_json:
                    click.echo()
                statuses.append(_show(facts, as_json))
    if skipped and not statuses:
        raise NotDicom(path=", ".join(str(path) for path in paths), reason="no DICOM file was found there")
    if skipped:
        print_warning(f"{skipped} of the files are not DICOM and were skipped.")
    return worst(statuses)


def record_of(facts: FileFacts) -> dict[str, Any]:
    """The facts as `--json` prints them; frames are numbered from 1."""
    record = {name: value for name, value in asdict(facts).items() if name != "frame_facts"}
    record |= {"path": str(facts.path), "incomplete": facts.incomplete or None}
    record["pixels"] = [
        {
            "frame": frame.index + 1,
            "shape": list(frame.shape),
            "min": _finite(frame.minimum),
            "max": _finite(frame.maximum),
            "mean": _finite(frame.mean),
            "sha256": frame.sha256 or None,
            "incomplete": frame.incomplete or None,
            "decoder": frame.decoder or None,
            "error": frame.error or None,
        }
        for frame in facts.frame_facts
    ]
    return record | {"error": None}


def _finite(value: float | None) -> float | None:
    """JSON has no infinity and no NaN, which float pixel data may hold."""
    return value if value is not None and math.isfinite(value) else None


def _files(paths: tuple[Path, ...]) -> Iterator[tuple[Path, InputError | None]]:
    walk = FileWalk(paths)
    for path in walk:
        yield path, None
    for problem in walk.problems:
        yield Path(problem.details.get("path", "")), problem


def _refuse(path: Path, error: InputError, as_json: bool) -> int:
    if as_json:
        print_json({"path": str(path), "error": error_record(error)})
    print_error(error)
    return FAILED


def _show(facts: FileFacts, as_json: bool) -> int:
    if as_json:
        print_json(record_of(facts))
    else:
        print_facts(_lines(facts))
        if facts.frame_facts:
            print_table(("frame", "min", "max", "mean", "sha256"), [_row(frame) for frame in facts.frame_facts])
    if facts.incomplete:
        print_warning(f"{facts.path}: {facts.incomplete}")
    failed = [frame for frame in facts.frame_facts if frame.error]
    if not failed:
        return DONE
    print_warning(
        f"{facts.path}: {len(failed)} of {len(facts.frame_facts)} frames cannot be decoded ({failed[0].error})"
    )
    return FAILED if len(failed) == len(facts.frame_facts) else PARTLY


def _lines(facts: FileFacts) -> Iterator[tuple[str, object]]:
    yield "File", facts.path
    yield "Size", f"{facts.size_bytes} bytes"
    yield "Transfer syntax", _named(facts.transfer_syntax, facts.transfer_syntax_uid)
    yield "SOP class", _named(facts.sop_class, facts.sop_class_uid)
    yield "Modality", facts.modality
    yield "Patient", facts.patient_name
    if facts.rows is None:
        return
    yield "Image", f"{facts.columns} x {facts.rows}, {facts.frames or 1} frame{'' if facts.frames == 1 else 's'}"
    yield (
        "Pixels",
        f"{facts.photometric_interpretation}, {facts.samples_per_pixel} sample, "
        f"{facts.bits_stored} of {facts.bits_allocated} bits, {'signed' if facts.pixel_representation else 'unsigned'}",
    )


def _named(name: str, uid: str) -> str:
    return f"{name} ({uid})" if name else uid


def _row(frame: FrameFacts) -> tuple[object, ...]:
    if frame.error:
        return frame.index + 1, "", "", "", frame.error
    return frame.index + 1, frame.minimum, frame.maximum, f"{frame.mean:.3f}", frame.sha256
