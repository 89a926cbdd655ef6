"""Whatever the bytes: the reader reads or refuses, the scan agrees with it, frames are found or refused."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.fuzz.checks import check_frames, check_reading
from tests.support.testdata import REPOSITORY, manifest, require_testdata

FINDINGS = sorted(path for path in (REPOSITORY / "tests" / "fuzz" / "findings").iterdir() if path.suffix != ".md")
SEEDS = [row["path"] for row in manifest() if int(row["size"]) < 6000][::10]
DAMAGES = 6


def test_what_fuzzing_found_stays_mended() -> None:
    for finding in FINDINGS:
        check_reading(finding)
        check_frames(finding)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_damaged_file_is_read_or_refused(seed: str, tmp_path: Path) -> None:
    whole = (require_testdata() / seed).read_bytes()
    chance = random.Random(seed)
    path = tmp_path / "damaged.dcm"
    for _ in range(DAMAGES):
        damaged = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            place = chance.randrange(len(damaged))
            damaged[place : place + chance.choice((1, 1, 2, 4))] = chance.randbytes(chance.choice((0, 1, 2, 4, 8)))
        path.write_bytes(damaged[: chance.randrange(len(damaged))] if chance.random() < 0.3 else damaged)
        check_reading(path)
        check_frames(path)
