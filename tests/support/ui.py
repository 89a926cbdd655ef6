"""The window on a workplace in memory: a real runner and bridge, an archive and peers that we own.

A peer obeys, refuses or hangs; its answers are given by the test.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QWidget

from tests.support.fake_archive import FakeArchive
from tests.support.secrets import secrets_of_this_run
from workstation.domain.errors import PeerError, PeerTimedOut, PeerUnreachable, WorkstationError
from workstation.domain.node import LocalAe, Node
from workstation.domain.person_name import PersonName
from workstation.domain.query import OnRemark, Query, WorklistQuery, no_remark
from workstation.domain.study import Instance, InstanceSummary, Level, QueryMatch, Series, Study
from workstation.domain.worklist import WorklistItem
from workstation.jobs.cancel import Cancellation
from workstation.jobs.journal import Journal
from workstation.jobs.runner import Handler, JobRunner
from workstation.services.annotations import MarksInMemory
from workstation.services.broadcast import Broadcast
from workstation.services.delivery import ArchiveInbox
from workstation.services.diagnose import DiagnoseNode
from workstation.services.diagnosis import Diagnosis, Finding, Light, Step, finding_of
from workstation.services.echo import EchoNode, run_echo
from workstation.services.ingest import ImportPaths, run_import
from workstation.services.open_series import OpenPaths, OpenStudy, run_open_paths, run_open_study
from workstation.services.ports import EchoResult
from workstation.services.retrieve import RetrieveResult, RetrieveStudy
from workstation.services.search import ListWorklist, SearchStudies, run_search, run_worklist
from workstation.services.workplace import Workplace
from workstation.settings import Folders, Settings

RADPACS = Node("RADPACS", "RADPACS", "127.0.0.1", 104, worklist=True)
OLDPACS = Node("OLDPACS", "OLDPACS", "127.0.0.1", 105)
HANGING = Node("HANGING", "HANGING", "127.0.0.1", 106)


def a_study(uid: str = "1.2.1", name: str = "DOE^Jane", **more: Any) -> Study:
    """A study of today's kind; override what the test is about."""
    given: dict[str, Any] = {
        "patient_id": "4471920",
        "birth_date": "19610302",
        "sex": "F",
        "study_date": "20261123",
        "study_time": "081400",
        "description": "CT Thorax",
        "accession_number": "ACC-1",
        "modalities": ("CT",),
        "series_count": 1,
        "instance_count": 3,
    }
    return Study(uid, PersonName.parse(name), **(given | more))


def put_into(archive: FakeArchive, study: Study, instances: int = 3, content: Path | None = None) -> None:
    """Store `instances` of one series of `study`; `content` is a real file to lie behind them."""
    series = Series(f"{study.study_instance_uid}.9", study.study_instance_uid, 1, "CT", "Thorax 1.0")
    for number in range(1, instances + 1):
        path = archive.new_incoming()
        path.write_bytes(content.read_bytes() if content else f"{study.study_instance_uid}/{number}".encode())
        instance = Instance(
            f"{series.series_instance_uid}.{number}",
            "1.2",
            series.series_instance_uid,
            study.study_instance_uid,
            number,
        )
        archive.add(path, InstanceSummary(study, series, instance))


@dataclass(slots=True)
class ScriptedPeers:
    """Stands for DimsePeer and WebPeer: what each node answers, by its name."""

    studies: dict[str, list[Study]] = field(default_factory=dict)
    series: dict[str, list[Series]] = field(default_factory=dict)  # by Study Instance UID
    worklist: dict[str, list[WorklistItem]] = field(default_factory=dict)
    errors: dict[str, WorkstationError] = field(default_factory=dict)
    hanging: set[str] = field(default_factory=set)
    asked: list[tuple[str, Query]] = field(default_factory=list)
    reached: threading.Event = field(default_factory=threading.Event)  # a hanging node was asked

    def find(
        self, node: Node, query: Query, cancellation: Cancellation, remark: OnRemark = no_remark
    ) -> Iterator[QueryMatch]:
        self.asked.append((node.name, query))
        self._be(node, cancellation)
        if query.level is Level.SERIES:
            yield from self.series.get(query.get("StudyInstanceUID"), [])
            return
        wanted = query.get("PatientID")
        yield from (one for one in self.studies.get(node.name, []) if wanted in ("", one.patient_id))

    def find_worklist(self, node: Node, query: WorklistQuery, cancellation: Cancellation) -> Iterator[WorklistItem]:
        self._be(node, cancellation)
        yield from self.worklist.get(node.name, [])

    def echo(self, node: Node, cancellation: Cancellation) -> EchoResult:
        self._be(node, cancellation)
        return EchoResult(0.012, "SCRIPTED_1")

    def _be(self, node: Node, cancellation: Cancellation) -> None:
        if node.name in self.hanging:
            self.reached.set()
            cancellation.wait(60)
            cancellation.raise_if_cancelled()
            raise PeerTimedOut(node=node.name, waited_s=60)
        if node.name in self.errors:
            raise self.errors[node.name]


class StillListener:
    running = False

    def bytes_from(self, ae_title: str) -> int:
        return 0

    def turned_away(self) -> tuple[str, ...]:
        return ()

    def start(self) -> LocalAe:
        return LocalAe()

    def stop(self) -> None:
        pass


class NoPictures:
    """A decode pool in whose files no image lies."""

    def frame(self, path: Path, index: int, cancellation: Cancellation | None = None) -> Any:
        from workstation.domain.errors import NoPixelData

        raise NoPixelData(path=path.name)

    def close(self) -> None:
        pass


class Saved:
    """Settings in memory."""

    def __init__(self, settings: Settings) -> None:
        self.value = settings
        self.refusal: WorkstationError | None = None
        self.complaint: WorkstationError | None = None  # of what follows the saving

    def __call__(self) -> Settings:
        return self.value

    def save(self, settings: Settings) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.value = settings
        if self.complaint is not None:
            raise self.complaint


Retrieve = Callable[[RetrieveStudy, Any], Any]


@dataclass(slots=True)
class Rig:
    """A workplace and its parts, for a test to hold in its hands."""

    workplace: Workplace
    archive: FakeArchive
    peers: ScriptedPeers
    settings: Saved
    retrieve: list[Retrieve]  # the last one carries retrievals out

    def close(self) -> None:
        self.workplace.close()
        self.archive.close()


def make_rig(folder: Path, settings: Settings | None = None, pool: Any = None) -> Rig:
    """A workplace in `folder` with the nodes RADPACS and OLDPACS; OLDPACS is out of order."""
    saved = Saved(settings or Settings(nodes=(RADPACS, OLDPACS)))
    archive, peers, broadcast = FakeArchive(), ScriptedPeers(), Broadcast()
    peers.errors[OLDPACS.name] = PeerUnreachable(node=OLDPACS.name, host="127.0.0.1", port=105, reason="refused")
    retrieve: list[Retrieve] = [lambda command, context: _store(command, archive, peers)]
    handlers = _handlers(saved, archive, peers, broadcast, retrieve)
    workplace = Workplace(
        folders=Folders(folder / "config", folder / "data"),
        settings=saved,
        save_settings=saved.save,
        archive=archive,
        marks=MarksInMemory(),
        inbox=ArchiveInbox(archive, broadcast.publish),
        dimse_for=lambda _: peers,  # type: ignore[arg-type, return-value]
        web=peers,  # type: ignore[arg-type]
        secrets=secrets_of_this_run(),
        listener=StillListener(),  # type: ignore[arg-type]
        runner=JobRunner(handlers, broadcast.publish, Journal(folder / "jobs.sqlite")),
        decode_pool=pool or NoPictures(),
        broadcast=broadcast,
    )
    return Rig(workplace, archive, peers, saved, retrieve)


def _store(command: RetrieveStudy, archive: FakeArchive, peers: ScriptedPeers) -> Any:
    from workstation.jobs.runner import Outcome

    known = (study for studies in peers.studies.values() for study in studies)
    study = next(one for one in known if one.study_instance_uid == command.study_instance_uid)
    put_into(archive, replace(study, series_count=None, instance_count=None), study.instance_count or 1)
    count = study.instance_count or 1
    return Outcome(RetrieveResult(expected=count, received=count, stored=count))


def _handlers(
    saved: Saved, archive: FakeArchive, peers: ScriptedPeers, broadcast: Broadcast, retrieve: list[Retrieve]
) -> Mapping[type[Any], Handler]:
    both: dict[str, Any] = {"dimse": peers, "web": peers}

    def find_node(name: str) -> Node | None:
        return saved().node(name)

    return {
        SearchStudies: lambda command, context: run_search(
            command, context, archive=archive, find_node=find_node, **both, publish=broadcast.publish
        ),
        ListWorklist: lambda command, context: run_worklist(
            command,
            context,
            find_node=find_node,
            dimse=peers,
            publish=broadcast.publish,  # type: ignore[arg-type]
        ),
        DiagnoseNode: lambda command, context: _diagnose(find_node(command.node), peers, context),
        EchoNode: lambda command, context: run_echo(command, context, find_node=find_node, **both),
        RetrieveStudy: lambda command, context: retrieve[-1](command, context),  # noqa: PLW0108 - the last one then
        OpenStudy: lambda command, context: run_open_study(command, context, archive=archive),
        OpenPaths: run_open_paths,
        ImportPaths: lambda command, context: run_import(command, context, archive=archive, publish=broadcast.publish),
    }


def _diagnose(node: Node | None, peers: ScriptedPeers, context: Any) -> Any:
    """A walk of two steps, the second of which is the peer's."""
    from workstation.jobs.runner import Outcome

    assert node is not None
    first = Finding(Step.TCP, Light.GREEN, "It takes connections.", elapsed_s=0.002)
    so_far = Diagnosis(node, LocalAe(), "2026-11-24T21:00:00+01:00", (first, Finding(Step.ASSOCIATION, Light.RUNNING)))
    context.partial(so_far)
    second = Finding(Step.ASSOCIATION, Light.GREEN, "It accepts us.", elapsed_s=0.01)
    try:
        peers.echo(node, context.cancellation)
    except PeerError as error:
        second = finding_of(Step.ASSOCIATION, error)
    done = replace(so_far, findings=(first, second), ended=True)
    return Outcome(done, partly=done.error is not None, error=done.error)


def column_texts(model: Any, column: int) -> list[str]:
    """What a table shows in one column, from top to bottom."""
    return [str(model.index(row, column).data() or "") for row in range(model.rowCount())]


def nameless(widget: QWidget) -> list[str]:
    """The visible widgets that take the focus and have no accessible name."""
    from PySide6.QtCore import Qt
    from PySide6.QtGui import QAccessible

    found = []
    for one in widget.findChildren(QWidget):
        if one.isVisibleTo(widget) and one.focusPolicy() != Qt.FocusPolicy.NoFocus and one.focusProxy() is None:
            interface = QAccessible.queryAccessibleInterface(one)
            if interface is not None and not interface.text(QAccessible.Text.Name).strip():
                found.append(f"{type(one).__name__} {one.objectName()}")
    return found
