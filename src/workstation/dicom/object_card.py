"""What an object without a picture is, what it holds and what it refers to, as a document (PS3.3 A).

Each kind has its lines here or in `radiotherapy_card`; what is known of none is told by its general attributes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from workstation.dicom import elements
from workstation.dicom.object_names import class_name
from workstation.dicom.radiotherapy_card import plan_items, record_items, structure_items
from workstation.dicom.report_values import coded, day_and_hour, meaning, person, prose
from workstation.dicom.structured_report import reference_item
from workstation.domain.document import Document, Item, ItemKind

if TYPE_CHECKING:
    from pydicom import Dataset

Items = Iterator[Item]
_MOST = 5000  # references that are looked at
_SEEN = 20_000  # data sets that are searched for references
_ROWS = 200  # of one list
_MANAGEMENT = "1.2.840.10008.3."  # studies and procedure steps: known to a server, never files
_STORAGE = "1.2.840.10008.5.1.4.1.1."


def object_card(dataset: Dataset) -> Document:
    """Never raises for what is missing or broken in it."""
    uid = elements.first_text(dataset, "SOPClassUID")
    kind = class_name(uid) or "Object of a class that is not known"
    what, items = _kind_of(uid)
    named = ("ContentLabel", "StructureSetLabel", "RTPlanLabel", "HangingProtocolName", "SeriesDescription")
    title = next((text for text in (elements.first_text(dataset, one) for one in named) if text), kind)
    held = (*items(dataset), *_referenced(dataset))
    facts = [("What it is", what)] if what else []
    facts += [(label, text) for label, text in _facts(dataset) if text]
    return Document(title, kind, tuple(facts), items=held)


def heading(name: str, *items: Item) -> Item:
    return Item(name, kind=ItemKind.HEADING, items=items)


def _facts(dataset: Dataset) -> Iterator[tuple[str, str]]:
    first = elements.first_text
    yield "Description", first(dataset, "ContentDescription") or first(dataset, "SeriesDescription")
    yield "Made", next(filter(None, (day_and_hour(dataset, f"{one}Date", f"{one}Time") for one in _MOMENTS)), "")
    yield "By", person(dataset, "ContentCreatorName") or person(dataset, "OperatorsName")
    device = (first(dataset, "Manufacturer"), first(dataset, "ManufacturerModelName"))
    yield "Device", " ".join(part for part in device if part)
    yield "Software", first(dataset, "SoftwareVersions")
    yield "Modality", first(dataset, "Modality")
    yield "Comment", prose(dataset, "ImageComments")


_MOMENTS = ("StructureSet", "RTPlan", "Treatment", "Content", "InstanceCreation", "Acquisition", "Series")


# --- by kind ---------------------------------------------------------------------------------


def _registration(dataset: Dataset) -> Items:
    """PS3.3 C.20.2; a deformable one C.20.3."""
    for keyword in ("RegistrationSequence", "DeformableRegistrationSequence"):
        for number, one in enumerate(elements.items(dataset, keyword)[:_ROWS], 1):
            yield heading(f"{number}. frame of reference", *_registered(one))


def _registered(one: Dataset) -> Items:
    frame = elements.first_text(one, "FrameOfReferenceUID") or elements.first_text(one, "SourceFrameOfReferenceUID")
    yield Item("Frame of reference", frame or "(not said)")
    images = elements.items(one, "ReferencedImageSequence")
    yield Item("Images of it", str(len(images)) if images else "")
    grid = elements.first_item(one, "DeformableRegistrationGridSequence")
    if grid is not None:
        size = [f"{number:g}" for number in elements.numbers(grid, "GridDimensions")]
        yield Item("Deformation", f"a grid of {' x '.join(size)} vectors")
    for outer in elements.items(one, "MatrixRegistrationSequence"):
        for matrix in elements.items(outer, "MatrixSequence"):
            yield _matrix(matrix)
    for keyword, name in (("PreDeformation", "Before"), ("PostDeformation", "After")):
        for matrix in elements.items(one, f"{keyword}MatrixRegistrationSequence"):
            yield _matrix(matrix, name)


def _matrix(matrix: Dataset, name: str = "") -> Item:
    numbers = elements.numbers(matrix, "FrameOfReferenceTransformationMatrix")
    rows = ["   ".join(f"{number:.4g}" for number in numbers[start : start + 4]) for start in (0, 4, 8, 12)]
    kind = elements.first_text(matrix, "FrameOfReferenceTransformationMatrixType").lower()
    label = " ".join(part for part in (name, kind, "matrix") if part)
    return Item(label, "\n".join(rows) if len(numbers) == 16 else "(damaged)")


def _fiducials(dataset: Dataset) -> Items:
    """PS3.3 C.21.2."""
    for group in elements.items(dataset, "FiducialSetSequence"):
        members = elements.items(group, "FiducialSequence")
        rows = []
        for one in members[:_ROWS]:
            name = elements.first_text(one, "FiducialIdentifier") or coded(one, "FiducialIdentifierCodeSequence")
            points = elements.items(one, "GraphicCoordinatesDataSequence")
            in_space = [f"{number:g}" for number in elements.numbers(one, "ContourData")[:3]]
            where = f"at ({', '.join(in_space)}) mm" if in_space else f"on {len(points)} images" if points else ""
            shape = elements.first_text(one, "ShapeType").lower()
            rows.append(Item(name or "Fiducial", " ".join(part for part in (shape, where) if part)))
        yield heading(f"{len(members)} fiducials", *rows)


def _segments(dataset: Dataset) -> Items:
    """Segments of a surface segmentation, with their surfaces (PS3.3 C.8.23.1, C.27.1)."""
    rows = []
    for one in elements.items(dataset, "SegmentSequence")[:_ROWS]:
        kind = coded(one, "SegmentedPropertyTypeCodeSequence")
        rows.append(Item(elements.first_text(one, "SegmentLabel") or "Segment", kind))
    if rows:
        yield heading("Segments", *rows)
    surfaces = elements.items(dataset, "SurfaceSequence")
    meshes = []
    for number, one in enumerate(surfaces[:_ROWS], 1):
        points = elements.first_item(one, "SurfacePointsSequence")
        count = elements.integer(points, "NumberOfSurfacePoints") if points is not None else None
        said = f"{count} points" if count is not None else "(points missing)"
        meshes.append(Item(f"Surface {number}", said))
    if meshes:
        yield heading("Surfaces", *meshes)


def _tracks(dataset: Dataset) -> Items:
    """PS3.3 C.8.33.2."""
    sets = []
    for one in elements.items(dataset, "TrackSetSequence")[:_ROWS]:
        anatomy = coded(one, "TrackSetAnatomicalTypeCodeSequence")
        count = len(elements.items(one, "TrackSequence"))
        name = elements.first_text(one, "TrackSetLabel") or "Track set"
        sets.append(Item(name, " · ".join(part for part in (f"{count} tracks", anatomy) if part)))
    yield heading("Track sets", *sets)


def _hanging(dataset: Dataset) -> Items:
    """PS3.3 C.23.1."""
    rows = [Item("Description", prose(dataset, "HangingProtocolDescription"))]
    rows += [
        Item("For", f"{elements.first_text(one, 'Modality')} {coded(one, 'AnatomicRegionSequence')}".strip())
        for one in elements.items(dataset, "HangingProtocolDefinitionSequence")[:_ROWS]
    ]
    screens = elements.integer(dataset, "NumberOfScreens")
    rows.append(Item("Screens", str(screens) if screens is not None else ""))
    rows.append(Item("Image sets", str(len(elements.items(dataset, "ImageSetsSequence")))))
    rows.append(Item("Display sets", str(len(elements.items(dataset, "DisplaySetsSequence")))))
    yield heading("Protocol", *(row for row in rows if row.text))


def _real_world(dataset: Dataset) -> Items:
    """PS3.3 C.7.6.16.2.11."""
    for group in elements.items(dataset, "ReferencedImageRealWorldValueMappingSequence")[:_ROWS]:
        for one in elements.items(group, "RealWorldValueMappingSequence")[:4]:
            unit = meaning(elements.first_item(one, "MeasurementUnitsCodeSequence"))
            slope, intercept = (elements.number(one, f"RealWorldValue{part}") for part in ("Slope", "Intercept"))
            label = elements.first_text(one, "LUTExplanation") or elements.first_text(one, "LUTLabel")
            said = f"{slope:g} x value + {intercept:g} {unit}" if slope is not None and intercept is not None else unit
            yield Item(label or "Mapping", said)


def _spectroscopy(dataset: Dataset) -> Items:
    """PS3.3 C.8.14."""
    points = elements.integer(dataset, "DataPointColumns")
    rows, columns = elements.integer(dataset, "Rows"), elements.integer(dataset, "Columns")
    nucleus = elements.first_text(dataset, "ResonantNucleus")
    frequency = elements.number(dataset, "TransmitterFrequency")
    told = (
        Item("Voxels", f"{rows} x {columns}" if rows and columns else ""),
        Item("Points of each spectrum", str(points or "")),
        Item("Nucleus", nucleus),
        Item("Frequency", f"{frequency:g} MHz" if frequency is not None else ""),
    )
    yield heading("Spectra", *(row for row in told if row.text))


def _nothing(_dataset: Dataset) -> Items:
    return iter(())


_KINDS: dict[str, tuple[str, Callable[[Dataset], Items]]] = {
    "481.3": ("Outlines of organs and targets for radiotherapy", structure_items),
    "481.5": ("A plan of an irradiation", plan_items),
    "481.8": ("A plan of an irradiation with ions", plan_items),
    "481.4": ("A record of an irradiation that was given", record_items),
    "481.6": ("A record of a brachytherapy that was given", record_items),
    "481.7": ("A summary of irradiations that were given", record_items),
    "481.9": ("A record of an irradiation with ions that was given", record_items),
    "66": ("Raw data of a device, for that device’s own software", _nothing),
    "66.1": ("How one image set lies in the space of another", _registration),
    "66.3": ("How one image set is bent into the space of another", _registration),
    "66.2": ("Points by which images are brought together", _fiducials),
    "66.5": ("Surfaces of structures", _segments),
    "66.6": ("Courses of nerve fibres", _tracks),
    "67": ("What the values of images mean in the real world", _real_world),
    "68.1": ("A surface", _segments),
    "4.2": ("Spectra of magnetic resonance; no picture", _spectroscopy),
    "9.100.1": ("A wave form", _nothing),
}
_OTHERS: dict[str, tuple[str, Callable[[Dataset], Items]]] = {
    "1.2.840.10008.5.1.4.38.1": ("How images are to be laid out on the screen", _hanging),
    "1.3.12.2.1107.5.9.1": ("Data of a Siemens device, for that device’s own software", _nothing),
}


def _kind_of(uid: str) -> tuple[str, Callable[[Dataset], Items]]:
    found = _KINDS.get(uid.removeprefix(_STORAGE)) if uid.startswith(_STORAGE) else None
    return found or _OTHERS.get(uid) or ("", _nothing)


# --- what it refers to -----------------------------------------------------------------------


def _referenced(dataset: Dataset) -> Items:
    """Every object named anywhere in it, once, those of one class together."""
    by_class: dict[str, dict[str, Item]] = {}
    waiting, seen, count = deque([dataset]), 0, 0
    while waiting and seen < _SEEN and count < _MOST:
        one = waiting.popleft()
        seen += 1
        uid, kind = (elements.first_text(one, f"ReferencedSOP{part}UID") for part in ("Instance", "Class"))
        if uid and not kind.startswith(_MANAGEMENT):
            item = reference_item(one)
            by_class.setdefault(item.reference.kind if item.reference else "", {}).setdefault(uid, item)
            count += 1
        waiting.extend(_beneath(one))
    rows = [item for same in by_class.values() for item in same.values()]
    if rows:
        yield heading("Refers to", *rows)


def _beneath(dataset: Dataset) -> Iterator[Dataset]:
    """The items of all its sequences; a contour's points are no sequence and cost nothing."""
    with elements.quietly(dataset):
        for tag in list(dataset.keys()):
            raw = dataset.get_item(tag, keep_deferred=True)
            if raw is not None and raw.VR in ("SQ", None):
                yield from elements.items(dataset, tag)
