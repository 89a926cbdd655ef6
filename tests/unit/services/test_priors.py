from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.fake_archive import FakeArchive
from tests.support.fake_peers import NODE, FakeContext, FakePeer
from workstation.domain.person_name import PersonName
from workstation.domain.study import Instance, InstanceSummary, Series, Study
from workstation.services.priors import FindPriors, run_find_priors
from workstation.services.retrieve import RetrievePrior

NOW = Study("1.1", patient_id="7", patient_name=PersonName("Doe^Jane"), study_date="20260101", modalities=("CT",))
SAME = replace(NOW, study_instance_uid="1.2", study_date="20250101")
OLDER = replace(NOW, study_instance_uid="1.3", study_date="20240101")
OTHER_KIND = replace(NOW, study_instance_uid="1.4", study_date="20251231", modalities=("US",))
LATER = replace(NOW, study_instance_uid="1.5", study_date="20260601")
SOMEBODY = replace(SAME, study_instance_uid="1.6", patient_name=PersonName("Roe^Richard"))


@pytest.fixture
def archive(tmp_path: Path) -> FakeArchive:
    archive = FakeArchive(tmp_path)
    add(archive, NOW)
    return archive


def add(archive: FakeArchive, study: Study) -> None:
    path = archive.new_incoming()
    path.write_text(study.study_instance_uid)
    uid = study.study_instance_uid
    series = Series(f"{uid}.1", uid, modality="CT")
    archive.add(path, InstanceSummary(study, series, Instance(f"{uid}.1.1", "1.9", f"{uid}.1", uid)))


def priors(archive: FakeArchive, most: int, *found: Study) -> list[str]:
    node = replace(NODE, priors=most)
    peer = FakePeer(archive, matches=list(found))
    outcome = run_find_priors(
        FindPriors(node.name, NOW.study_instance_uid),
        FakeContext(),  # type: ignore[arg-type]
        archive=archive,
        find_node={node.name: node}.get,
        dimse=peer,
        web=peer,
    )
    assert all(isinstance(one, RetrievePrior) for one in outcome.result)
    return [one.study_instance_uid for one in outcome.result]


def test_no_prior_is_fetched_unless_the_node_is_set_to(archive: FakeArchive) -> None:
    assert priors(archive, 0, SAME) == []


def test_the_newest_of_the_same_kind_are_fetched_at_most_so_many(archive: FakeArchive) -> None:
    assert priors(archive, 1, OLDER, SAME, NOW) == ["1.2"]
    assert priors(archive, 5, OLDER, SAME, NOW) == ["1.2", "1.3"]


def test_other_kinds_later_studies_and_other_people_are_left_out(archive: FakeArchive) -> None:
    assert priors(archive, 5, OTHER_KIND, LATER, SOMEBODY, SAME) == ["1.2"]


def test_what_is_here_is_not_fetched_again(archive: FakeArchive) -> None:
    add(archive, SAME)
    assert priors(archive, 5, SAME, OLDER) == ["1.3"]


def test_a_study_without_patient_id_has_no_priors(tmp_path: Path) -> None:
    archive = FakeArchive(tmp_path / "other")
    archive.folder.mkdir()
    add(archive, replace(NOW, patient_id=""))
    assert priors(archive, 5, replace(SAME, patient_id="")) == []
