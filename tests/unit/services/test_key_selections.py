"""Which frames documents of key images mean, and the stacks that are made of them."""

from __future__ import annotations

from pathlib import Path

from workstation.dicom.key_selection import KeySelection
from workstation.domain.study import Series, Study
from workstation.imaging.presentation import ImageReference
from workstation.services.display_sets import DisplayKind, DisplaySet, FrameRef
from workstation.services.key_selections import KeySelections

KO = Path("ko.dcm")
CLIP = DisplaySet("clip", Study(), Series(), tuple(FrameRef(Path("clip.dcm"), n, "1.2", place=n) for n in range(4)))
STILL = DisplaySet("still", Study(), Series(), (FrameRef(Path("still.dcm"), 0, "1.3"),))
DOCUMENT = DisplaySet(
    "ko",
    Study(),
    Series(description="Picked"),
    (FrameRef(KO, 0, "1.9", "1.2.840.10008.5.1.4.1.1.88.59"),),
    kind=DisplayKind.DOCUMENT,
)
SETS = (CLIP, STILL, DOCUMENT)


def stack(*images: ImageReference) -> DisplaySet:
    (found,) = KeySelections({KO: KeySelection("1.9", "Of Interest", images)}).described(SETS)
    return found


def test_frames_of_a_clip_are_picked_out_by_their_numbers() -> None:
    found = stack(ImageReference("1.3"), ImageReference("1.2", (2, 4)))
    assert [(ref.sop_instance_uid, ref.frame_index) for ref in found.frames] == [("1.3", 0), ("1.2", 1), ("1.2", 3)]
    assert [ref.place for ref in found.frames] == [0, 1, 2]
    assert (found.kind, found.notices) == (DisplayKind.IMAGE, ())


def test_a_clip_without_frame_numbers_is_meant_whole() -> None:
    assert len(stack(ImageReference("1.2")).frames) == 4


def test_a_frame_the_clip_does_not_have_is_missing() -> None:
    assert stack(ImageReference("1.3"), ImageReference("1.2", (9,))).notices == ("1 of its 2 images is not here",)


def test_what_cannot_be_read_stays_a_document_and_says_why() -> None:
    (found,) = KeySelections({}, {KO: "it is damaged and cannot be read"}).described(SETS)
    assert (found.kind, found.notices) == (DisplayKind.DOCUMENT, ("it is damaged and cannot be read",))


def test_an_image_named_twice_is_marked_once() -> None:
    twice = KeySelection("1.9", "", (ImageReference("1.3"), ImageReference("1.3")))
    assert [ref.sop_instance_uid for ref in KeySelections({KO: twice}).marked(SETS)] == ["1.3"]
