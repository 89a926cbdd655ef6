"""The pages of an encapsulated PDF as frames (PS3.3 A.45.1), drawn by PDFium in a decode worker.

PDFium is native code and the document a stranger's: outside a worker process use `decode_pool`. The build has no
JavaScript, and nothing that a document names is fetched.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from workstation.dicom.encapsulated import read_encapsulated
from workstation.domain.errors import DecodeFailed, NoPixelData, UnsupportedObject
from workstation.imaging.frame import Frame, PixelAttributes

_MEDIA_TYPE = "application/pdf"
_LONGEST = 2400  # pixels of the longer side: 205 per inch of an A4 page
_FINEST, _COARSEST = 4.5, 0.05  # pixels per point (1/72 inch)
_MOST_PAGES = 5000


class PdfPages:
    """As `decode.ImageFile`, a frame a page; PDFium is loaded with the first page."""

    has_profile = True  # opened by native code, as those files are

    def __init__(self, path: str | Path) -> None:
        """Raises NoPixelData where there is no PDF in it, NotDicom, DamagedFile."""
        self.path = Path(path)
        try:
            wrapped = read_encapsulated(path)
        except UnsupportedObject as error:
            raise NoPixelData(path=path) from error
        if wrapped.media_type != _MEDIA_TYPE:
            raise NoPixelData(path=path)
        self._data = wrapped.data
        self._document: Any = None

    def close(self) -> None:
        document, self._document = self._document, None
        if document is not None:
            document.close()

    @property
    def frame_count(self) -> int:
        """Its pages. Raises DecodeFailed where PDFium cannot make sense of it."""
        count = len(self._opened(0))
        if not count:
            raise self._failed(0, "the PDF has no pages")
        return min(count, _MOST_PAGES)

    def frame(self, index: int, reduce: int = 0) -> Frame:
        """`reduce` n: drawn n times half as large. Raises DecodeFailed."""
        document = self._opened(index)
        if not 0 <= index < len(document):
            raise self._failed(index, "there is no such page")
        import pypdfium2  # noqa: PLC0415 - in a worker only

        try:
            page = document[index]
            scale = _scale(*page.get_size()) / (1 << reduce)
            bitmap = page.render(scale=scale, rev_byteorder=True, prefer_bgrx=False)
            stored = np.array(bitmap.to_numpy()[:, :, :3])
            page.close()
        except (pypdfium2.PdfiumError, ValueError, RuntimeError) as error:
            raise self._failed(index, "the page is damaged") from error
        return Frame(stored, PixelAttributes("RGB", 8, False, reduction=1 << reduce, decoder="pdfium"))

    def decoded(self, index: int) -> NoReturn:
        """Raises NoPixelData: a page has no stored values."""
        raise NoPixelData(path=self.path, frame=index)

    def _opened(self, index: int) -> Any:
        if self._document is None:
            import pypdfium2  # noqa: PLC0415 - in a worker only

            try:
                self._document = pypdfium2.PdfDocument(self._data)
            except pypdfium2.PdfiumError as error:
                locked = "password" in str(error).lower()
                raise self._failed(index, "the PDF is locked" if locked else "the PDF is damaged") from error
            if self._document.get_formtype():
                self._document.init_forms()  # or what was typed into its fields would be missing
        return self._document

    def _failed(self, index: int, reason: str) -> DecodeFailed:
        return DecodeFailed(path=self.path, frame=index, reason=reason)


def _scale(width: float, height: float) -> float:
    """Pixels per point: sharp when it fills a screen, and no larger than that whatever the page claims to be."""
    longest = max(width, height, 1.0)
    return max(min(_LONGEST / longest, _FINEST), min(_COARSEST, _LONGEST / longest))
