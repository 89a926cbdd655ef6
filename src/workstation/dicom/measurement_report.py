"""Writing measurements as a structured report (Comprehensive SR, PS3.16 TID 1500) for programs to read."""

from __future__ import annotations

from collections.abc import Iterator

from pydicom import Dataset

from workstation.dicom import content_items as write
from workstation.dicom.content_items import Code
from workstation.dicom.marked_frames import MarkedFrame, TrackedAnnotation, evidence
from workstation.dicom.new_object import IMPLEMENTATION_CLASS_UID, NAME, NewSeries, begun, items
from workstation.dicom.state_graphics import ellipse_points, outline_points
from workstation.imaging.annotation import Annotation, Kind
from workstation.imaging.annotation_words import TITLES
from workstation.imaging.quantities import Quantity, QuantityName, quantities

COMPREHENSIVE_SR = "1.2.840.10008.5.1.4.1.1.88.33"
UNITS = {  # our units in UCUM (PS3.16 CID 82)
    "mm": Code("mm", "UCUM", "millimeter"),
    "mm²": Code("mm2", "UCUM", "square millimeter"),
    "°": Code("deg", "UCUM", "degree"),
    "px": Code("{pixels}", "UCUM", "pixels"),
    "px²": Code("{pixels}", "UCUM", "pixels"),  # an area in pixels is a number of them
    "HU": Code("[hnsf'U]", "UCUM", "Hounsfield unit"),
    "SUVbw": Code("{SUVbw}g/ml", "UCUM", "Standardized Uptake Value body weight"),
    "BQML": Code("Bq/ml", "UCUM", "Becquerels/milliliter"),
}
_NAMES = {
    QuantityName.LENGTH: Code("410668003", "SCT", "Length"),
    QuantityName.ANGLE: Code("1483009", "SCT", "Angle"),
    QuantityName.AREA: Code("42798000", "SCT", "Area"),
}
_PROPERTIES = {  # what values in a unit are values of
    "HU": Code("112031", "DCM", "Attenuation Coefficient"),
    "SUVbw": Code("126401", "DCM", "SUVbw"),
    "BQML": Code("110813", "DCM", "Tracer activity concentration"),
}
_DERIVATIONS = {
    QuantityName.MEAN: Code("373098007", "SCT", "Mean"),
    QuantityName.DEVIATION: Code("386136009", "SCT", "Standard Deviation"),
    QuantityName.MINIMUM: Code("255605001", "SCT", "Minimum"),
    QuantityName.MAXIMUM: Code("56851009", "SCT", "Maximum"),
}
_REPORTED = (Kind.LENGTH, Kind.ANGLE, Kind.ELLIPSE, Kind.RECTANGLE, Kind.FREEHAND)


def _is_measured(one: MarkedFrame, annotation: Annotation) -> bool:
    return annotation.kind in _REPORTED and bool(_numbers(one, annotation))


def measurement_report(frames: tuple[MarkedFrame, ...], series: NewSeries) -> Dataset | None:
    """About the frames of one study; None where nothing on them is a length, an angle or a region."""
    measured = tuple(one for one in frames if any(_is_measured(one, each.annotation) for each in one.annotations))
    if not measured:
        return None
    made = begun(measured[0].header, COMPREHENSIVE_SR, series, 1)
    made.ContentDate, made.ContentTime = f"{series.made_at:%Y%m%d}", f"{series.made_at:%H%M%S}"
    made.CompletionFlag, made.VerificationFlag = "PARTIAL", "UNVERIFIED"
    made.ReferencedPerformedProcedureStepSequence = made.PerformedProcedureCodeSequence = items()
    made.CurrentRequestedProcedureEvidenceSequence = items(evidence(measured))
    made.update(
        write.container(
            Code("126000", "DCM", "Imaging Measurement Report"),
            _language(),
            *_observer(),
            write.code(
                Code("121058", "DCM", "Procedure reported"),
                Code("363679005", "SCT", "Imaging procedure"),
                relationship="HAS CONCEPT MOD",
            ),
            _library(measured),
            write.container(Code("126010", "DCM", "Imaging Measurements"), *_groups(measured)),
            relationship="",
            template="1500",
        )
    )
    return made


def _language() -> Dataset:
    """PS3.16 TID 1204."""
    return write.code(
        Code("121049", "DCM", "Language of Content Item and Descendants"),
        Code("en", "RFC5646", "English"),
        relationship="HAS CONCEPT MOD",
    )


def _observer() -> tuple[Dataset, ...]:
    """PS3.16 TID 1002, 1004: the program; who looked on is not known."""
    return (
        write.code(
            Code("121005", "DCM", "Observer Type"), Code("121007", "DCM", "Device"), relationship="HAS OBS CONTEXT"
        ),
        write.uid_reference(
            Code("121012", "DCM", "Device Observer UID"), IMPLEMENTATION_CLASS_UID, relationship="HAS OBS CONTEXT"
        ),
        write.text(Code("121013", "DCM", "Device Observer Name"), NAME, relationship="HAS OBS CONTEXT"),
    )


def _library(frames: tuple[MarkedFrame, ...]) -> Dataset:
    """PS3.16 TID 1600, each image once."""
    references = {one.sop_instance_uid: one for one in frames}
    group = write.container(
        Code("126200", "DCM", "Image Library Group"),
        *(write.image(one.reference()) for one in references.values()),
    )
    return write.container(Code("111028", "DCM", "Image Library"), group)


def _groups(frames: tuple[MarkedFrame, ...]) -> Iterator[Dataset]:
    counts: dict[Kind, int] = {}
    for one in frames:
        for tracked in one.annotations:
            kind = tracked.annotation.kind
            if _is_measured(one, tracked.annotation):
                counts[kind] = counts.get(kind, 0) + 1
                yield _group(one, tracked, f"{TITLES[kind]} {counts[kind]}")


def _group(one: MarkedFrame, tracked: TrackedAnnotation, name: str) -> Dataset:
    """PS3.16 TID 1410 for a region, TID 1501 for a line or an angle."""
    annotation = tracked.annotation
    content = [
        write.text(Code("112039", "DCM", "Tracking Identifier"), name, relationship="HAS OBS CONTEXT"),
        write.uid_reference(
            Code("112040", "DCM", "Tracking Unique Identifier"), tracked.tracking_uid, relationship="HAS OBS CONTEXT"
        ),
    ]
    if annotation.region is not None:
        content.append(_place(Code("111030", "DCM", "Image Region"), one, annotation, "CONTAINS"))
        content += _numbers(one, annotation)
    else:
        path = _place(Code("121055", "DCM", "Path"), one, annotation, "INFERRED FROM")
        content += _numbers(one, annotation, path)
    return write.container(Code("125007", "DCM", "Measurement Group"), *content)


def _numbers(one: MarkedFrame, annotation: Annotation, *inferred_from: Dataset) -> list[Dataset]:
    return [item for each in quantities(annotation, one.frame) for item in _number(each, *inferred_from)]


def _number(quantity: Quantity, *inferred_from: Dataset) -> list[Dataset]:
    """Nothing where it or its unit has no code that says it."""
    unit = UNITS.get(quantity.unit)
    if unit is None:
        return []
    derivation = _DERIVATIONS.get(quantity.name)
    if derivation is None:
        name = _NAMES.get(quantity.name)
        return [write.number(name, quantity.value, unit, *inferred_from)] if name is not None else []
    measured = _PROPERTIES.get(quantity.unit)
    if measured is None:
        return []
    how = write.code(Code("121401", "DCM", "Derivation"), derivation, relationship="HAS CONCEPT MOD")
    return [write.number(measured, quantity.value, unit, how)]


def _place(name: Code, one: MarkedFrame, annotation: Annotation, relationship: str) -> Dataset:
    if annotation.kind is Kind.ELLIPSE:
        points, kind = ellipse_points(annotation.points[0], annotation.points[-1]), "ELLIPSE"
    else:
        points, kind = outline_points(annotation), "POLYLINE"
    return write.coordinates(name, kind, points, one.reference(), relationship=relationship)
