"""Keys: profiles, the user's changes, who shares one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workstation.settings import KeyProfile, KeySettings
from workstation.ui.actions import ACTIONS
from workstation.ui.key_map import keys_of, place_of, profile_keys, read, settings_for, taken_by, with_keys, write
from workstation.ui.key_profiles import PROFILES


@pytest.mark.parametrize("profile", list(KeyProfile))
def test_no_profile_gives_a_key_to_two_actions_of_one_page(profile: KeyProfile) -> None:
    keys = profile_keys(profile)
    shared = {(key, name, taken_by(key, name, keys)) for name, used in keys.items() for key in used}
    assert {one for one in shared if one[2] is not None} == set()


@pytest.mark.parametrize("profile", list(KeyProfile))
def test_no_profile_leaves_an_action_without_the_key_it_had(profile: KeyProfile) -> None:
    assert set(PROFILES[profile]) <= {spec.id for spec in ACTIONS}
    assert all(profile_keys(profile)[spec.id] for spec in ACTIONS if spec.keys)


def test_the_users_changes_come_last_and_only_they_are_kept() -> None:
    keys = with_keys(profile_keys(KeyProfile.OHIF), "viewer.invert", ("Ctrl+J",))
    kept = settings_for(KeyProfile.OHIF, keys)
    assert kept == KeySettings(KeyProfile.OHIF, "viewer.invert Ctrl+J")
    assert keys_of(kept) == keys


def test_taking_a_key_takes_it_from_the_action_that_had_it() -> None:
    keys = profile_keys(KeyProfile.STANDARD)
    assert taken_by("R", "viewer.invert", keys) == "viewer.reset"
    changed = with_keys(keys, "viewer.invert", ("R",))
    assert changed["viewer.reset"] == ()
    assert changed["viewer.invert"] == ("R",)
    assert keys_of(settings_for(KeyProfile.STANDARD, changed)) == changed


def test_pages_do_not_share_keys_and_the_window_shares_with_all() -> None:
    keys = profile_keys(KeyProfile.STANDARD)
    assert taken_by("F5", "worklist.refresh", keys) is None  # also refreshes the search, on its own page
    assert taken_by("F11", "viewer.invert", keys) == "window.full_screen"
    assert taken_by("I", "window.quit", keys) == "viewer.invert"
    assert place_of("window.quit") == ""


@given(
    st.dictionaries(
        st.sampled_from([spec.id for spec in ACTIONS]),
        st.lists(st.sampled_from([";", ",", "=", "_", "Ctrl+;", "Media Play", "Space", "+", "F2"]), max_size=3).map(
            tuple
        ),
    )
)
def test_what_is_written_is_read_again(changes: dict[str, tuple[str, ...]]) -> None:
    assert read(write(changes)) == changes


def test_actions_that_are_no_more_are_passed_over() -> None:
    assert "viewer.gone" not in keys_of(KeySettings(changes="viewer.gone X"))
