"""Composition root: the only module that knows every concrete class.

Imports stand inside the functions so that `workstation --help` does not load Qt, pydicom and numpy.
"""

from __future__ import annotations

import gc
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workstation.domain.errors import SettingsError, WorkstationError
from workstation.settings import Folders, Settings, folders, load, resources, save, set_aside

if TYPE_CHECKING:
    from workstation.archive.local import LocalArchive
    from workstation.jobs.runner import Handler, JobContext, Outcome
    from workstation.services.ports import Listener
    from workstation.services.scratch import WatchedInbox
    from workstation.services.workplace import Workplace


_SWITCH_S = 0.0005


def main() -> None:
    """The `workstation` program."""
    # One thread, unless the user says otherwise: others spin at the start, and our matrices are three by three.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # A thread that reads or receives lets the window's, or the network's, go first after that time; Python's own 5 ms,
    # several threads over, are a picture too late and a third of a transfer.
    sys.setswitchinterval(_SWITCH_S)
    if (paths := _only_to_open(sys.argv[1:])) is not None:
        sys.exit(_open_at_once(paths))
    from workstation.cli.program import build

    build(open_workplace=open_workplace, open_window=open_window, run_demo=run_demo)(prog_name="workstation")


def _only_to_open(arguments: Sequence[str]) -> tuple[Path, ...] | None:
    """The paths when a window is all that is asked for, as starters ask; None when the command line has to look."""
    verb, *rest = arguments or ["open"]
    if verb != "open" or any(text[:1] in ("", "-") for text in rest):
        return None
    paths = tuple(Path(text).absolute() for text in rest)
    return paths if all(os.access(path, os.R_OK) for path in paths) else None


def _open_at_once(paths: tuple[Path, ...]) -> int:
    """`workstation open` without the library of the command line, which is a tenth of the start."""
    try:
        return open_window(folders(), paths)
    except (WorkstationError, KeyboardInterrupt) as error:
        from workstation.cli.output import ended_by

        return ended_by(error)


class _CurrentSettings:
    """The settings in force, changed by saving them."""

    def __init__(self, folders: Folders, settings: Settings) -> None:
        self._folders = folders
        self._settings = settings
        self._lock = threading.Lock()

    def __call__(self) -> Settings:
        return self._settings

    def save(self, settings: Settings) -> Settings:
        """Those that were in force before."""
        with self._lock:
            save(settings, self._folders)
            before, self._settings = self._settings, settings
            return before


@contextmanager
def open_workplace(folders: Folders, settings: Settings | None = None) -> Iterator[Workplace]:
    """Everything one profile works with, wired; closed at the end of the block.

    Raises SettingsError, ArchiveUnusable, DiskFull.
    """
    from workstation.archive.local import LocalArchive
    from workstation.archive.marks import LocalMarks
    from workstation.dicom.decode_pool import DecodePool
    from workstation.jobs.journal import Journal
    from workstation.jobs.runner import JobRunner
    from workstation.network.late import LateListener, LateWebClient, dimse_client
    from workstation.network.secrets import SystemSecrets
    from workstation.services.broadcast import Broadcast
    from workstation.services.delivery import ArchiveInbox
    from workstation.services.scratch import WatchedInbox
    from workstation.services.workplace import Workplace

    current = _CurrentSettings(folders, settings or load(folders))
    broadcast = Broadcast()
    with ExitStack() as closing:
        archive = LocalArchive(folders.data / "archive")
        closing.callback(archive.close)
        marks = LocalMarks(folders.data / "marks.sqlite")
        closing.callback(marks.close)
        inbox = WatchedInbox(ArchiveInbox(archive, broadcast.publish))
        secrets = SystemSecrets()
        listener = LateListener(
            lambda: current().local,
            inbox,
            lambda: frozenset(node.ae_title for node in current().nodes if node.ae_title),
            secrets,
        )
        pool = DecodePool(current().decode)
        closing.callback(pool.close)
        workplace: Workplace
        journal = Journal(folders.data / "jobs.sqlite")
        runner = JobRunner(
            _opening(archive), broadcast.publish, journal, late=lambda: _handlers(lambda: workplace, inbox)
        )
        workplace = Workplace(
            folders=folders,
            settings=current,
            save_settings=lambda changed: _listen_as_changed(listener, current.save(changed), changed),
            archive=archive,
            marks=marks,
            inbox=inbox,
            dimse_for=lambda local: dimse_client(local, secrets),
            web=LateWebClient(secrets),
            secrets=secrets,
            listener=listener,
            runner=runner,
            decode_pool=pool,
            broadcast=broadcast,
        )
        closing.callback(workplace.close)
        yield workplace


def _opening(archive: LocalArchive) -> Mapping[type[Any], Handler]:
    """The verbs that a first picture needs."""
    from workstation.services import open_series

    return {
        open_series.OpenStudy: lambda command, context: open_series.run_open_study(command, context, archive=archive),
        open_series.OpenPaths: open_series.run_open_paths,
    }


def _handlers(workplace: Callable[[], Workplace], watched: WatchedInbox) -> Mapping[type[Any], Handler]:
    """Which other verb carries out which command, with the ports it needs."""
    from workstation.network.late import probe
    from workstation.services import (
        diagnose,
        echo,
        export_command,
        ingest,
        log_in,
        move,
        priors,
        retrieve,
        save_command,
        search,
        send,
    )

    def peers() -> dict[str, Any]:
        at = workplace()
        return {"find_node": at.settings().node, "dimse": at.dimse, "web": at.web}

    def archive() -> dict[str, Any]:
        return {"archive": workplace().archive}

    def bring(command: Any, context: JobContext) -> Outcome:
        at = workplace()
        around: dict[str, Any] = {
            "inbox": at.inbox,
            "listener": at.listener,
            "paces": at.paces,
            "attention": at.attention,
        }
        return retrieve.run_retrieve(command, context, **archive(), **peers(), **around)

    def export(command: Any, context: JobContext) -> Outcome:
        from workstation.services.export import run_export

        return run_export(command, context, **archive())

    def save(command: Any, context: JobContext) -> Outcome:
        from workstation.services.save_marks import run_save_marks

        at = workplace()
        return run_save_marks(command, context, **archive(), frames=at.decode_pool, publish=at.publish)

    def look_into(command: Any, context: JobContext) -> Outcome:
        at = workplace()
        return diagnose.run_diagnose(
            command,
            context,
            **archive(),
            **peers(),
            local=at.settings().local,
            probe=probe(at.secrets),
            listener=at.listener,
            watched=watched,
        )

    return {
        diagnose.DiagnoseNode: look_into,
        search.SearchStudies: lambda command, context: search.run_search(
            command, context, **archive(), **peers(), publish=workplace().publish
        ),
        search.ListWorklist: lambda command, context: search.run_worklist(
            command,
            context,
            find_node=workplace().settings().node,
            dimse=workplace().dimse,
            publish=workplace().publish,
        ),
        echo.EchoNode: lambda command, context: echo.run_echo(command, context, **peers()),
        log_in.LogInNode: lambda command, context: log_in.run_log_in(
            command, context, find_node=workplace().settings().node, web=workplace().web
        ),
        retrieve.RetrieveStudy: bring,
        retrieve.RetrievePrior: bring,
        priors.FindPriors: lambda command, context: priors.run_find_priors(command, context, **archive(), **peers()),
        move.MoveStudy: lambda command, context: move.run_move(
            command, context, find_node=workplace().settings().node, dimse=workplace().dimse
        ),
        send.SendInstances: lambda command, context: send.run_send(command, context, **archive(), **peers()),
        send.SendFiles: lambda command, context: send.run_send(command, context, **archive(), **peers()),
        ingest.ImportPaths: lambda command, context: ingest.run_import(
            command, context, **archive(), publish=workplace().publish
        ),
        save_command.SaveMarks: save,
        export_command.DeidentifyAndExport: export,
        export_command.DeidentifyFiles: export,
    }


def open_window(folders: Folders, paths: tuple[Path, ...] = ()) -> int:
    """The window on a profile; the exit status. A broken settings file is set aside and said."""
    from workstation.ui.virtual_screen import has_screen

    if not has_screen():
        return _no_screen()
    gc.disable()  # nothing made for the window is garbage yet; `ui.start` enables it with the first picture
    try:
        from workstation.ui.application import run_window

        settings, complaints = _load_or_set_aside(folders)
        with open_workplace(folders, settings) as workplace:
            return run_window(workplace, open_paths=paths, complaints=tuple(complaints))
    finally:
        gc.enable()


def run_demo(headless: bool, screenshots: Path | None) -> int:
    """The workstation on its embedded PACS, in a profile that is thrown away; the exit status."""
    from workstation.ui.virtual_screen import has_screen, virtual_screen

    if not headless:
        if not has_screen():
            return _no_screen()
        from workstation.ui.application import run_window

        with _demo_workplace() as workplace:
            return run_window(workplace)
    with virtual_screen() as screen:
        from workstation.ui.tour import run_tour

        with _demo_workplace() as workplace:
            return run_tour(workplace, screenshots, say=lambda text: print(text, flush=True), screen=screen)


@contextmanager
def _demo_workplace() -> Iterator[Workplace]:
    import tempfile

    from workstation.demo.story import start_demo
    from workstation.domain.node import LocalAe

    local = LocalAe(port=_free_port())
    session = start_demo(local, resources() / "samples")
    try:
        with tempfile.TemporaryDirectory(prefix="workstation-demo-") as profile:
            folders = Folders(Path(profile, "config"), Path(profile, "data"))
            settings = Settings(local=local, nodes=(session.node,))
            save(settings, folders)
            with open_workplace(folders, settings) as workplace:
                workplace.listener.start()
                yield workplace
    finally:
        session.stop()


def _free_port() -> int:
    """Nobody's now, and below those that the system gives to outgoing connections: nobody's later either."""
    import random
    import socket
    from contextlib import suppress

    while True:
        port = random.randrange(15_000, 32_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def _listen_as_changed(listener: Listener, before: Settings, settings: Settings) -> None:
    """Receive at the new address, or no longer. Raises PortInUse; the settings are saved all the same."""
    if (settings.local, settings.listen) == (before.local, before.listen):
        return
    listener.stop()
    if settings.listen:
        listener.start()


def _load_or_set_aside(folders: Folders) -> tuple[Settings, list[WorkstationError]]:
    try:
        return load(folders), []
    except SettingsError as error:
        kept = set_aside(folders)
        return Settings(), [SettingsError(**{**error.details, "kept_as": kept.name})]


def _no_screen() -> int:
    print(
        "There is no display to open the window on (neither DISPLAY nor WAYLAND_DISPLAY is set).\n"
        "Start it in a desktop session, or use “workstation demo --headless --screenshots DIR” or the other commands.",
        file=sys.stderr,
    )
    return 1
