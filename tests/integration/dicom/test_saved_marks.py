"""Marks saved for others, on real images: valid, read back by us and by DCMTK, looking as they did."""

from __future__ import annotations

import itertools
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest

from tests.support.dcmtk import Picture, raw_pnm
from tests.support.job import RecordingContext
from tests.support.marks import OF_EVERY_KIND, InProcess, command_for, image_of, marks_on, save
from tests.support.testdata import require_testdata, unavailable
from workstation.archive.local import LocalArchive
from workstation.dicom.decode import decode_frame
from workstation.dicom.presentation_state import read_presentation_state
from workstation.domain.errors import InputError
from workstation.domain.key_objects import KeyObjectTitle
from workstation.imaging.annotation import Annotation, Kind
from workstation.imaging.annotation_words import words_of
from workstation.imaging.compose import compose
from workstation.imaging.frame import Window
from workstation.imaging.present import presented, presented_view
from workstation.imaging.view import View
from workstation.services.annotations import tracking_uid
from workstation.services.save_command import archived_files
from workstation.services.save_marks import run_save_marks

CT, COLOUR_CINE = "modalities/693_UNCR.dcm", "modalities/examples_ybr_color.dcm"
IMAGES = (
    CT,
    COLOUR_CINE,
    "modalities/MG-Im-GE-SenDS-scaled.dcm",
    "modalities/dx_image.dcm",
    "modalities/DX-Im-SiemensMultix.dcm",
    "volumes/ct_ibsi_phantom_60/DCM_IMG_00000.dcm",
    "multiframe/IM_0027_fMAP.dcm",
    "multiframe/6_1.dcm",
    "multiframe/mr_brucker.dcm",  # a mouse
)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[LocalArchive]:
    made = LocalArchive(tmp_path / "archive")
    yield made
    made.close()


def of(name: str) -> Path:
    return require_testdata() / name


def run(program: str, *arguments: str | Path) -> str:
    found = shutil.which(program)
    if found is None:
        unavailable(program)
    done = subprocess.run([str(found), *map(str, arguments)], capture_output=True, check=False, timeout=60)
    return (done.stdout + done.stderr).decode("utf-8", "replace")


@pytest.mark.parametrize("name", IMAGES)
def test_what_is_saved_is_valid_and_of_the_same_study(name: str, archive: LocalArchive) -> None:
    frame_index = 1 if name == COLOUR_CINE else 0
    result, found = save(command_for(of(name), marks_on(of(name), frame_index=frame_index)), archive)
    assert (result.states, result.key_objects, result.reports, result.left_out) == (1, 1, 1, 0)
    assert set(found) == {"PR", "KO", "SR"}
    for path in found.values():
        complaints = run("dciodvfy", path)
        assert [line for line in complaints.splitlines() if line.startswith("Error")] == []
        dataset, image = pydicom.dcmread(path), pydicom.dcmread(of(name), stop_before_pixels=True)
        assert dataset.StudyInstanceUID == image.StudyInstanceUID
        assert str(dataset.PatientName) == str(image.PatientName)
        assert dataset.SOPInstanceUID.startswith("2.25.")


def test_the_state_holds_every_mark_with_its_words_where_it_was_drawn(archive: LocalArchive) -> None:
    marks = marks_on(of(CT))
    _, found = save(command_for(of(CT), marks), archive)
    state = read_presentation_state(found["PR"])
    frame = decode_frame(of(CT))
    uid = marks[0].image.sop_instance_uid
    annotations = state.annotations_for(uid, 1)
    graphics = [one for annotation in annotations for one in annotation.graphics]
    texts = [text.text.replace("\r\n", "\n") for annotation in annotations for text in annotation.texts]
    assert [layer.name for layer in state.layers] == ["MEASUREMENTS", "NOTES"]
    assert state.undrawn == 0
    assert len(graphics) == len(OF_EVERY_KIND)  # a text has none, an arrow two
    drawn = {tuple(point for point in graphic.points) for graphic in graphics}
    assert OF_EVERY_KIND[Kind.LENGTH] in drawn
    assert OF_EVERY_KIND[Kind.ANGLE] in drawn
    for mark in marks[:-1]:
        assert mark.annotation is not None
        words = "\n".join(words_of(mark.annotation, frame).lines).replace("−", "-")
        assert words in texts


VIEWS = [
    View(window=Window(40, 400), quarter_turns=turns, flipped=flipped, inverted=inverted, zoom=zoom, pan=pan)
    for turns, flipped, (inverted, zoom, pan) in itertools.product(
        range(4), (False, True), ((False, None, (0.0, 0.0)), (True, 2.0, (30.0, -20.0)))
    )
]


@pytest.mark.parametrize("view", VIEWS)
def test_a_saved_state_shows_the_picture_as_it_was_looked_at(view: View, archive: LocalArchive) -> None:
    size = (400, 300)
    _, found = save(command_for(of(CT), marks_on(of(CT), key=False), view, size), archive)
    state, frame, uid = read_presentation_state(found["PR"]), decode_frame(of(CT)), image_of(of(CT)).sop_instance_uid
    shown = presented(frame, state, uid, 1)
    again = presented_view(shown, View(), state, state.area_for(uid, 1), size)
    assert (again.quarter_turns, again.flipped) == (view.quarter_turns, view.flipped)
    before, after = compose(frame, view, size).astype(int), compose(shown, again, size).astype(int)
    # The area ends at whole pixels, so that the picture may lie up to one of them off.
    assert np.abs(before - after).mean() < 6


@pytest.mark.parametrize("view", VIEWS[::2])
def test_dcmtk_shows_a_saved_state_as_we_do(view: View, archive: LocalArchive, tmp_path: Path) -> None:
    whole = replace(view, zoom=1.0, pan=(0.0, 0.0))
    _, found = save(command_for(of(CT), marks_on(of(CT), key=False), replace(whole, zoom=None)), archive)
    out = tmp_path / "theirs.pgm"
    run("dcmp2pgm", "-p", found["PR"], of(CT), out)
    theirs: Picture = raw_pnm(out.read_bytes())
    ours = compose(decode_frame(of(CT)), whole, theirs.shape[::-1])
    assert np.abs(ours.astype(int) - theirs.astype(int)).max() <= 1


def test_a_mark_on_a_frame_is_about_that_frame_alone(archive: LocalArchive) -> None:
    marks = marks_on(of(COLOUR_CINE), frame_index=2, key=False)
    _, found = save(command_for(of(COLOUR_CINE), marks), archive)
    state = read_presentation_state(found["PR"])
    uid = marks[0].image.sop_instance_uid
    assert state.applies_to(uid, 3)
    assert not state.applies_to(uid, 1)
    assert pydicom.dcmread(found["PR"]).SOPClassUID == "1.2.840.10008.5.1.4.1.1.11.2"


def test_a_lut_of_12_bits_is_written_with_16_which_is_all_that_a_state_may_have(archive: LocalArchive) -> None:
    path = of("modalities/MG-Im-GE_Seno_1_ForPresentation.dcm")
    frame, uid = decode_frame(path), image_of(path).sop_instance_uid
    (own, *_) = frame.attributes.voi_luts
    assert own.bits == 12
    _, found = save(command_for(path, marks_on(path, key=False)), archive)
    state = read_presentation_state(found["PR"])
    voi = state.voi_for(uid, 1)
    assert voi is not None
    assert voi.luts[0].bits == 16
    shown, size = presented(frame, state, uid, 1), (frame.columns, frame.rows)
    assert np.abs(compose(frame, View(), size).astype(int) - compose(shown, View(), size).astype(int)).max() <= 1


def test_dcmtk_reads_the_key_object_and_its_title(archive: LocalArchive) -> None:
    command = replace(
        command_for(of(CT), marks_on(of(CT))), title=KeyObjectTitle.FOR_TEACHING, description="für Übungen"
    )
    _, found = save(command, archive)
    read = run("dsrdump", "+U8", found["KO"])
    assert "Key Object Selection Document" in read
    assert "For Teaching" in read
    assert "für Übungen" in read
    assert "CT image" in read


def test_dcmtk_reads_the_report_with_units_and_tracking(archive: LocalArchive) -> None:
    path = of("volumes/ct_ibsi_phantom_60/DCM_IMG_00000.dcm")
    marks = marks_on(path)
    _, found = save(command_for(path, marks), archive)
    read = run("dsrdump", "+Pc", "+U8", found["SR"])
    assert "Imaging Measurement Report" in read
    spacing, unit = decode_frame(path).attributes.pixel_spacing_mm, decode_frame(path).attributes.unit
    assert spacing is not None
    assert unit == "HU"
    length = np.hypot(40 * spacing[1], 28.5 * spacing[0])
    assert f'"Length")="{length:.6f}'[:-2] in read
    assert "(mm,UCUM" in read
    assert "(mm2,UCUM" in read
    assert read.count("([hnsf'U],UCUM") == 3 * 4  # mean, deviation, smallest, largest of three regions
    assert read.count('"Tracking Unique Identifier")') == 5
    assert tracking_uid(marks[0]) in read


@pytest.mark.parametrize("name", ["chrH31.dcm", "chrHbrw.dcm", "chrGerm.dcm", "chrArab.dcm", "chrRuss.dcm"])
def test_names_and_texts_of_any_script_are_written_whole(name: str, archive: LocalArchive) -> None:
    path = of(f"charsets/{name}")
    marks = marks_on(path, text="結節 – Knoten")
    _, found = save(command_for(path, marks), archive)
    before, after = pydicom.dcmread(path), pydicom.dcmread(found["PR"])
    assert str(after.PatientName) == str(before.PatientName)
    assert after.SpecificCharacterSet == "ISO_IR 192"
    texts = [
        text.UnformattedTextValue
        for item in after.GraphicAnnotationSequence
        for text in item.get("TextObjectSequence", [])
    ]
    assert "結節 – Knoten" in texts


def test_units_beyond_ascii_stay_in_latin_1_where_everybody_reads_them(archive: LocalArchive) -> None:
    _, found = save(command_for(of(CT), marks_on(of(CT))), archive)
    assert pydicom.dcmread(found["PR"]).SpecificCharacterSet == "ISO_IR 100"


def test_marks_of_other_pixels_and_of_images_that_are_gone_are_left_out(archive: LocalArchive) -> None:
    marks = marks_on(of(CT))
    other = [replace(mark, fingerprint="1x1") for mark in marks[:3]]
    result, _ = save(command_for(of(CT), (*other, *marks[3:])), archive)
    assert result.left_out == 3
    gone = replace(command_for(of(CT), marks), files=())
    with pytest.raises(InputError):
        run_save_marks(gone, RecordingContext(), archive=archive, frames=InProcess(), publish=lambda _event: None)


def test_saving_again_adds_and_changes_nothing_that_is_there(archive: LocalArchive) -> None:
    command = command_for(of(CT), marks_on(of(CT)))
    first, _ = save(command, archive)
    second, _ = save(command, archive)
    assert not set(first.sop_instance_uids) & set(second.sop_instance_uids)
    assert len(archived_files(archive, command.study_instance_uid)) == 6


def test_a_picture_that_is_not_calibrated_is_reported_in_pixels(archive: LocalArchive) -> None:
    name = "modalities/dx_image.dcm"
    frame = decode_frame(of(name))
    annotation = Annotation(0, Kind.LENGTH, ((10.0, 10.0), (40.0, 50.0)))
    _, found = save(command_for(of(name), marks_on(of(name))), archive)
    read = run("dsrdump", "+Pc", found["SR"])
    unit = "mm" if words_of(annotation, frame).short.endswith("mm") else "{pixels}"
    assert f"({unit},UCUM" in read
