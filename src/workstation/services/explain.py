"""Every error in plain words: what happened, why, and what to do next. The one place where the words are.

Words of the trade are used with their meaning. What is said comes from the error's details, which are free
of patient data, so that an explanation may be shown, copied and sent to an administrator.
"""

from __future__ import annotations

from collections.abc import Callable

from workstation.domain.errors import WorkstationError
from workstation.domain.job import ErrorReport
from workstation.services.explain_peer import PEER_WORDS
from workstation.services.explain_places import WRONG_PLACE_WORDS
from workstation.services.explain_tls import TLS_WORDS
from workstation.services.explanation import Details, Explanation

__all__ = ["Explanation", "explain"]


def explain(error: WorkstationError | ErrorReport) -> Explanation:
    """The words for `error`; a code of another version of Workstation gets general ones."""
    report = error.report() if isinstance(error, WorkstationError) else error
    words = _WORDS.get(report.code, _unknown)
    return words(Details(report.details))


def _unknown(d: Details) -> Explanation:
    return Explanation(
        title="Something failed",
        what="The work could not be finished.",
        why=d.sentence("reason") or "No cause was recorded.",
        remedy="Try it again. If it fails again, report it with the details below.",
    )


def _internal(d: Details) -> Explanation:
    where = f" ({d.get('type')} at {d.get('location')})" if d.has("type") else ""
    return Explanation(
        title="A fault in Workstation",
        what="The work stopped because of a fault in this program.",
        why=f"The program met a situation that it was not made for{where}. Your data is not the cause.",
        remedy="Try it again. If it fails again, report the place named here to the makers of Workstation.",
    )


def _settings(d: Details) -> Explanation:
    key, found, expected = d.get("key"), d.get("found", "nothing"), d.get("expected", "another value")
    place = f" in {d.get('file')}" if d.has("file") else ""
    if key == "nodes":
        return Explanation(
            title="No such node",
            what=f"“{found}” cannot be used as the name of a node{place}.",
            why=f"Expected: {expected}. A node is another system, such as a PACS, with a name of your choice.",
            remedy="See the names with “workstation node list” or in Settings; add one with “workstation node add”.",
        )
    subject = f"The setting {key}" if key else "The settings file"
    return Explanation(
        title="A setting is wrong",
        what=f"{subject}{place} cannot be used.",
        why=f"Expected: {expected}. Found: {found}.",
        remedy=(
            f"The file was kept as {d.get('kept_as')} and Workstation started with its defaults: "
            "correct that file and rename it back, or enter the settings again."
            if d.has("kept_as")
            else f"Correct it in {d.get('file')}, or delete that line to get the default."
            if place
            else "Give another value; “workstation config get” lists all settings."
        ),
    )


def _file(d: Details, fallback: str = "The file") -> str:
    return d.get("path") or fallback


def _input(d: Details) -> Explanation:
    if d.has("job"):
        return Explanation(
            title="No such job",
            what=f"Job {d.get('job')} cannot be continued.",
            why=d.sentence("reason"),
            remedy="See the jobs and their states with “workstation jobs list” or on the Activity page.",
        )
    return Explanation(
        title="The file cannot be used",
        what=f"{_file(d)} was not taken.",
        why=d.sentence("reason") or "It is not what was expected here.",
        remedy="Check that the path is right and that you may read the file.",
    )


def _not_dicom(d: Details) -> Explanation:
    return Explanation(
        title="Not a DICOM file",
        what=f"{_file(d)} was not opened.",
        why="It holds no DICOM data, the format of medical images." + d.aside("reason"),
        remedy="Choose another file. A picture, PDF or archive has to be converted or unpacked first.",
    )


def _damaged(d: Details) -> Explanation:
    return Explanation(
        title="The file is damaged",
        what=f"{_file(d)} could not be read to its end.",
        why="It is DICOM, but cut off or contradicting itself." + d.aside("reason"),
        remedy="Copy or retrieve it once more from where it came; a broken transfer is the usual cause.",
    )


def _unsupported(d: Details) -> Explanation:
    return Explanation(
        title="This kind of object is not supported",
        what=f"{_file(d)} is intact, but there is nothing Workstation can do with it here.",
        why=d.sentence("reason") or "Its kind (SOP class) is not one that can be shown or processed.",
        remedy="It can still be kept, sent and exported. “workstation info” shows what it is.",
    )


def _no_pixels(d: Details) -> Explanation:
    return Explanation(
        title="No image in this object",
        what=f"{_file(d)} has no picture to show.",
        why="It is a DICOM object without pixel data, for example a report or a presentation state."
        + d.aside("reason"),
        remedy="Open another series of the study.",
    )


def _decode_facts(d: Details) -> str:
    index = d.get("frame")  # counted from 0 in the program, from 1 in DICOM
    frame = f" Frame {int(index) + 1}." if index.isdecimal() else ""
    syntax = f" Compression (transfer syntax): {d.get('transfer_syntax')}." if d.has("transfer_syntax") else ""
    return f"{d.aside('reason')}{frame}{syntax}"


def _decode_failed(d: Details) -> Explanation:
    return Explanation(
        title="The image cannot be decoded",
        what=f"The picture in {_file(d, 'this object')} could not be unpacked.",
        why="Its compressed pixel data is damaged, or compressed in a way that is not supported." + _decode_facts(d),
        remedy="Retrieve the object again. If it stays so, ask for it uncompressed (Explicit VR Little Endian).",
    )


def _decoder_died(d: Details) -> Explanation:
    return Explanation(
        title="The decoder had to be stopped",
        what=f"Unpacking the picture in {_file(d, 'this object')} crashed, took too long or needed too much memory.",
        why="The pixel data is probably damaged. It was decoded in a process of its own, so nothing else suffered."
        + _decode_facts(d),
        remedy=(
            "Retrieve the object again. For very large images raise decode.memory_mib or decode.deadline_s in Settings."
        ),
    )


def _invalid_query(d: Details) -> Explanation:
    keyword = d.get("keyword")
    return Explanation(
        title="The search cannot be asked like this",
        what=f"“{keyword}” with this value cannot be searched for." if keyword else "The search was not sent.",
        why=f"Expected: {d.get('expected', 'an attribute and a value that DICOM defines')}.",
        remedy="Correct the attribute or its value, for example PatientName=DOE* or StudyDate=20260101-20260131.",
    )


def _local(d: Details) -> Explanation:
    return Explanation(
        title="This computer refused",
        what=f"{_file(d, 'A file or folder')} could not be used.",
        why=d.sentence("reason") or "The operating system gave no reason.",
        remedy="Check that the folder exists, that you may write there and that the disk is connected.",
    )


def _disk_full(d: Details) -> Explanation:
    return Explanation(
        title="The disk is full",
        what="The work stopped; everything stored until then is complete and was kept.",
        why="There is no space left" + (f" where {d.get('path')} lies." if d.has("path") else " on the disk."),
        remedy="Free some space or delete studies that are no longer needed, then retry: only what is missing is done.",
    )


def _port_in_use(d: Details) -> Explanation:
    port = d.get("port", "the configured port")
    return Explanation(
        title="The port is taken",
        what=f"Workstation cannot receive images: it could not listen on port {port}.",
        why=f"Another program, perhaps a second Workstation, already uses it on {d.get('host', 'this computer')}.",
        remedy=(
            "Close the other program, or choose another port with “workstation config set local.port NUMBER” "
            "and tell the PACS administrator the new one."
        ),
    )


def _archive_unusable(d: Details) -> Explanation:
    return Explanation(
        title="The archive cannot be used",
        what="The local archive of images could not be read or written.",
        why=(d.sentence("reason") or "It is damaged, locked or out of reach.")
        + (f" It lies in {d.get('path')}." if d.has("path") else ""),
        remedy="Check that the folder exists, that you may write there and that the disk is connected.",
    )


def _secrets_unusable(d: Details) -> Explanation:
    return Explanation(
        title="A password cannot be read or kept",
        what="The password or token of a node could not be read or kept.",
        why=(d.sentence("reason") or "The keyring of this computer refused.")
        + (f" It was looked for in {d.get('path')}." if d.has("path") else ""),
        remedy="Unlock the keyring of this computer and try it again.",
    )


def _conflict(d: Details) -> Explanation:
    return Explanation(
        title="Two different objects with one identifier",
        what="An object was received whose identifier is already in the archive, with other content.",
        why=(
            f"SOP Instance UID {d.get('sop_instance_uid', '(not recorded)')} must be unique in the world; "
            "somebody changed the object without giving it a new one."
        ),
        remedy=(
            "The first one stays in use"
            + (f", the other was kept as {d.get('kept_as')}" if d.has("kept_as") else "")
            + ". Ask the sender which one is right."
        ),
    )


def _deidentification(d: Details) -> Explanation:
    return Explanation(
        title="De-identification stopped",
        what=f"{_file(d, 'An object')} could not be de-identified, and nothing of it was exported.",
        why=d.sentence("reason") or "It could not be shown that all identifying data was removed.",
        remedy="Leave this object out of the export, or choose options that fit it.",
    )


def _identifier_found(d: Details) -> Explanation:
    element = f" in the element {d.get('element')}" if d.has("element") else ""
    return Explanation(
        title="An identifier was left",
        what="The export was stopped before anything left: the final check found identifying data.",
        why=f"Something that identifies the patient was still there{element}." + d.aside("reason"),
        remedy="Leave the object out, or choose options that remove this element, then export again.",
    )


def _held(d: Details) -> Explanation:
    element = f" The element concerned: {d.get('element')}." if d.has("element") else ""
    return Explanation(
        title="An object needs your decision",
        what=f"{_file(d, 'An object')} was held back from the export.",
        why=(d.sentence("reason") or "It cannot be made safe without a person looking at it.") + element,
        remedy="Look at it, then leave it out or choose the option that covers it, and export again.",
    )


def _profile_unavailable(d: Details) -> Explanation:
    subject = f"The option {d.get('option')}" if d.has("option") else f"The profile {d.get('profile', 'asked for')}"
    return Explanation(
        title="No such way of de-identifying",
        what=f"{subject} cannot be used.",
        why=d.sentence("reason") or "It is not known here.",
        remedy=f"Choose one of these: {d.get('expected', 'basic')}.",
    )


def _key_unusable(d: Details) -> Explanation:
    return Explanation(
        title="The key file cannot be used",
        what=f"{_file(d, 'The key file')} does not hold a usable key.",
        why=d.sentence("reason") or "A key makes the same new identifiers again, and must be one that was made here.",
        remedy="Give the key file of the earlier export, or the name of a new file to begin a new key.",
    )


def _cancelled(_: Details) -> Explanation:
    return Explanation(
        title="Cancelled",
        what="The work was cancelled.",
        why="It was stopped on request; what was finished until then was kept.",
        remedy="Start it again to do what is missing.",
    )


_WORDS: dict[str, Callable[[Details], Explanation]] = {
    "error": _unknown,
    "internal": _internal,
    "settings": _settings,
    "input": _input,
    "not-dicom": _not_dicom,
    "damaged-file": _damaged,
    "unsupported-object": _unsupported,
    "no-pixel-data": _no_pixels,
    "decode-failed": _decode_failed,
    "decoder-died": _decoder_died,
    "invalid-query": _invalid_query,
    "local": _local,
    "disk-full": _disk_full,
    "port-in-use": _port_in_use,
    "archive-unusable": _archive_unusable,
    "secrets-unusable": _secrets_unusable,
    "conflicting-instance": _conflict,
    "deidentification": _deidentification,
    "identifier-found": _identifier_found,
    "instance-held": _held,
    "profile-unavailable": _profile_unavailable,
    "key-unusable": _key_unusable,
    "cancelled": _cancelled,
    **PEER_WORDS,
    **TLS_WORDS,
    **WRONG_PLACE_WORDS,
}
