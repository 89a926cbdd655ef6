"""Orthanc with real files of many transfer syntaxes and character sets, sent to it by DCMTK."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.inbox import Us
from tests.support.peers import OrthancPeer, no_thread_left, run_storescu
from tests.support.testdata import require_testdata

UNCOMPRESSED = ("modalities/693_UNCR.dcm", "transfer_syntaxes/MR_small_implicit.dcm")
OTHERS = (
    "transfer_syntaxes/emri_small_big_endian.dcm",
    "modalities/examples_ybr_color.dcm",  # JPEG baseline, 30 frames
    "modalities/sample-op.dcm",  # JPEG lossless
    "transfer_syntaxes/pm5644_test_pattern/PM5644-960x540_JPEG-LS_Lossless.dcm",
    "transfer_syntaxes/US1_J2KR.dcm",
    "photometric/OBXXXX1A_rle_2frame.dcm",
)
NAMES = ("charsets/chrX1.dcm", "charsets/chrRuss.dcm", "charsets/chrH31.dcm", "charsets/chrGreek.dcm")


@pytest.fixture(scope="session")
def testdata() -> Path:
    return require_testdata()


@pytest.fixture(scope="session")
def sent_files(testdata: Path) -> list[Path]:
    """What Orthanc holds."""
    return [testdata / name for name in (*UNCOMPRESSED, *OTHERS, *NAMES)]


@pytest.fixture(scope="session")
def orthanc(sent_files: list[Path]) -> Iterator[OrthancPeer]:
    with OrthancPeer() as peer:
        run_storescu(peer.node(), sent_files)
        yield peer


@pytest.fixture
def us(tmp_path: Path) -> Us:
    folder = tmp_path / "inbox"
    folder.mkdir()
    return Us.with_folder(folder)


@pytest.fixture(autouse=True)
def _no_thread_left() -> Iterator[None]:
    with no_thread_left():
        yield
