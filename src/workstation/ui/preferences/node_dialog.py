"""One node, to be entered or changed; says at each field what is wrong with it."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QDialog, QLabel, QLineEdit, QSpinBox, QTabWidget, QWidget

from workstation.domain.node import Node, RetrieveMethod, WebAuth
from workstation.services.ports import SecretKind, header_secret
from workstation.ui.preferences.model import METHODS, node_problems
from workstation.ui.preferences.node_form import NodeForm
from workstation.ui.widgets.buttons import button
from workstation.ui.widgets.layouts import column, row

CHARACTER_SETS = ("ISO_IR 192", "ISO_IR 100", "ISO_IR 144", "ISO_IR 13", "ISO_IR 166", "GB18030", "ISO 2022 IR 149")
EMPTY = Node("", "", "", 104)
LOG_INS = {
    WebAuth.NONE: "none",
    WebAuth.BASIC: "user and password",
    WebAuth.BEARER: "token",
    WebAuth.HEADERS: "own headers",
    WebAuth.OIDC: "OpenID Connect",
}
_OF_LOG_IN = {  # which rows each kind of log-in needs
    WebAuth.NONE: (),
    WebAuth.BASIC: (SecretKind.PASSWORD,),
    WebAuth.BEARER: (SecretKind.TOKEN,),
    WebAuth.HEADERS: ("headers", "header_values"),
    WebAuth.OIDC: ("oidc_issuer", "oidc_client_id", "oidc_scope"),
}


class NodeDialog(QDialog):
    accepted_node = Signal(object, object)  # Node, the secrets that were typed: dict of kind to value

    def __init__(self, node: Node | None, others: tuple[Node, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Change node") if node else self.tr("Add node"))
        self.setMinimumWidth(600)
        self._others = others
        self._node = node or EMPTY
        self._stories: list[QLabel] = []
        self._unchanged = self.tr("leave empty to keep it") if node else ""
        self.pages = QTabWidget()
        self.pages.setDocumentMode(True)  # no frame around the fields
        for page, caption in (
            (self._connection(self._node), self.tr("Connection")),
            (self._security(self._node), self.tr("Security")),
            (self._log_in(self._node), self.tr("Web log-in")),
            (self._habits(self._node), self.tr("Searches and transfers")),
        ):
            self.pages.addTab(page, caption)
        save = button(self.tr("Save"), "check", self.save, look="primary")
        save.setDefault(True)
        buttons = row(None, button(self.tr("Cancel"), clicked=self.reject), save)
        self.setLayout(column(self.pages, buttons, spacing=16, margins=(20, 18, 20, 16)))

    @property
    def forms(self) -> list[NodeForm]:
        pages = (self.pages.widget(number) for number in range(self.pages.count()))
        return [page for page in pages if isinstance(page, NodeForm)]

    @property
    def fields(self) -> dict[str, QLineEdit | QSpinBox | QCheckBox | QComboBox]:
        """By the name of the setting."""
        return {name: field for form in self.forms for name, field in form.fields.items()}

    def node(self) -> Node:
        """What stands in the fields."""
        values = {name: value for form in self.forms for name, value in form.values().items()}
        values.pop("header_values", None)
        names = tuple(filter(None, (name.strip() for name in str(values.pop("headers")).split(","))))
        method, auth = RetrieveMethod(str(values.pop("retrieve_method"))), WebAuth(str(values.pop("auth")))
        return replace(self._node, retrieve_method=method, auth=auth, headers=names, **values)  # type: ignore[arg-type]

    def typed(self) -> dict[str, str]:
        """The secrets that were typed, by kind; the values of headers in the order of their names."""
        typed = {kind: value for form in self.forms for kind, value in form.typed().items()}
        together = typed.pop("header_values", "")
        if together:
            values = [value.strip() for value in together.split(",")]
            typed |= {header_secret(name): value for name, value in zip(self.node().headers, values, strict=False)}
        return typed

    def say_where(self, place: str) -> None:
        """Where secrets are kept; empty where they end with the program."""
        kept = self.tr("What is secret is kept in {place}, not in the settings.").format(place=place)
        lost = self.tr("This computer has no keyring: what is secret is forgotten when the program ends.")
        for story in self._stories:
            story.setText(kept if place else lost)

    def save(self) -> None:
        """Hand the node over when nothing is wrong with it, else say what is."""
        problems = node_problems(self.node(), self._others)
        first = [(form, form.show_problems(problems)) for form in self.forms]
        if problems:
            form, name = next((form, name) for form, name in first if name)
            self.pages.setCurrentWidget(form)
            form.fields[name].setFocus()
            return
        self.accepted_node.emit(self.node(), self.typed())
        self.accept()

    # --- pages -------------------------------------------------------------------------------

    def _connection(self, node: Node) -> NodeForm:
        form = NodeForm()
        form.line("name", self.tr("Name"), node.name, self.tr("your word for it, such as RADPACS"))
        form.line("ae_title", self.tr("AE title"), node.ae_title, self.tr("as its administrator says; capitals count"))
        form.line("host", self.tr("Host"), node.host, self.tr("name or address"))
        form.number("port", self.tr("Port"), node.port, (1, 65535))
        form.line("web_url", self.tr("DICOMweb address"), node.web_url, self.tr("https://… (if it has one)"))
        methods = {method.value: words for method, words in METHODS.items()}
        self.method = form.choice("retrieve_method", self.tr("Retrieve by"), node.retrieve_method.value, methods)
        sets = {name: name for name in dict.fromkeys([*CHARACTER_SETS, node.character_set])}
        self.character_set = form.choice("character_set", self.tr("Character set"), node.character_set, sets)
        self.searched = form.tick("searched", self.tr("Search it by default"), node.searched)
        self.worklist = form.tick("worklist", self.tr("Ask it for the worklist"), node.worklist)
        return form

    def _security(self, node: Node) -> NodeForm:
        form = NodeForm()
        form.tick("tls", self.tr("Encrypt DICOM connections (TLS)"), node.tls)
        form.note(self.tr("The certificates below are used for https, too."))
        system = self.tr("PEM file (empty: those of this computer)")
        form.file("ca_file", self.tr("Trusted authorities"), node.ca_file, system)
        form.line("tls_name", self.tr("Name in its certificate"), node.tls_name, self.tr("if it is not the host"))
        shown = self.tr("PEM file, if it asks who we are")
        form.file("client_certificate", self.tr("Our certificate"), node.client_certificate, shown)
        form.file("client_key", self.tr("Our key"), node.client_key, self.tr("PEM file (empty: in the same file)"))
        form.secret(SecretKind.KEY_PASSPHRASE, self.tr("Pass-phrase of the key"), self._unchanged)
        form.line("user", self.tr("User"), node.user, self.tr("if it asks who works here"))
        form.secret(SecretKind.PASSCODE, self.tr("DICOM passcode"), self._unchanged)
        self._stories.append(form.note(""))
        return form

    def _log_in(self, node: Node) -> NodeForm:
        form = NodeForm()
        words = {auth.value: text for auth, text in LOG_INS.items()}
        self.auth = form.choice("auth", self.tr("DICOMweb log-in"), node.auth.value, words)
        form.secret(SecretKind.PASSWORD, self.tr("Password"), self._unchanged)
        form.secret(SecretKind.TOKEN, self.tr("Token"), self._unchanged)
        form.line("headers", self.tr("Headers"), ", ".join(node.headers), self.tr("names, such as X-Api-Key, X-Site"))
        form.secret("header_values", self.tr("Their values"), self.tr("in the same order, with commas"))
        form.line("oidc_issuer", self.tr("Issuer"), node.oidc_issuer, "https://login.example.org/realms/hospital")
        form.line("oidc_client_id", self.tr("Client ID"), node.oidc_client_id, self.tr("as its administrator says"))
        form.line("oidc_scope", self.tr("Scope"), node.oidc_scope, self.tr("openid, unless told otherwise"))
        form.note(self.tr("The user is the one of the page Security."))
        self._stories.append(form.note(""))
        self.auth.currentIndexChanged.connect(lambda _: self._show_log_in(form))
        self._show_log_in(form)
        return form

    def _habits(self, node: Node) -> NodeForm:
        form = NodeForm()
        all_of_them, off = self.tr("all"), self.tr("none")
        form.number("result_limit", self.tr("Results of a search"), node.result_limit, (0, 1_000_000), all_of_them)
        form.tick("fuzzy", self.tr("Find names that sound alike, where it can"), node.fuzzy)
        form.tick("relational", self.tr("Ask across levels (relational queries), where it can"), node.relational)
        adapt = self.tr("as many as it bears")
        form.number("connections", self.tr("Connections at once"), node.connections, (0, 16), adapt)
        form.number("priors", self.tr("Prior studies fetched along"), node.priors, (0, 100), off)
        convert = self.tr("Convert losslessly what it does not take as it is")
        form.tick("transcode", convert, node.transcode)
        return form

    def _show_log_in(self, form: NodeForm) -> None:
        wanted = _OF_LOG_IN[WebAuth(self.auth.currentData())]
        for name in {name for names in _OF_LOG_IN.values() for name in names}:
            form.show_row(name, name in wanted)
