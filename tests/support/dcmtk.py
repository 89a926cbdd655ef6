"""What DCMTK draws of a file: its renderers' options and their pictures."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.support.testdata import unavailable

Picture = NDArray[np.uint8]

# Transfer syntaxes by the renderer that decodes them; the others DCMTK cannot show.
_NATIVE = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99")
_RENDERERS = {
    **dict.fromkeys((*_NATIVE, "1.2.840.10008.1.2.5", ""), "dcm2pnm"),
    **dict.fromkeys((f"1.2.840.10008.1.2.4.{number}" for number in (50, 51, 57, 70)), "dcmj2pnm"),
    **dict.fromkeys((f"1.2.840.10008.1.2.4.{number}" for number in (80, 81)), "dcml2pnm"),
}


def renders(transfer_syntax_uid: str) -> bool:
    return transfer_syntax_uid in _RENDERERS


def picture(file: Path, into: Path, *options: str, transfer_syntax_uid: str = "") -> Picture | None:
    """The picture of one frame, (rows, columns) or (rows, columns, 3); None where DCMTK refuses."""
    program = shutil.which(_RENDERERS[transfer_syntax_uid])
    if program is None:
        unavailable("DCMTK's dcm2pnm")
    command = [str(program), *options, "+op", str(file), str(into)]
    done = subprocess.run(command, capture_output=True, check=False, timeout=60)
    return None if done.returncode else raw_pnm(into.read_bytes())


def raw_pnm(data: bytes) -> Picture:
    """Raw PGM and PPM without comments, as DCMTK writes them."""
    kind, width, height, largest = data.split(maxsplit=4)[:4]
    assert largest == b"255"
    shape = (int(height), int(width), 3) if kind == b"P6" else (int(height), int(width))
    count = int(np.prod(shape))
    return np.frombuffer(data[-count:], np.uint8).reshape(shape)
