"""What a plain file's first picture does without: each of these libraries costs more than drawing it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.support.testdata import require_testdata

LATE = (
    "pydicom",
    "pynetdicom",
    "httpx2",
    "ssl",
    "PIL",
    "imagecodecs",
    "numba",
    "pyqtgraph",
    "scipy",
    "workstation.archive.compare",
    "workstation.deidentify",
    "workstation.demo",
    "workstation.dicom.decode",
    "workstation.dicom.describe",
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
from workstation.app import open_workplace
from workstation.settings import Folders, Settings
folder, file, late = Path(sys.argv[1]), Path(sys.argv[2]), json.loads(sys.argv[3])
with open_workplace(Folders(folder / "config", folder / "data"), Settings()) as workplace:
    from workstation.ui.application import build_window, make_application
    from workstation.ui.start import FirstPaint
    application = make_application()
    window = build_window(workplace)
    window.show_page("viewer")
    viewer = window.page("viewer")
    def painted():
        print(json.dumps([name for name in late if name in sys.modules]), flush=True)
        os._exit(0)
    def shown(_ref):
        first = FirstPaint(viewer.grid.canvas)
        first.painted.connect(painted)
    viewer.frame_shown.connect(shown)
    viewer.failed.connect(lambda error: os._exit(3))
    viewer.open_paths((file,))
    window.show()
    application.exec()
"""


def test_the_first_picture_of_a_plain_file_needs_none_of_the_slow_libraries(tmp_path: Path) -> None:
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
    assert json.loads(done.stdout) == []
