from __future__ import annotations

import pytest
from pydicom import Dataset

from tests.support.planted import item, put
from workstation.deidentify.held import SENTENCES, Why, why_held
from workstation.deidentify.texts import element

EXPLICIT = "1.2.840.10008.1.2.1"
CT, US, SC, CR = (f"1.2.840.10008.5.1.4.1.1.{last}" for last in ("2", "6.1", "7", "1"))


def image(sop_class: str, modality: str, **values: object) -> Dataset:
    ds = item(SOPClassUID=sop_class, SOPInstanceUID="1.2.3", Modality=modality, **values)
    put(ds, "PixelData", b"\0\0", "OW")
    return ds


@pytest.mark.parametrize(
    ("ds", "syntax", "why"),
    [
        (item(SOPClassUID="1.2.840.10008.5.1.4.1.1.104.1", SOPInstanceUID="1.2"), EXPLICIT, Why.ENCAPSULATED_DOCUMENT),
        (item(SOPClassUID="1.2.840.10008.5.1.4.1.1.104.2", SOPInstanceUID="1.2"), EXPLICIT, Why.ENCAPSULATED_DOCUMENT),
        (item(SOPClassUID="1.2.840.10008.5.1.4.1.1.66", SOPInstanceUID="1.2"), EXPLICIT, Why.RAW_DATA),
        (item(SOPClassUID="1.2.840.10008.1.3.10", SOPInstanceUID="1.2"), EXPLICIT, Why.MEDIA_DIRECTORY),
        (item(SOPClassUID="1.3.46.670589.5.0.1.1", SOPInstanceUID="1.2"), EXPLICIT, Why.UNKNOWN_CLASS),
        (item(SOPInstanceUID="1.2"), EXPLICIT, Why.UNKNOWN_CLASS),
        (item(SOPClassUID=CT), EXPLICIT, Why.NO_INSTANCE_UID),
        (image(CT, "CT"), "1.2.840.10008.1.2.4.102", Why.VIDEO),
        (image(CT, "CT"), "1.2.840.10008.1.2.4.94", Why.STREAMED_PIXELS),
        (image(CT, "CT", BurnedInAnnotation="YES"), EXPLICIT, Why.BURNED_IN_DECLARED),
        (image(US, "US"), EXPLICIT, Why.BURNED_IN_LIKELY),
        (image(US, "US", BurnedInAnnotation="NO"), EXPLICIT, Why.BURNED_IN_LIKELY),
        (image(SC, "OT"), EXPLICIT, Why.BURNED_IN_LIKELY),
        (image(CR, "CR"), EXPLICIT, Why.BURNED_IN_LIKELY),
        (image(CT, "CT", ImageType=["DERIVED", "SECONDARY", "SCREEN SAVE"]), EXPLICIT, Why.BURNED_IN_LIKELY),
        (image("1.2.840.10008.5.1.4.1.1.77.1.6", "SM", ImageType=["ORIGINAL", "PRIMARY", "LABEL"]), EXPLICIT,
         Why.BURNED_IN_LIKELY),
    ],
)  # fmt: skip
def test_what_cannot_be_made_safe_is_held_with_its_reason(ds: Dataset, syntax: str, why: Why) -> None:
    held = why_held(ds, syntax)
    assert held is not None
    assert held.why is why
    assert held.acknowledgeable == (why in (Why.BURNED_IN_DECLARED, Why.BURNED_IN_LIKELY))
    assert held.sentence.endswith(".")


@pytest.mark.parametrize(
    "ds",
    [
        image(CT, "CT"),
        image(CR, "CR", BurnedInAnnotation="NO"),
        image("1.2.840.10008.5.1.4.1.1.481.1", "RTIMAGE", ImageType=["DERIVED", "SECONDARY", "DRR"]),
        item(SOPClassUID="1.2.840.10008.5.1.4.1.1.88.11", SOPInstanceUID="1.2", Modality="SR"),
        item(SOPClassUID="1.2.840.10008.5.1.4.39.1", SOPInstanceUID="1.2"),
    ],
)
def test_what_can_be_treated_is_not_held(ds: Dataset) -> None:
    assert why_held(ds, EXPLICIT) is None


def test_broken_fragments_are_held() -> None:
    ds = image(CT, "CT")
    pixels = element(0x7FE00010, "OB", b"\xfe\xff\x00\xe0\x00\x00\x00\x00\xfe\xff\x00\xe0\xff\x00\x00\x00abc")
    pixels.is_undefined_length = True
    ds[0x7FE00010] = pixels
    held = why_held(ds, "1.2.840.10008.1.2.4.50")
    assert held is not None
    assert held.why is Why.DAMAGED


def test_every_reason_has_a_sentence() -> None:
    assert set(SENTENCES) == set(Why)
