from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.archive import a_dataset, put, write
from tests.support.fake_archive import FakeArchive
from tests.support.fake_peers import NODE, WEB_ONLY, FakeContext, FakePeer
from workstation.domain.errors import IncompleteTransfer, InputError, NotDicom, PeerAborted
from workstation.domain.node import Node
from workstation.jobs.runner import Outcome
from workstation.services.send import SendFiles, SendInstances, run_send


class Scene:
    def __init__(self, folder: Path) -> None:
        self.folder = folder / "given"
        self.folder.mkdir()
        (folder / "archive").mkdir()
        self.archive = FakeArchive(folder / "archive")
        self.dimse = FakePeer(self.archive)
        self.web = FakePeer(self.archive)
        self.context = FakeContext()

    def file(self, name: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        return write(a_dataset(), path)

    def send(self, *paths: Path, study: str = "", node: Node = NODE) -> Outcome:
        return run_send(
            SendInstances("PACS", tuple(map(str, paths)), study),
            self.context,
            archive=self.archive,
            find_node={"PACS": node}.get,
            dimse=self.dimse,
            web=self.web,
        )


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def test_folders_are_sent_with_what_lies_below_each_file_once(scene: Scene) -> None:
    first, second = scene.file("a.dcm"), scene.file("sub/b")
    result = scene.send(scene.folder, first).result
    assert scene.dimse.asked_for("store") == [(first, second)]
    assert (result.expected, result.sent) == (2, 2)


def test_what_is_not_dicom_is_skipped_and_counted(scene: Scene) -> None:
    scene.file("a.dcm")
    (scene.folder / "Quux Alice.txt").write_text("notes")
    result = scene.send(scene.folder).result
    assert (result.sent, result.skipped) == (1, 1)
    assert "Quux" not in " ".join(scene.context.warnings)


def test_a_dicomdir_is_not_sent(scene: Scene) -> None:
    scene.file("DICOMDIR")
    scene.file("IM0")
    assert scene.send(scene.folder).result.expected == 1


def test_links_in_circles_and_fifos_are_passed_by(scene: Scene) -> None:
    scene.file("a.dcm")
    (scene.folder / "loop").symlink_to(scene.folder)
    os.mkfifo(scene.folder / "fifo")
    assert scene.send(scene.folder).result.expected == 1


def test_nothing_to_send_says_so(scene: Scene) -> None:
    with pytest.raises(NotDicom):
        scene.send(scene.folder)
    with pytest.raises(InputError):
        scene.send(scene.folder / "absent")
    with pytest.raises(InputError):
        scene.send(study="1.2.3")


def test_a_study_of_the_archive_is_sent(scene: Scene) -> None:
    for series in ("1.2.1", "1.2.2"):
        put(scene.archive, a_dataset(StudyInstanceUID="1.2", SeriesInstanceUID=series))
    assert scene.send(study="1.2").result.sent == 2


def test_refused_instances_make_it_partly_done(scene: Scene) -> None:
    scene.file("a.dcm")
    scene.file("b.dcm")
    scene.dimse.withheld = {"b.dcm"}
    outcome = scene.send(scene.folder)
    assert outcome.partly
    assert isinstance(outcome.error, IncompleteTransfer)
    assert outcome.error.details["failed"] == "1"
    assert [failure.path.name for failure in outcome.result.failures] == ["b.dcm"]


def test_all_refused_is_a_failure(scene: Scene) -> None:
    scene.file("b.dcm")
    scene.dimse.withheld = {"b.dcm"}
    with pytest.raises(IncompleteTransfer) as raised:
        scene.send(scene.folder)
    assert raised.value.details["reason"] == "out of resources"


def test_what_went_before_a_break_is_not_sent_again(scene: Scene) -> None:
    files = [scene.file(name) for name in ("a.dcm", "b.dcm", "c.dcm")]
    scene.dimse.breaks_after = (2, PeerAborted(reason="the connection was closed"))
    outcome = scene.send(scene.folder)
    assert outcome.partly
    assert isinstance(outcome.error, IncompleteTransfer)
    assert (outcome.error.details["cause"], outcome.error.details["stored"]) == ("peer-aborted", "2")
    assert outcome.result.sent == 2

    scene.dimse.breaks_after = None
    result = scene.send(scene.folder).result
    assert scene.dimse.asked_for("store")[-1] == (files[2],)
    assert (result.expected, result.sent, result.sent_before) == (3, 3, 2)
    assert scene.context.seen[-1].done == 3
    assert not any("dcm" in item for item in scene.context.remembered)

    assert scene.send(scene.folder).result.sent_before == 3
    assert len(scene.dimse.asked_for("store")) == 2


def test_a_file_that_was_changed_is_sent_again(scene: Scene) -> None:
    first = scene.file("a.dcm")
    scene.send(scene.folder)
    write(a_dataset(PatientID="other one"), first)
    assert scene.send(scene.folder).result.sent_before == 0


def test_a_study_goes_on_by_its_instances(scene: Scene) -> None:
    for number in "123":
        put(
            scene.archive,
            a_dataset(StudyInstanceUID="1.2", SeriesInstanceUID="1.2.1", SOPInstanceUID=f"1.2.1.{number}"),
        )
    scene.dimse.breaks_after = (1, PeerAborted())
    scene.send(study="1.2")
    assert scene.context.remembered == {"1.2.1.1"}
    scene.dimse.breaks_after = None
    assert scene.send(study="1.2").result.sent_before == 1


def test_nothing_sent_at_all_is_the_peers_error(scene: Scene) -> None:
    scene.file("a.dcm")
    scene.dimse.breaks_after = (0, PeerAborted())
    with pytest.raises(PeerAborted):
        scene.send(scene.folder)


def test_paths_are_kept_apart_from_the_journal() -> None:
    assert SendFiles.journalled
    assert SendFiles.private == {"paths"}


def test_a_node_with_only_the_web_is_sent_to_over_it(scene: Scene) -> None:
    scene.file("a.dcm")
    assert scene.send(scene.folder, node=WEB_ONLY).result.sent == 1
    assert scene.dimse.asked == []


def test_the_subject_tells_no_path() -> None:
    assert SendInstances("PACS", ("/home/quux alice/x.dcm",)).subject == "1 file or folder"
    assert SendInstances("PACS", ("/a", "/b")).subject == "2 files or folders"
    assert SendInstances("PACS", study_instance_uid="1.2").subject == "1.2"
