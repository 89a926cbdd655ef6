"""Settings: nodes are checked before they are saved and can be verified; a change reaches the other pages."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QMessageBox

from tests.support.ui import OLDPACS, RADPACS, Rig, column_texts
from workstation.domain.errors import PortInUse, SettingsError
from workstation.domain.node import Node, RetrieveMethod, WebAuth
from workstation.settings import MouseProfile, OverlayColour
from workstation.ui.node_states import NodeStates
from workstation.ui.preferences.model import Column, NodesModel, node_problems
from workstation.ui.preferences.node_dialog import NodeDialog
from workstation.ui.preferences.page import SettingsPage

GOOD = Node("NEW", "NEWPACS", "pacs.example.org", 104)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({}, None),
        ({"name": ""}, "name"),
        ({"name": "a:b"}, "name"),
        ({"name": "radpacs"}, "name"),
        ({"name": "Local"}, "name"),
        ({"ae_title": ""}, "ae_title"),
        ({"ae_title": "SEVENTEENLETTERS1"}, "ae_title"),
        ({"ae_title": "ÄÖÜ"}, "ae_title"),
        ({"host": " "}, "host"),
        ({"port": 0}, "port"),
        ({"web_url": "ftp://pacs"}, "web_url"),
        ({"web_url": "pacs/dicom-web"}, "web_url"),
        ({"retrieve_method": RetrieveMethod.WEB}, "web_url"),
        ({"ae_title": "", "host": "", "web_url": "https://pacs/dicom-web"}, None),
    ],
)
def test_what_is_wrong_with_a_node(change, field):
    assert list(node_problems(replace(GOOD, **change), (RADPACS,))) == ([field] if field else [])


def test_model_keeps_qt_s_rules(qtmodeltester):
    states = NodeStates()
    model = NodesModel(states)
    model.show_nodes((RADPACS, OLDPACS))
    qtmodeltester.check(model)
    model.set_verifying("RADPACS", True)
    model.show_nodes(())


@pytest.fixture
def page(window) -> SettingsPage:
    window.show_page("settings")
    return window.page("settings")


def _type(dialog: NodeDialog, name: str, text: str) -> None:
    field = dialog.fields[name]
    assert isinstance(field, QLineEdit)
    field.setText(text)


def test_a_new_node_is_checked_then_saved_and_offered_for_searching(rig: Rig, page, window, qtbot):
    page.add_node()
    dialog = page.findChild(NodeDialog)
    _type(dialog, "name", "NEWPACS")
    _type(dialog, "ae_title", "TOO LONG AN AE TITLE")
    dialog.save()
    assert dialog.isVisible() and len(rig.settings().nodes) == 2
    _type(dialog, "ae_title", "NEWPACS")
    _type(dialog, "host", "127.0.0.1")
    dialog.save()
    qtbot.waitUntil(lambda: column_texts(page.model, Column.NAME) == ["RADPACS", "OLDPACS", "NEWPACS"])
    assert rig.settings().node("NEWPACS").ae_title == "NEWPACS"
    assert window.page("studies").sources.chip("NEWPACS").isChecked()


def test_changing_a_node_keeps_its_place_and_its_other_values(rig: Rig, page, qtbot):
    page.table.selectRow(0)
    page.change_node()
    dialog = page.findChild(NodeDialog)
    _type(dialog, "host", "10.0.0.1")
    dialog.save()
    qtbot.waitUntil(lambda: rig.settings().nodes == (replace(RADPACS, host="10.0.0.1"), OLDPACS))


def test_removing_asks_first(rig: Rig, page, qtbot):
    page.table.selectRow(1)
    page.remove_node()
    question = page.findChild(QMessageBox)
    assert len(rig.settings().nodes) == 2
    next(one for one in question.buttons() if one.text() == "Remove").click()
    qtbot.waitUntil(lambda: [node.name for node in rig.settings().nodes] == ["RADPACS"])


def test_verify_says_who_answered_and_who_did_not(rig: Rig, page, window, qtbot):
    page.table.selectRow(0)
    page.verify()
    qtbot.waitUntil(lambda: any("can be reached" in notice.title for notice in window.notices.notices))
    page.table.selectRow(1)
    page.verify()
    qtbot.waitUntil(lambda: any("OLDPACS" in notice.text and notice.remedy for notice in window.notices.notices))
    assert column_texts(page.model, Column.STATE) == ["Answered", "Did not answer"]


def test_save_is_offered_for_changes_only_and_refuses_a_wrong_ae_title(rig: Rig, page, window, qtbot):
    assert not page._save_button.isEnabled()
    page.ae_title.setText("ÄÄ")
    page.save()
    assert "AE title" in window.notices.notices[0].text
    page.ae_title.setText("NEWNAME")
    page.port.setValue(11113)
    qtbot.mouseClick(page._save_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: (rig.settings().local.ae_title, rig.settings().local.port) == ("NEWNAME", 11113))
    qtbot.waitUntil(lambda: not page._save_button.isEnabled())


def test_a_disk_that_refuses_the_settings_is_told(rig: Rig, page, window, qtbot):
    rig.settings.refusal = SettingsError(file="settings.toml", key="file", expected="a folder that can be written")
    page.ae_title.setText("OTHER")
    page.save()
    qtbot.waitUntil(lambda: bool(window.notices.notices))
    assert window.notices.notices[0].remedy
    assert rig.settings().local.ae_title == "WORKSTATION"


def test_a_saved_address_that_is_taken_is_told(rig: Rig, page, window, qtbot):
    rig.settings.complaint = PortInUse(host="127.0.0.1", port=11119, reason="another program listens there")
    page.port.setValue(11119)
    page.save()
    qtbot.waitUntil(lambda: any("11119" in notice.text for notice in window.notices.notices))
    assert rig.settings().local.port == 11119
    assert not page._save_button.isEnabled()


@pytest.mark.parametrize(
    ("host", "told"), [("127.0.0.1", True), ("localhost", True), ("::1", True), ("0.0.0.0", False), ("pacs", False)]
)
def test_an_address_that_only_this_computer_reaches_is_told(page, host, told):
    page.host.setText(host)
    assert page.reach.isVisible() is told


def test_the_bir_mouse_brings_its_direction_and_is_saved(rig: Rig, page, qtbot):
    names = [page.mouse.itemText(n).split(":")[0] for n in range(page.mouse.count())]
    assert names == ["Standard", "IHE BIR", "ClearCanvas"]
    page.mouse.setCurrentIndex(1)
    page.mouse.activated.emit(1)
    page.save()
    qtbot.waitUntil(lambda: rig.settings().viewer.mouse is MouseProfile.BIR)
    assert not rig.settings().viewer.drag_up_brightens


def test_the_colour_of_overlays_is_saved(rig: Rig, page, qtbot):
    page.overlays.setCurrentIndex(list(OverlayColour).index(OverlayColour.CYAN))
    page.save()
    qtbot.waitUntil(lambda: rig.settings().viewer.overlay_colour is OverlayColour.CYAN)


def test_secure_connections_are_entered_and_secrets_go_to_the_keyring(rig: Rig, page, qtbot, tmp_path):
    authorities = tmp_path / "ca.pem"
    page.table.selectRow(0)
    page.change_node()
    dialog = page.findChild(NodeDialog)
    dialog.fields["tls"].setChecked(True)
    _type(dialog, "ca_file", str(authorities))
    _type(dialog, "user", "reader")
    dialog.auth.setCurrentIndex(dialog.auth.findData("headers"))
    _type(dialog, "headers", "X-Key, X-Site")
    for form in dialog.forms:
        for kind, value in (("passcode", "open sesame"), ("header_values", "one, two")):
            if kind in form.secrets:
                form.secrets[kind].setText(value)
    dialog.save()
    assert dialog.isVisible() and dialog.pages.tabText(dialog.pages.currentIndex()) == "Security"  # no such file
    authorities.touch()
    dialog.save()

    wanted = replace(
        RADPACS, tls=True, ca_file=str(authorities), user="reader", auth=WebAuth.HEADERS, headers=("X-Key", "X-Site")
    )
    qtbot.waitUntil(lambda: rig.settings().node("RADPACS") == wanted)
    secrets = rig.workplace.secrets
    qtbot.waitUntil(lambda: secrets.get("RADPACS", "header:x-site") == "two")
    assert secrets.get("RADPACS", "passcode") == "open sesame"


def test_only_the_rows_of_the_chosen_log_in_are_shown(rig: Rig, page, qtbot):
    page.table.selectRow(0)
    page.change_node()
    dialog = page.findChild(NodeDialog)
    dialog.pages.setCurrentIndex(2)
    form = dialog.pages.currentWidget()
    assert not form.fields["oidc_issuer"].isVisible()
    dialog.auth.setCurrentIndex(dialog.auth.findData("oidc"))
    assert form.fields["oidc_issuer"].isVisible() and not form.secrets["password"].isVisible()
    dialog.reject()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"ca_file": "/nowhere/ca.pem"}, "ca_file"),
        ({"client_key": __file__}, "client_certificate"),
        ({"tls_name": "a b"}, "tls_name"),
        ({"auth": WebAuth.BASIC}, "user"),
        ({"auth": WebAuth.HEADERS}, "headers"),
        ({"auth": WebAuth.OIDC, "oidc_issuer": "https://login"}, "oidc_client_id"),
    ],
)
def test_what_is_wrong_with_the_security_of_a_node(change, field):
    assert list(node_problems(replace(GOOD, **change), (RADPACS,))) == [field]
