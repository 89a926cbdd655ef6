"""The compiled loops give what NumPy gives, for every type of pixel, plan and view."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.support.frames import frame_of
from tests.support.testdata import REPOSITORY
from workstation.imaging import compiled, kernel_build
from workstation.imaging.compiled import KINDS, Compiled
from workstation.imaging.compose import compose
from workstation.imaging.frame import Frame, VoiFunction, Window
from workstation.imaging.resample import axis, resample, resample_visible
from workstation.imaging.view import Interpolation, View

Array = NDArray[Any]
both = st.sampled_from((Interpolation.LINEAR, Interpolation.CUBIC, Interpolation.NEAREST))
spans = st.tuples(st.floats(-5, 20), st.floats(0.1, 6), st.integers(1, 30))


def values_of(kind: str, shape: tuple[int, ...], seed: int) -> Array:
    limits = np.iinfo(kind)
    return np.random.default_rng(seed).integers(limits.min, limits.max + 1, shape).astype(kind)


def by_both(loops: Compiled, compute: Callable[[], Any]) -> tuple[Any, Any]:
    answers = []
    for way in (None, loops):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(compiled, "loaded", lambda way=way: way)
            answers.append(compute())
    return answers[0], answers[1]


def differ_by(first: Array, second: Array) -> int:
    assert first.dtype == second.dtype
    assert first.shape == second.shape
    return int(np.abs(first.astype(np.int64) - second.astype(np.int64)).max(initial=0))


@given(st.sampled_from(KINDS), st.sampled_from(((), (3,), (4,))), spans, spans, both, st.integers(0, 99))
@settings(max_examples=200)
def test_compiled_and_numpy_sample_alike(  # noqa: PLR0917
    compiled_loops: Compiled,
    kind: str,
    channels: tuple[int, ...],
    down: tuple[float, float, int],
    across: tuple[float, float, int],
    interpolation: Interpolation,
    seed: int,
) -> None:
    values = values_of(kind, (23, 17, *channels), seed)
    rows, columns = axis(*down, 23), axis(*across, 17)
    if not rows.count or not columns.count:
        return
    numpys, ours = by_both(compiled_loops, lambda: resample(values, rows, columns, interpolation))
    assert numpys.shape == (rows.count, columns.count, *channels)
    assert differ_by(numpys, ours) <= 1


@given(st.sampled_from(KINDS), spans, spans, both, st.integers(0, 99))
@settings(max_examples=100)
def test_compiled_and_numpy_leave_the_same_padding_out(  # noqa: PLR0917
    compiled_loops: Compiled,
    kind: str,
    down: tuple[float, float, int],
    across: tuple[float, float, int],
    interpolation: Interpolation,
    seed: int,
) -> None:
    values = values_of(kind, (23, 17), seed)
    values[4:15, :9] = values[0, 0]
    padding = (float(values[0, 0]), float(values[0, 0]))
    rows, columns = axis(*down, 23), axis(*across, 17)
    if not rows.count or not columns.count:
        return
    (numpys, hidden), (ours, veiled) = by_both(
        compiled_loops, lambda: resample_visible(values, padding, rows, columns, interpolation)
    )
    certain = hidden == veiled  # a weight of exactly a half falls to either side
    assert certain.mean() > 0.8
    assert differ_by(numpys[certain & ~hidden], ours[certain & ~hidden]) <= 1


views = st.builds(
    View,
    window=st.just(Window(10.0, 3000.0, "", VoiFunction.LINEAR_EXACT)),
    zoom=st.none() | st.floats(0.2, 8) | st.just(1.0),
    pan=st.tuples(st.floats(-30, 30), st.floats(-30, 30)),
    quarter_turns=st.integers(0, 3),
    flipped=st.booleans(),
    inverted=st.booleans(),
    interpolation=both,
    colour_map=st.sampled_from(("", "HOT_IRON")),
)


@given(views, st.sampled_from(("uint8", "int8", "uint16", "int16", "int32", "float32")), st.booleans())
@settings(max_examples=150)
def test_every_view_shows_the_same_picture_both_ways(
    compiled_loops: Compiled, view: View, kind: str, padded: bool
) -> None:
    stored = np.random.default_rng(3).integers(0, 120, (20, 31)).astype(kind)
    frame = frame_of(stored, rescale_slope=11.0, padding=(0.0, 3.0) if padded else None)
    numpys, ours = by_both(compiled_loops, lambda: compose(frame, view, (37, 29)))
    assert np.mean(np.abs(numpys.astype(int) - ours) <= 1) > 0.97  # one grey value is 1 of 255 levels here, or 11
    assert numpys.shape == ours.shape


@pytest.mark.parametrize("made", ["read-only", "not aligned", "every other column", "transposed"])
def test_pixels_in_any_memory_are_taken(compiled_loops: Compiled, made: str) -> None:
    wide = values_of("uint16", (40, 60), 1)
    if made == "read-only":
        wide.setflags(write=False)
    elif made == "not aligned":
        raw = bytearray(b"\0") + bytearray(wide.tobytes())
        wide = np.frombuffer(raw, np.uint16, offset=1).reshape(40, 60)
    elif made == "every other column":
        wide = wide[:, ::2]
    else:
        wide = wide.T
    frame = frame_of(wide, windows=(Window(30000, 60000),))
    for view in (View(), View(zoom=1.0), View(zoom=0.4, quarter_turns=1)):
        numpys, ours = by_both(compiled_loops, lambda view=view: compose(frame, view, (50, 50)))
        assert differ_by(numpys, ours) <= 1


def mammogram() -> tuple[Frame, list[tuple[int, int]]]:
    """400 calcifications of 2 x 2 pixels on tissue with noise, at random places."""
    random = np.random.default_rng(11)
    tissue = random.normal(1200, 40, (2048, 1664))
    places = [(int(row), int(column)) for row in range(20, 2020, 100) for column in range(20, 1640, 82)]
    places = [(row + int(random.integers(0, 60)), column + int(random.integers(0, 20))) for row, column in places]
    for row, column in places:
        tissue[row : row + 2, column : column + 2] += 1600
    return frame_of(tissue.astype(np.uint16), windows=(Window(1400, 1200),)), places


def test_no_calcification_of_two_by_two_pixels_is_lost_at_fit(compiled_loops: Compiled) -> None:
    frame, places = mammogram()
    assert len(places) == 400
    zoom = 500 / 2048  # 4.1 : 1, as a mammogram of 4096 rows on a screen of 1000
    for screen in by_both(compiled_loops, lambda: compose(frame, View(zoom=zoom), (406, 500)).astype(int)):
        background, noise = np.median(screen), np.std(screen[:, :4])
        seen = 0
        for row, column in places:
            y, x = int(row * zoom), int(column * zoom)
            seen += bool(screen[max(0, y - 1) : y + 3, max(0, x - 1) : x + 3].max() > background + 4 * noise)
        assert seen == 400


def test_threads_may_draw_at_the_same_time(compiled_loops: Compiled) -> None:
    frames = [frame_of(values_of("uint16", (300, 200), seed), windows=(Window(30000, 60000),)) for seed in range(4)]
    expected, _ = by_both(compiled_loops, lambda: [compose(frame, View(), (150, 140)) for frame in frames])
    found: dict[int, Array] = {}

    def draw(number: int) -> None:
        for _ in range(20):
            found[number] = compose(frames[number], View(), (150, 140))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiled, "loaded", lambda: compiled_loops)
        threads = [threading.Thread(target=draw, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert all(differ_by(expected[number], found[number]) <= 1 for number in range(4))


def test_a_damaged_file_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "kernels.o"
    file.write_bytes(b"no machine code" * 10)
    before = compiled.loaded()
    with pytest.raises(RuntimeError, match="damaged"):
        compiled.load(file)
    assert compiled.loaded() is before


def test_the_file_is_named_for_what_it_was_made_from(tmp_path: Path) -> None:
    file = compiled.file_in(tmp_path)
    assert file == compiled.file_in(tmp_path)
    assert file.parent == tmp_path
    assert not file.exists()


def test_a_frozen_application_builds_as_itself(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", sys.executable)
    started: list[list[str]] = []
    monkeypatch.setattr(subprocess, "Popen", lambda command, **_: started.append(command))
    kernel_build.start(tmp_path / "k.o")
    assert started == [[sys.executable, "--build-kernels", str(tmp_path / "k.o")]]


def test_decode_workers_and_drawing_load_no_compiler() -> None:
    code = (
        "import sys; import workstation.dicom.decode_worker, workstation.imaging.compose, workstation.imaging.compiled;"
        "assert not {'numba', 'llvmlite'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=REPOSITORY, timeout=60)
