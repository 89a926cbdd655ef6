"""Which part of the Total Pixel Matrix a frame is (PS3.3 C.7.6.17.3, C.8.12.6)."""

from __future__ import annotations

from workstation.dicom import elements
from workstation.dicom.functional_groups import FrameAttributes
from workstation.dicom.header_scan import HeaderScan


def matrix_origin(frame: FrameAttributes, frame_index: int) -> tuple[float, float]:
    """Column and row of the matrix, from 0, at which frame `frame_index` begins; (0, 0) where it is no tile."""
    dataset = frame.dataset
    if isinstance(dataset, HeaderScan):
        return 0.0, 0.0  # what has functional groups is not scanned
    place = frame.group("PlanePositionSlideSequence")
    if place is not None:
        column = elements.number(place, "ColumnPositionInTotalImagePixelMatrix")
        row = elements.number(place, "RowPositionInTotalImagePixelMatrix")
        if column is not None and row is not None:
            return column - 1, row - 1
    if elements.first_text(dataset, "DimensionOrganizationType").upper() != "TILED_FULL":
        return 0.0, 0.0
    columns, rows = elements.integer(dataset, "Columns"), elements.integer(dataset, "Rows")
    whole, high = (elements.integer(dataset, f"TotalPixelMatrix{side}") for side in ("Columns", "Rows"))
    if not columns or not rows or not whole or not high or min(columns, rows, whole, high) < 0:
        return 0.0, 0.0
    across, down = -(-whole // columns), -(-high // rows)
    tile = frame_index % (across * down)
    return float(tile % across * columns), float(tile // across * rows)
