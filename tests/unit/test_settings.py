from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from workstation.domain.errors import SettingsError
from workstation.domain.node import ListenerTls, LocalAe, Node, RetrieveMethod, WebAuth
from workstation.settings import (
    Folders,
    MouseProfile,
    Settings,
    ViewerSettings,
    add_node,
    entries,
    folders,
    get,
    load,
    remove_node,
    resources,
    save,
    set_aside,
    with_value,
)

PACS = Node("PACS", "PACS1", "10.0.0.1", 104)
ARCHIVE = Node("Archive 2.0", "ARC", "arc.example.org", 11112, web_url="https://arc.example.org/dicom-web")


@pytest.fixture
def profile(tmp_path: Path) -> Folders:
    return folders(tmp_path / "config", tmp_path / "data", {})


def write(profile: Folders, text: str) -> None:
    profile.config.mkdir(parents=True, exist_ok=True)
    profile.settings_file.write_text(text, encoding="utf-8")


def test_no_file_means_defaults(profile: Folders) -> None:
    assert load(profile) == Settings()


def test_what_is_saved_is_loaded(profile: Folders) -> None:
    settings = Settings(
        local=LocalAe("WS1", "0.0.0.0", 0, tls=ListenerTls.REQUIRED, certificate="/etc/ws.pem"),
        listen=False,
        nodes=(
            replace(
                PACS, tls=True, ca_file="/etc/ca.pem", user="ws", auth=WebAuth.HEADERS, headers=("X-Key", "X-Site")
            ),
            replace(ARCHIVE, retrieve_method=RetrieveMethod.WEB, connect_timeout_s=2.5, worklist=True),
        ),
        viewer=ViewerSettings(mouse=MouseProfile.BIR, drag_up_brightens=False),
    )
    save(settings, profile)
    assert load(profile) == settings


def test_saving_keeps_comments_order_and_unchanged_values(profile: Folders) -> None:
    write(
        profile,
        "# of the radiology department\nlisten = false # firewall\n\n[local]\nport = 104 # agreed\nae_title = 'WS1'\n\n"
        "# the big one\n[[nodes]]\nname = 'PACS' # call 1234\nae_title = 'PACS1'\nhost = '10.0.0.1'\nport = 104\n",
    )
    save(with_value(load(profile), "local.port", "105"), profile)
    text = profile.settings_file.read_text()
    for comment in ("# of the radiology department", "# firewall", "# agreed", "# the big one", "# call 1234"):
        assert comment in text
    assert text.index("port = 105") < text.index("ae_title = 'WS1'")
    assert load(profile).local == LocalAe("WS1", port=105)


def test_defaults_are_left_unsaid(profile: Folders) -> None:
    save(Settings(nodes=(PACS,)), profile)
    text = profile.settings_file.read_text()
    assert "viewer" not in text
    assert "connect_timeout_s" not in text


def test_a_removed_node_leaves_the_file(profile: Folders) -> None:
    save(Settings(nodes=(PACS, ARCHIVE)), profile)
    save(remove_node(load(profile), "PACS"), profile)
    assert load(profile).nodes == (ARCHIVE,)
    save(remove_node(load(profile), ARCHIVE.name), profile)
    assert "nodes" not in profile.settings_file.read_text()


def test_nothing_is_left_beside_the_file(profile: Folders) -> None:
    save(Settings(listen=False), profile)
    assert [path.name for path in profile.config.iterdir()] == ["settings.toml"]


def test_a_link_to_a_shared_file_stays_a_link(profile: Folders, tmp_path: Path) -> None:
    shared = tmp_path / "shared.toml"
    shared.write_text("listen = true\n")
    profile.config.mkdir()
    profile.settings_file.symlink_to(shared)
    save(Settings(listen=False), profile)
    assert profile.settings_file.is_symlink()
    assert "listen = false" in shared.read_text()


def test_a_failing_write_keeps_the_old_file(profile: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    save(Settings(listen=False), profile)

    def no_space(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", no_space)
    with pytest.raises(SettingsError) as raised:
        save(Settings(listen=True), profile)
    assert raised.value.details["found"] == "No space left on device"
    assert load(profile) == Settings(listen=False)
    assert [path.name for path in profile.config.iterdir()] == ["settings.toml"]


NODE = "[[nodes]]\nname = 'PACS'\nae_title = 'A'\nhost = 'h'\nport = 104\n"


@pytest.mark.parametrize(
    ("text", "key", "expected"),
    [
        ("[local]\nport = 'x'", "local.port", "a whole number"),
        ("[local]\nport = true", "local.port", "a whole number"),
        ("[local]\nport = 65536", "local.port", "a number from 0 to 65535"),
        ("[local]\nport = -1", "local.port", "a number from 0 to 65535"),
        ("[local]\nae_title = 'ABCDEFGHIJKLMNOPQ'", "local.ae_title", "at most 16 characters"),
        ("[local]\nae_title = '  '", "local.ae_title", "not all spaces"),
        ("[local]\nae_title = 'A\\B'", "local.ae_title", "printable ASCII"),
        ("[local]\nae_title = 5", "local.ae_title", "text in quotes"),
        ("[local]\ntls = true", "local.tls", "off, offered, required"),
        ("[local]\nhost = ''", "local.host", "a host name"),
        ("[local]\nprot = 5", "local.prot", "port"),
        ("local = 5", "local", "[local]"),
        ("listen = 1", "listen", "true or false"),
        ("colour = 1", "colour", "local"),
        ("[decode]\ndeadline_s = nan", "decode.deadline_s", "a number from 1 to 3600"),
        ("[decode]\nworkers = 0", "decode.workers", "1 to 64"),
        ("[viewer]\nsort = 'CT sideways'", "viewer.sort", "CT position reversed"),
        ("[worklist]\nmodality = 'ct'", "worklist.modality", "capitals"),
        ("nodes = 5", "nodes", "[[nodes]]"),
        ("[[nodes]]\nname = 'x'", "nodes[1].ae_title", "a value"),
        (NODE.replace("104", "0"), "nodes[1].port", "1 to 65535"),
        (NODE + "retrieve_method = 'push'", "nodes[1].retrieve_method", "auto, get, move, web"),
        (NODE + "web_url = 'ftp://x'", "nodes[1].web_url", "https://"),
        (NODE + "web_url = 'http://x:port'", "nodes[1].web_url", "https://"),
        (NODE + "character_set = 'latin1'", "nodes[1].character_set", "ISO_IR 192"),
        (NODE + "connect_timeout_s = 0", "nodes[1].connect_timeout_s", "a number"),
        (NODE + "tls = 'on'", "nodes[1].tls", "true or false"),
        (NODE + "auth = 'kerberos'", "nodes[1].auth", "none, basic, bearer, headers, oidc"),
        (NODE + "headers = 'X-Key'", "nodes[1].headers", "a list of texts"),
        (NODE + "headers = [1]", "nodes[1].headers", "a list of texts"),
        (NODE + "headers = ['X Key']", "nodes[1].headers", "X-Api-Key"),
        (NODE + "headers = ['X-Key', 'x-key']", "nodes[1].headers", "each once"),
        (NODE + "oidc_issuer = 'login'", "nodes[1].oidc_issuer", "address of an issuer"),
        (NODE + "tls_name = 'a b'", "nodes[1].tls_name", "a host name"),
        (NODE + "connections = 17", "nodes[1].connections", "0 to 16"),
        (NODE.replace("'A'", "''"), "nodes.PACS.ae_title", "web_url"),
        (NODE.replace("PACS", "Local"), "nodes[1].name", "another name"),
        (NODE.replace("PACS", "-x"), "nodes[1].name", "hyphen"),
        (NODE + NODE.replace("PACS", "pacs"), "nodes", "a name of its own"),
        ("schema_version = 2", "schema_version", "1 or less"),
        ("schema_version = 'x'", "schema_version", "1 or less"),
    ],
)
def test_a_wrong_value_names_file_key_and_expectation(profile: Folders, text: str, key: str, expected: str) -> None:
    write(profile, text)
    with pytest.raises(SettingsError) as raised:
        load(profile)
    details = raised.value.details
    assert details["file"] == str(profile.settings_file)
    assert details["key"] == key
    assert expected in details["expected"]
    assert details["found"]


@pytest.mark.parametrize("content", [b"[local\nport = 1", b"\xff\xfe", b"listen = true\nlisten = false"])
def test_a_file_that_is_no_toml_is_refused_and_never_overwritten(profile: Folders, content: bytes) -> None:
    profile.config.mkdir()
    profile.settings_file.write_bytes(content)
    for attempt in (lambda: load(profile), lambda: save(Settings(), profile)):
        with pytest.raises(SettingsError) as raised:
            attempt()
        assert raised.value.details["file"] == str(profile.settings_file)
    assert profile.settings_file.read_bytes() == content


def test_a_byte_order_mark_is_no_fault(profile: Folders) -> None:
    profile.config.mkdir()
    profile.settings_file.write_bytes(b"\xef\xbb\xbflisten = false\n")
    assert load(profile) == Settings(listen=False)


def test_a_broken_file_is_kept_aside_each_time(profile: Folders) -> None:
    for name in ("settings.toml.bad", "settings.toml.bad2"):
        write(profile, f"# {name}\n[")
        kept = set_aside(profile)
        assert kept.name == name
        assert name in kept.read_text()
    assert load(profile) == Settings()


def test_every_key_can_be_read_and_set_to_its_own_text() -> None:
    settings = Settings(nodes=(replace(PACS, headers=("X-Key", "X-Site")), ARCHIVE))
    for key, value in entries(settings):
        assert get(settings, key) == value
        text = ", ".join(value) if isinstance(value, tuple) else str(value)
        assert with_value(settings, key, text) == settings


def test_values_are_converted_from_text() -> None:
    settings = Settings(nodes=(ARCHIVE,))
    assert with_value(settings, "listen", "no").listen is False
    assert with_value(settings, "local.port", "104").local.port == 104
    assert with_value(settings, "decode.deadline_s", "5").decode.deadline_s == 5.0
    changed = with_value(settings, "nodes.Archive 2.0.retrieve_method", "MOVE")
    assert changed.nodes[0].retrieve_method is RetrieveMethod.MOVE


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("local.port", "70000"),
        ("local.port", "many"),
        ("listen", "perhaps"),
        ("decode.deadline_s", "nan"),
        ("nodes.PACS.ae_title", ""),
        ("nodes.PACS.name", "archive 2.0"),
        ("nodes.Other.port", "104"),
        ("local", "x"),
        ("local.prot", "1"),
    ],
)
def test_a_wrong_text_names_the_key_and_changes_nothing(key: str, text: str) -> None:
    with pytest.raises(SettingsError) as raised:
        with_value(Settings(nodes=(PACS, ARCHIVE)), key, text)
    assert raised.value.details["key"].startswith("nodes" if key.startswith("nodes") else key)


def test_an_unknown_key_suggests_near_ones() -> None:
    with pytest.raises(SettingsError) as raised:
        get(Settings(), "local.prot")
    assert "local.port" in raised.value.details["expected"]


def test_a_node_is_checked_when_it_is_added() -> None:
    assert add_node(Settings(), PACS).nodes == (PACS,)
    for wrong in (replace(PACS, port=0), replace(PACS, name="pacs"), replace(ARCHIVE, ae_title="", web_url="")):
        with pytest.raises(SettingsError):
            add_node(Settings(nodes=(PACS,)), wrong)


def test_a_node_with_only_a_web_address_needs_no_ae_title() -> None:
    node = replace(ARCHIVE, ae_title="")
    assert add_node(Settings(), node).nodes[0].speaks_dimse is False


def test_removing_an_unknown_node_lists_the_known_ones() -> None:
    with pytest.raises(SettingsError) as raised:
        remove_node(Settings(nodes=(PACS,)), "PAX")
    assert "PACS" in raised.value.details["expected"]


def test_arguments_come_before_the_environment_and_that_before_the_platform(tmp_path: Path) -> None:
    environ = {"WORKSTATION_CONFIG_DIR": str(tmp_path / "c"), "WORKSTATION_DATA_DIR": str(tmp_path / "d")}
    assert folders(environ=environ) == Folders(tmp_path / "c", tmp_path / "d")
    assert folders("x", tmp_path / "y", environ) == Folders(Path("x").absolute(), tmp_path / "y")
    assert folders(environ={}).settings_file.name == "settings.toml"


def test_resources_ship_with_the_program() -> None:
    assert (resources() / "icons").is_dir()
