"""Small images, and presentation states about them that are whole enough for DCMTK."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydicom import Dataset
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage

GRAYSCALE = "1.2.840.10008.5.1.4.1.1.11.1"
KEY_OBJECT = "1.2.840.10008.5.1.4.1.1.88.59"
STUDY, SERIES, IMAGE, STATE_SERIES = "1.2.3.1", "1.2.3.2", "1.2.3.3", "1.2.3.4"
ROWS, COLUMNS = 48, 64


def image(path: Path, sop_instance_uid: str = IMAGE, **attributes: object) -> Path:
    """A ramp of 12 bits, (48, 64), that no turn maps to itself."""
    dataset = _file(path, SecondaryCaptureImageStorage, sop_instance_uid, SERIES)
    dataset.Modality = "OT"
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.Rows, dataset.Columns = ROWS, COLUMNS
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 12, 11, 0
    ramp = np.arange(ROWS)[:, None] * 40 + np.arange(COLUMNS)[None, :] * 33
    dataset.PixelData = ramp.astype("<u2").tobytes()
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    dataset.save_as(path, enforce_file_format=True)
    return path


def state(path: Path, *changes: Dataset, images: tuple[str, ...] = (IMAGE,), **attributes: object) -> Path:
    """A presentation state that shows `images` whole; `changes` are laid over it, then `attributes`."""
    dataset = _file(path, GRAYSCALE, f"1.2.3.5.{int.from_bytes(path.stem.encode()[:8])}", STATE_SERIES)
    dataset.Modality, dataset.InstanceNumber = "PR", "1"
    dataset.ContentLabel, dataset.ContentDescription, dataset.ContentCreatorName = "MADE", "made for a test", ""
    dataset.PresentationCreationDate, dataset.PresentationCreationTime = "20200102", "030405"
    series = Dataset()
    series.SeriesInstanceUID, series.ReferencedImageSequence = SERIES, references(*images)
    dataset.ReferencedSeriesSequence = Sequence([series])
    dataset.DisplayedAreaSelectionSequence = Sequence([area((1, 1), (COLUMNS, ROWS))])
    dataset.PresentationLUTShape = "IDENTITY"
    for change in changes:
        dataset.update(change)
    for keyword, value in attributes.items():
        if value is None:
            delattr(dataset, keyword)
        else:
            setattr(dataset, keyword, value)
    dataset.save_as(path, enforce_file_format=True)
    return path


def attributes(**values: object) -> Dataset:
    """A data set of these elements."""
    dataset = Dataset()
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    return dataset


def references(*uids: str) -> Sequence:
    items = []
    for uid in uids:
        item = Dataset()
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = SecondaryCaptureImageStorage, uid
        items.append(item)
    return Sequence(items)


def area(first: tuple[int, int], last: tuple[int, int], mode: str = "SCALE TO FIT", **attributes: object) -> Dataset:
    """An item with the corners (column, row)."""
    item = Dataset()
    item.DisplayedAreaTopLeftHandCorner, item.DisplayedAreaBottomRightHandCorner = list(first), list(last)
    item.PresentationSizeMode = mode
    for keyword, value in (attributes or {"PresentationPixelAspectRatio": ["1", "1"]}).items():
        setattr(item, keyword, value)
    return item


def window(center: float, width: float, *uids: str) -> Dataset:
    item = Dataset()
    item.WindowCenter, item.WindowWidth = str(center), str(width)
    if uids:
        item.ReferencedImageSequence = references(*uids)
    return _voi(item)


def voi_lut(first: int, values: list[int], bits: int) -> Dataset:
    item = Dataset()
    item.VOILUTSequence = Sequence([table(first, values, bits)])
    return _voi(item)


def table(first: int, values: list[int], bits: int) -> Dataset:
    item = Dataset()
    item.add_new(0x00283002, "US", [len(values), first, bits])
    item.add_new(0x00283006, "OW", np.array(values, "<u2").tobytes())
    return item


def overlay(group: int, plane: np.ndarray, origin: tuple[int, int] = (1, 1), layer: str = "") -> Dataset:
    """An overlay plane, activated where a `layer` is named."""
    dataset = Dataset()
    dataset.add_new(group << 16 | 0x10, "US", plane.shape[0])
    dataset.add_new(group << 16 | 0x11, "US", plane.shape[1])
    dataset.add_new(group << 16 | 0x40, "CS", "G")
    dataset.add_new(group << 16 | 0x50, "SS", list(origin))
    dataset.add_new(group << 16 | 0x100, "US", 1)
    dataset.add_new(group << 16 | 0x102, "US", 0)
    bits = np.packbits(plane.astype(bool).reshape(-1), bitorder="little").tobytes()
    dataset.add_new(group << 16 | 0x3000, "OW", bits + b"\0" * (len(bits) % 2))
    if layer:
        dataset.update(activation(group, layer))
    return dataset


def activation(group: int, layer: str = "OVERLAYS") -> Dataset:
    dataset = Dataset()
    dataset.add_new(group << 16 | 0x1001, "CS", layer)
    graphic_layer = Dataset()
    graphic_layer.GraphicLayer, graphic_layer.GraphicLayerOrder = layer, "1"
    dataset.GraphicLayerSequence = Sequence([graphic_layer])
    return dataset


def blending(below: tuple[str, ...], above: tuple[str, ...], opacity: float, *changes: Dataset) -> Dataset:
    """The modules of a blending state; `changes` are about the images above."""
    items = []
    for position, uids in (("UNDERLYING", below), ("SUPERIMPOSED", above)):
        series = attributes(SeriesInstanceUID=SERIES, ReferencedImageSequence=references(*uids))
        item = attributes(
            BlendingPosition=position, StudyInstanceUID=STUDY, ReferencedSeriesSequence=Sequence([series])
        )
        items.append(item)
    for change in changes:
        items[1].update(change)
    return attributes(BlendingSequence=Sequence(items), RelativeOpacity=opacity)


def annotation(*objects: Dataset, layer: str = "MARKS", images: tuple[str, ...] = ()) -> Dataset:
    """An item of the Graphic Annotation Sequence; what `objects` are is seen by their elements."""
    item = attributes(GraphicLayer=layer)
    if images:
        item.ReferencedImageSequence = references(*images)
    for sequence, sign in (
        ("TextObjectSequence", "UnformattedTextValue"),
        ("GraphicObjectSequence", "GraphicType"),
        ("CompoundGraphicSequence", "CompoundGraphicType"),
    ):
        found = [one for one in objects if sign in one]
        if found:
            setattr(item, sequence, Sequence(found))
    return item


def annotated(*items: Dataset, layers: tuple[Dataset, ...] = ()) -> Dataset:
    """The modules that say what is drawn; without `layers` those that the items name."""
    names = dict.fromkeys(item.GraphicLayer for item in items)
    declared = layers or tuple(graphic_layer(name, order) for order, name in enumerate(names))
    return attributes(GraphicAnnotationSequence=Sequence(items), GraphicLayerSequence=Sequence(declared))


def graphic_layer(name: str, order: int, **values: object) -> Dataset:
    return attributes(GraphicLayer=name, GraphicLayerOrder=str(order), **values)


def graphic(kind: str, points: list[float], units: str = "PIXEL", filled: str = "N", **values: object) -> Dataset:
    """A graphic object of (column, row), (column, row), ..."""
    return attributes(
        GraphicAnnotationUnits=units,
        GraphicDimensions=2,
        NumberOfGraphicPoints=len(points) // 2,
        GraphicData=points,
        GraphicType=kind,
        GraphicFilled=filled,
        **values,
    )


def compound(kind: str, points: list[float], number: int = 1, units: str = "PIXEL", **values: object) -> Dataset:
    return attributes(
        CompoundGraphicInstanceID=number,
        CompoundGraphicUnits=units,
        GraphicDimensions=2,
        NumberOfGraphicPoints=len(points) // 2,
        GraphicData=points,
        CompoundGraphicType=kind,
        **values,
    )


def boxed_text(text: str, box: tuple[float, float, float, float], units: str = "PIXEL", **values: object) -> Dataset:
    """In a box of left, top, right, bottom."""
    given: dict[str, object] = {"BoundingBoxTextHorizontalJustification": "LEFT", **values}
    return attributes(
        UnformattedTextValue=text,
        BoundingBoxAnnotationUnits=units,
        BoundingBoxTopLeftHandCorner=list(box[:2]),
        BoundingBoxBottomRightHandCorner=list(box[2:]),
        **given,
    )


def anchored_text(text: str, at: tuple[float, float], visible: str = "Y", units: str = "PIXEL") -> Dataset:
    return attributes(
        UnformattedTextValue=text, AnchorPointAnnotationUnits=units, AnchorPoint=list(at), AnchorPointVisibility=visible
    )


def line_style(colour: list[int], thickness: float = 1.0, pattern: int | None = None, **values: object) -> Sequence:
    """A Line Style Sequence; `pattern` makes it dashed."""
    item = attributes(
        PatternOnColorCIELabValue=colour,
        PatternOnOpacity=1.0,
        LineThickness=thickness,
        LineDashingStyle="SOLID" if pattern is None else "DASHED",
        ShadowStyle="OFF",
    )
    if pattern is not None:
        item.LinePattern = pattern
    for keyword, value in values.items():
        setattr(item, keyword, value)
    return Sequence([item])


def fill_style(colour: list[int], opacity: float = 1.0, pattern: bytes = b"") -> Sequence:
    item = attributes(PatternOnColorCIELabValue=colour, PatternOnOpacity=opacity, PatternOffOpacity=0.0)
    item.FillMode = "STIPPELED" if pattern else "SOLID"
    if pattern:
        item.FillPattern = pattern
    return Sequence([item])


def text_style(colour: list[int], horizontal: str = "LEFT", vertical: str = "TOP", **values: object) -> Sequence:
    item = attributes(
        CSSFontName="sans-serif",
        TextColorCIELabValue=colour,
        HorizontalAlignment=horizontal,
        VerticalAlignment=vertical,
        ShadowStyle="OFF",
        Underlined="N",
        Bold="N",
        Italic="N",
    )
    for keyword, value in values.items():
        setattr(item, keyword, value)
    return Sequence([item])


RED, GREEN, WHITE_LAB, BLACK_LAB = (  # CIELab PCS values (PS3.3 C.10.7.1.1)
    [35582, 53653, 50838],
    [57546, 12523, 53690],
    [65535, 32896, 32896],
    [0, 32896, 32896],
)


def key_selection(
    path: Path, *images: tuple[str, tuple[int, ...]], code: str = "113000", title: str = "Of Interest", text: str = ""
) -> Path:
    """A Key Object Selection of these images, or of some frames of them."""
    dataset = _file(path, KEY_OBJECT, f"1.2.3.6.{int.from_bytes(path.stem.encode()[:8])}", "1.2.3.7")
    dataset.Modality, dataset.SeriesNumber, dataset.SeriesDescription = "KO", "9", "Picked"
    dataset.ContentDate, dataset.ContentTime, dataset.ValueType = "20200102", "030405", "CONTAINER"
    dataset.ConceptNameCodeSequence, dataset.ContinuityOfContent = _code(code, title), "SEPARATE"
    content = []
    if text:
        told = attributes(RelationshipType="CONTAINS", ValueType="TEXT", TextValue=text)
        told.ConceptNameCodeSequence = _code("113012", "Key Object Description")
        content.append(told)
    for uid, frames in images:
        item = attributes(RelationshipType="CONTAINS", ValueType="IMAGE", ReferencedSOPSequence=references(uid))
        if frames:
            item.ReferencedSOPSequence[0].ReferencedFrameNumber = list(frames)
        content.append(item)
    dataset.ContentSequence = Sequence(content)
    dataset.save_as(path, enforce_file_format=True)
    return path


def _code(value: str, meaning: str) -> Sequence:
    return Sequence([attributes(CodeValue=value, CodingSchemeDesignator="DCM", CodeMeaning=meaning)])


def _voi(item: Dataset) -> Dataset:
    dataset = Dataset()
    dataset.SoftcopyVOILUTSequence = Sequence([item])
    return dataset


def _file(path: Path, sop_class_uid: str, sop_instance_uid: str, series_uid: str) -> FileDataset:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = sop_class_uid, sop_instance_uid
    dataset = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SOPClassUID, dataset.SOPInstanceUID = sop_class_uid, sop_instance_uid
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = STUDY, series_uid
    dataset.PatientName, dataset.PatientID, dataset.PatientBirthDate, dataset.PatientSex = "Made^Up", "M1", "", ""
    dataset.StudyDate, dataset.StudyTime, dataset.StudyID, dataset.AccessionNumber = "", "", "", ""
    dataset.ReferringPhysicianName, dataset.Manufacturer = "", "MADE"
    dataset.SeriesNumber, dataset.InstanceNumber = "1", "1"
    return dataset
