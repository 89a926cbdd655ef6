"""The real files: each is de-identified or held, stays valid, keeps its pixels, and references stay whole."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset, dcmread

from tests.support.job import RecordingContext
from tests.support.peers import require_program
from tests.support.testdata import manifest, require_testdata
from workstation.deidentify.container import write
from workstation.deidentify.identities import ProjectKey
from workstation.deidentify.options import OPTIONS
from workstation.deidentify.verify import identifying_uids, verify
from workstation.dicom.decode import decode_stored
from workstation.dicom.quiet import quiet
from workstation.dicom.read import read_dataset
from workstation.domain.errors import DecodeFailed, InputError, NotDicom
from workstation.services.deidentify import Cohort, Selection, Treated, collect, treat
from workstation.services.export import run_export
from workstation.services.export_command import DeidentifyFiles, ExportResult

SELECTION = Selection.of("basic", (), ProjectKey(bytes(range(32))), "accept")
FOLDERS = sorted({row["path"].split("/")[0] for row in manifest()}) or ["the test data"]
_ALIKE = 12  # files of one folder that are slices of one series: that many of them are enough
_LEAST_VALID_PERCENT = 99


def rows_of(folder: str) -> Iterator[dict[str, str]]:
    """The files of one folder of the test data, thinned where hundreds are slices of a volume."""
    seen: Counter[str] = Counter()
    for row in manifest():
        if row["path"].startswith(f"{folder}/"):
            parent = str(Path(row["path"]).parent)
            seen[parent] += 1
            if folder not in ("volumes", "dicomdir") or seen[parent] <= _ALIKE:
                yield row


def treated(paths: list[Path]) -> Iterator[tuple[Path, Treated, Cohort]]:
    cohort = collect(paths, SELECTION)
    for path in paths:
        try:
            yield path, treat(path, SELECTION, cohort), cohort
        except (NotDicom, InputError):
            continue


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_file_is_made_clean_or_held_or_refused(folder: str, tmp_path: Path) -> None:
    root = require_testdata()
    rows = {root / row["path"]: row for row in rows_of(folder)}
    answered = set()
    for path, result, cohort in treated(list(rows)):
        answered.add(path)
        if result.result is None:
            assert result.held is not None
            continue
        assert result.original is not None
        staged = tmp_path / "staged.dcm"
        staged.unlink(missing_ok=True)
        with quiet():
            write(result.result.dataset, staged)
            written = read_dataset(staged)
            old = identifying_uids(result.original, SELECTION.identities)
            assert verify(written, staged.read_bytes(), cohort.of(result.original), old) == ()
            assert_same_pixels(path, staged, result.original, written)
    unanswered = {path for path in rows if path not in answered}
    assert not {path.name for path in unanswered if rows[path]["expected"] == "loads"}


def assert_same_pixels(path: Path, staged: Path, original: Dataset, written: Dataset) -> None:
    """Byte for byte; where hidden bits or comments were blanked, the decoded picture."""
    for keyword in ("PixelData", "FloatPixelData", "DoubleFloatPixelData"):
        assert (keyword in original) == (keyword in written)
    if "PixelData" not in original:
        return
    before, after = (ds.get_item("PixelData").value or b"" for ds in (original, written))
    before, after = (value + b"\0" * (len(value) % 2) for value in (before, after))  # PS3.5 8.1.1: even length
    assert len(before) == len(after)
    if before != after:
        assert picture(path) == picture(staged)


def picture(path: Path) -> bytes:
    """The first frame decoded; empty where the codestream cannot be decoded at all."""
    try:
        return np.ascontiguousarray(decode_stored(path, 0)).tobytes()
    except DecodeFailed:
        return b""


def test_no_object_gets_a_new_error_from_dciodvfy(tmp_path: Path) -> None:
    dciodvfy = require_program("dciodvfy", "dicom3tools")
    root = require_testdata()
    pairs = []
    for folder in FOLDERS:
        paths = [root / row["path"] for row in rows_of(folder)]
        paths = paths[:6] if folder in ("volumes", "dicomdir") else paths
        for path, result, _ in treated(paths):
            if result.result is not None:
                pairs.append((path, tmp_path / f"{len(pairs)}.dcm"))
                with quiet():
                    write(result.result.dataset, pairs[-1][1])
    with ThreadPoolExecutor(2) as pool:
        before = list(pool.map(lambda pair: errors_of(dciodvfy, pair[0]), pairs))
        after = list(pool.map(lambda pair: errors_of(dciodvfy, pair[1]), pairs))
    new = {pairs[index][0].name: after[index] - before[index] for index in range(len(pairs))}
    worse = {name: found for name, found in new.items() if found}
    # dciodvfy gives up on some damaged originals and so sees only in our copy what was wrong all along.
    assert 100 * (len(pairs) - len(worse)) / len(pairs) >= _LEAST_VALID_PERCENT, worse
    assert len(pairs) > 200


def errors_of(dciodvfy: str, path: Path) -> frozenset[str]:
    """Its error messages, with values and numbers masked."""
    done = subprocess.run([dciodvfy, str(path)], capture_output=True, timeout=120, check=False)
    lines = (done.stderr + done.stdout).decode("latin-1").splitlines()
    return frozenset(re.sub(r"<[^>]*>|[\d.]+", "#", line) for line in lines if line.startswith("Error"))


# --- references ----------------------------------------------------------------------------------


def export(paths: list[Path], destination: Path, **values: object) -> list[Dataset]:
    command = DeidentifyFiles(str(destination), tuple(map(str, paths)), pixels="accept", **values)  # type: ignore[arg-type]
    outcome = run_export(command, RecordingContext(), archive=None)  # type: ignore[arg-type]
    assert isinstance(outcome.result, ExportResult)
    with quiet():
        return [dcmread(path) for path in sorted(destination.rglob("*.dcm"))]


def edges(datasets: list[Dataset]) -> Counter[tuple[str, str]]:
    """How often objects of one kind refer to what is present of another: the same shape with new UIDs."""
    kind = {str(ds.SOPInstanceUID): str(ds.Modality) for ds in datasets}
    for ds in datasets:
        kind.setdefault(str(ds.get("SeriesInstanceUID", "")), "series")
        kind.setdefault(str(ds.get("StudyInstanceUID", "")), "study")
        kind.setdefault(str(ds.get("FrameOfReferenceUID", "")), "frame of reference")
    found: Counter[tuple[str, str]] = Counter()
    for ds in datasets:
        for element in ds.iterall():
            if element.VR == "UI" and not element.is_empty:
                for uid in [element.value] if isinstance(element.value, str) else element.value:
                    if str(uid) in kind:
                        found[str(ds.Modality), f"{element.keyword} of {kind[str(uid)]}"] += 1
    return found


@pytest.mark.parametrize("pattern", ["radiotherapy/rtkit_simple_phantom_case/*.dcm", "presentation_states/real0*.dcm"])
def test_references_stay_whole_across_a_case(pattern: str, tmp_path: Path) -> None:
    paths = sorted(require_testdata().glob(pattern))
    with quiet():
        originals = [dcmread(path, force=True) for path in paths]
        before, after = edges(originals), edges(export(paths, tmp_path / "out"))
    assert sum(before.values()) > len(paths)
    lost = before - after
    # What the Basic Profile itself removes (X): general references of plain images, and sequences of the request.
    assert {what for _, what in lost if not what.startswith("ReferencedSOPInstanceUID")} == set()
    assert not after - before
    removed_by_table = sum(lost.values())
    assert removed_by_table <= sum(before.values()) * 0.1, lost


@pytest.mark.parametrize("dates", ["retain-full-dates", "retain-modified-dates"])
def test_all_options_together_leave_no_identifier_of_another_kind(dates: str, tmp_path: Path) -> None:
    root = require_testdata()
    paths = [root / "modalities", root / "structured_reports", root / "photometric"]
    options = (dates, *(name for name, option in OPTIONS.items() if option.implemented and "dates" not in name))
    datasets = export(paths, tmp_path / "out", options=options)
    assert len(datasets) > 40
    methods = {item.CodeValue for ds in datasets for item in ds.DeidentificationMethodCodeSequence}
    assert len(methods) == len(options) + 1


def test_two_patients_do_not_become_one(tmp_path: Path) -> None:
    root = require_testdata()
    paths = [root / name for name in ("modalities/693_UNCR.dcm", "modalities/1.dcm", "modalities/2.dcm")]
    assert len({ds.PatientID for ds in export(paths, tmp_path / "out")}) == 3
