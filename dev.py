#!/usr/bin/env python3
"""Everything a developer does here, from nothing but python3: `python3 dev.py run`, `python3 dev.py test`.

    setup    make or renew the environment            (the others do it when needed)
    run      the workstation on its embedded PACS; without a display the same journey on a virtual screen
    test     check, then the whole test suite         [arguments for pytest]
    check    ruff, mypy, import-linter
    bench    the benchmarks                           [names]
    screens  screenshots of every page into build/screens
    lock     write requirements.lock anew from pyproject.toml

Standard library only; this file must start on a machine that has nothing else.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / "python"
LOCK = ROOT / "requirements.lock"
FLOOR = (3, 11)

# What Qt's libraries and platform plug-ins load, fonts for CJK names, a virtual screen.
RUN_PACKAGES = (
    "libglib2.0-0 libegl1 libgl1 libx11-6 libxkbcommon0 libdbus-1-3 libfontconfig1 libfreetype6 "
    "libx11-xcb1 libxkbcommon-x11-0 libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0 "
    "libxcb-render-util0 libxcb-shape0 libxcb-xkb1 xvfb fonts-dejavu-core fonts-wqy-microhei"
).split()
# The peers that the tests talk to, and a mouse for the virtual screen.
TEST_PACKAGES = "orthanc orthanc-dicomweb dcmtk dicom3tools xdotool".split()
BENCH_PACKAGES = ("libgdcm-tools",)  # decodes beside us
TEST_PROGRAMS = ("Orthanc", "storescu", "dciodvfy", "Xvfb", "xdotool")


def main(arguments: list[str]) -> int:
    commands = {
        "setup": lambda rest: 0,
        "run": run,
        "test": test,
        "check": lambda rest: check(),
        "bench": bench,
        "screens": screens,
        "lock": lambda rest: lock(),
    }
    name, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    if name not in commands:
        print(__doc__)
        return 0 if name in ("-h", "--help", "help") else 2
    ensure_python()
    os.chdir(ROOT)
    packages = {"test": TEST_PACKAGES, "bench": [*TEST_PACKAGES, *BENCH_PACKAGES]}
    setup([*RUN_PACKAGES, *packages.get(name, ())])
    return commands[name](rest)


# --- the commands ----------------------------------------------------------------------------


def run(rest: list[str]) -> int:
    command = [str(BIN / "workstation"), "demo", *rest]
    if not has_display() and "--headless" not in rest:
        command += ["--headless", "--screenshots", str(ROOT / "build" / "demo")]
    return call(command)


def test(rest: list[str]) -> int:
    missing = [program for program in TEST_PROGRAMS if not shutil.which(program, path=search_path())]
    if missing:
        say(f"not found after set-up: {', '.join(missing)}; tests that need them will be skipped")
        if os.environ.get("CI") == "true":
            return 1
    failed = check()
    if failed:
        return failed
    workers = [] if any(argument.startswith(("-n", "-k", "tests")) for argument in rest) else ["-n", "2"]
    return call([str(PYTHON), "-m", "pytest", *workers, *rest])


def check() -> int:
    steps = (
        [str(BIN / "ruff"), "check", "."],
        [str(BIN / "ruff"), "format", "--check", "."],
        [str(BIN / "mypy")],
        [str(BIN / "lint-imports")],
    )
    return max(call(step) for step in steps)


def bench(rest: list[str]) -> int:
    folder = ROOT / "benchmarks"
    scripts = [folder / f"{name}.py" for name in rest] or sorted(folder.glob("bench_*.py"))
    return max((call([str(PYTHON), str(script)]) for script in scripts), default=0)


def screens(rest: list[str]) -> int:
    folder = ROOT / "build" / "screens"
    return call([str(BIN / "workstation"), "demo", "--headless", "--screenshots", str(folder), *rest])


def lock() -> int:
    """No registry address may enter the lock: names, versions, markers and hashes only."""
    options = (
        "--group dev --universal --generate-hashes --no-emit-index-url --no-header --no-annotate --quiet --upgrade"
    )
    return call([str(BIN / "uv"), "pip", "compile", "pyproject.toml", *options.split(), "-o", str(LOCK)])


# --- set-up ----------------------------------------------------------------------------------


def ensure_python() -> None:
    """Go on under a Python that is new enough, when this one is not."""
    if sys.version_info >= FLOOR:
        return
    for minor in (13, 12, 11, 14):
        candidate = shutil.which(f"python3.{minor}")
        if candidate:
            os.execv(candidate, [candidate, str(Path(__file__).resolve()), *sys.argv[1:]])
    stop(f"Python {FLOOR[0]}.{FLOOR[1]} or newer is needed, this is {sys.version.split()[0]}.")


def setup(packages: list[str]) -> None:
    """Bring the machine to what `requirements.lock` and `packages` say; quick when it is there already."""
    system_stamp = VENV / f".system-{digest(' '.join(packages))}"
    python_stamp = VENV / f".python-{digest(LOCK.read_text() + (ROOT / 'pyproject.toml').read_text() + sys.version)}"
    if system_stamp.exists() and python_stamp.exists():
        return
    started = time.monotonic()
    if not system_stamp.exists():
        install_system(missing_packages([*packages, *venv_package()]))
    if not python_stamp.exists():
        make_venv()
        install_python()
    probe()
    for stamp in (system_stamp, python_stamp):
        stamp.touch()
    say(f"ready after {time.monotonic() - started:.0f} s")


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def missing_packages(packages: list[str]) -> list[str]:
    """Those of `packages` that are not installed; none where there is no dpkg to ask."""
    if not shutil.which("dpkg-query"):
        return []
    answer = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Package} ${Provides} ${db:Status-Status}\n"], capture_output=True, text=True
    ).stdout
    installed = {
        word.strip("(),") for line in answer.splitlines() if line.endswith(" installed") for word in line.split()[:-1]
    }
    return [package for package in packages if package not in installed]


def install_system(packages: list[str]) -> None:
    """apt-get where we may; otherwise say the one line that somebody else must run, and stop."""
    if not packages:
        return
    prefix = privilege()
    if prefix is None:
        stop(
            "These system packages are missing and I may not install them. Run this line, then start me again:\n"
            f"  sudo apt-get install --no-install-recommends -y {' '.join(packages)}"
        )
    say(f"installing {len(packages)} system packages: {' '.join(packages)}")
    environment = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive"]
    for step in (["update", "-q"], ["install", "-q", "-y", "--no-install-recommends", *packages]):
        finished = subprocess.run(
            [*environment, "apt-get", *step], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        if finished.returncode:
            stop(f"apt-get {step[0]} failed:\n{finished.stdout[-3000:]}")


def privilege() -> list[str] | None:
    """What to put before a command that must run as root; None when that cannot be."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return []
    if shutil.which("sudo") and subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode == 0:
        return ["sudo", "-n"]
    return None


def venv_package() -> list[str]:
    """Debian splits off what makes a virtual environment with pip in it."""
    if importlib.util.find_spec("ensurepip"):
        return []
    return [f"python{sys.version_info.major}.{sys.version_info.minor}-venv"]


def make_venv() -> None:
    if PYTHON.exists() and subprocess.run([str(PYTHON), "-m", "pip", "--version"], capture_output=True).returncode == 0:
        return
    say("making .venv")
    made = subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], capture_output=True, text=True)
    if made.returncode:
        stop(f"python3 -m venv failed:\n{made.stdout}{made.stderr}")


def install_python() -> None:
    """Pinned, hashed versions only; uv when it is there, since it is ten times faster."""
    say("installing the locked Python packages")
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if uv := shutil.which("uv"):
        pip = [uv, "pip", "install", "--quiet", "--python", str(PYTHON)]
    steps = (
        [*pip, "--require-hashes", "-r", str(LOCK)],
        [*pip, "--no-deps", "--no-build-isolation", "-e", str(ROOT)],
    )
    for step in steps:
        if subprocess.run(step).returncode:
            stop("the Python packages could not be installed; the lines above say why.")


def probe() -> None:
    """Load what a missing system library would break, so that it is said now and not in the window."""
    code = (
        "import ctypes, pathlib, PySide6, PySide6.QtWidgets;"
        "[ctypes.CDLL(str(pathlib.Path(PySide6.__file__).parent / 'Qt/plugins/platforms/libqxcb.so'))]"
    )
    if sys.platform != "linux":
        code = "import PySide6.QtWidgets"
    finished = subprocess.run([str(PYTHON), "-c", code], capture_output=True, text=True)
    if finished.returncode:
        stop(
            f"Qt does not load:\n{finished.stderr[-800:]}\n"
            f"On Debian or Ubuntu: apt-get install --no-install-recommends -y {' '.join(RUN_PACKAGES)}"
        )


# --- small things ----------------------------------------------------------------------------


def has_display() -> bool:
    return sys.platform != "linux" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def search_path() -> str:
    """PATH with the folders where Debian keeps daemons."""
    return os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])


def call(command: list[str]) -> int:
    try:
        return subprocess.run(command, env={**os.environ, "PATH": search_path()}).returncode
    except KeyboardInterrupt:
        return 130


def say(text: str) -> None:
    print(f"[dev] {text}", flush=True)


def stop(text: str) -> None:
    print(f"[dev] {text}", file=sys.stderr, flush=True)
    raise SystemExit(1)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
