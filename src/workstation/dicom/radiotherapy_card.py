"""The content of radiotherapy objects without a picture: structures, plans, records (PS3.3 C.8.8)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from workstation.dicom import elements
from workstation.dicom.report_values import day_and_hour, person
from workstation.domain.document import Item, ItemKind

if TYPE_CHECKING:
    from pydicom import Dataset

_ROWS = 200  # of one list
_BEAMS = ("BeamSequence", "IonBeamSequence")


def _heading(name: str, *items: Item) -> Item:
    return Item(name, kind=ItemKind.HEADING, items=items)


def _row(name: str, *parts: str) -> Item:
    return Item(name, " · ".join(part for part in parts if part))


def _told(*rows: Item) -> tuple[Item, ...]:
    return tuple(row for row in rows if row.text)


def structure_items(dataset: Dataset) -> Iterator[Item]:
    """Structures with their kind and the number of their outlines (PS3.3 C.8.8.5, C.8.8.6, C.8.8.8)."""
    kinds = {
        elements.integer(one, "ReferencedROINumber"): elements.first_text(one, "RTROIInterpretedType").lower()
        for one in elements.items(dataset, "RTROIObservationsSequence")
    }
    outlines = {
        elements.integer(one, "ReferencedROINumber"): len(elements.items(one, "ContourSequence"))
        for one in elements.items(dataset, "ROIContourSequence")
    }
    rows = []
    structures = elements.items(dataset, "StructureSetROISequence")
    for one in structures[:_ROWS]:
        number = elements.integer(one, "ROINumber")
        count = outlines.get(number, 0)
        said = f"{count} outline{'' if count == 1 else 's'}" if count else "no outlines"
        name = elements.first_text(one, "ROIName") or f"Structure {number}"
        volume = elements.number(one, "ROIVolume")
        size = f"{volume:g} cm³" if volume else ""
        rows.append(_row(name, kinds.get(number, "").replace("_", " "), said, size))
    yield _heading(f"{len(structures)} structures", *rows)


def plan_items(dataset: Dataset) -> Iterator[Item]:
    """Prescription, fractions, beams or applicators (PS3.3 C.8.8.9 to C.8.8.15)."""
    first = elements.first_text
    yield from _told(
        _row("Approval", first(dataset, "ApprovalStatus").lower(), person(dataset, "ReviewerName")),
        _row("Intent", first(dataset, "PlanIntent").lower()),
        _row("Description", first(dataset, "RTPlanDescription")),
    )
    doses = [_prescribed(one) for one in elements.items(dataset, "DoseReferenceSequence")[:_ROWS]]
    if doses:
        yield _heading("Prescription", *doses)
    groups = [_fractions(one) for one in elements.items(dataset, "FractionGroupSequence")[:_ROWS]]
    if groups:
        yield _heading("Fractions", *groups)
    for keyword in _BEAMS:
        beams = elements.items(dataset, keyword)
        if beams:
            yield _heading(f"{len(beams)} beams", *(_beam(one, keyword) for one in beams[:_ROWS]))
    setups = elements.items(dataset, "ApplicationSetupSequence")
    if setups:
        sources = ", ".join(first(one, "SourceIsotopeName") for one in elements.items(dataset, "SourceSequence"))
        yield _heading(
            "Brachytherapy",
            *_told(
                _row("Technique", first(dataset, "BrachyTreatmentTechnique").lower()),
                _row("Treatment", first(dataset, "BrachyTreatmentType")),
                _row("Sources", sources),
                _row("Applicator setups", str(len(setups))),
                _row("Channels", str(sum(len(elements.items(one, "ChannelSequence")) for one in setups))),
            ),
        )


def _prescribed(one: Dataset) -> Item:
    dose = elements.number(one, "TargetPrescriptionDose") or elements.number(one, "DeliveryMaximumDose")
    name = elements.first_text(one, "DoseReferenceDescription") or elements.first_text(one, "DoseReferenceType").lower()
    kind = elements.first_text(one, "DoseReferenceStructureType").lower().replace("_", " ")
    return _row(name or "Dose", f"{dose:g} Gy" if dose is not None else "", kind)


def _fractions(one: Dataset) -> Item:
    planned = elements.integer(one, "NumberOfFractionsPlanned")
    meters = [elements.number(beam, "BeamMeterset") for beam in elements.items(one, "ReferencedBeamSequence")]
    known = [meter for meter in meters if meter is not None]
    return _row(
        f"Group {elements.first_text(one, 'FractionGroupNumber')}".strip(),
        f"{planned} fractions" if planned is not None else "",
        f"{len(meters)} beams" if meters else "",
        f"{sum(known):.1f} monitor units a fraction" if known else "",
    )


def _beam(one: Dataset, keyword: str) -> Item:
    points = elements.items(one, "IonControlPointSequence" if keyword.startswith("Ion") else "ControlPointSequence")
    begin = points[0] if points else one
    energy, gantry = elements.number(begin, "NominalBeamEnergy"), elements.number(begin, "GantryAngle")
    return _row(
        elements.first_text(one, "BeamName") or f"Beam {elements.first_text(one, 'BeamNumber')}",
        elements.first_text(one, "RadiationType").lower(),
        elements.first_text(one, "BeamType").lower(),
        f"{energy:g} MeV" if energy else "",
        f"gantry {gantry:g}°" if gantry is not None else "",
        elements.first_text(one, "TreatmentMachineName"),
        f"{len(points)} control points" if points else "",
    )


def record_items(dataset: Dataset) -> Iterator[Item]:
    """What was given, beam by beam (PS3.3 C.8.8.16 to C.8.8.25)."""
    yield from _told(
        _row("Treated", day_and_hour(dataset, "TreatmentDate", "TreatmentTime")),
        _row("Fractions", elements.first_text(dataset, "NumberOfFractionsPlanned")),
        _row("Status", elements.first_text(dataset, "CurrentTreatmentStatus").lower()),
        _row("Treated before", elements.first_text(dataset, "FirstTreatmentDate")),
    )
    for keyword in ("TreatmentSessionBeamSequence", "TreatmentSessionIonBeamSequence"):
        beams = elements.items(dataset, keyword)
        if beams:
            yield _heading("Beams", *(_given(one) for one in beams[:_ROWS]))


def _given(one: Dataset) -> Item:
    meterset = elements.number(one, "DeliveredPrimaryMeterset") or elements.number(one, "DeliveredMeterset")
    return _row(
        elements.first_text(one, "BeamName") or f"Beam {elements.first_text(one, 'ReferencedBeamNumber')}",
        f"fraction {elements.first_text(one, 'CurrentFractionNumber')}",
        f"{meterset:g} monitor units" if meterset is not None else "",
        f"ended {elements.first_text(one, 'TreatmentTerminationStatus').lower()}",
    )
