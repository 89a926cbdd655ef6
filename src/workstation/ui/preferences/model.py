"""What may be set, how it is checked, and the table of nodes. QtCore only."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from ipaddress import ip_address
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QUrl

from workstation.domain.node import Node, RetrieveMethod, WebAuth, ae_title_problem
from workstation.ui.node_states import NodeStates
from workstation.ui.widgets.roles import STYLE_ROLE
from workstation.ui.widgets.row_model import Index, RowModel


class Column(IntEnum):
    NAME = 0
    AE_TITLE = 1
    ADDRESS = 2
    WEB = 3
    RETRIEVE = 4
    USE = 5
    STATE = 6


HEADINGS = ("Name", "AE title", "Address", "DICOMweb", "Retrieve by", "Used for", "State")
STYLES = ("strong", "mono", "mono", "muted", "", "", "")
METHODS = {
    RetrieveMethod.AUTO: "automatic",
    RetrieveMethod.GET: "C-GET",
    RetrieveMethod.MOVE: "C-MOVE",
    RetrieveMethod.WEB: "WADO-RS",
}


def node_problems(node: Node, others: tuple[Node, ...]) -> dict[str, str]:
    """Field -> why it cannot be so; empty when the node may be saved."""
    problems: dict[str, str] = {}
    if not node.name.strip():
        problems["name"] = "Give the node a name of your choice."
    elif ":" in node.name or "." in node.name:
        problems["name"] = "A name has no colon and no full stop."
    elif node.name.casefold() in {other.name.casefold() for other in others} | {"local"}:
        problems["name"] = "This name is taken."
    if node.ae_title or not node.web_url:
        problem = ae_title_problem(node.ae_title)
        if problem:
            problems["ae_title"] = f"An AE title has {problem}."
        if not node.host.strip():
            problems["host"] = "Enter the host's name or address."
        if not 1 <= node.port <= 65535:
            problems["port"] = "A port lies between 1 and 65535."
    url = QUrl(node.web_url)
    if node.web_url and (url.scheme() not in ("http", "https") or not url.host()):
        problems["web_url"] = "A web address begins with http:// or https:// and names a host."
    if node.retrieve_method is RetrieveMethod.WEB and not node.web_url:
        problems["web_url"] = "Retrieving by WADO-RS needs the DICOMweb address."
    return problems | _security_problems(node)


def _security_problems(node: Node) -> dict[str, str]:
    problems = {
        name: "There is no such file."
        for name in ("ca_file", "client_certificate", "client_key")
        if getattr(node, name) and not Path(getattr(node, name)).exists()
    }
    if node.client_key and not node.client_certificate:
        problems["client_certificate"] = "A key needs its certificate."
    if any(character.isspace() for character in node.tls_name):
        problems["tls_name"] = "A name in a certificate has no spaces."
    if node.auth is WebAuth.BASIC and not node.user:
        problems["user"] = "A log-in with a password needs its user."
    if node.auth is WebAuth.HEADERS and not node.headers:
        problems["headers"] = "Enter the names of the headers."
    issuer = QUrl(node.oidc_issuer)
    if (node.oidc_issuer or node.auth is WebAuth.OIDC) and (issuer.scheme() not in ("http", "https")):
        problems["oidc_issuer"] = "The issuer's address begins with https://."
    if node.auth is WebAuth.OIDC and not node.oidc_client_id:
        problems["oidc_client_id"] = "Ask its administrator for the client ID of this workstation."
    return problems


def is_loopback(host: str) -> bool:
    """Whether only this computer can reach who listens on `host`."""
    name = host.strip().casefold()
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")


@dataclass(frozen=True, slots=True)
class NodeRow:
    node: Node
    verifying: bool = False


class NodesModel(RowModel):
    headings = HEADINGS

    def __init__(self, states: NodeStates, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._states = states
        self._rows: list[NodeRow] = []
        states.changed.connect(self._state_changed)

    def show_nodes(self, nodes: tuple[Node, ...]) -> None:
        self.beginResetModel()
        self._rows = [NodeRow(node) for node in nodes]
        self.endResetModel()

    def node(self, row: int) -> Node | None:
        return self._rows[row].node if 0 <= row < len(self._rows) else None

    def row_of(self, name: str) -> int:
        return next((row for row, one in enumerate(self._rows) if one.node.name == name), -1)

    def set_verifying(self, name: str, verifying: bool) -> None:
        row = self.row_of(name)
        if row >= 0:
            self._rows[row] = replace(self._rows[row], verifying=verifying)
            self._say_changed(row)

    def row_total(self) -> int:
        return len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        column = Column(index.column())
        one = self._rows[index.row()]
        words, tone = self._state(one)
        if role == STYLE_ROLE:
            return f"pill-{tone}" if column is Column.STATE else STYLES[column]
        text = words if column is Column.STATE else _text(one.node, column)
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return text
        return f"{HEADINGS[column]}: {text}" if role == Qt.ItemDataRole.AccessibleTextRole else None

    def _state(self, one: NodeRow) -> tuple[str, str]:
        if one.verifying:
            return self.tr("Asking…"), "blue"
        state = self._states.state(one.node.name)
        if state.error is not None:
            return state.words.capitalize(), "red"
        answered = state.words == self.tr("answered")
        return state.words.capitalize(), "green" if answered else "grey"

    def _state_changed(self, name: str) -> None:
        self.set_verifying(name, False)

    def _say_changed(self, row: int) -> None:
        self.dataChanged.emit(self.index(row, 0), self.index(row, len(Column) - 1))


def _text(node: Node, column: Column) -> str:
    uses = [words for words, used in (("search", node.searched), ("worklist", node.worklist)) if used]
    texts = {
        Column.NAME: node.name,
        Column.AE_TITLE: node.ae_title,
        Column.ADDRESS: f"{node.host}:{node.port}" if node.ae_title else "",
        Column.WEB: node.web_url,
        Column.RETRIEVE: METHODS[node.retrieve_method],
        Column.USE: ", ".join(uses) or "—",
    }
    return texts[column]
