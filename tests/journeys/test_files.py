"""Files, good and bad: each is shown in the window or refused with a sentence, and none ends anything."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.encaps import encapsulate, generate_frames

from tests.journeys.conftest import HIP, Start, archived, files_of
from tests.support.command_line import CommandLine
from tests.support.driver import User
from tests.support.testdata import manifest, require_testdata
from workstation.services.display_sets import DisplayKind
from workstation.services.explain import explain

GROUPS = sorted({row["path"].split("/")[0] for row in manifest()}) or ["missing"]
MAMMOGRAM = files_of("mg-screening")[0]


@pytest.fixture
def truncated(tmp_path: Path) -> Path:
    path = tmp_path / "truncated.dcm"
    content = HIP[0].read_bytes()
    path.write_bytes(content[: len(content) // 2])
    return path


@pytest.fixture
def headless(tmp_path: Path) -> Path:
    """Cut off inside its first elements."""
    path = tmp_path / "headless.dcm"
    path.write_bytes(HIP[0].read_bytes()[:180])
    return path


@pytest.fixture
def letter(tmp_path: Path) -> Path:
    path = tmp_path / "letter.txt"
    path.write_text("Dear colleague, this is no image.\n" * 40)
    return path


@pytest.fixture
def damaged_jpeg(tmp_path: Path) -> Path:
    """A JPEG whose header is whole and whose picture is noise."""
    dataset = dcmread(MAMMOGRAM)
    (jpeg,) = generate_frames(dataset.PixelData, number_of_frames=1)
    begin = jpeg.index(b"\xff\xda")
    dataset.PixelData = encapsulate([jpeg[:begin] + b"\xff\x00\xc4\xff" * 500 + b"\xff\xd9"])
    path = tmp_path / "damaged-jpeg.dcm"
    dataset.save_as(path)
    return path


def test_a_truncated_file_is_shown_as_far_as_it_goes_or_refused(
    start: Start, workstation: CommandLine, truncated: Path
) -> None:
    user = start().opens_files(truncated)
    assert _says(user) or user.viewer.viewport.frame is not None
    info = workstation("info", truncated, "--pixels")
    render = workstation("render", truncated, truncated.with_suffix(".png"))
    for ended in (info, render):
        assert ended.status in (0, 1, 3)
        assert ended.status == 0 or "What to do:" in ended.err
    user.drops(truncated)
    assert "1 damaged, kept as they are" in user.reads_notice()
    user.selects_job("import").sees_in_job("damaged")
    assert len(archived(workstation.data)) == 1
    assert archived(workstation.data)[0].read_bytes().endswith(truncated.read_bytes()[-1000:])


def test_a_file_without_its_beginning_is_refused(start: Start, workstation: CommandLine, headless: Path) -> None:
    user = start().opens_files(headless)
    assert str(headless) in _says(user)
    user.drops(headless)
    assert str(headless) in user.reads_notice()
    ended = workstation("import", headless)
    assert ended.status == 1
    assert "What to do:" in ended.err
    assert archived(workstation.data) == []


def test_a_file_that_is_no_dicom_is_refused(start: Start, workstation: CommandLine, letter: Path) -> None:
    user = start().opens_files(letter)
    assert "Not a DICOM file" in _says(user)
    user.drops(letter)
    assert "Not a DICOM file" in user.reads_notice()
    for arguments in (("import", letter), ("info", letter), ("render", letter, letter.with_suffix(".png"))):
        ended = workstation(*arguments)
        assert ended.status == 1
        assert "holds no DICOM data" in ended.err


def test_a_damaged_jpeg_is_explained_in_its_place(start: Start, workstation: CommandLine, damaged_jpeg: Path) -> None:
    user = start().opens_files(damaged_jpeg)
    assert user.viewer.viewport.frame is None
    assert "could not be unpacked" in _says(user)
    ended = workstation("render", damaged_jpeg, damaged_jpeg.with_suffix(".png"))
    assert ended.status == 1
    assert "could not be unpacked" in ended.err
    user.opens_files(MAMMOGRAM).sees_picture()


def test_a_folder_of_good_and_bad_opens_what_is_good(
    start: Start, truncated: Path, letter: Path, damaged_jpeg: Path
) -> None:
    user = start().opens_files(truncated.parent, HIP[0])
    kinds = [one.kind for one in user.viewer.display_sets]
    assert DisplayKind.IMAGE in kinds


@pytest.mark.parametrize("group", GROUPS)
def test_every_file_is_shown_in_the_window_or_refused(start: Start, group: str) -> None:
    folder = require_testdata()
    paths = [folder / row["path"] for row in manifest() if row["path"].split("/")[0] == group]
    user = start()
    silent = []
    for path in paths:
        user.viewer.close_study()
        user.opens_files(path)
        user.viewer.grid.canvas.repaint()
        viewport = user.viewer.viewport
        listed = bool(user.viewer.display_sets) and user.viewer.display_sets[0].kind is not DisplayKind.IMAGE
        if not (viewport.frame is not None or listed or _says(user)):
            silent.append(str(path))
        for notice in user.viewer.notices._notices[:]:
            user.viewer.notices.dismiss(notice)
    assert silent == []


def _says(user: User) -> str:
    """What the viewer says instead of a picture, above it or in its place."""
    said = [f"{one.title} {one.text} {one.remedy}" for one in user.viewer.notices.notices]
    error = user.viewer.viewport.error
    if error is not None:
        words = explain(error)
        said.append(f"{words.title} {words.what} {words.why} {words.remedy}")
    return "\n".join(said)
