"""Atheris on what a peer says on an association. Run it by hand; atheris is no dependency.

    python tests/fuzz/fuzz_pdus.py [libFuzzer options] [corpus folder]

Whatever is raised, or is no whole PDU of an answer, is a finding; each becomes a regression test.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parents[2] / "src"))
sys.path.insert(0, str(Path(__file__).parents[2]))

with atheris.instrument_imports(include=["workstation.network"]):
    from tests.support.hostile_pdus import answer, pdus_of
from tests.support.inbox import FolderInbox

INBOX = FolderInbox(Path(tempfile.mkdtemp(prefix="fuzz-")))


def one_input(data: bytes) -> None:
    pdus_of(answer(data, INBOX.delivery("fuzz")))
    assert set(INBOX.files) == set(INBOX.taken)
    for path in INBOX.taken:
        path.unlink()
    INBOX.taken.clear()


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
