"""A node: another application entity that the workstation talks to (PS3.7, PS3.8)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class RetrieveMethod(StrEnum):
    AUTO = "auto"
    GET = "get"
    MOVE = "move"
    WEB = "web"


class WebAuth(StrEnum):
    """How its DICOMweb service is told who asks (PS3.18 section 7, RFC 9110 section 11, OpenID Connect)."""

    NONE = "none"
    BASIC = "basic"  # `Node.user` and a passcode
    BEARER = "bearer"  # a token that the user was given
    HEADERS = "headers"  # `Node.headers`
    OIDC = "oidc"  # `Node.oidc_issuer`


class ListenerTls(StrEnum):
    """Whether our listener speaks TLS (PS3.15 B.12); both kinds of caller come to one port."""

    OFF = "off"
    OFFERED = "offered"  # plain callers are served as well
    REQUIRED = "required"


@dataclass(frozen=True, slots=True)
class Node:
    """Address and habits of one peer. `name` is the user's word for it and unique."""

    name: str
    ae_title: str
    host: str
    port: int
    web_url: str = ""  # DICOMweb root, empty when the peer has none
    retrieve_method: RetrieveMethod = RetrieveMethod.AUTO
    character_set: str = "ISO_IR 192"  # (0008,0005) used in queries and assumed where a reply has none
    connect_timeout_s: float = 10.0
    response_timeout_s: float = 30.0
    searched: bool = True  # ticked on the Studies page when the window opens
    worklist: bool = False  # asked by the Worklist page
    tls: bool = False  # DIMSE over TLS (PS3.15 B.12)
    ca_file: str = ""  # PEM of the authorities trusted for this peer, DIMSE and HTTPS; empty: the system's
    client_certificate: str = ""  # PEM shown to a peer that asks who we are
    client_key: str = ""  # PEM; empty: in the file of the certificate
    tls_name: str = ""  # the name its certificate must bear; empty: `host`
    user: str = ""  # of user identity negotiation (PS3.7 D.3.3.7) and of WebAuth.BASIC; passcodes: the keyring's
    auth: WebAuth = WebAuth.NONE
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_scope: str = ""
    headers: tuple[str, ...] = ()  # names only; their values are the keyring's
    connections: int = 0  # most associations or connections at once; 0: as many as it bears
    fuzzy: bool = False  # fuzzy semantic matching of person names (PS3.4 C.2.2.2.1.1)
    relational: bool = False  # relational queries (PS3.4 C.4.1.3.2.1)
    transcode: bool = False  # losslessly, where it takes no instance as it is
    priors: int = 0  # at most so many prior studies fetched along; 0: none
    result_limit: int = 0  # answers taken of one query; 0: all

    @property
    def speaks_dimse(self) -> bool:
        """Whether it can be reached over DIMSE; a node without an AE title is a DICOMweb server only."""
        return bool(self.ae_title)


@dataclass(frozen=True, slots=True)
class LocalAe:
    """Who we are on the network: what an administrator must enter on the other side."""

    ae_title: str = "WORKSTATION"
    host: str = "127.0.0.1"  # address the listener binds
    port: int = 11112
    tls: ListenerTls = ListenerTls.OFF
    certificate: str = ""  # PEM, ours, with its chain
    key: str = ""  # PEM; empty: in the file of the certificate
    client_ca: str = ""  # PEM: callers over TLS must bear a certificate of these authorities; empty: any caller


def ae_title_problem(value: str) -> str | None:
    """Why `value` cannot be an AE title (PS3.5 section 6.2: AE), or None when it can."""
    if not value.strip():
        return "1 to 16 characters that are not all spaces"
    if len(value) > 16:
        return f"at most 16 characters, this has {len(value)}"
    if not all(32 <= ord(character) < 127 and character != "\\" for character in value):
        return "only printable ASCII without a backslash"
    return None
