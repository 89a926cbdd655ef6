from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from workstation.domain import errors
from workstation.domain.errors import (
    ArchiveUnusable,
    AssociationRejected,
    Cancelled,
    CertificateUnusable,
    DamagedFile,
    IncompleteTransfer,
    PeerFailure,
    PeerTimedOut,
    PortInUse,
    SettingsError,
    TlsFailed,
    UnknownMoveDestination,
    WebFailure,
    WorkstationError,
)
from workstation.domain.job import ErrorReport
from workstation.domain.tls import CertificateFault, TlsFault
from workstation.services.explain import _WORDS, explain

FULL = {
    "node": "PACS",
    "ae_title": "ORTHANC",
    "host": "10.0.0.1",
    "port": "104",
    "path": "/data/x.dcm",
    "reason": "some reason",
    "our_ae_title": "WORKSTATION",
    "our_host": "10.0.0.2",
    "our_port": "11112",
    "status": "C000",
    "key": "local.port",
    "expected": "5",
    "found": "4",
    "file": "/c/settings.toml",
}


def every_class(kind: type[WorkstationError] = WorkstationError) -> Iterator[type[WorkstationError]]:
    yield kind
    for subclass in kind.__subclasses__():
        yield from every_class(subclass)


ALL = sorted({kind for kind in every_class() if kind.__module__ == errors.__name__}, key=lambda kind: kind.code)


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.code)
@pytest.mark.parametrize("details", [{}, FULL], ids=["bare", "full"])
def test_every_error_says_what_happened_why_and_what_to_do(kind: type[WorkstationError], details: dict) -> None:
    assert kind.code in _WORDS
    words = explain(kind(**details))
    assert not words.title.endswith(".")
    for sentence in (words.what, words.why, words.remedy):
        assert sentence[0].isupper() or sentence[0] in "“/"
        assert sentence[-1] in ".!?"
        assert not re.search(r"  | \.|\.\.|None|\(\)", sentence), sentence


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.code)
def test_an_error_from_the_journal_is_explained_like_the_error(kind: type[WorkstationError]) -> None:
    error = kind(**FULL)
    assert explain(error.report()) == explain(error)


def test_no_two_classes_share_a_code() -> None:
    assert len({kind.code for kind in ALL}) == len(ALL)


def test_a_code_of_another_version_gets_general_words() -> None:
    assert explain(ErrorReport("of-the-future", {"reason": "something"})).why == "Something."


def test_unknown_move_destination_gives_the_entry_for_the_administrator() -> None:
    words = explain(UnknownMoveDestination(node="PACS", our_ae_title="WS1", our_host="10.0.0.2", our_port=11112))
    assert "AE title WS1, host 10.0.0.2, port 11112" in words.remedy


def test_a_move_that_cannot_be_processed_hints_at_our_entry() -> None:
    words = explain(PeerFailure(node="PACS", operation="C-MOVE", status="C000", our_ae_title="WS1"))
    assert "no entry for this workstation" in words.why
    assert "AE title WS1" in words.remedy
    assert "entry" not in explain(PeerFailure(node="PACS", operation="C-GET", status="C000")).why


def test_a_loopback_address_is_not_given_to_another_computer() -> None:
    ours = {"our_ae_title": "WS1", "our_host": "127.0.0.1", "our_port": 11112}
    assert "127.0.0.1" not in explain(UnknownMoveDestination(node="PACS", host="10.0.0.1", **ours)).remedy
    assert "127.0.0.1" in explain(UnknownMoveDestination(node="PACS", host="localhost", **ours)).remedy


def test_a_caller_that_is_not_known_asks_for_our_ae_title() -> None:
    error = AssociationRejected(node="PACS", reason="Calling AE title not recognised", our_ae_title="WS1")
    assert "add the AE title WS1" in explain(error).remedy


def test_a_wrong_called_ae_title_is_named() -> None:
    error = AssociationRejected(node="PACS", ae_title="ORTHNC", reason="Called AE title not recognised")
    assert "ORTHNC" in explain(error).why


def test_congestion_asks_for_patience() -> None:
    error = AssociationRejected(node="PACS", reason="Temporary congestion")
    assert "again" in explain(error).remedy


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("A700", "resources"),
        ("0xA900", "does not fit"),
        ("C001", "process"),
        ("0124", "not allowed"),
        ("FE00", "cancel"),
    ],
)
def test_a_failure_status_is_put_in_words(status: str, words: str) -> None:
    explanation = explain(PeerFailure(node="PACS", operation="C-STORE", status=status))
    assert words in explanation.why
    assert "C-STORE" in explanation.what


@pytest.mark.parametrize(("status", "words"), [("401", "log-in"), ("404", "nothing at that"), ("503", "overloaded")])
def test_an_http_status_is_put_in_words(status: str, words: str) -> None:
    assert words in explain(WebFailure(node="PACS", status=status)).why


def test_an_incomplete_transfer_counts_and_names_the_cause() -> None:
    words = explain(IncompleteTransfer(node="PACS", expected=5, stored=3, cause="peer-aborted", missing="1.2"))
    assert "3 of 5" in words.what
    assert "connection broke" in words.why
    assert "1.2" in words.why


def test_a_wrong_setting_names_file_key_and_expectation() -> None:
    error = SettingsError(file="/c/settings.toml", key="local.port", expected="a number", found="'x'")
    words = explain(error)
    assert "local.port" in words.what and "/c/settings.toml" in words.what
    assert words.why == "Expected: a number. Found: 'x'."


def test_paths_ports_and_waits_are_named() -> None:
    assert "/data/x.dcm" in explain(DamagedFile(path="/data/x.dcm")).what
    assert "11112" in explain(PortInUse(host="127.0.0.1", port=11112)).what
    assert "30 seconds" in explain(PeerTimedOut(node="PACS", waited_s=30)).what
    assert "/data" in explain(ArchiveUnusable(path="/data", reason="read-only")).why
    assert explain(Cancelled()).title == "Cancelled"


def test_each_fault_of_tls_has_its_own_sentences() -> None:
    told = [explain(TlsFailed(node="PACS", fault=fault, expected_name="pacs.example.org")) for fault in TlsFault]
    assert len({said.title for said in told}) == len({said.what for said in told}) == len(TlsFault)
    wrong = explain(TlsFailed(node="PACS", fault=TlsFault.WRONG_NAME, expected_name="pacs.example.org"))
    assert "pacs.example.org" in wrong.what


def test_each_fault_of_a_file_for_tls_has_its_own_sentence() -> None:
    told = [explain(CertificateUnusable(path="a.pem", use="key", fault=fault)) for fault in CertificateFault]
    assert len({said.why for said in told}) == len(CertificateFault)
    assert all("a.pem" in said.what for said in told)


def test_a_rejection_with_a_user_speaks_of_the_user() -> None:
    said = explain(AssociationRejected(node="PACS", reason="no reason given", user="reader"))
    assert "reader" in said.what and "passcode" in said.remedy
    known = explain(AssociationRejected(node="PACS", reason="calling AE title not recognised", user="reader"))
    assert "AE title" in known.why
