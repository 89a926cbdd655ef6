"""Logging in to DICOMweb: Orthanc with users, and a server behind an OpenID provider."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.support.openid_provider import CLIENT, OpenIdProvider
from tests.support.peers import OrthancPeer
from tests.support.secrets import secrets_of_this_run
from workstation.domain.errors import Cancelled, LogInNeeded
from workstation.domain.node import Node, WebAuth
from workstation.domain.query import Query
from workstation.jobs.cancel import Cancellation
from workstation.network.dicomweb.client import DicomWebClient
from workstation.services.explain import explain
from workstation.services.ports import DeviceCode


@pytest.fixture(scope="module")
def guarded() -> Iterator[OrthancPeer]:
    users = {"AuthenticationEnabled": True, "RegisteredUsers": {"alice": "schlüssel 1"}}
    with OrthancPeer(overrides=users) as peer:
        yield peer


@pytest.fixture
def provider() -> Iterator[OpenIdProvider]:
    with OpenIdProvider() as provider:
        yield provider


def node_of(provider: OpenIdProvider) -> Node:
    return Node(
        "orthanc",
        "",
        "127.0.0.1",
        80,
        f"{provider.address}/dicom-web",
        auth=WebAuth.OIDC,
        oidc_issuer=provider.address,
        oidc_client_id=CLIENT,
    )


def test_orthanc_takes_user_and_password(guarded: OrthancPeer) -> None:
    client = DicomWebClient(secrets_of_this_run(password="schlüssel 1"))
    client.echo(guarded.node(auth=WebAuth.BASIC, user="alice"), Cancellation())


def test_headers_by_name_carry_what_the_keyring_has(guarded: OrthancPeer) -> None:
    secrets = secrets_of_this_run(**{"header:authorization": "Basic YWxpY2U6c2NobMO8c3NlbCAx"})
    DicomWebClient(secrets).echo(guarded.node(auth=WebAuth.HEADERS, headers=("Authorization",)), Cancellation())


@pytest.mark.parametrize(
    ("changes", "kept", "reason"),
    [
        ({"auth": WebAuth.NONE}, {}, "refused"),
        ({"auth": WebAuth.BASIC, "user": "alice"}, {}, "missing"),
        ({"auth": WebAuth.BASIC, "user": "alice"}, {"password": "wrong"}, "refused"),
        ({"auth": WebAuth.BEARER}, {"token": "abc"}, "refused"),
        ({"auth": WebAuth.OIDC}, {}, "missing"),
    ],
)
def test_a_log_in_that_is_missing_or_wrong_is_said_with_the_way_to_it(
    guarded: OrthancPeer, changes: dict[str, object], kept: dict[str, str], reason: str
) -> None:
    client = DicomWebClient(secrets_of_this_run(**kept))
    with pytest.raises(LogInNeeded) as caught:
        list(client.find(guarded.node(**changes), Query(), Cancellation()))
    assert caught.value.details["reason"] == reason
    words = explain(caught.value).text
    assert "orthanc" in words and ("node login orthanc" in words or "nodes.orthanc.auth" in words)
    assert not any(secret in str(caught.value) for secret in kept.values())


def test_a_value_with_a_line_end_is_no_header(guarded: OrthancPeer) -> None:
    client = DicomWebClient(secrets_of_this_run(token="abc\r\nX-Other: 1"))
    with pytest.raises(LogInNeeded, match="cannot carry"):
        client.echo(guarded.node(auth=WebAuth.BEARER), Cancellation())


def test_the_browser_brings_a_token_that_is_kept(provider: OpenIdProvider) -> None:
    secrets = secrets_of_this_run()
    client = DicomWebClient(secrets, provider.browse)
    client.log_in(node_of(provider), Cancellation())
    client.echo(node_of(provider), Cancellation())
    [asked] = provider.asked
    assert asked["code_challenge_method"] == "S256" and asked["scope"] == "openid offline_access"
    assert asked["redirect_uri"].startswith("http://127.0.0.1:")
    DicomWebClient(secrets).echo(node_of(provider), Cancellation())  # the next start
    client.log_out(node_of(provider), Cancellation())
    with pytest.raises(LogInNeeded):
        client.echo(node_of(provider), Cancellation())


def test_a_code_on_another_device_logs_in_as_well(provider: OpenIdProvider) -> None:
    client = DicomWebClient(secrets_of_this_run())
    shown: list[DeviceCode] = []
    client.log_in(node_of(provider), Cancellation(), shown.append)
    client.echo(node_of(provider), Cancellation())
    assert (shown[0].code, shown[0].address) == ("WDJB", provider.address)


def test_a_token_that_is_refused_is_renewed_once(provider: OpenIdProvider) -> None:
    client = DicomWebClient(secrets_of_this_run(), provider.browse)
    client.log_in(node_of(provider), Cancellation())
    provider.valid.clear()
    client.echo(node_of(provider), Cancellation())
    assert provider.refreshed == 1
    provider.valid.clear()
    provider.refresh.clear()
    with pytest.raises(LogInNeeded):
        client.echo(node_of(provider), Cancellation())


def test_a_token_that_is_about_to_end_is_renewed_beforehand(provider: OpenIdProvider) -> None:
    provider.lasts = 10
    client = DicomWebClient(secrets_of_this_run(), provider.browse)
    client.log_in(node_of(provider), Cancellation())
    provider.lasts = 3600
    for _ in range(2):
        client.echo(node_of(provider), Cancellation())
    assert provider.refreshed == 1


def test_tokens_of_another_provider_are_not_used(provider: OpenIdProvider) -> None:
    kept = {"access": "a", "refresh": "", "ends_at": 0, "for_whom": "https://other.example x"}
    with pytest.raises(LogInNeeded):
        DicomWebClient(secrets_of_this_run(oidc=json.dumps(kept))).echo(node_of(provider), Cancellation())


def test_a_refusal_in_the_browser_is_said(provider: OpenIdProvider) -> None:
    provider.deny = True
    with pytest.raises(LogInNeeded, match="refused or given up"):
        DicomWebClient(secrets_of_this_run(), provider.browse).log_in(node_of(provider), Cancellation())


def test_waiting_for_the_browser_can_be_cancelled(provider: OpenIdProvider) -> None:
    cancellation = Cancellation()

    def close_it(_: str) -> bool:
        cancellation.cancel()
        return True

    with pytest.raises(Cancelled):
        DicomWebClient(secrets_of_this_run(), close_it).log_in(node_of(provider), cancellation)
