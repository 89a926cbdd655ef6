"""The words for errors of other machines. An AE title is the name by which a DICOM system is called."""

from __future__ import annotations

from collections.abc import Callable

from workstation.services.explanation import Details, Explanation

_CONNECTION = "the host and port with “workstation node list” or in Settings"


def _peer(d: Details) -> Explanation:
    return Explanation(
        title="The other system failed",
        what=f"{d.node} did not do what was asked.",
        why=d.sentence("reason") or "It gave no reason.",
        remedy="Try it again. If it fails again, ask its administrator and give the time of this attempt.",
    )


_UNREACHABLE = {
    "connection refused": "That computer is there, but nothing listens on that port.",
    "no such host": "There is no computer of that name in the network.",
}


def _unreachable(d: Details) -> Explanation:
    return Explanation(
        title="The other system cannot be reached",
        what=f"No connection could be made to {d.node}.",
        why=_UNREACHABLE.get(d.get("reason")) or d.sentence("reason") or "Nothing answers at that address.",
        remedy=f"Check {_CONNECTION}, the network cable or VPN, and whether that system is running.",
    )


def _timed_out(d: Details) -> Explanation:
    waited = f" for {d.get('waited_s')} seconds" if d.has("waited_s") else ""
    return Explanation(
        title="The other system does not answer",
        what=f"{d.node} accepted the connection, then was silent{waited}.",
        why="It is overloaded or stuck, or a firewall holds back its answers." + d.aside("reason"),
        remedy="Try it again later. If that system is known to be slow, raise response_timeout_s of the node.",
    )


def _rejected(d: Details) -> Explanation:
    reason = d.get("reason").casefold()
    ours = d.get("our_ae_title")
    title = "The other system refused the connection"
    if d.has("user") and not any(word in reason for word in ("calling", "called", "congestion", "limit")):
        return Explanation(
            title="The other system refused the user",
            what=f"{d.node} rejected our association, for which the user {d.get('user')} was named.",
            why="DICOM has no own words for a wrong user or passcode, so this is the most probable reason."
            + d.aside("reason"),
            remedy=(
                "Enter user and passcode of the node again. If that is refused too, ask its administrator whether "
                f"this user and the AE title {ours or 'of this workstation'} are allowed there."
            ),
        )
    if "calling" in reason:
        return Explanation(
            title=title,
            what=f"{d.node} does not know this workstation.",
            why=f"It refuses callers that it has no entry for; our AE title{f' is {ours}' if ours else ''} has none.",
            remedy=(
                f"Ask its administrator to add the AE title {ours or 'of this workstation'}, or set the one that was "
                "agreed with “workstation config set local.ae_title TITLE”."
            ),
        )
    if "called" in reason:
        return Explanation(
            title=title,
            what=f"{d.node} says that it is not the system we called.",
            why=f"The AE title {d.get('ae_title') or 'configured for the node'} is not its own; capitals count.",
            remedy="Ask its administrator for its AE title and correct it in the settings of the node.",
        )
    if "congestion" in reason or "limit" in reason:
        return Explanation(
            title="The other system is busy",
            what=f"{d.node} takes no more connections at the moment.",
            why="It has reached its limit of simultaneous connections." + d.aside("reason"),
            remedy="Try it again in a few minutes, or run fewer transfers at once.",
        )
    return Explanation(
        title=title,
        what=f"{d.node} rejected our association, which is DICOM’s log-in.",
        why=d.sentence("reason") if reason and "no reason" not in reason else "It gave no reason.",
        remedy=(
            f"Ask its administrator whether AE title {ours or 'of this workstation'} and the address of this computer "
            "are allowed there, and check the node’s AE title."
        ),
    )


def _aborted(d: Details) -> Explanation:
    operation = f" during {d.get('operation')}" if d.has("operation") else ""
    return Explanation(
        title="The connection broke",
        what=f"The connection to {d.node} was lost{operation}.",
        why="That system ended it or was stopped, or the network failed." + d.aside("reason"),
        remedy="Try it again: what has arrived is kept, only the rest is done.",
    )


def _no_context(d: Details) -> Explanation:
    wanted = d.get("sop_class") or d.get("operation") or "the service that is needed"
    syntax = f" in the encoding {d.get('transfer_syntax')}" if d.has("transfer_syntax") else ""
    return Explanation(
        title="The other system does not offer this",
        what=f"{d.node} does not accept {wanted}{syntax}.",
        why="Both sides agree on services and encodings when they connect, and this one was not agreed on."
        + d.aside("reason"),
        remedy="Choose another method for this node (for retrieve: get, move or web), or ask its administrator.",
    )


def _unknown_destination(d: Details) -> Explanation:
    title = d.get("our_ae_title") or "of this workstation"
    host = d.get("our_host")
    if host in ("", "0.0.0.0", "::") or (_is_loopback(host) and not _is_loopback(d.get("host"))):
        host = "the network address of this computer"
    address = f"{host}, port {d.get('our_port', 'of local.port in Settings')}"
    return Explanation(
        title="The other system does not know where to send",
        what=f"{d.node} cannot send the images here: it does not know the AE title {title}.",
        why="With C-MOVE the other system opens the connection to us, so it needs an entry for this workstation.",
        remedy=(
            f"Give its administrator this entry: AE title {title}, host {address}. "
            "If it offers C-GET, “--method get” needs no such entry."
        ),
    )


def _is_loopback(host: str) -> bool:
    return host.startswith("127.") or host in ("localhost", "::1")


_STATUS_REASONS = (
    (("A7",), "It has no resources left (memory or disk).", "Try it again later, or ask its administrator."),
    (("A8",), "It does not know where to send.", "Ask its administrator to enter this workstation."),
    (("A9",), "It finds that the data does not fit the request.", "Check the search values or the objects sent."),
    (("C",), "It could not process the request.", "Ask its administrator; the status and the time help to find it."),
    (
        ("0122", "0112"),
        "It does not support this kind of object or service.",
        "Ask its administrator what it supports.",
    ),
    (("0124",), "This workstation is not allowed to do that there.", "Ask its administrator for the permission."),
    (("FE",), "It cancelled the work on its side.", "Try it again."),
    (("01", "02"), "It could not make sense of the request.", "Ask its administrator; the status helps to find it."),
)


def _failure(d: Details) -> Explanation:
    status = d.get("status").upper().removeprefix("0X")
    why, remedy = next(
        ((why, remedy) for starts, why, remedy in _STATUS_REASONS if status and status.startswith(starts)),
        ("", "Check what was asked for, or ask its administrator."),
    )
    said = f" Its words: “{d.get('meaning')}”." if d.has("meaning") and why else ""
    meaning = f"{why or d.sentence('meaning') or 'It gave no reason.'}{said}"
    extra = f" Its comment: {d.get('comment')}." if d.has("comment") else ""
    if d.get("operation") == "C-MOVE" and status.startswith(("C", "01")):
        # Orthanc says C000, others 0110, where the standard has A801.
        extra += " Often the reason is that it has no entry for this workstation, to which it is to send."
        remedy = (
            f"Ask its administrator to enter this workstation: AE title {d.get('our_ae_title') or 'local.ae_title'} "
            f"and port {d.get('our_port') or 'local.port'} (see Settings). "
            "If it offers C-GET, “--method get” needs no such entry."
        )
    code = f" (status {status})" if status else ""
    return Explanation(
        title="The other system reported a failure",
        what=f"{d.node} answered {d.get('operation') or 'the request'} with a failure{code}.",
        why=f"{meaning}{extra}",
        remedy=remedy,
    )


_HTTP_REASONS = (
    (
        ("403",),
        "It knows who asks, but does not allow this.",
        "Ask its administrator to allow it for your user, or use another one.",
    ),
    (("401",), "It wants a log-in.", "Enter one in Settings, or ask its administrator for access."),
    (("404",), "There is nothing at that address.", "Check the node’s web_url, and whether the study still exists."),
    (("406", "415"), "It cannot deliver or take this encoding.", "Choose another method for this node: get or move."),
    (("429", "503"), "It is overloaded.", "Try it again in a few minutes."),
    (("5",), "It met a fault of its own.", "Try it again, or ask its administrator."),
)


def _web(d: Details) -> Explanation:
    status = d.get("status")
    why, remedy = next(
        ((why, remedy) for starts, why, remedy in _HTTP_REASONS if status and status.startswith(starts)),
        ("The answer was not what DICOMweb prescribes.", "Check that the node’s web_url is its DICOMweb root."),
    )
    code = f" with HTTP status {status}" if status else ""
    where = f" ({d.get('url')})" if d.has("url") else ""
    return Explanation(
        title="The web service failed",
        what=f"{d.node} answered{code}{where}.",
        why=f"{why}{d.aside('reason')}",
        remedy=remedy,
    )


_LOG_INS = {
    "none": ("Enter how to log in", "in Settings or with “workstation config set nodes.{name}.auth basic”"),
    "basic": ("Enter user name and password again", "in Settings or with “workstation node login {name}”"),
    "bearer": ("Enter a token that is still valid", "in Settings or with “workstation node login {name}”"),
    "headers": ("Enter the values of its headers", "in Settings or with “workstation node login {name}”"),
    "oidc": ("Log in", "in Settings or with “workstation node login {name}”"),
}


def _log_in(d: Details) -> Explanation:
    name, auth = d.get("node", "NODE"), d.get("auth", "none")
    act, where = _LOG_INS.get(auth, _LOG_INS["none"])
    quoted = f'"{name}"' if " " in name else name
    offered = f" It asks for: {d.get('offered')}." if d.has("offered") else ""
    reason = d.get("reason")
    if auth == "none":
        why = "It answers only to users that it knows, and no log-in is set for this node."
    elif reason == "missing":
        why = "No password or token is kept for it here."
    elif reason in ("", "refused"):
        why = "It did not accept what it was told: it is wrong, or no longer valid."
    else:
        why = d.sentence("reason")
    return Explanation(
        title="A log-in is needed",
        what=f"{d.node} wants to know who asks.",
        why=why + offered,
        remedy=f"{act} {where.format(name=quoted)}. If that is refused too, ask its administrator for access.",
    )


def _incomplete(d: Details) -> Explanation:
    if d.get("operation") == "send":
        counts = f"{d.get('stored', '0')} of {d.get('expected', 'the')} instances were stored there"
    else:
        counts = f"{d.get('stored', '0')} of {d.get('expected', 'the')} instances are here"
    failed = f" Failed: {d.get('failed')}." if d.has("failed") else ""
    missing = f" Missing: {d.get('missing')}." if d.has("missing") else ""
    said = f" Its words: “{d.get('reason')}”." if d.has("reason") else ""
    return Explanation(
        title="Not everything was transferred",
        what=f"The transfer with {d.node} ended, but only {counts}.",
        why=f"{_cause(d.get('cause'))}{said}{failed}{missing}",
        remedy="Retry: only what is missing is transferred. If the same ones fail again, ask the other administrator.",
    )


def _cause(code: str) -> str:
    causes = {
        "peer-aborted": "The connection broke on the way.",
        "peer-timed-out": "The other system stopped answering on the way.",
        "peer-unreachable": "The other system could no longer be reached.",
        "peer-failure": "The other system reported a failure on the way.",
        "web-failure": "The web service failed on the way.",
        "tls-failed": "No secure connection came about any more on the way.",
        "log-in-needed": "The web service wanted a new log-in on the way.",
        "no-accepted-context": "The other system does not offer the encoding that some of them need.",
        "unknown-move-destination": "The other system does not know this workstation’s AE title.",
    }
    return causes.get(code, "The other system could not transfer the rest.")


PEER_WORDS: dict[str, Callable[[Details], Explanation]] = {
    "peer": _peer,
    "peer-unreachable": _unreachable,
    "peer-timed-out": _timed_out,
    "association-rejected": _rejected,
    "peer-aborted": _aborted,
    "no-accepted-context": _no_context,
    "unknown-move-destination": _unknown_destination,
    "peer-failure": _failure,
    "web-failure": _web,
    "log-in-needed": _log_in,
    "incomplete-transfer": _incomplete,
}
