from __future__ import annotations

import json

from tests.support.planted import item
from workstation.deidentify.apply import apply
from workstation.deidentify.identities import Identities, ProjectKey
from workstation.deidentify.profile import load_profile
from workstation.deidentify.report import ReportBuilder, Unreleased

CT = "1.2.840.10008.5.1.4.1.1.2"


def filled() -> ReportBuilder:
    profile = load_profile("basic", ["retain-uids"])
    ds = item(
        SOPClassUID=CT, SOPInstanceUID="1.2.3", PatientName="Quillfeather^O", PatientID="QF-1", PatientComments="x"
    )
    ds.private_block(0x0029, "QUILL PRIVATE", create=True).add_new(0x10, "LO", "Quillfeather")
    builder = ReportBuilder(profile, "Workstation 1", True, "held")
    builder.add_changes(apply(ds, profile, Identities(ProjectKey(bytes(32)))).changes)
    builder.add_written("P1", "P1/a.dcm", "00" * 32)
    builder.unreleased.append(Unreleased(2, "video", "It is a <video>."))
    return builder


def test_the_report_counts_and_names_its_table() -> None:
    content = json.loads(filled().finish().to_json())
    assert content["edition"] == "PS3.15 2026d"
    assert content["options"] == ["retain-uids"]
    assert content["counts"]["written"] == content["counts"]["patients"] == 1
    actions = {entry["keyword"]: entry["action"] for entry in content["attributes"]}
    assert actions["PatientName"] == "replaced"
    assert actions["PatientComments"] == "removed"
    assert content["not_released"][0]["reason"] == "video"
    assert "anonymous" in content["claim"]


def test_the_report_holds_no_original_identifier() -> None:
    report = filled().finish()
    for text in (report.to_json(), report.to_html()):
        assert "uill" not in text
        assert "QUILL" not in text
        assert "QF-1" not in text


def test_the_digest_is_that_of_the_content_and_changes_with_it() -> None:
    first, second = filled(), filled()
    assert first.finish().digest == second.finish().digest
    second.add_written("P1", "P1/b.dcm", "11" * 32)
    assert first.finish().digest != second.finish().digest
    assert json.loads(first.finish().to_json())["sha256"] == first.finish().digest


def test_the_html_is_escaped_and_whole() -> None:
    page = filled().finish().to_html()
    assert page.startswith("<!DOCTYPE html>")
    assert "&lt;video&gt;" in page
    assert "<video>" not in page
