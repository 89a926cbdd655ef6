"""The same journey without a window: find, retrieve, de-identify, look at it with other tools, send on."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from pathlib import Path

from tests.journeys.conftest import BRAIN, BRAIN_UID, HEAD, NAMES, archived, pixel_digests
from tests.support.command_line import CommandLine
from tests.support.peers import DcmtkStorescp, OrthancPeer, require_program, run_storescu


def test_find_retrieve_deidentify_and_send_on(workstation: CommandLine, orthanc: OrthancPeer) -> None:
    workstation.change("local.port", orthanc.our_port)
    workstation.add(orthanc.node())
    keys: list[str] = []
    for level, keyword in (
        ("patient", "PatientID"),
        ("study", "StudyInstanceUID"),
        ("series", "SeriesInstanceUID"),
        ("image", "SOPInstanceUID"),
    ):
        start = ["--where", "PatientName=WANG*"] if level == "patient" else keys
        found = workstation.done("find", "orthanc", "--all", "--level", level, "--json", *start).records
        keys += ["--where", f"{keyword}={found[0][keyword]}"]
    assert found[0]["SOPInstanceUID"] in pixel_digests(BRAIN)

    workstation.done("retrieve", "orthanc", "--study", BRAIN_UID)
    assert pixel_digests(archived(workstation.data)) == pixel_digests(BRAIN)

    out = workstation.folder / "out"
    record = workstation.done("deidentify", workstation.data / "archive" / "objects", "--out", out, "--json").record
    exported = sorted(out.rglob("*.dcm"))
    assert record["written"] == len(exported) == len(BRAIN)
    assert _decoded(workstation, out) == _decoded(workstation, BRAIN[0].parent)
    _nobody_is_in(exported)
    assert _complaints(exported) <= _complaints(BRAIN)

    with DcmtkStorescp() as peer:
        workstation.add(peer.node())
        assert workstation.done("send", "storescp", out, "--json").record["sent"] == len(BRAIN)
        assert pixel_digests(peer.files()) == pixel_digests(exported)


def test_references_and_volumes_stay_valid_when_deidentified(workstation: CommandLine) -> None:
    out = workstation.folder / "out"
    workstation.done("deidentify", HEAD[0].parents[1], "--out", out)
    exported = sorted(out.rglob("*.dcm"))
    assert len(exported) == len(HEAD)
    _nobody_is_in(exported)
    assert _complaints(exported) <= _complaints(HEAD)
    with DcmtkStorescp() as peer:
        run_storescu(peer.node(), exported)  # other systems take them
        assert len(peer.files()) == len(HEAD)


def _decoded(workstation: CommandLine, path: Path) -> list[str]:
    """SHA-256 of every decoded frame; comments inside a codestream may have been emptied."""
    records = workstation.done("info", path, "--pixels", "--json").records
    return sorted(frame["sha256"] for record in records for frame in record["pixels"])


def _nobody_is_in(paths: list[Path]) -> None:
    """Neither as dcmdump prints the elements nor in the bytes of the files."""
    program = require_program("dcmdump", "dcmtk")
    dump = subprocess.run([program, "+U8", *map(str, paths)], capture_output=True, check=True).stdout
    assert b"(0012,0062)" in dump  # Patient Identity Removed
    content = dump + b"".join(path.read_bytes() for path in paths)
    assert [name for name in NAMES if name.encode() in content] == []


def _complaints(paths: list[Path]) -> Counter[str]:
    """What dciodvfy finds wrong, without the values it quotes."""
    program = require_program("dciodvfy", "dicom3tools")
    found: Counter[str] = Counter()
    for path in paths:
        said = subprocess.run([program, "-new", str(path)], capture_output=True, check=False)
        lines = said.stderr.decode(errors="replace").splitlines() + said.stdout.decode(errors="replace").splitlines()
        found.update(re.sub(r"<[^>]*>", "<…>", line) for line in lines if line.startswith("Error"))
    return found
