"""Both ways to compute a picture: by NumPy and by the compiled loops."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from workstation.imaging import compiled, kernel_build
from workstation.imaging.compiled import Compiled
from workstation.settings import cache


@pytest.fixture(scope="session")
def compiled_loops() -> Compiled:
    """Compiled once for as long as neither they nor the processor change: it takes five seconds."""
    file = compiled.file_in(cache())
    if not file.exists():
        process = kernel_build.start(file)
        assert process.wait(120) == 0
    return Compiled(file)


@pytest.fixture(scope="module", params=["numpy", "compiled"])
def loops(request: pytest.FixtureRequest, compiled_loops: Compiled) -> Iterator[str]:
    """A module that uses this runs twice."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiled, "loaded", lambda: compiled_loops if request.param == "compiled" else None)
        yield request.param
