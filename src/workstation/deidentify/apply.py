"""Make the de-identified data set; the original stays as it is."""

from __future__ import annotations

from pydicom import Dataset

from workstation.deidentify.identifiers import Identifiers
from workstation.deidentify.identities import Identities
from workstation.deidentify.profile import Profile
from workstation.deidentify.walk import Deidentified, Walk


def apply(
    dataset: Dataset,
    profile: Profile,
    identities: Identities,
    identifiers: Identifiers | None = None,
    record_kept: bool = False,
) -> Deidentified:
    """`dataset` under `profile`; `identifiers` are the patient's known ones (see `harvest`), searched in what stays."""
    return Walk(profile, identities, identifiers, record_kept).run(dataset)
