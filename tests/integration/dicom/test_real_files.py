"""Every real file against the independent reference of MANIFEST.csv (DCMTK, GDCM, OpenJPH, libjxl, zlib)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.support.dcmtk import renders
from tests.support.testdata import manifest, require_testdata
from workstation.dicom import elements
from workstation.dicom.decode_pool import DecodePool
from workstation.dicom.describe import attributes_of, describe
from workstation.dicom.inspect import frame_facts
from workstation.dicom.read import looks_like_dicom, open_file, read_dataset, read_header
from workstation.dicom.summarise import summarise
from workstation.domain.errors import DamagedFile, InputError, NoPixelData, NotDicom
from workstation.imaging.compose import compose
from workstation.imaging.frame import Frame, VoiFunction, Window
from workstation.imaging.grayscale import to_modality
from workstation.imaging.view import View

ROWS = manifest()


def test_the_full_test_data_is_there() -> None:
    require_testdata()


def rows_where(**conditions: str) -> list[pytest.ParameterSet]:  # type: ignore[name-defined]
    chosen = [row for row in ROWS if all(row[key] == value for key, value in conditions.items())]
    return [pytest.param(row, id=row["path"]) for row in chosen]


def path_of(row: dict[str, str]) -> Path:
    return require_testdata() / row["path"]


# --- pixels ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", rows_where(ref_match="exact"))
def test_stored_values_equal_the_reference_bit_by_bit(row: dict[str, str], pool: DecodePool) -> None:
    frame = pool.frame(path_of(row), 0)
    facts = frame_facts(0, frame.stored)
    assert "x".join(map(str, facts.shape)) == row["ref_shape"]
    assert facts.minimum == pytest.approx(float(row["ref_min"]), rel=1e-6)
    assert facts.maximum == pytest.approx(float(row["ref_max"]), rel=1e-6)
    assert facts.sha256 == row["ref_sha256"]
    expected = {"rgb": "RGB", "palette_index": "PALETTE COLOR"}.get(row["ref_kind"])
    assert frame.attributes.photometric_interpretation == (expected or row["photometric"])


@pytest.mark.parametrize("row", rows_where(ref_match="approx"))
def test_lossy_values_stay_within_two_levels_of_the_reference(row: dict[str, str], pool: DecodePool) -> None:
    frame = pool.frame(path_of(row), 0)
    assert "x".join(map(str, frame.stored.shape)) == row["ref_shape"]
    assert float(frame.stored.mean()) == pytest.approx(float(row["ref_mean"]), abs=2)
    if min(frame.stored.shape[:2]) < 4:
        return
    assert block_means(frame.stored) == pytest.approx(np.array(row["ref_grid4x4"].split(), float), abs=2)


def block_means(stored: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
    rows = np.array_split(stored.astype(np.float64), 4, axis=0)
    return np.array([part.mean(axis=(0, 1)) for row in rows for part in np.array_split(row, 4, axis=1)]).reshape(-1)


@pytest.mark.parametrize(
    "row",
    [param for param in rows_where() if param.values[0]["ref_last_frame_mean"]],  # type: ignore[index]
)
def test_the_last_frame_is_the_reference_s_last_frame(row: dict[str, str], pool: DecodePool) -> None:
    stored = pool.stored(path_of(row), int(row["frames"]) - 1)
    assert float(stored.mean()) == pytest.approx(float(row["ref_last_frame_mean"]), rel=1e-4, abs=0.6)


def test_one_slice_is_the_same_in_nine_encodings(pool: DecodePool) -> None:
    folder = require_testdata() / "transfer_syntaxes" / "dcm_qa_ts_same_image"
    first, *others = [pool.stored(path, 0) for path in sorted(folder.glob("*.dcm"))]
    assert len(others) == 8
    assert all(np.array_equal(first, other) for other in others)


def test_a_frame_smaller_than_the_header_says_tells_so(pool: DecodePool) -> None:
    frame = pool.frame(require_testdata() / "wsi" / "multiframe.dcm", 139)
    assert frame.stored.shape == (240, 240, 3)
    assert frame.attributes.incomplete == "the codestream is 121 x 55, the header says 240 x 240"


def test_subsampled_jpeg_is_ybr_whatever_the_header_says(pool: DecodePool) -> None:
    """GH195 says RGB; taken so, its teeth are salmon and its gums blue."""
    stored = pool.stored(require_testdata() / "malformed" / "GH195.dcm", 0)
    red, _, blue = stored.reshape(-1, 3).mean(axis=0)
    assert red > blue + 20


def test_what_is_missing_of_a_cut_frame_is_told(pool: DecodePool) -> None:
    frame = pool.frame(require_testdata() / "malformed" / "MR_truncated.dcm", 0)
    assert frame.attributes.incomplete == "62 of 8192 bytes of the frame are missing"
    assert frame.stored[0].any()
    assert not frame.stored[-1, -31:].any()


# --- outcomes --------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", rows_where())
def test_each_file_opens_or_is_refused_as_expected(row: dict[str, str], pool: DecodePool) -> None:
    path, expected = path_of(row), row["expected"]
    if expected.startswith("clear-error"):
        with pytest.raises(NotDicom if "not a DICOM file" in expected else DamagedFile):
            read_header(path)
        assert looks_like_dicom(path) == ("not a DICOM" not in expected)
        return
    assert looks_like_dicom(path)
    with open_file(path) as opened:
        assert len(opened.dataset) > 0
        has_pixels = opened.pixels is not None and opened.pixels.length != 0 and "Rows" in opened.dataset
        has_pages = opened.dataset.get("MIMETypeOfEncapsulatedDocument") == "application/pdf"
    assert len(read_dataset(path)) >= len(read_header(path))
    describe(path)
    assert attributes_of(path)
    if not has_pixels and not has_pages:
        with pytest.raises(NoPixelData):
            pool.frame(path, 0)
    else:
        screen = compose(pool.frame(path, 0), View(), (64, 48))
        assert screen.shape[:2] == (48, 64)


@pytest.mark.parametrize("row", rows_where())
def test_a_summary_names_what_the_file_holds_or_says_what_is_missing(row: dict[str, str]) -> None:
    try:
        summary = summarise(path_of(row))
    except InputError as error:
        assert error.details["reason"]
        return
    assert summary.instance.sop_class_uid.startswith("1.") or summary.instance.sop_class_uid.startswith("2.")
    if row["rows"]:
        assert (summary.instance.rows, summary.instance.columns) == (int(row["rows"]), int(row["cols"]))


@pytest.mark.parametrize(
    "row",
    [
        param
        for param in rows_where()
        if param.values[0]["ref_patient_name"]
        and "DICOMDIR" not in param.id  # type: ignore[index,operator]
        # Read to the point where the body no longer follows its transfer syntax, which is before the name.
        and "GH177_D_CLUNIE_CT1_IVRLE_BigEndian_undefined_length" not in param.id  # type: ignore[operator]
    ],
)
def test_the_patient_s_name_is_decoded_in_its_character_set(row: dict[str, str]) -> None:
    name = elements.person_name(read_header(path_of(row)), "PatientName")
    groups = [*row["ref_patient_name"].split("="), "", ""][:3]
    assert (name.alphabetic, name.ideographic, name.phonetic) == tuple(group.rstrip("^") for group in groups)


# --- rendering -------------------------------------------------------------------------------------


def shown_like_dcmtk(frame: Frame, options: str) -> View | None:
    """The view that `dcm2pnm` was told to render: min-max (+Wm), the first window (+Wi 1); None for a flat image."""
    attributes = frame.attributes
    if options.endswith("+Wi 1"):
        return View(window=attributes.windows[0], zoom=1.0)
    if options.endswith("+Wm"):
        values = to_modality(frame.stored, attributes)
        low, high = float(values.min()), float(values.max())
        if high <= low:
            return None
        return View(window=Window((low + high) / 2, high - low, "", VoiFunction.LINEAR_EXACT), zoom=1.0)
    return View(zoom=1.0) if frame.is_color else None


@pytest.mark.parametrize(
    "row",
    # The others are compared pixel by pixel: test_dcm2pnm.py.
    [
        param
        for param in rows_where()
        if param.values[0]["disp_mean"] and not renders(param.values[0]["transfer_syntax_uid"])
    ],
)
def test_the_picture_is_as_bright_as_dcmtk_draws_it(row: dict[str, str], pool: DecodePool) -> None:
    frame = pool.frame(path_of(row), 0)
    view = shown_like_dcmtk(frame, row["disp_opts"])
    if view is None:
        return
    vertical, horizontal = frame.attributes.pixel_spacing_mm or frame.attributes.pixel_aspect_ratio
    screen = compose(frame, view, (frame.columns, round(frame.rows * vertical / horizontal)))
    assert float(screen.mean()) == pytest.approx(float(row["disp_mean"]), abs=2)
