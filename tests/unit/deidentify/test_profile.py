from __future__ import annotations

import pytest

from workstation.deidentify.options import OPTIONS
from workstation.deidentify.profile import load_profile
from workstation.domain.errors import ProfileUnavailable


def test_basic_alone_names_its_edition_and_code() -> None:
    profile = load_profile()
    assert profile.edition == "2026d"
    assert profile.method_codes == (("113100", "Basic Application Confidentiality Profile"),)
    assert profile.longitudinal == "REMOVED"


@pytest.mark.parametrize("name", [option.name for option in OPTIONS.values() if not option.implemented])
def test_an_option_that_is_not_implemented_is_refused(name: str) -> None:
    with pytest.raises(ProfileUnavailable) as caught:
        load_profile("basic", [name])
    assert caught.value.details["option"] == name
    assert "retain-uids" in caught.value.details["expected"]


@pytest.mark.parametrize(("profile", "options"), [("strict", []), ("basic", ["retain-everything"])])
def test_an_unknown_profile_or_option_is_refused(profile: str, options: list[str]) -> None:
    with pytest.raises(ProfileUnavailable):
        load_profile(profile, options)


def test_full_and_modified_dates_exclude_each_other() -> None:
    with pytest.raises(ProfileUnavailable):
        load_profile("basic", ["retain-full-dates", "retain-modified-dates"])


def test_every_option_has_a_code_of_the_standard_and_a_sentence() -> None:
    assert len(OPTIONS) == 12
    assert len({option.code for option in OPTIONS.values()}) == 12
    assert all(option.sentence.endswith(".") for option in OPTIONS.values())


def test_keeping_takes_precedence_over_cleaning_and_both_over_the_basic_profile() -> None:
    tag = 0x0018700C  # Date of Last Detector Calibration: device identity K, modified dates C, basic X/D
    assert load_profile().code_for(tag) == "X/D"
    assert load_profile("basic", ["retain-modified-dates"]).code_for(tag) == "C"
    assert load_profile("basic", ["retain-modified-dates", "retain-device-identity"]).code_for(tag) == "K"


@pytest.mark.parametrize(
    ("option", "expected"), [("retain-full-dates", "UNMODIFIED"), ("retain-modified-dates", "MODIFIED")]
)
def test_what_became_of_the_dates_is_said(option: str, expected: str) -> None:
    assert load_profile("basic", [option]).longitudinal == expected
