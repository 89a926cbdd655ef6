"""Results on stdout as tables or JSON lines; progress and errors on stderr."""

from __future__ import annotations

import json
import sys
import time
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TextIO

import click

from workstation.domain.errors import Cancelled, WorkstationError
from workstation.domain.events import Event, JobChanged
from workstation.domain.job import ACTIVE, ErrorReport, JobState, Progress
from workstation.services.explain import explain

DONE, FAILED, USAGE, PARTLY = 0, 1, 2, 3
STATUS_OF = {JobState.SUCCEEDED: DONE, JobState.PARTLY: PARTLY}
_BAR_WIDTH = 24
_REDRAW_S = 0.1


def print_json(record: Mapping[str, Any]) -> None:
    """One object, one line, written at once so that a reader of a pipe gets it."""
    click.echo(json.dumps(record, ensure_ascii=False, default=str))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Aligned columns under headings; wide characters count twice, control characters are not passed on."""
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max([_width(name), *(_width(row[index]) for row in cells)]) for index, name in enumerate(columns)]
    for row in ([name.upper() for name in columns], *cells):
        padded = (text + " " * (width - _width(text)) for text, width in zip(row, widths, strict=True))
        click.echo("  ".join(padded).rstrip())


def print_facts(facts: Iterable[tuple[str, object]]) -> None:
    """Name and value, one pair a line."""
    shown = [(name, _cell(value)) for name, value in facts]
    width = max((_width(name) for name, _ in shown), default=0)
    for name, value in shown:
        click.echo(f"{name}{' ' * (width - _width(name))}  {value}".rstrip())


def print_error(error: WorkstationError | ErrorReport) -> None:
    """What failed, why, and what to do, on stderr."""
    if isinstance(error, Cancelled):
        click.echo("cancelled", err=True)
        return
    words = explain(error)
    click.echo(f"Error: {_cell(words.what)}", err=True)
    for label, sentence in (("Why", words.why), ("What to do", words.remedy)):
        if sentence:
            click.echo(f"{label}: {_cell(sentence)}", err=True)


def ended_by(error: WorkstationError | KeyboardInterrupt) -> int:
    """Say why a command ends before its end; its exit status."""
    if isinstance(error, KeyboardInterrupt):
        click.echo("cancelled", err=True)
    else:
        print_error(error)
    return FAILED


def tolerate_any_text() -> None:
    """A terminal that lacks a character of a name gets its escape instead of a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def print_warning(text: str) -> None:
    click.echo(f"Warning: {_cell(text)}", err=True)


def error_record(error: WorkstationError | None) -> dict[str, Any] | None:
    """An error as scripts get it: its stable code and its details."""
    return {"code": error.code, "details": dict(error.details)} if error else None


def counted(number: int, singular: str, plural: str = "") -> str:
    """`1 file`, `2 files`."""
    return f"{number} {singular if number == 1 else plural or f'{singular}s'}"


def megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"


class ProgressLine:
    """One line on a terminal that shows how far a job is; silent where the stream is no terminal."""

    def __init__(self, label: str, stream: TextIO | None = None) -> None:
        self._label = label
        self._stream = stream or sys.stderr
        self._shown = self._stream.isatty()
        self._drawn_at = 0.0
        self._length = 0

    def __call__(self, event: Event) -> None:
        if not self._shown or not isinstance(event, JobChanged):
            return
        now = time.monotonic()
        if event.job.state in ACTIVE and now - self._drawn_at >= _REDRAW_S:
            self._drawn_at = now
            self._draw(self._text(event.job.progress))

    def clear(self) -> None:
        """Take the line away, so that results and errors start on a clean one."""
        if self._length:
            self._draw("")
            self._length = 0

    def _text(self, progress: Progress) -> str:
        parts = [self._label]
        if progress.total:
            filled = min(_BAR_WIDTH, _BAR_WIDTH * progress.done // progress.total)
            parts.append(f"[{'#' * filled}{'-' * (_BAR_WIDTH - filled)}] {progress.done}/{progress.total}")
        elif progress.done:
            parts.append(str(progress.done))
        if progress.bytes_done:
            parts.append(megabytes(progress.bytes_done))
        if progress.failed:
            parts.append(f"{progress.failed} failed")
        return "  ".join([*parts, progress.step]).rstrip()

    def _draw(self, text: str) -> None:
        self._stream.write(f"\r{text}{' ' * (self._length - len(text))}")
        if not text:
            self._stream.write("\r")
        self._stream.flush()
        self._length = len(text)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, (list, tuple)):
        return "\\".join(_cell(item) for item in value)
    text = str(value)
    return text if text.isprintable() else "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def _width(text: str) -> int:
    if text.isascii():
        return len(text)
    return sum(_columns(character) for character in text)


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
