"""What would happen to one data set, for the preview. Nothing is changed."""

from __future__ import annotations

from dataclasses import dataclass

from pydicom import Dataset

from workstation.deidentify.changes import ElementChange, Kind
from workstation.deidentify.identifiers import Identifiers
from workstation.deidentify.identities import Identities
from workstation.deidentify.profile import Profile
from workstation.deidentify.walk import Walk


@dataclass(frozen=True, slots=True)
class Plan:
    """Every element of an instance with its fate, in the order of the data set, the container's last."""

    changes: tuple[ElementChange, ...]

    def of_kind(self, *kinds: Kind) -> tuple[ElementChange, ...]:
        """The changes of these kinds: the preview's filters."""
        return tuple(change for change in self.changes if change.kind in kinds)

    def count(self, kind: Kind) -> int:
        return sum(change.kind is kind for change in self.changes)


def plan(dataset: Dataset, profile: Profile, identities: Identities, identifiers: Identifiers | None = None) -> Plan:
    """What `apply` would do with the same arguments, kept elements included."""
    return Plan(Walk(profile, identities, identifiers, record_kept=True).run(dataset).changes)
