"""What a plain file's first picture does without: each of these libraries costs more than drawing it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.support.testdata import require_testdata

LATE = (
    "click",
    "pydicom",
    "pynetdicom",
    "httpx2",
    "ssl",
    "PIL",
    "imagecodecs",
    "numba",
    "pyqtgraph",
    "pypdfium2",
    "scipy",
    "workstation.archive.compare",
    "workstation.deidentify",
    "workstation.demo",
    "workstation.dicom.decode",
    "workstation.dicom.describe",
    "workstation.dicom.structured_report",
    "workstation.dicom.waveform",
    "workstation.ui.viewer.reading.pane",
    "workstation.network.dicomweb",
    "workstation.network.dimse",
    "workstation.network.listener",
    "workstation.services.export",
    "workstation.services.intake",
    "workstation.ui.activity.page",
    "workstation.ui.export_wizard",
    "workstation.ui.preferences",
    "workstation.ui.studies.page",
    "workstation.ui.worklist.page",
)
PROGRAM = """
import json, os, sys
from pathlib import Path
from workstation import app
opening = app.open_workplace
def painted(later):
    if later._first is None:
        os._exit(3)
    late = json.loads(LATE)
    children = [int(line) for each in Path("/proc/self/task").glob("*/children") for line in each.read_text().split()]
    print(json.dumps([[name for name in late if name in sys.modules], children]), flush=True)
    os._exit(0)
def watched(*arguments):
    from workstation.ui.start import AfterFirstPicture
    AfterFirstPicture.begin = painted
    return opening(*arguments)
app.open_workplace = watched
_, folder, file, LATE = sys.argv
for name in ("CONFIG", "DATA", "CACHE"):
    os.environ[f"WORKSTATION_{name}_DIR"] = os.path.join(folder, name.lower())
sys.argv = ["workstation", "open", file]
app.main()
"""


def test_the_first_picture_of_a_plain_file_needs_none_of_the_slow_libraries_and_no_other_process(
    tmp_path: Path,
) -> None:
    file = require_testdata() / "modalities" / "693_UNCR.dcm"
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path), str(file), json.dumps(LATE)],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [[], []]
