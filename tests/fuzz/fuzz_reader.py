"""Fuzz the reader, the scan and the frame parser: `python tests/fuzz/fuzz_reader.py FOLDER [-max_total_time=3600]`.

Needs atheris, which is no dependency of the project. FOLDER collects what reaches new code; begin with small real
files in it. What crashes goes to tests/fuzz/findings, where the tests read it for ever after.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import atheris

sys.path[:0] = [str(Path(__file__).resolve().parents[2]), str(Path(__file__).resolve().parents[2] / "src")]
with atheris.instrument_imports(include=["workstation.dicom", "pydicom.filereader", "pydicom.sequence"]):
    from tests.fuzz.checks import check_frames, check_reading

_MEMORY = Path("/dev/shm")
_PATH = Path(tempfile.mkdtemp(prefix="fuzz-", dir=_MEMORY if _MEMORY.is_dir() else None)) / "input.dcm"


def once(data: bytes) -> None:
    _PATH.write_bytes(data)
    check_reading(_PATH)
    check_frames(_PATH)


def main() -> None:
    limits = ["-max_len=65536", "-timeout=10", "-rss_limit_mb=2048", "-malloc_limit_mb=1024"]
    findings = Path(__file__).with_name("findings")
    atheris.Setup([*sys.argv, *limits, f"-artifact_prefix={findings}{os.sep}"], once)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
