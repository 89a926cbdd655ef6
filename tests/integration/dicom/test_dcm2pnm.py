"""Pictures beside DCMTK's, pixel by pixel: every real file that it can draw."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest

from tests.support.dcmtk import picture, renders
from tests.support.testdata import manifest, require_testdata
from workstation.dicom.decode_pool import DecodePool
from workstation.imaging.compose import compose
from workstation.imaging.frame import Frame, VoiFunction, Window
from workstation.imaging.grayscale import to_modality
from workstation.imaging.view import View

Row = dict[str, str]

NOT_COMPARED = {
    # DCMTK's min-max window is whole units wide (PS3.3 C.11.2.1.2.1); these values differ by less than 0.002.
    "overlays_luts/GH610.dcm",
    # Refused by DCMTK's JPEG-LS decoder.
    "transfer_syntaxes/JLSL_08_07_0_1F.dcm",
}
# YBR to RGB: DCMTK computes with whole-number tables.
TOLERANCE = {"YBR_FULL": 2, "YBR_FULL_422": 2}


def in_folders() -> list[object]:
    rows = [row for row in manifest() if row["disp_opts"] and renders(row["transfer_syntax_uid"])]
    rows = [row for row in rows if row["path"] not in NOT_COMPARED]
    rows.sort(key=lambda row: row["path"])
    folders = groupby(rows, key=lambda row: row["path"].rpartition("/")[0].partition("/")[0])
    return [pytest.param(list(group), id=folder) for folder, group in folders]


@pytest.mark.parametrize("rows", in_folders())
def test_every_picture_is_drawn_as_dcmtk_draws_it(rows: list[Row], pool: DecodePool, tmp_path: Path) -> None:
    folder = require_testdata()
    differing = {row["path"]: off for row in rows if (off := _difference(folder, row, pool, tmp_path))}
    assert not differing


def _difference(folder: Path, row: Row, pool: DecodePool, tmp_path: Path) -> str:
    theirs = picture(
        folder / row["path"],
        tmp_path / "theirs.pnm",
        *row["disp_opts"].split(),
        transfer_syntax_uid=row["transfer_syntax_uid"],
    )
    if theirs is None:
        return "DCMTK refuses it"
    frame = _plain(pool.frame(folder / row["path"], 0))
    view = _view(frame, row["disp_opts"])
    if view is None:
        return ""
    ours = compose(frame, view, (frame.columns, frame.rows))
    if ours.shape != theirs.shape:
        return f"{ours.shape}, DCMTK's is {theirs.shape}"
    worst = int(np.abs(ours.astype(np.int16) - theirs).max())
    return f"{worst} levels off" if worst > TOLERANCE.get(row["photometric"], 1) else ""


def _plain(frame: Frame) -> Frame:
    """Without what `dcm2pnm -O` leaves out: aspect ratio, overlays, shutter, supplemental palette, ICC profile.

    It shows Pixel Padding as values, which PS3.3 C.7.5.1.1.2 says are not for display.
    """
    attributes = replace(
        frame.attributes,
        pixel_spacing_mm=None,
        pixel_aspect_ratio=(1.0, 1.0),
        overlays=(),
        shutter=None,
        padding=None,
        supplemental_palette=None,
        profile=None,
    )
    return Frame(frame.stored, attributes)


def _view(frame: Frame, options: str) -> View | None:
    """What DCMTK was told to show; None for a flat picture, which a min-max window cannot spread."""
    attributes = frame.attributes
    if options.endswith("+Wi 1"):
        return View(window=attributes.windows[0], zoom=1.0)
    if options.endswith("+Wl 1") and attributes.voi_luts:
        return View(voi_lut_index=0, zoom=1.0)
    if frame.is_color:
        return View(zoom=1.0)
    if options.endswith("+Wl 1"):  # an empty VOI LUT: all values that can be stored
        low, high = 0.0, float((1 << attributes.bits_stored) - 1)
    else:
        values = to_modality(frame.stored, attributes)
        low, high = float(values.min()), float(values.max())
    if high <= low:
        return None
    return View(window=Window((low + high) / 2, high - low, "", VoiFunction.LINEAR_EXACT), zoom=1.0)


# --- overlays --------------------------------------------------------------------------------------

# One has two planes, beyond its borders as well; one a plane without a set bit; one a plane without data.
WITH_OVERLAYS = (
    "overlays_luts/OutOfBoundsOverlay.dcm",
    "overlays_luts/GH1728.dcm",
    "overlays_luts/IM-0001-0001-0001.dcm",
)


@pytest.mark.parametrize("name", WITH_OVERLAYS)
def test_overlays_lie_where_dcmtk_draws_them(name: str, pool: DecodePool, tmp_path: Path) -> None:
    file = require_testdata() / name
    syntax = next(row["transfer_syntax_uid"] for row in manifest() if row["path"] == name)
    shown, hidden = (
        picture(file, tmp_path / "theirs.pnm", *options, "+Wi", "1", transfer_syntax_uid=syntax)
        for options in (("+O", "0"), ("-O",))
    )
    assert shown is not None
    assert hidden is not None
    frame = pool.frame(file, 0)
    plain = _plain(frame)
    marked = Frame(frame.stored, replace(plain.attributes, overlays=frame.attributes.overlays))
    view = View(window=frame.attributes.windows[0], zoom=1.0)
    size = (frame.columns, frame.rows)
    with_them, without = compose(marked, view, size), compose(plain, view, size)
    assert int(np.abs(with_them.astype(np.int16) - shown).max()) <= 1
    assert bool((with_them != without).any()) == bool((shown != hidden).any())
    assert (shown != hidden)[with_them != without].all()
