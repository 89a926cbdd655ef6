"""Words that mean something in medicine and in DICOM, so that `Stone` and `Gray` survive where they are words."""

from __future__ import annotations

import re
from functools import cache

import pydicom  # noqa: F401 - before its parts, or two threads see it half loaded
from pydicom._dicom_dict import DicomDictionary
from pydicom._uid_dict import UID_dictionary

from workstation.deidentify.words import words_of

_CAMEL = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_MORE = """
abdomen abd angio arterial axial baseline brain breast cardiac cerebral cervical chest contrast coronal cor cta
dicom dixon dynamic echo elbow enhanced femur fetal flair foot hand head heart hip hires knee lateral left liver
localizer localiser lumbar lung mammo mip mpr mra neck oblique pelvis phantom portal pre post protocol quality
recon renal right routine sag sagittal scan scout sella series shoulder sinus spine standard stone study thorax
topogram tra transverse venous vertebra view volume wrist medical systems system hospital clinic department
radiology university centre center headneck headnecktrunk cspine tspine lspine sspine ctspine tlspine lsspine
wholebody chestabdomen chestabdpelvis abdomenpelvis neckchest acjoint sijoint tmjoint pelvislowextremt extremity
hfs hfp ffs ffp hfdr hfdl ffdr ffdl
"""


@cache
def vocabulary() -> frozenset[str]:
    """The words of the data dictionary (PS3.6), of the coded concepts (PS3.16) and a few of the reading room."""
    from pydicom.sr.codedict import codes  # half a second that no other command should pay  # noqa: PLC0415

    words: set[str] = set(_MORE.split())
    for entry in DicomDictionary.values():
        words.update(words_of(entry[2]))
    for uid in UID_dictionary.values():
        words.update(words_of(uid[0]))
    for scheme in ("DCM", "SCT", "UCUM"):
        for keyword in getattr(codes, scheme).dir():
            words.update(part.lower() for part in _CAMEL.findall(keyword))
    return frozenset(word for word in words if not word.isdigit())


def is_vocabulary(phrase: tuple[str, ...]) -> bool:
    """Whether every word of `phrase` (as `words_of` gives it) is in the vocabulary."""
    known = vocabulary()
    return all(word in known for word in phrase)
