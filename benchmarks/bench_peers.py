"""Our window beside other viewers: the same images, the same events, each on a screen of its own, in the same rounds.

bench_peers.py [--short] [--only NAME,NAME]. Viewers that are not installed are named with what to install. What is
printed are tables for docs/performance.md; a ratio is the viewer's median over ours, above 1 where we are quicker.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import support
from peers.pictures import CALCIFICATIONS, write_mammogram, write_series
from peers.stage import NOTCHES, Stage, lost
from peers.viewers import OURS, PEERS, Viewer

from workstation.imaging import compiled, kernel_build

SERIES = {"CT 512 x 512": (64, 512, 512), "CR 2048 x 2500": (16, 2500, 2048), "MG 3328 x 4096": (12, 4096, 3328)}
SLICES = 1000
BLOCK = 10  # events for one viewer before it is the next one's turn
WINDOW_STEPS = 60
COMPILE_S = 60.0
Rows = list[tuple[str, list[str]]]


@dataclass
class Measured:
    """Of one viewer: seconds by what was done, counts of pictures seen."""

    times: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    seen: list[int] = field(default_factory=list)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="a tenth of the time, to see whether everything runs")
    parser.add_argument("--only", default="", help="parts of viewers' names, separated by commas")
    options = parser.parse_args()
    viewers = _found(options.only.split(",") if options.only else [""])
    with support.scratch() as folder:
        _load_loops(folder)
        _starting(viewers, folder, 1 if options.short else 5, 100 if options.short else SLICES)
        for title, shape in SERIES.items():
            _working(viewers, folder, title, shape, options.short)
        _spots(viewers, folder)


def _found(names: Sequence[str]) -> list[Viewer]:
    viewers = [OURS]
    for viewer in PEERS:
        if not any(name.lower() in viewer.name.lower() for name in names):
            continue
        if missing := viewer.missing():
            print(f"not found: {viewer.name}; it needs {' and '.join(missing)}")
        else:
            viewers.append(viewer)
    return viewers


def _load_loops(folder: Path) -> None:
    """A start with a filled cache is what users have."""
    os.environ["WORKSTATION_CACHE_DIR"] = str(folder / "cache")
    kernel_build.start(compiled.file_in(folder / "cache")).wait(COMPILE_S)


# --- from the start of the process ---------------------------------------------------------------


def _starting(viewers: Sequence[Viewer], folder: Path, rounds: int, slices: int) -> None:
    one = write_series(folder / "one", 1, 512, 512)
    many = write_series(folder / "many", slices, 512, 512)
    measured: dict[str, Measured] = defaultdict(Measured)
    for number in range(rounds + 1):  # the first round warms bytecode, profiles and the file cache
        for viewer in viewers:
            for what, images in (("one", one), ("many", many)):
                with _kept_going(viewer, what), viewer.opened(images, _own(folder, viewer), settle=False) as stage:
                    if number:
                        measured[viewer.name].times[what].append(stage.first_s)
                        measured[viewer.name].times[f"{what}, CPU"].append(stage.first_cpu_s)
    columns = ["one", "one, CPU", "many", "many, CPU"]
    rows = [(viewer.name, _cells(measured, viewer, columns, _seconds)) for viewer in viewers]
    heads = ["one CT image: wall", "CPU", f"{slices} CT images: wall", "CPU"]
    _table(f"from the start of the process to the first picture, {rounds} rounds", _with_ratios(heads), rows)


# --- events --------------------------------------------------------------------------------------


def _working(
    viewers: Sequence[Viewer], folder: Path, title: str, shape: tuple[int, int, int], short: bool = False
) -> None:
    count = min(shape[0], 12) if short else shape[0]
    images = write_series(folder / title[:2], count, *shape[1:])
    measured: dict[str, Measured] = defaultdict(Measured)
    with ExitStack() as stack:
        stages: list[tuple[Viewer, Stage]] = []
        for viewer in viewers:
            with _kept_going(viewer, title):
                stages.append((viewer, stack.enter_context(viewer.opened(images, _own(folder, viewer)))))
        for what, back in (("unseen", False), ("seen", True)):
            for block in _blocks(count - 1):
                for viewer, stage in _in_turn(stages, title):
                    taken = stage.changed_by_each([viewer.notch(stage, back)] * block)
                    measured[viewer.name].times[what] += taken
        for block in _blocks(BLOCK if short else WINDOW_STEPS):
            for viewer, stage in _in_turn(stages, title):
                measured[viewer.name].times["window"] += viewer.window_steps(stage, block)
        for back in (False, True, False) if count > NOTCHES else ():
            for viewer, stage in _in_turn(stages, title):
                measured[viewer.name].seen.append(stage.spin(viewer.notch(stage, back)))
    columns = ["unseen", "seen", "window"]
    rows = [(viewer.name, _cells(measured, viewer, columns, _median_p99)) for viewer in viewers]
    heads = ["a notch to an image not seen yet: median / p99", "to one seen before", "a step of the window"]
    if count > NOTCHES:
        for name, cells in rows:
            cells.append(f"{statistics.median(measured[name].seen):.0f}" if measured[name].seen else "–")
    shown = [f"pictures seen of {NOTCHES} notches at 125 a second"] if count > NOTCHES else []
    _table(f"{title}, {count} images", [*_with_ratios(heads), *shown], rows)


def _in_turn(stages: list[tuple[Viewer, Stage]], title: str) -> Iterator[tuple[Viewer, Stage]]:
    """Those that still run, each at rest; who has ended is told and taken out."""
    for viewer, stage in list(stages):
        if (status := stage.ended()) is not None:
            print(f"{viewer.name}, {title}: ended with status {status}")
            stages.remove((viewer, stage))
            continue
        stage.rest()
        yield viewer, stage


def _blocks(count: int) -> Iterable[int]:
    return [min(BLOCK, count - begun) for begun in range(0, count, BLOCK)]


# --- what is lost at fit -------------------------------------------------------------------------


def _spots(viewers: Sequence[Viewer], folder: Path) -> None:
    mammogram = write_mammogram(folder / "mammogram")
    rows: Rows = []
    for viewer in viewers:
        rows.append((viewer.name, ["–"]))
        with _kept_going(viewer, "mammogram"), viewer.opened(mammogram.folder, _own(folder, viewer)) as stage:
            gone = lost(stage.whole[:, :, 1], mammogram)
            rows[-1] = (viewer.name, [f"{gone} of {CALCIFICATIONS} ({100 * gone / CALCIFICATIONS:.0f} %)"])
    _table("calcifications of 2 x 2 pixels lost at fit, MG 3328 x 4096", ["lost"], rows)


# --- what they share -----------------------------------------------------------------------------


class _kept_going:  # noqa: N801 - reads as a statement
    """A viewer that fails is told and has no figures; the others go on."""

    def __init__(self, viewer: Viewer, what: str) -> None:
        self._said = f"{viewer.name}, {what}"

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, failure: BaseException | None, _: object) -> bool:
        if not isinstance(failure, Exception):
            return False
        print(f"{self._said}: {failure or kind}")
        return True


def _own(folder: Path, viewer: Viewer) -> Path:
    return folder / "".join(character for character in viewer.name if character.isalnum())


def _cells(
    measured: dict[str, Measured], viewer: Viewer, columns: Sequence[str], shown: Callable[[list[float]], str]
) -> list[str]:
    cells = []
    for column in columns:
        own, ours = measured[viewer.name].times[column], measured[OURS.name].times[column]
        cells.append(shown(own) if own else "–")
        cells.append(f"{statistics.median(own) / statistics.median(ours):.2f}" if own and ours else "–")
    return cells


def _with_ratios(heads: Sequence[str]) -> list[str]:
    return [name for head in heads for name in (head, "ratio")]


def _seconds(taken: list[float]) -> str:
    return f"{statistics.median(taken):.2f} s"


def _median_p99(taken: list[float]) -> str:
    return f"{statistics.median(taken) * 1e3:.1f} / {float(np.percentile(taken, 99)) * 1e3:.1f} ms"


def _table(title: str, heads: Sequence[str], rows: Rows) -> None:
    print(f"\n{title}\n\n| | {' | '.join(heads)} |\n|---|{'---|' * len(heads)}")
    for name, cells in rows:
        print(f"| {name} | {' | '.join(cells)} |")
    sys.stdout.flush()


if __name__ == "__main__":
    support.start(main)
