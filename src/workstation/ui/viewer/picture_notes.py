"""Short words on one picture: what was done to it, what is hidden, what the pixel under the pointer says."""

from __future__ import annotations

from workstation.imaging.calibration import scale_at, spacing_source
from workstation.imaging.frame import Frame, PixelAttributes
from workstation.imaging.numbers import number
from workstation.imaging.presentation import PresentationState
from workstation.imaging.probe import Reading
from workstation.imaging.view import View

_IN_THE_PATIENT = "pixel spacing"


def flags(attributes: PixelAttributes, view: View) -> tuple[str, ...]:
    """What must be known before the picture is believed."""
    lossy = f"LOSSY {attributes.lossy_text}".strip()
    return tuple(
        flag
        for flag, applies in (
            (f"INCOMPLETE: {attributes.incomplete}", bool(attributes.incomplete)),
            (attributes.precision_note.upper(), bool(attributes.precision_note)),
            (f"REDUCED 1/{attributes.reduction}", attributes.reduction > 1),
            ("FOR PROCESSING", attributes.for_processing),
            ("BURNED-IN TEXT", attributes.burned_in),
            (lossy, attributes.lossy),
            ("overlay planes hidden", bool(attributes.overlays) and not view.overlays_shown),
            ("shutter open", attributes.shutter is not None and not view.shutter_shown),
            ("MONOCHROME1", attributes.photometric_interpretation == "MONOCHROME1"),
        )
        if applies
    )


def presentation_flag(state: PresentationState | None, view: View) -> tuple[str, ...]:
    """Which presentation state is applied, and what of it is not to be seen."""
    if state is None:
        return ()
    flags = [f"PR applied: {state.label or '(no label)'}"]
    if not view.graphics_shown and any(one.count for one in state.annotations):
        flags.append("PR graphics hidden")
    elif view.hidden_layers:
        layers = len(view.hidden_layers)
        flags.append(f"{layers} PR layer{'' if layers == 1 else 's'} hidden")
    flags += [f"PR {words} not applied" for words in state.unapplied]
    if state.undrawn:
        flags.append(f"{state.undrawn} PR mark{'' if state.undrawn == 1 else 's'} not drawn")
    return tuple(flags)


def made_line(attributes: PixelAttributes) -> str:
    """What is only good to know: most mammograms are derived, so it is no warning."""
    parts = (("derived", attributes.derived), ("ICC profile", attributes.profile is not None))
    return " · ".join(part for part, applies in parts if applies)


def calibration_line(attributes: PixelAttributes) -> str:
    """Where lengths come from when it is not the patient (PS3.3 10.7.1.3); empty when it is."""
    if attributes.pixel_spacing_mm is None:
        return "calibrated in regions" if attributes.regions else "not calibrated"
    source = spacing_source(attributes)
    return "" if source == _IN_THE_PATIENT else source


def ruler_mm(frame: Frame) -> float | None:
    """Width of a pixel for the ruler; of an ultrasound picture, of the region in its middle (PS3.3 C.8.5.5)."""
    attributes = frame.attributes
    if not attributes.regions:
        return attributes.pixel_spacing_mm[1] if attributes.pixel_spacing_mm else None
    step = attributes.reduction
    scale = scale_at(attributes, (frame.columns * step / 2, frame.rows * step / 2))
    return scale.across * step if scale.unit == "mm" else None


def reading_text(reading: Reading | tuple[int, ...]) -> str:
    """`-37 HU (987)`, the stored value in brackets; `SUVbw 2.31 · 8120 BQML`; the samples of a colour."""
    if isinstance(reading, tuple):
        return " ".join(str(sample) for sample in reading)
    if reading.is_padding:
        return "padding"
    value = f"{number(reading.value)} {reading.unit}".strip()
    if reading.suv is not None:
        return f"{reading.suv_kind} {number(reading.suv)} · {value}"
    real = f" · {number(reading.real)} {reading.real_unit}".rstrip() if reading.real is not None else ""
    stored = f" ({number(reading.stored)})" if reading.is_rescaled else ""
    refused = f" · no SUV: {reading.suv_refusal}" if reading.suv_refusal else ""
    return value + stored + real + refused
