"""Who gets in without a credential, by the settings; and that a bad one never does."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import grpc
import pytest

from mcpgrpc_server import ServerSettings, SettingsError
from mcpgrpc_server.authentication.wiring import Authentication
from mcpgrpc_server.identity import ANONYMOUS
from mcpgrpc_server.settings import check_listeners
from tests.authentication.key_ring import HOLDER, KeyRing, as_bearer, as_header
from tests.authentication.matrix import HEALTH, WAYS, assert_refused, reflection
from tests.authentication.served import Peer, served

RING = KeyRing()
NEEDED = "credentials are needed: an API key"


@pytest.fixture
def keys(tmp_path: Path) -> str:
    return RING.save(tmp_path / "keys.toml")


async def test_where_nothing_is_taken_everybody_is_anonymous_whatever_they_present() -> None:
    """Clients in a mesh send their tokens to everybody; a server that asks for none takes none."""
    async with served() as (server, app), Peer(server.addresses[0]) as peer:
        for metadata in ((), as_bearer("nonsense"), as_bearer("a") * 2):
            for way in WAYS.values():
                assert (await way(peer, metadata)).code is grpc.StatusCode.OK
    assert app.callers == [ANONYMOUS] * 6
    assert "authorization" not in app.headers


async def test_anonymous_callers_may_be_let_in_beside_those_that_are_known(keys: str) -> None:
    settings = {"api_keys": keys, "allow_anonymous": True}
    async with served(**settings) as (server, app), Peer(server.addresses[0]) as peer:
        assert (await peer.call()).code is grpc.StatusCode.OK
        assert (await peer.call(as_bearer(RING.good))).code is grpc.StatusCode.OK
    assert [caller.subject for caller in app.callers] == [ANONYMOUS.subject, HOLDER]


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
async def test_a_bad_credential_never_makes_an_anonymous_caller(keys: str, way: Any) -> None:
    settings = {"api_keys": keys, "allow_anonymous": True, "authenticate_reflection": False}
    async with served(**settings) as (server, app), Peer(server.addresses[0]) as peer:
        assert_refused(await way(peer, as_header("nonsense")), "the API key is not valid")
        assert_refused(await way(peer, as_bearer("a.b.c")), "no token is taken here")
        assert_refused(await way(peer, as_bearer("a") * 2), "2 credentials")
        assert app.callers == []


async def test_health_can_ask_for_credentials_too(keys: str) -> None:
    settings = {"api_keys": keys, "authenticate_health": True}
    async with served(**settings) as (server, _), Peer(server.addresses[0]) as peer:
        for way in HEALTH.values():
            assert_refused(await way(peer, ()), NEEDED)
            assert (await way(peer, as_bearer(RING.good))).code is grpc.StatusCode.OK


async def test_reflection_can_be_open(keys: str) -> None:
    settings = {"api_keys": keys, "authenticate_reflection": False}
    async with served(**settings) as (server, _), Peer(server.addresses[0]) as peer:
        assert (await reflection(peer, ())).code is grpc.StatusCode.OK
        assert_refused(await peer.call(), NEEDED)


async def test_unix_sockets_ask_as_others_do(keys: str, tmp_path: Path) -> None:
    target = f"unix:{tmp_path / 'socket'}"
    async with served(api_keys=keys, listen=[target]), Peer(target) as peer:
        assert_refused(await peer.call(), NEEDED)
        assert (await peer.call(as_bearer(RING.good))).code is grpc.StatusCode.OK


def test_a_file_of_keys_that_cannot_be_used_is_refused_at_the_start(tmp_path: Path) -> None:
    path = tmp_path / "keys.toml"
    settings = ServerSettings(api_keys=str(path))
    with pytest.raises(SettingsError, match=r"cannot use the API keys .*`mcpgrpc keys new`"):
        Authentication(settings)
    path.write_text("[[key]]\nid = 'a'\n")
    with pytest.raises(SettingsError, match="the key in line 1: name is missing"):
        Authentication(settings)


@pytest.mark.parametrize("known", [{"api_keys": "keys.toml"}, {"allow_anonymous": True}])
def test_where_other_machines_connect_callers_are_known_or_meant_not_to_be(
    known: dict[str, Any],
) -> None:
    exposed: dict[str, Any] = {"listen": ["0.0.0.0:0"], "insecure": True}
    with pytest.raises(SettingsError, match="need --allow-anonymous"):
        check_listeners(ServerSettings.model_validate(exposed))
    check_listeners(ServerSettings.model_validate(exposed | known))


async def test_who_was_turned_away_and_why_is_logged_without_the_credential(
    keys: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    wrong = f"{RING.good[:-1]}{'q' if RING.good[-1] == 'a' else 'a'}"
    async with served(api_keys=keys) as (server, _), Peer(server.addresses[0]) as peer:
        await peer.call_session(as_bearer(wrong))
    (line,) = [each for each in caplog.records if each.name == "mcpgrpc.authentication"]
    assert line.message.startswith("turned ipv4:127.0.0.1:")
    assert line.message.endswith(
        "away from /mcpgrpc.v1.McpService/Session: the API key is not valid"
    )
    (refused,) = [each for each in caplog.records if each.message == "refused"]
    facts = vars(refused)
    assert (facts["rpc"], facts["reason"]) == ("Session", "UNAUTHENTICATED")
