"""Reports, wave forms and other objects without a picture, as they are read."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest

from tests.support.testdata import manifest, require_testdata
from workstation.dicom.read import read_header
from workstation.dicom.structured_report import read_report
from workstation.dicom.waveform import read_recording
from workstation.domain.document import Document, regions_on, targets, walk
from workstation.imaging.trace_sheet import Arrangement, SheetWish, sheet
from workstation.services.document_text import to_html, to_text
from workstation.services.documents import read_readable

REPORTS = [row["path"] for row in manifest() if row["path"].startswith("structured_reports/")]


@pytest.mark.parametrize("name", REPORTS)
def test_every_item_of_a_report_is_read(name: str) -> None:
    path = require_testdata() / name
    report = read_report(read_header(path))
    assert report.title and to_html(report) and to_text(report)

    def count(item: pydicom.Dataset) -> int:
        return sum(1 + count(one) for one in item.get("ContentSequence") or ())

    hidden = len([one for one in targets(report) if one.region is not None])  # images that places were taken from
    assert len(list(walk(report.items))) + hidden == count(pydicom.dcmread(path))


def test_places_are_known_on_their_image() -> None:
    report = read_report(read_header(require_testdata() / "structured_reports" / "structured_report.dcm"))
    place = next(one for one in targets(report) if one.region is not None)
    assert place.reference is not None
    assert place.region in regions_on(report, place.reference.sop_instance_uid, 1)


@pytest.mark.parametrize("name", ["39da47b7.dcm", "waveform_ecg.dcm"])
def test_samples_are_those_that_pydicom_reads(name: str) -> None:
    path = require_testdata() / "waveforms" / name
    recording, peer = read_recording(read_header(path)), pydicom.dcmread(path)
    for number, group in enumerate(recording.groups):
        ours = np.column_stack([channel.values for channel in group.channels])
        np.testing.assert_allclose(ours, peer.waveform_array(number))


def test_twelve_leads_are_laid_out_to_scale() -> None:
    recording = read_recording(read_header(require_testdata() / "waveforms" / "waveform_ecg.dcm"))
    made = sheet(recording, SheetWish())
    assert made is not None and made.arrangement is Arrangement.STANDARD
    assert [trace.label for trace in made.traces][:4] == ["I", "aVR", "V1", "V4"]
    assert made.traces[0].width == pytest.approx(62.5)  # 2.5 s at 25 mm/s
    assert made.measure((20.0, 30.0), (45.0, 20.0)) == "1000 ms · 60 /min · +1 mV"


@pytest.mark.parametrize("name", ["radiotherapy/rtplan.dcm", "nonimage/rwvm.dcm", "encapsulated/pdf.dcm"])
def test_an_object_without_a_picture_says_what_it_is(name: str) -> None:
    card = read_readable(require_testdata() / name)
    assert isinstance(card, Document)
    assert dict(card.facts)["What it is"]
