from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workstation.deidentify.identities import Identities, ProjectKey
from workstation.domain.errors import KeyUnusable
from workstation.domain.uid import is_valid_uid

KEY = ProjectKey(bytes(range(32)))
IDENTITIES = Identities(KEY)
UIDS = st.from_regex(r"[1-9][0-9]{0,5}(\.(0|[1-9][0-9]{0,9})){1,5}", fullmatch=True)


@given(UIDS)
def test_a_new_uid_is_valid_recognised_and_stays_when_mapped_again(original: str) -> None:
    new = IDENTITIES.uid(original)
    assert is_valid_uid(new)
    assert new.startswith("2.25.")
    assert not IDENTITIES.is_our_uid(original)
    assert IDENTITIES.uid(new) == new


@given(st.integers(min_value=0, max_value=2**128 - 1))
def test_other_uids_under_the_same_root_are_not_taken_for_ours(number: int) -> None:
    assert not IDENTITIES.is_our_uid(f"2.25.{number}")


def test_the_same_key_gives_the_same_answer_and_another_key_another() -> None:
    again, other = Identities(ProjectKey(KEY.secret)), Identities(ProjectKey.random())
    assert again.uid("1.2.3") == IDENTITIES.uid("1.2.3") != other.uid("1.2.3")
    assert again.patient("A", "1") == IDENTITIES.patient("A", "1") != other.patient("A", "1")


def test_new_uids_are_what_they_were_in_the_first_version() -> None:
    """Exports made months apart must fit together: these values may never change."""
    assert IDENTITIES.uid("1.2.3") == "2.25.323208961630152439529158551301867537363"
    assert IDENTITIES.patient("", "1").pseudonym == "PLBHPZ6XH5UKIRQY"


def test_patients_are_told_apart_by_issuer_and_by_what_stands_in_for_an_id() -> None:
    pseudonyms = {
        IDENTITIES.patient(*who).pseudonym for who in [("A", "1"), ("B", "1"), ("", "1"), ("", "", "x"), ("", "", "y")]
    }
    assert len(pseudonyms) == 5


@given(st.text(max_size=64))
def test_a_pseudonym_is_short_plain_and_stays_when_treated_again(patient_id: str) -> None:
    patient = IDENTITIES.patient("", patient_id, "somebody")
    assert patient.pseudonym.isascii()
    assert patient.pseudonym.isalnum()
    assert len(patient.pseudonym) == 16
    assert -3650 <= patient.shift_days <= -365
    assert IDENTITIES.patient("", patient.pseudonym) == patient


def test_the_key_is_not_in_its_representation() -> None:
    assert KEY.secret.hex() not in repr(KEY)
    assert str(KEY.secret) not in repr(KEY)


def test_a_key_file_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "project.key"
    first = ProjectKey.load(path, create=True)
    assert ProjectKey.load(path, create=True) == first == ProjectKey.load(path)
    assert [entry.name for entry in path.parent.iterdir()] == ["project.key"]
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_missing_or_foreign_key_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyUnusable):
        ProjectKey.load(tmp_path / "none.key")
    for content in ("", "workstation-project-key-1 zz", "workstation-project-key-1 00ff", "other " + "00" * 32, "é"):
        (tmp_path / "bad.key").write_text(content, encoding="utf-8")
        with pytest.raises(KeyUnusable):
            ProjectKey.load(tmp_path / "bad.key")
