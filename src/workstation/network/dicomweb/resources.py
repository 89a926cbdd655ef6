"""Single resources of WADO-RS (PS3.18 10.4): metadata, frames, bulk data, rendered pictures; each whole in memory."""

from __future__ import annotations

from collections.abc import Sequence

from pydicom import Dataset

from workstation.dicom.quiet import quiet
from workstation.domain.errors import PeerAborted, PeerFailure
from workstation.network.dicomweb.multipart import Parts, Truncated, boundary_of
from workstation.network.dicomweb.transport import Session
from workstation.services.ports import RetrieveTarget

_JSON = {"Accept": "application/dicom+json"}
_OCTETS = {"Accept": 'multipart/related; type="application/octet-stream"; transfer-syntax=*'}
_PICTURE = {"Accept": "image/jpeg"}  # Orthanc takes no list


def path_of(target: RetrieveTarget) -> str:
    """The resource that `target` names; of single instances it may name one."""
    path = f"/studies/{target.study_instance_uid}"
    if target.series_instance_uid:
        path += f"/series/{target.series_instance_uid}"
    if target.sop_instance_uids:
        [uid] = target.sop_instance_uids
        path += f"/instances/{uid}"
    return path


def metadata(session: Session, target: RetrieveTarget) -> list[Dataset]:
    """All attributes of each instance, bulk data left out. Raises WebFailure, PeerFailure."""
    with session.request("GET", f"{path_of(target)}/metadata", headers=_JSON) as response:
        if response.status_code != 200:
            session.raise_for(response)
        response.read()
        try:
            with quiet():
                return [Dataset.from_json(item, lambda _uri: None) for item in response.json()]
        except Exception as error:  # pydicom raises whatever the JSON provokes
            raise PeerFailure(meaning="the answer is not DICOM JSON (PS3.18 annex F)", **session.facts) from error


def frames(session: Session, target: RetrieveTarget, numbers: Sequence[int]) -> list[bytes]:
    """Frames by their numbers, from 1, as they are encoded in the instance. Raises WebFailure, PeerAborted."""
    return _octets(session, f"{path_of(target)}/frames/{','.join(map(str, numbers))}")


def bulk_data(session: Session, address: str) -> bytes:
    """What a BulkDataURI of `metadata` names, below the root or a whole address. Raises WebFailure, PeerAborted."""
    return b"".join(_octets(session, address))


def rendered(session: Session, target: RetrieveTarget) -> bytes:
    """A JPEG or PNG as the server would show it. Raises WebFailure."""
    with session.request("GET", f"{path_of(target)}/rendered", headers=_PICTURE) as response:
        if response.status_code != 200:
            session.raise_for(response)
        return response.read()


def _octets(session: Session, path: str) -> list[bytes]:
    with session.request("GET", path, headers=_OCTETS) as response:
        if response.status_code not in (200, 206):
            session.raise_for(response)
        boundary = boundary_of(response.headers.get("content-type", ""))
        if not boundary:
            return [response.read()]
        try:
            return [b"".join(part) for part in Parts(response.iter_bytes(), boundary)]
        except Truncated as error:
            raise PeerAborted(reason="the answer ended half-way", **session.facts) from error
