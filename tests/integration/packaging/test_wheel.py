"""The wheel holds everything the program needs, nothing it must not hold, and starts without the checkout."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pytest

import workstation
from tests.support.testdata import REPOSITORY, manifest, require_testdata

SAMPLES = "workstation/resources/samples/"
COPYLEFT = re.compile(r"\b(A|L)?GPL|GNU|MPL|CC.BY.NC", re.IGNORECASE)
CT = SAMPLES + "ct-head/axial/001.dcm"


@dataclass(frozen=True)
class Wheel:
    names: frozenset[str]
    site: Path  # where it lies unpacked, as it would be installed
    elsewhere: Path  # a folder that is no checkout

    def python(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A Python that finds the wheel before anything else."""
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("WORKSTATION_")},
            "PYTHONPATH": str(self.site),
            "HOME": str(self.elsewhere),
            "XDG_CONFIG_HOME": str(self.elsewhere / "config"),
            "XDG_DATA_HOME": str(self.elsewhere / "data"),
        }
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.elsewhere,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def run(self, *arguments: str) -> str:
        """What `workstation` prints."""
        ended = self.python("-m", "workstation", *arguments)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    def sources(self) -> dict[str, list[str]]:
        """Of each sample the row of its README: source, commit, original path, licence, what was changed."""
        lines = (self.site / SAMPLES / "README.md").read_text(encoding="utf-8").splitlines()
        rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
        return {row[0]: row[1:] for row in rows[2:]}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Wheel:
    """Built as a packager does, without a network and without an environment of its own."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder / "dist")],
        cwd=REPOSITORY,
        check=True,
        capture_output=True,
        timeout=120,
    )
    [built] = (folder / "dist").iterdir()
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    with zipfile.ZipFile(built) as archive:
        archive.extractall(folder / "site")
        return Wheel(frozenset(archive.namelist()), folder / "site", elsewhere)


def test_every_module_and_every_file_beside_one_is_inside(wheel: Wheel) -> None:
    package = REPOSITORY / "src" / "workstation"
    files = {path for path in package.rglob("*") if path.is_file() and "__pycache__" not in path.parts}

    assert {f"workstation/{path.relative_to(package).as_posix()}" for path in files} <= wheel.names
    assert "workstation/py.typed" in wheel.names
    assert any(re.fullmatch(r"workstation/archive/migrations/\d+.*\.sql", name) for name in wheel.names)


@pytest.mark.parametrize("folder", ["fonts", "icons", "samples", "standards", "theme"])
def test_every_resource_is_inside(wheel: Wheel, folder: str) -> None:
    resources = REPOSITORY / "resources"
    files = [path for path in (resources / folder).rglob("*") if path.is_file()]

    assert files
    assert {f"workstation/resources/{path.relative_to(resources).as_posix()}" for path in files} <= wheel.names


def test_nothing_else_is_inside(wheel: Wheel) -> None:
    metadata = f"workstation-{workstation.__version__}.dist-info"

    assert {PurePosixPath(name).parts[0] for name in wheel.names} == {"workstation", metadata}
    assert not [name for name in wheel.names if "__pycache__" in name or "/tests/" in name]
    dicom = {name for name in wheel.names if name.endswith((".dcm", ".ima", ".IMA"))}
    assert {name for name in dicom if not name.startswith(SAMPLES)} == set()


def test_every_sample_says_where_it_comes_from_and_under_which_free_licence(wheel: Wheel) -> None:
    sources = wheel.sources()

    assert {name.removeprefix(SAMPLES) for name in wheel.names if name.endswith(".dcm")} == set(sources)
    assert [name for name, row in sources.items() if not row[3] or COPYLEFT.search(row[3])] == []


def test_the_licences_of_the_samples_are_those_of_the_originals(wheel: Wheel) -> None:
    require_testdata()
    known = {(row["source_repo"], row["original_path"]): row["licence"] for row in manifest()}

    for name, (source, _, original, licence, *_) in wheel.sources().items():
        assert known[source, original] == licence, name
        assert not COPYLEFT.search(licence), name


def test_it_starts_without_the_checkout(wheel: Wheel) -> None:
    where = wheel.python("-c", "import workstation; print(workstation.__file__)")

    assert Path(where.stdout.strip()).is_relative_to(wheel.site)
    assert workstation.__version__ in wheel.run("--version")
    assert Path(wheel.run("config", "path").strip()).is_relative_to(wheel.elsewhere)


def test_it_finds_its_resources(wheel: Wheel) -> None:
    code = "from workstation.settings import resources; print(resources())"

    assert wheel.python("-c", code).stdout.strip() == str(wheel.site / "workstation" / "resources")


def test_it_reads_a_file(wheel: Wheel) -> None:
    assert "CT Image Storage" in wheel.run("info", str(wheel.site / CT), "--pixels")


def test_it_decodes_and_writes_a_picture(wheel: Wheel) -> None:
    wheel.run("render", str(wheel.site / CT), "picture.png")

    assert (wheel.elsewhere / "picture.png").read_bytes().startswith(b"\x89PNG")


def test_it_deidentifies_by_the_tables_of_the_standard(wheel: Wheel) -> None:
    wheel.run("deidentify", str(wheel.site / CT), "--out", "out")

    assert list((wheel.elsewhere / "out").rglob("*.dcm"))


def test_it_stores_in_an_archive_of_its_own(wheel: Wheel) -> None:
    wheel.run("import", str(wheel.site / CT))

    assert len(wheel.run("studies", "--json").splitlines()) == 1


def test_it_builds_its_window(wheel: Wheel) -> None:
    code = (
        "import os; os.environ['QT_QPA_PLATFORM'] = 'offscreen'\n"
        "from workstation.ui.application import make_application\n"
        "application = make_application()\n"
        "print(application.font().family(), len(application.styleSheet()) > 1000)"
    )
    ended = wheel.python("-c", code)

    assert ended.stdout.strip() == "Inter True", ended.stderr
