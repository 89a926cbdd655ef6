"""Settings: who we are, whom we talk to, how the viewer and the worklist behave, where files live."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QFormLayout,
    QFrame,
    QLayout,
    QLineEdit,
    QMessageBox,
    QScrollArea,
    QWidget,
)

from workstation.domain.errors import WorkstationError
from workstation.domain.events import JobFinished
from workstation.domain.node import LocalAe, Node, ae_title_problem
from workstation.services.echo import EchoNode
from workstation.services.log_in import forget, password_taken_out
from workstation.services.ports import SecretKind
from workstation.settings import MouseProfile, OverlayColour, Settings
from workstation.ui.desk import Desk
from workstation.ui.preferences.diagnosis import DiagnosisDialog
from workstation.ui.preferences.key_editor import NAMES, KeyEditor
from workstation.ui.preferences.model import Column, NodesModel, is_loopback
from workstation.ui.preferences.node_dialog import NodeDialog
from workstation.ui.widgets.buttons import button, frame, label
from workstation.ui.widgets.fields import number_edit
from workstation.ui.widgets.layouts import column, row
from workstation.ui.widgets.notice import NoticeText
from workstation.ui.widgets.table import RowTable, selected_rows, set_widths

WIDTHS = [150, 140, 190, 260, 110, 140, 140]


class SettingsPage(QWidget):
    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.setObjectName("page")
        self._desk = desk
        self.model = NodesModel(desk.nodes, self)
        self.table = RowTable(self.tr("Nodes"))
        self.table.setModel(self.model)
        self.table.setSortingEnabled(False)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        set_widths(self.table.horizontalHeader(), WIDTHS, Column.WEB)
        self._build_fields()
        self._lay_out()
        self.table.opened.connect(lambda _: self.change_node())
        self.table.selectionModel().selectionChanged.connect(lambda *_: self._show_buttons())
        self.model.modelReset.connect(self._show_buttons)
        desk.bridge.job_finished.connect(self._job_finished)
        self.show_settings()

    def show_settings(self) -> None:
        """Put the saved values into the fields."""
        settings = self._settings()
        self.ae_title.setText(settings.local.ae_title)
        self.host.setText(settings.local.host)
        self._show_reach()
        self.port.setValue(settings.local.port)
        self.listen.setChecked(settings.listen)
        self.mouse.setCurrentIndex(list(MouseProfile).index(settings.viewer.mouse))
        self.drag.setCurrentIndex(0 if settings.viewer.drag_up_brightens else 1)
        self._show_profile(settings)
        self.overlays.setCurrentIndex(list(OverlayColour).index(settings.viewer.overlay_colour))
        self.cache.setValue(settings.viewer.cache_mib)
        self.refresh.setValue(settings.worklist.refresh_s)
        self.modality.setText(settings.worklist.modality)
        self.model.show_nodes(settings.nodes)
        self._show_changes()

    def changed_settings(self) -> Settings:
        """The saved settings with what stands in the fields."""
        settings = self._settings()
        return replace(
            settings,
            local=replace(
                settings.local,
                ae_title=self.ae_title.text().strip(),
                host=self.host.text().strip(),
                port=self.port.value(),
            ),
            listen=self.listen.isChecked(),
            viewer=replace(
                settings.viewer,
                mouse=list(MouseProfile)[self.mouse.currentIndex()],
                drag_up_brightens=self.drag.currentIndex() == 0,
                cache_mib=self.cache.value(),
                overlay_colour=list(OverlayColour)[self.overlays.currentIndex()],
            ),
            worklist=replace(
                settings.worklist, refresh_s=self.refresh.value(), modality=self.modality.text().strip().upper()
            ),
        )

    def save(self) -> None:
        problem = self._problem()
        if problem:
            self._desk.notify(NoticeText(self.tr("The settings are not saved"), problem, tone="amber"))
            return
        before = self._settings().local
        self._save(self.changed_settings(), lambda: self._say_address(before))

    def _say_address(self, before: LocalAe) -> None:
        if self._settings().local != before:
            words = self.tr("Tell the administrators of your nodes: they send to this AE title and port.")
            self._desk.notify(NoticeText(self.tr("Your network address has changed"), words, tone="grey"))

    def add_node(self) -> None:
        self._edit(None)

    def change_node(self) -> None:
        node = self._selected()
        if node is not None:
            self._edit(node)

    def remove_node(self) -> None:
        """Ask, then forget the node."""
        node = self._selected()
        if node is None:
            return
        question = QMessageBox(self)
        question.setWindowTitle(self.tr("Remove node"))
        question.setText(self.tr("Remove {name} from the settings?").format(name=node.name))
        question.setInformativeText(self.tr("Nothing changes on the node itself, and no study is deleted."))
        remove = question.addButton(self.tr("Remove"), QMessageBox.ButtonRole.DestructiveRole)
        question.setDefaultButton(question.addButton(QMessageBox.StandardButton.Cancel))
        question.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        question.buttonClicked.connect(lambda pressed: self._remove(node) if pressed is remove else None)
        question.open()

    def change_keys(self) -> None:
        """Open the editor of the keys; what it is left with is saved at once."""
        editor = KeyEditor(self._settings().keys, self)
        editor.chosen.connect(lambda keys: self._save(replace(self._settings(), keys=keys)))
        editor.open()

    def verify(self) -> None:
        """Ask the node whether it is there (C-ECHO)."""
        node = self._selected()
        if node is not None:
            self.model.set_verifying(node.name, True)
            self._desk.submit(EchoNode(node.name))

    def diagnose(self) -> None:
        """Walk to the node step by step."""
        node = self._selected()
        if node is not None:
            dialog = DiagnosisDialog(self._desk, node.name, self)
            dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            dialog.open()
            dialog.start()

    # --- nodes -------------------------------------------------------------------------------

    def _edit(self, node: Node | None) -> None:
        others = tuple(other for other in self._settings().nodes if node is None or other.name != node.name)
        dialog = NodeDialog(node, others, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted_node.connect(lambda changed, typed: self._put(node, changed, typed))
        dialog.open()
        self._desk.background.ask(lambda: self._desk.workplace.secrets.where, self._say_where)

    def _say_where(self, place: str) -> None:
        dialog = self.findChild(NodeDialog)  # unless it has been closed meanwhile
        if isinstance(dialog, NodeDialog):
            dialog.say_where(place)

    def _put(self, before: Node | None, changed: Node, typed: dict[str, str]) -> None:
        changed, password = password_taken_out(changed)
        if password:
            typed = typed | {SecretKind.PASSWORD: password}
        nodes = self._settings().nodes
        if before is None:
            nodes = (*nodes, changed)
        else:
            nodes = tuple(changed if node.name == before.name else node for node in nodes)
        settings = replace(self._settings(), nodes=nodes)
        self._keep(changed, typed)
        self._save(settings, lambda: self.table.selectRow(self.model.row_of(changed.name)))

    def _keep(self, node: Node, typed: dict[str, str]) -> None:
        """Give the keyring what was typed; it may ask its user first, so in the background."""
        secrets = self._desk.workplace.secrets

        def keep() -> None:
            for kind, value in typed.items():
                secrets.set(node.name, kind, value)

        if typed:
            self._desk.background.ask(keep, failed=self._desk.complain)

    def _remove(self, gone: Node) -> None:
        nodes = tuple(node for node in self._settings().nodes if node.name != gone.name)
        self._save(replace(self._settings(), nodes=nodes))
        secrets = self._desk.workplace.secrets
        self._desk.background.ask(lambda: forget(secrets, gone), failed=self._desk.complain)

    def _selected(self) -> Node | None:
        rows = selected_rows(self.table)
        return self.model.node(rows[0].row()) if rows else None

    def _job_finished(self, event: JobFinished) -> None:
        if event.job.kind != EchoNode.kind:
            return
        self.model.set_verifying(event.job.subject, False)
        if event.error is None:
            way = event.result.dimse or event.result.web if event.result is not None else None
            answer = self.tr("It answered in {t:.0f} ms.").format(t=way.elapsed_s * 1000) if way is not None else ""
            who = (
                self.tr("It calls itself {name}.").format(name=way.implementation) if way and way.implementation else ""
            )
            title = self.tr("{node} can be reached").format(node=event.job.subject)
            self._desk.notify(NoticeText(title, f"{answer} {who}".strip(), tone="green"))

    # --- saving ------------------------------------------------------------------------------

    def _settings(self) -> Settings:
        return self._desk.workplace.settings()

    def _save(self, settings: Settings, then: Callable[[], object] | None = None) -> None:
        """Write the settings file, which may lie on a slow disk, in the background."""

        def saved(_: None) -> None:
            self._desk.wishes.settings_changed.emit()
            self.show_settings()
            if then is not None:
                then()

        def failed(error: WorkstationError) -> None:
            if self._settings() == settings:  # saved, but we cannot receive at the new address
                saved(None)
            self._desk.complain(error)

        self._desk.background.ask(lambda: self._desk.workplace.save_settings(settings), saved, failed)

    def _problem(self) -> str:
        problem = ae_title_problem(self.ae_title.text().strip())
        if problem:
            return self.tr("An AE title has {problem}.").format(problem=problem)
        return "" if self.host.text().strip() else self.tr("Enter the address to listen on, such as 0.0.0.0.")

    def _show_changes(self) -> None:
        changed = self.changed_settings() != self._settings()
        self._save_button.setEnabled(changed)
        self._undo_button.setEnabled(changed)

    def _show_profile(self, settings: Settings) -> None:
        name = NAMES[settings.keys.profile]
        own = self.tr("{profile}, with your changes…") if settings.keys.changes else self.tr("{profile}…")
        self.keys.setText(own.format(profile=name))

    def _show_reach(self) -> None:
        self.reach.setVisible(is_loopback(self.host.text()))

    def _show_buttons(self) -> None:
        for one in self._node_buttons:
            one.setEnabled(self._selected() is not None)

    def _follow_mouse(self, chosen: int) -> None:
        """BIR has its own direction; whoever chooses the profile gets it, and may turn it again."""
        self.drag.setCurrentIndex(1 if list(MouseProfile)[chosen] is MouseProfile.BIR else 0)

    # --- making ------------------------------------------------------------------------------

    def _build_fields(self) -> None:
        self.ae_title, self.host, self.modality = QLineEdit(), QLineEdit(), QLineEdit()
        self.reach = label(
            self.tr("Only this computer can send here. For a PACS, enter this computer’s address or 0.0.0.0."),
            "muted",
            wrap=True,
        )
        self.host.textChanged.connect(lambda _: self._show_reach())
        self.port = number_edit(0, 65535)
        self.overlays = QComboBox()
        names = (
            self.tr("white"),
            self.tr("yellow"),
            self.tr("green"),
            self.tr("cyan"),
            self.tr("magenta"),
            self.tr("orange"),
        )
        self.overlays.addItems([name.capitalize() for name in names])
        self.keys = button("", "edit", self.change_keys)
        self.keys.setFixedWidth(360)
        self.cache = number_edit(64, 65536, " MiB")
        self.refresh = number_edit(5, 3600, " s")
        self.modality.setPlaceholderText(self.tr("all"))
        self.listen = QCheckBox(self.tr("Receive images while the window is open"))
        self.mouse = QComboBox()
        self.mouse.addItems(
            [
                self.tr("Standard: left windows, middle pans, right zooms"),
                self.tr("IHE BIR: left scrolls, middle pans, right zooms"),
                self.tr("ClearCanvas: left scrolls, middle and right window"),
            ]
        )
        self.mouse.activated.connect(self._follow_mouse)
        self.drag = QComboBox()
        self.drag.addItems([self.tr("Dragging up brightens"), self.tr("Dragging up darkens")])
        for edit in (self.ae_title, self.host, self.modality):
            edit.textChanged.connect(lambda _: self._show_changes())
            edit.setFixedWidth(260)
        for spin in (self.port, self.cache, self.refresh):
            spin.valueChanged.connect(lambda _: self._show_changes())
            spin.setFixedWidth(130)
        self.listen.toggled.connect(lambda _: self._show_changes())
        for choice in (self.mouse, self.drag, self.overlays):
            choice.currentIndexChanged.connect(lambda _: self._show_changes())
            choice.setFixedWidth(360)
        self._save_button = button(self.tr("Save"), "save", self.save, look="primary")
        self._undo_button = button(self.tr("Undo changes"), "reset", self.show_settings)

    def _lay_out(self) -> None:
        header = frame("header")
        header.setFixedHeight(58)
        header.setLayout(
            row(
                label(self.tr("Settings"), "title"),
                None,
                self._undo_button,
                self._save_button,
                spacing=10,
                margins=(16, 0, 16, 0),
            )
        )
        inside = QWidget()
        inside.setObjectName("scrolled")
        pairs = row(self._local_card(), self._behaviour_card(), spacing=16)
        inside.setLayout(
            column(pairs, self._nodes_card(), self._files_card(), None, spacing=16, margins=(16, 16, 16, 16))
        )
        scroll = QScrollArea()
        scroll.setWidget(inside)
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        layout = column(header, scroll, spacing=0)
        layout.setStretch(1, 1)
        self.setLayout(layout)
        self.setFocusProxy(self.ae_title)

    def _local_card(self) -> QFrame:
        form = _form()
        _add(form, self.tr("AE title"), self.ae_title)
        _add(form, self.tr("Listens on"), self.host)
        form.addRow("", self.reach)
        _add(form, self.tr("Port"), self.port)
        form.addRow("", self.listen)
        hint = self.tr("Enter these at every node that shall send to you, or retrieve by C-MOVE fails.")
        return _card(self.tr("This workstation"), hint, form)

    def _behaviour_card(self) -> QFrame:
        form = _form()
        _add(form, self.tr("Mouse in the viewer"), self.mouse)
        _add(form, self.tr("Window by mouse"), self.drag)
        _add(form, self.tr("Keys"), self.keys)
        _add(form, self.tr("Overlay planes in"), self.overlays)
        _add(form, self.tr("Image memory"), self.cache)
        _add(form, self.tr("Worklist refresh every"), self.refresh)
        _add(form, self.tr("Worklist modality"), self.modality)
        return _card(self.tr("Viewer and worklist"), self.tr("Image memory is used from the next start on."), form)

    def _nodes_card(self) -> QFrame:
        add = button(self.tr("Add…"), "plus", self.add_node)
        self._node_buttons = [
            button(self.tr("Change…"), "edit", self.change_node),
            button(self.tr("Verify"), "check", self.verify),
            button(self.tr("Diagnose…"), "activity", self.diagnose),
            button(self.tr("Remove…"), "trash", self.remove_node),
        ]
        self.table.setMinimumHeight(250)
        buttons = row(add, *self._node_buttons, None)
        hint = self.tr("The PACS, worklist servers and other systems that you work with.")
        return _card(self.tr("Nodes"), hint, column(buttons, self.table, spacing=10))

    def _files_card(self) -> QFrame:
        form = _form()
        folders = self._desk.workplace.folders
        for caption, path in (
            (self.tr("Images and index"), folders.data),
            (self.tr("Settings file"), folders.settings_file),
        ):
            words = label(str(path), "mono", wrap=True, selectable=True)
            open_it = button(
                self.tr("Open folder"), "folder", self._opener(str(path if path.is_dir() else path.parent))
            )
            copy = button(self.tr("Copy"), "copy", self._copier(str(path)))
            for one in (open_it, copy):
                one.setAccessibleName(f"{one.text()}: {caption}")
            line = row(words, open_it, copy)
            line.setStretch(0, 1)
            form.addRow(label(caption, "muted"), line)
        return _card(self.tr("Where files live"), "", form)

    def _opener(self, folder: str) -> Callable[[], object]:
        return lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(folder))

    def _copier(self, text: str) -> Callable[[], object]:
        return lambda: QGuiApplication.clipboard().setText(text)


def _form() -> QFormLayout:
    form = QFormLayout()
    form.setHorizontalSpacing(18)
    form.setVerticalSpacing(8)
    form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    return form


def _add(form: QFormLayout, caption: str, field: QWidget) -> None:
    words = label(caption, "muted")
    words.setBuddy(field)
    words.setMinimumSize(130, field.sizeHint().height())
    field.setAccessibleName(caption)
    form.addRow(words, field)


def _card(title: str, hint: str, content: QLayout | QWidget) -> QFrame:
    card = frame("card")
    layout = column(label(title, "strong"), spacing=8, margins=(16, 14, 16, 16))
    if hint:
        layout.addWidget(label(hint, "muted", wrap=True))
    if isinstance(content, QWidget):
        layout.addWidget(content)
    else:
        layout.addLayout(content)
    layout.addStretch(1)
    card.setLayout(layout)
    return card
