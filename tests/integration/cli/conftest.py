"""The command line beside a real Orthanc that holds two of the sample studies and a worklist."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command_line import CommandLine
from tests.support.peers import OrthancPeer, run_storescu, worklist_item
from workstation.settings import resources

MR_BRAIN = sorted((resources() / "samples" / "mr-brain").rglob("*.dcm"))
CR_HIP = sorted((resources() / "samples" / "cr-hip").rglob("*.dcm"))
CT_HEAD = [  # slices and a report, uncompressed
    *sorted((resources() / "samples" / "ct-head" / "axial").rglob("*.dcm"))[:8],
    *(resources() / "samples" / "ct-head" / "report").rglob("*.dcm"),
]


@pytest.fixture(scope="package")
def orthanc() -> Iterator[OrthancPeer]:
    items = [
        worklist_item(1),
        worklist_item(2, ScheduledProcedureStepStartDate="20261125"),
        worklist_item(3, Modality="MR", ScheduledStationAETitle="MR1"),
    ]
    with OrthancPeer(worklist=items) as peer:
        run_storescu(peer.node(), [*MR_BRAIN, *CR_HIP])
        yield peer


@pytest.fixture
def alone(tmp_path: Path) -> CommandLine:
    """A profile with nothing in it."""
    return CommandLine(tmp_path)


@pytest.fixture
def workstation(alone: CommandLine, orthanc: OrthancPeer) -> CommandLine:
    """A profile that knows Orthanc and is known to it."""
    alone.change("local.port", orthanc.our_port)
    alone.add(orthanc.node())
    return alone
