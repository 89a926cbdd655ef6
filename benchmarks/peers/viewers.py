"""Which viewers there are, how each is started and worked, and what to install when one is not found."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from on_screen import POINTER, WHEEL_DOWN, WHEEL_UP

from peers import set_up
from peers.stage import STEP, Stage

_HERE = Path(__file__).resolve().parent
_SET_UP = "`python benchmarks/peers/set_up.py`"
_CHROMIUM_OPTIONS = (
    *("--disable-gpu", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--disable-quic"),
    *("--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-features=Translate", "--window-size=1600,1000", "--window-position=0,0"),
)


@dataclass(frozen=True)
class Viewer:
    """`keys` name the next and the previous image where the wheel does something else; then W steps the window."""

    name: str
    title: str
    command: Callable[[Path, Path], list[str]]  # images, a folder of its own that stays for the whole run
    needs: tuple[tuple[str | Path, str], ...] = ()  # a program or file, and how to get it
    keys: tuple[str, str] | None = None
    first: str = ""  # the key for the first image, where it is not what opens
    page: str = ""  # of the local server that Cornerstone3D comes from

    def missing(self) -> list[str]:
        """What to install, in words; nothing when it can run."""
        return [how for what, how in self.needs if not shutil.which(what) and not Path(what).is_file()]

    @contextmanager
    def opened(self, images: Path, own: Path, settle: bool = True) -> Iterator[Stage]:
        own.mkdir(exist_ok=True)
        with self._address(images) as address:
            command = [*self.command(images, own), *([f"--app={address}/index.html{self.page}"] if address else [])]
            stage = Stage(command, self.title, {"PYTHONPYCACHEPREFIX": str(own / "bytecode")}, settle)
            try:
                if settle and self.first:
                    stage.key(self.first)
                    stage.until_still(1.0)
                yield stage
            finally:
                stage.close()

    @contextmanager
    def _address(self, images: Path) -> Iterator[str]:
        if not self.page:
            yield ""
            return
        command = [sys.executable, str(_HERE / "cornerstone" / "serve.py"), str(set_up.CORNERSTONE_PAGE), str(images)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
            assert server.stdout is not None
            try:
                yield f"http://127.0.0.1:{server.stdout.readline().strip()}"
            finally:
                server.terminate()

    # --- events ----------------------------------------------------------------------------------

    def notch(self, stage: Stage, back: bool = False) -> Callable[[], None]:
        if self.keys:
            name = self.keys[back]
            return lambda: stage.key(name)
        return lambda: stage.notch(WHEEL_UP if back else WHEEL_DOWN)

    def window_steps(self, stage: Stage, count: int) -> list[float]:
        """Seconds of each step of the window: a drag to and fro, or a key where no mouse button does it."""
        if self.keys:
            return stage.changed_by_each([lambda: stage.key("w")] * count)
        left, top = POINTER
        stage.move(left, top)
        stage.button(1, True)
        stage.move(left + STEP, top)
        stage.until_still()
        places = [left + STEP * (1 + 10 - abs(number % 20 - 10)) for number in range(1, count + 1)]
        taken = stage.changed_by_each([lambda x=x: stage.move(x, top) for x in places])  # type: ignore[misc]
        stage.button(1, False)
        stage.move(*POINTER)
        return taken


def _ours(images: Path, own: Path) -> list[str]:
    data = tempfile.mkdtemp(dir=own)  # nothing has been indexed before
    places = ["--data-dir", data, "--config-dir", str(own / "config")]
    return [sys.executable, "-m", "workstation", *places, "open", str(images)]


def _chromium(_: Path, own: Path) -> list[str]:
    as_root = ["--no-sandbox", "--test-type"] if os.geteuid() == 0 else []
    return ["chromium", *as_root, *_CHROMIUM_OPTIONS, f"--user-data-dir={own / 'profile'}"]


_CORNERSTONE = (("chromium", "the package chromium"), (set_up.CORNERSTONE_PAGE / "main.js", f"npm, then {_SET_UP}"))

OURS = Viewer("Workstation", "Workstation", _ours, first="Home")
PEERS = (
    Viewer(
        "pyqtgraph ImageView",
        "pyqtgraph ImageView",
        lambda images, _: [sys.executable, str(_HERE / "pyqtgraph_view.py"), str(images)],
        keys=("Right", "Left"),
    ),
    Viewer(
        "napari",
        "napari beside us",
        lambda images, _: [str(set_up.NAPARI_PYTHON), str(_HERE / "napari_view.py"), str(images)],
        needs=((set_up.NAPARI_PYTHON, _SET_UP),),
        keys=("Right", "Left"),
    ),
    Viewer("Cornerstone3D, WebGL", "Cornerstone3D", _chromium, _CORNERSTONE, page="?cpu=0"),
    Viewer("Cornerstone3D, CPU", "Cornerstone3D", _chromium, _CORNERSTONE, page="?cpu=1"),
    Viewer(
        "aeskulap",
        "[Aa]eskulap",
        lambda images, _: ["aeskulap", *map(str, sorted(images.iterdir()))],
        needs=(("aeskulap", "the package aeskulap"),),
    ),
)
