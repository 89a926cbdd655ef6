from __future__ import annotations

from pathlib import Path

import pytest

from workstation.jobs import ownership as module
from workstation.jobs.ownership import Ownership


def test_an_owner_lives_until_it_releases(tmp_path: Path) -> None:
    one, other = Ownership(tmp_path), Ownership(tmp_path)

    assert one.is_alive(one.name)
    assert one.is_alive(other.name)
    assert sorted(one.names()) == sorted([one.name, other.name])

    other.release()
    other.release()
    assert not one.is_alive(other.name)
    assert one.names() == [one.name]
    one.release()
    assert not one.is_alive(one.name)


def test_a_mark_left_by_a_killed_process_counts_as_dead_and_is_removed(tmp_path: Path) -> None:
    (tmp_path / "4711-abc.lock").touch()
    one = Ownership(tmp_path)

    assert not one.is_alive("4711-abc")
    assert one.names() == [one.name]
    one.release()


def test_a_mark_that_cannot_be_opened_counts_as_alive(tmp_path: Path) -> None:
    one = Ownership(tmp_path)
    (tmp_path / "folder.lock").mkdir()

    assert one.is_alive("folder")
    one.release()


def test_a_mark_that_was_removed_while_it_was_made_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, removed = module._try_lock, []

    def removing_first(descriptor: int) -> bool:
        if not removed:
            removed.append(True)
            for path in tmp_path.glob("*.lock"):
                path.unlink()
        return real(descriptor)

    monkeypatch.setattr(module, "_try_lock", removing_first)
    one, other = Ownership(tmp_path), Ownership(tmp_path)

    assert other.is_alive(one.name)
    assert len(list(tmp_path.iterdir())) == 2
    one.release()
    other.release()
