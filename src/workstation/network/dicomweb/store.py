"""STOW-RS (PS3.18 10.5): files streamed from disk as they are, some at a time, judged instance by instance."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx2
from pydicom import Dataset

from workstation.dicom import elements
from workstation.dicom.quiet import quiet
from workstation.domain.errors import InputError, LocalError
from workstation.jobs.back_off import OUT_OF_RESOURCES
from workstation.network.dicomweb.transport import Session
from workstation.network.dimse import status as words
from workstation.network.part10 import Part10File
from workstation.services.ports import ItemFailure, OnProgress, TransferProgress, TransferReport

_BATCH_BYTES = 64 * 1024 * 1024
_BATCH_FILES = 100
_CHUNK = 256 * 1024
# Answers that carry a Store Instances Response (PS3.18 10.5.3): all, some, none stored.
_WITH_RESULT = (200, 202, 409)


def store(session: Session, paths: Sequence[Path], on_progress: OnProgress) -> TransferReport:
    """Send `paths`; the report has one failure for each that the server did not take."""
    sending = _Sending(session, len(paths), on_progress)
    batch: list[Part10File] = []
    for file in sending.readable(paths):
        if batch and (len(batch) == _BATCH_FILES or sum(item.size for item in batch) + file.size > _BATCH_BYTES):
            sending.send(batch)
            batch = []
        batch.append(file)
    if batch:
        sending.send(batch)
    return sending.report()


class _Sending:
    """What has become of the files so far."""

    def __init__(self, session: Session, total: int, on_progress: OnProgress) -> None:
        self._session = session
        self._total = total
        self._on_progress = on_progress
        self._sent = 0
        self._bytes = 0
        self._warnings: list[str] = []
        self._failures: list[ItemFailure] = []
        self._cause = ""

    def readable(self, paths: Sequence[Path]) -> Iterator[Part10File]:
        for path in paths:
            try:
                yield Part10File.read(path)
            except InputError as error:
                self._fail("", error.details.get("reason", error.code), path)
            except OSError as error:
                self._fail("", error.strerror or "cannot be read", path)

    def send(self, batch: Sequence[Part10File]) -> None:
        boundary = uuid.uuid4().hex
        headers = {
            "Accept": "application/dicom+json",
            "Content-Type": f'multipart/related; type="application/dicom"; boundary={boundary}',
            "Content-Length": str(_length(batch, boundary)),
        }
        with self._session.request(
            "POST", "/studies", headers=headers, body=lambda: self._body(batch, boundary)
        ) as response:
            if response.status_code not in _WITH_RESULT:
                self._session.raise_for(response)
            response.read()
            self._judge(response, {file.sop_instance_uid: file for file in batch})

    def _body(self, batch: Sequence[Part10File], boundary: str) -> Iterator[bytes]:
        for file in batch:
            yield _head(boundary)
            for chunk in _chunks(file.path):
                self._session.cancellation.raise_if_cancelled()
                yield chunk
            yield b"\r\n"
        yield _tail(boundary)

    def _judge(self, response: httpx2.Response, files: dict[str, Part10File]) -> None:
        """Each file by what the answer says of it; what it does not mention was stored if it says so of all."""
        result = _result(response)
        mentioned = set()
        for item in elements.items(result, "FailedSOPSequence"):
            uid = elements.text(item, "ReferencedSOPInstanceUID")
            mentioned.add(uid)
            code = elements.integer(item, "FailureReason") or 0
            if code & 0xFF00 == 0xA700:
                self._cause = OUT_OF_RESOURCES
            reason = f"{code:04X} {words.meaning('C-STORE', code)}"
            self._fail(uid, reason, files[uid].path if uid in files else None)
        for item in elements.items(result, "ReferencedSOPSequence"):
            uid = elements.text(item, "ReferencedSOPInstanceUID")
            if uid in files and uid not in mentioned:
                mentioned.add(uid)
                self._stored(files[uid], elements.integer(item, "WarningReason"))
        for uid, file in files.items():
            if uid not in mentioned:
                if response.status_code == 200:
                    self._stored(file, None)
                else:
                    self._fail(uid, "the server does not say that it stored it", file.path)

    def _stored(self, file: Part10File, warning: int | None) -> None:
        self._sent += 1
        self._bytes += file.size
        if warning:
            self._warnings.append(f"{file.sop_instance_uid}: {warning:04X} {words.meaning('C-STORE', warning)}")
        self._progress(file.path)

    def _fail(self, uid: str, reason: str, path: Path | None) -> None:
        self._failures.append(ItemFailure(uid, reason, path))
        self._progress()

    def _progress(self, gone: Path | None = None) -> None:
        self._on_progress(TransferProgress(self._sent, self._total, self._bytes, len(self._failures), gone))

    def report(self) -> TransferReport:
        return TransferReport(
            expected=self._total,
            transferred=self._sent,
            stored=self._sent,
            bytes=self._bytes,
            warnings=tuple(self._warnings),
            failures=tuple(self._failures),
            cause=self._cause,
        )


def _chunks(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                yield chunk
    except OSError as error:
        raise LocalError(path=path, reason=error.strerror) from error


def _head(boundary: str) -> bytes:
    return f"--{boundary}\r\nContent-Type: application/dicom\r\n\r\n".encode()


def _tail(boundary: str) -> bytes:
    return f"--{boundary}--\r\n".encode()


def _length(batch: Sequence[Part10File], boundary: str) -> int:
    """Known beforehand, since not every server takes a chunked request."""
    return sum(len(_head(boundary)) + file.size + 2 for file in batch) + len(_tail(boundary))


def _result(response: httpx2.Response) -> Dataset:
    try:
        with quiet():
            return Dataset.from_json(response.json())
    except Exception:  # noqa: BLE001 - some servers answer with nothing or with XML; the status then decides
        return Dataset()
