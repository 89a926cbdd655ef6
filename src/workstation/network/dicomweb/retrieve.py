"""WADO-RS (PS3.18 10.4): instances streamed into the inbox part by part, in the transfer syntax they are kept in."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TypeVar

import httpx2

from workstation.domain.errors import InputError, LocalError, NotDicom, PeerAborted
from workstation.domain.node import RetrieveMethod
from workstation.network.dicomweb.multipart import Parts, Truncated, boundary_of
from workstation.network.dicomweb.transport import Session
from workstation.network.disk import disk_error
from workstation.services.ports import (
    Inbox,
    ItemFailure,
    OnProgress,
    RetrieveTarget,
    StoreOutcome,
    TransferProgress,
    TransferReport,
)

Result = TypeVar("Result")

_ACCEPT = {"Accept": 'multipart/related; type="application/dicom"; transfer-syntax=*'}


def retrieve(session: Session, target: RetrieveTarget, inbox: Inbox, on_progress: OnProgress) -> TransferReport:
    """Everything in `target`; what the inbox cannot take becomes a failure of that instance alone."""
    arriving = _Arriving(session, inbox, on_progress)
    try:
        for resource, sop_instance_uid in _resources(target):
            _fetch(session, resource, sop_instance_uid, arriving)
    finally:
        arriving.settle()
    return arriving.report()


def _fetch(session: Session, resource: str, sop_instance_uid: str, arriving: _Arriving) -> None:
    with session.request("GET", resource, headers=_ACCEPT) as response:
        if response.status_code in (404, 410) and sop_instance_uid:
            arriving.failures.append(ItemFailure(sop_instance_uid, "the server does not have it"))
            return
        if response.status_code != 200:
            session.raise_for(response)
        arriving.take_all(response, sop_instance_uid)


def _resources(target: RetrieveTarget) -> Iterator[tuple[str, str]]:
    path = f"/studies/{target.study_instance_uid}"
    if target.series_instance_uid:
        path += f"/series/{target.series_instance_uid}"
    if not target.sop_instance_uids:
        yield path, ""
    for uid in target.sop_instance_uids:
        yield f"{path}/instances/{uid}", uid


class _Arriving:
    """What has arrived so far."""

    def __init__(self, session: Session, inbox: Inbox, on_progress: OnProgress) -> None:
        self._session = session
        self._delivery = inbox.delivery(session.node.name)
        self._on_progress = on_progress
        self._received = 0
        self._bytes = 0
        self.failures: list[ItemFailure] = []

    def take_all(self, response: httpx2.Response, sop_instance_uid: str) -> None:
        boundary = boundary_of(response.headers.get("content-type", ""))
        try:
            if not boundary:
                self._take(response.iter_bytes(), sop_instance_uid)
                return
            for part in Parts(response.iter_bytes(), boundary):
                self._take(part, sop_instance_uid)
        except Truncated as error:
            raise PeerAborted(reason="the answer ended half-way", **self._session.facts) from error

    def _take(self, pieces: Iterator[bytes], sop_instance_uid: str) -> None:
        path = self._delivery.new_path()
        try:
            size = _write(path, pieces)
            if not size:
                raise NotDicom(reason="an empty part")
            self._delivery.take(path, sop_instance_uid)
        except InputError as error:
            self._delivery.discard(path)
            self.failures.append(ItemFailure(sop_instance_uid, error.details.get("reason", error.code)))
        except BaseException:
            self._delivery.discard(path)
            raise
        else:
            self._received += 1
            self._bytes += size
        self._session.cancellation.raise_if_cancelled()
        self._on_progress(TransferProgress(self._received, None, self._bytes, len(self.failures)))

    def settle(self) -> None:
        """Whatever ended it, what has come is in the archive when the caller looks."""
        with contextlib.suppress(LocalError):  # `report` or the next `take` has raised it
            self._delivery.settled()

    def report(self) -> TransferReport:
        """What came of it, once it is in the archive. Raises LocalError."""
        outcomes = self._delivery.settled()
        return TransferReport(
            method=RetrieveMethod.WEB,
            transferred=self._received,
            stored=outcomes[StoreOutcome.STORED] + outcomes[StoreOutcome.CONFLICT],
            already_present=outcomes[StoreOutcome.ALREADY_PRESENT],
            bytes=self._bytes,
            failures=tuple(self.failures),
        )


def _write(path: Path, pieces: Iterator[bytes]) -> int:
    """Only what the disk says is the disk's fault: the pieces come from the network."""
    size = 0
    file = _on_disk(lambda: path.open("wb"))
    try:
        for piece in pieces:
            _on_disk(partial(file.write, piece))
            size += len(piece)
        _on_disk(file.flush)
    finally:
        with contextlib.suppress(OSError):
            file.close()
    return size


def _on_disk(step: Callable[[], Result]) -> Result:
    try:
        return step()
    except OSError as error:
        raise disk_error(error) from error
