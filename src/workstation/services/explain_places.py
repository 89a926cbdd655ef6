"""The words for errors of addresses: something else is there, or what was sent to us went elsewhere."""

from __future__ import annotations

from collections.abc import Callable

from workstation.services.explanation import Details, Explanation

_SERVICES = {
    "http": "a web server",
    "ssh": "a log-in service (SSH)",
    "dicom": "a DICOM service",
    "other": "another kind of service",
}


def _wrong_service(d: Details) -> Explanation:
    service = _SERVICES.get(d.get("service"), _SERVICES["other"])
    web = d.get("wanted") == "web"
    return Explanation(
        title="Another service is on that port",
        what=f"{d.node} does not speak {'HTTP' if web else 'DICOM'} there: {service} answers.",
        why="One computer has a port for each of its services, and this is not the one that was meant.",
        remedy=(
            "Ask its administrator for the DICOMweb address and correct web_url of the node."
            if web
            else "Ask its administrator for the DICOM port (often 104, 11112 or 4242) and correct the node’s port."
        ),
    )


def _not_dicomweb(d: Details) -> Explanation:
    cause, found = d.get("cause"), d.get("found")
    url = d.get("url") or "that address"
    name = d.get("node", "NODE")
    quoted = f'"nodes.{name}.web_url"' if " " in name else f"nodes.{name}.web_url"
    subject = f"The address {url}"
    whys = {
        "path": f"There is a web server, but nothing at {url} (HTTP status 404).",
        "web-page": f"{subject} gives a web page for people, not DICOM’s JSON: a wrong path, or a page to log in.",
        "no-json": f"{subject} answers in {d.get('content_type', 'no stated form')}, not in DICOM’s JSON.",
        "redirect": f"It sends us on from there to {found or 'another address'}.",
    }
    if found:
        remedy = f"DICOMweb answers at {found}: enter it with “workstation config set {quoted} {found}” or in Settings."
    else:
        remedy = "Ask its administrator for the root of its DICOMweb service; it often ends in /dicom-web or /rs."
    return Explanation(
        title="This is not the DICOMweb address",
        what=f"{d.node} does not answer at its web address as DICOMweb does."
        if cause != "redirect"
        else f"{d.node} answers DICOMweb at another address.",
        why=whys.get(cause, "The answer was not what DICOMweb prescribes."),
        remedy=remedy,
    )


def _not_delivered(d: Details) -> Explanation:
    title = d.get("our_ae_title") or "of this workstation"
    address = f"{_our_host(d)}, port {d.get('our_port', 'of local.port')}"
    cause = d.get("cause")
    code = f" (status {d.get('status')})" if d.has("status") else ""
    words = d.get("comment") or d.get("reason")
    said = f" Its words: “{words}”." if words else ""
    if cause == "elsewhere":
        return Explanation(
            title="The images went elsewhere",
            what=f"{d.node} says that it has sent the images, but nothing has arrived here.",
            why=f"The address it has for AE title {title} is that of another computer or program, which took them.",
            remedy=f"Ask its administrator to correct the entry for AE title {title}: host {address}.",
        )
    if cause == "turned-away":
        callers = d.get("callers", "an AE title")
        return Explanation(
            title="The images were turned away here",
            what=f"{d.node} sends as {callers}, and this workstation takes images only from its nodes.",
            why=f"The AE title it calls itself by is not the one entered for it, {d.get('ae_title', 'of the node')}.",
            remedy=f"Add a node with the AE title {callers}, or correct the AE title of this one.",
        )
    if _is_loopback(d.get("our_host")) and d.has("host") and not _is_loopback(d.get("host")):
        why = f"This workstation listens on {d.get('our_host')}, where only programs of this computer reach it."
        remedy = "Enter this computer’s address or 0.0.0.0 with “workstation config set local.host 0.0.0.0”."
    else:
        no_entry = (
            "it has no entry for AE title {}, or " if cause == "unknown-or-not-reached" else "for AE title {} it has "
        )
        why = (
            f"No connection of it has reached this workstation: {no_entry.format(title)}another host or port, "
            "or a firewall of this computer or in between holds it back."
        )
        remedy = (
            f"Ask its administrator for the entry AE title {title}, host {address}, and let that port "
            "through the firewall. If it offers C-GET, “--method get” needs neither."
        )
    return Explanation(
        title="The images cannot get here",
        what=f"{d.node} could not send the images here{code}.",
        why=f"{why}{said}",
        remedy=remedy,
    )


def _our_host(d: Details) -> str:
    host = d.get("our_host")
    unknown = host in ("", "0.0.0.0", "::") or (_is_loopback(host) and not _is_loopback(d.get("host")))
    return "the network address of this computer" if unknown else host


def _is_loopback(host: str) -> bool:
    return host.startswith("127.") or host in ("localhost", "::1")


WRONG_PLACE_WORDS: dict[str, Callable[[Details], Explanation]] = {
    "wrong-service": _wrong_service,
    "not-dicomweb": _not_dicomweb,
    "not-delivered": _not_delivered,
}
