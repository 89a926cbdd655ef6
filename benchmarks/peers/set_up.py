"""Bring napari (a virtual environment of its own) and Cornerstone3D (npm) into build/peers; nothing else is touched.

aeskulap and Chromium are packages of the system: `apt-get install aeskulap chromium` on Debian.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from pathlib import Path

INSTALLED = Path(__file__).resolve().parents[2] / "build" / "peers"
NAPARI_PYTHON = INSTALLED / "napari" / "bin" / "python"
CORNERSTONE = INSTALLED / "cornerstone"
CORNERSTONE_PAGE = CORNERSTONE / "page"
_SOURCES = Path(__file__).resolve().parent / "cornerstone"
_NODE_MODULES = ("fs", "path", "crypto", "url")  # named by the decoders, not used in a browser


def main() -> None:
    _napari()
    if shutil.which("npm"):
        _cornerstone()
    else:
        print("Cornerstone3D left out: npm is not installed")


def _napari() -> None:
    venv.create(INSTALLED / "napari", with_pip=True)
    _call(NAPARI_PYTHON, "-m", "pip", "install", "--quiet", "napari[pyside6]==0.9.2", "pydicom")


def _cornerstone() -> None:
    CORNERSTONE_PAGE.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "main.js"):
        shutil.copy(_SOURCES / name, CORNERSTONE)
    shutil.copy(_SOURCES / "index.html", CORNERSTONE_PAGE)
    (CORNERSTONE / "empty.js").write_text("export default {};\n")
    _call("npm", "install", "--ignore-scripts", "--no-package-lock", "--no-audit", "--no-fund", "--silent")
    _bundle("main.js")
    _bundle("node_modules/@cornerstonejs/dicom-image-loader/dist/esm/decodeImageFrameWorker.js")


def _bundle(script: str) -> None:
    options = ["--bundle", "--format=esm", "--minify", "--loader:.wasm=file", "--log-level=error"]
    options += ['--define:process.env.NODE_ENV="production"', f"--outdir={CORNERSTONE_PAGE}"]
    options += [f"--alias:{name}=./empty.js" for name in _NODE_MODULES]
    _call(CORNERSTONE / "node_modules" / ".bin" / "esbuild", script, *options)


def _call(*command: str | Path) -> None:
    subprocess.run(command, cwd=CORNERSTONE if CORNERSTONE.is_dir() else None, check=True, stdout=sys.stderr)


if __name__ == "__main__":
    main()
