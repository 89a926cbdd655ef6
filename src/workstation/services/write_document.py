"""What is read of an object without a picture, written to a file: text, a page of HTML, a sheet of traces."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from workstation.domain.document import Document
from workstation.domain.errors import InputError, NoPixelData
from workstation.imaging.recording import Recording
from workstation.imaging.trace_sheet import SheetWish, sheet
from workstation.services.document_text import to_html, to_text
from workstation.services.documents import read_readable, write_whole
from workstation.services.recording_text import recording_document


def is_recording(path: Path) -> bool:
    """Whether it holds a wave form; False for what cannot be read."""
    from workstation.dicom.read import read_header  # noqa: PLC0415 - only the command line needs it

    try:
        return "WaveformSequence" in read_header(path)
    except (InputError, OSError):
        return False


def write_text(path: Path, out: Path) -> None:
    """As HTML where `out` says so, else as plain text. Raises InputError, LocalError."""
    readable = read_readable(path)
    document = readable if isinstance(readable, Document) else recording_document(readable)
    text = to_html(document) if out.suffix.lower() == ".html" else to_text(document)
    write_whole(out, text.encode())


def write_sheet(path: Path, out: Path) -> None:
    """As PNG. Raises InputError, LocalError."""
    from PIL import Image  # noqa: PLC0415 - only the command line needs it

    from workstation.dicom.render_recording import draw_sheet  # noqa: PLC0415

    readable = read_readable(path)
    made = sheet(readable, SheetWish()) if isinstance(readable, Recording) else None
    if made is None:
        raise NoPixelData(path=path, reason="no wave form that can be drawn")
    data = BytesIO()
    Image.fromarray(draw_sheet(made)).save(data, format="PNG")
    write_whole(out, data.getvalue())
