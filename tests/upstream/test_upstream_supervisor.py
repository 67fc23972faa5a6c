"""Bringing an upstream up, finding out its era, and keeping it up."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from mcpgrpc.errors import ConnectError, ServiceError
from mcpgrpc_server import backoff
from mcpgrpc_server.availability import Availability
from mcpgrpc_server.backoff import Backoff
from mcpgrpc_server.upstream import handshake, supervisor
from mcpgrpc_server.upstream.handshake import begin_session, meet
from mcpgrpc_server.upstream.supervisor import Supervisor
from tests.upstream.scripted import (
    INITIALIZED,
    RpcError,
    ScriptedConnector,
    legacy,
    modern,
    never,
)

START_SECONDS = 5


class Turns:
    """What an availability said, change by change."""

    def __init__(self) -> None:
        self.availability = Availability(serving=False)
        self._turns: asyncio.Queue[bool] = asyncio.Queue()
        self.availability.watch(self._turns.put_nowait)

    async def next(self) -> bool:
        return await asyncio.wait_for(self._turns.get(), 10)


@pytest.fixture
async def turns() -> Turns:
    """Hears each change."""
    return Turns()


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backoff, "FIRST_SECONDS", 0.01)


@asynccontextmanager
async def supervised(
    connector: ScriptedConnector, turns: Turns, probe_seconds: float = 60
) -> AsyncIterator[Supervisor]:
    kept = Supervisor(connector, turns.availability, START_SECONDS, probe_seconds)
    async with kept.running():
        yield kept


async def test_the_first_pause_is_short_each_next_twice_as_long_and_none_beyond_the_longest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(backoff, "FIRST_SECONDS", 0.2)
    pauses = Backoff()
    for longest in (0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30.0, 30.0):
        assert longest / 2 <= pauses.next_seconds() <= longest
    pauses.lived(29)
    assert pauses.next_seconds() >= 15
    pauses.lived(30)
    assert pauses.next_seconds() <= 0.2


async def test_an_upstream_that_answers_discover_is_modern() -> None:
    connector = ScriptedConnector(modern)
    met = await meet(connector, START_SECONDS)
    assert met.modern
    assert connector.carriers[0].methods() == ["server/discover"]


@pytest.mark.parametrize("code", [-32020, -32021, -32022])
async def test_an_error_of_the_modern_era_is_a_sign_of_it(code: int) -> None:
    async def answer(method: str, params: dict[str, Any]) -> dict[str, Any]:
        raise RpcError(code)

    assert (await meet(ScriptedConnector(answer), START_SECONDS)).modern


@pytest.mark.parametrize("code", [-32601, -32602, -32600, -32000, 0])
async def test_any_other_error_means_the_legacy_era(code: int) -> None:
    async def answer(method: str, params: dict[str, Any]) -> dict[str, Any]:
        if method == "server/discover":
            raise RpcError(code)
        return await legacy(method, params)

    connector = ScriptedConnector(answer)
    met = await meet(connector, START_SECONDS)
    assert (met.modern, met.server_info) == (False, INITIALIZED["serverInfo"])
    assert connector.carriers[0].methods() == [
        "server/discover",
        "initialize",
        "notifications/initialized",
    ]


@pytest.mark.parametrize("versions", [[], ["2025-11-25"], None])
async def test_an_upstream_that_names_no_modern_version_is_a_legacy_one(versions: Any) -> None:
    async def answer(method: str, params: dict[str, Any]) -> dict[str, Any]:
        if method == "server/discover":
            return {"supportedVersions": versions}
        return await legacy(method, params)

    assert not (await meet(ScriptedConnector(answer), START_SECONDS)).modern


async def test_an_error_that_names_legacy_versions_alone_means_the_legacy_era() -> None:
    async def answer(method: str, params: dict[str, Any]) -> dict[str, Any]:
        if method == "server/discover":
            raise RpcError(-32022, {"supported": ["2025-06-18"]})
        return await legacy(method, params)

    assert not (await meet(ScriptedConnector(answer), START_SECONDS)).modern


async def test_a_command_that_was_too_slow_for_discover_says_its_era_to_initialize(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(handshake, "PROBE_SECONDS", 0.05)
    asked: list[str] = []

    async def slow(method: str, params: dict[str, Any]) -> dict[str, Any]:
        asked.append(method)
        return await (never if len(asked) == 1 else modern)(method, params)

    assert (await meet(ScriptedConnector(slow), START_SECONDS)).modern
    assert asked == ["server/discover", "initialize", "server/discover"]


async def test_a_url_of_the_legacy_era_gets_a_session_of_its_own() -> None:
    connector = ScriptedConnector(legacy, is_command=False)
    await meet(connector, START_SECONDS)
    discovering, session = connector.carriers
    assert discovering.closed
    assert session.methods() == ["initialize", "notifications/initialized"]


async def test_an_upstream_that_never_answers_is_given_up_in_time_and_let_go() -> None:
    connector = ScriptedConnector(never)
    with pytest.raises(ConnectError, match="does not answer within"):
        await meet(connector, 0.05)
    assert connector.carriers[0].closed


@pytest.mark.parametrize("version", ["1999-01-01", 7, None])
async def test_a_version_that_is_not_known_is_no_session(version: Any) -> None:
    async def answer(method: str, params: dict[str, Any]) -> dict[str, Any]:
        return {**INITIALIZED, "protocolVersion": version}

    with pytest.raises(ConnectError, match="which this server does not"):
        await begin_session(ScriptedConnector(answer), START_SECONDS)


async def test_an_upstream_is_available_from_its_first_answer_until_it_is_lost(
    turns: Turns,
) -> None:
    connector = ScriptedConnector(legacy)
    async with supervised(connector, turns) as kept:
        assert await turns.next()
        assert kept.live is not None
        connector.carriers[0].lose("the upstream ended")
        assert not await turns.next()
        assert kept.why_down == "the upstream ended"
        assert await turns.next()
        assert connector.carriers[0].closed
    assert connector.carriers[1].closed


async def test_a_server_starts_without_its_upstream_and_each_change_is_said_once(
    turns: Turns, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "mcpgrpc.upstream")
    connector = ScriptedConnector(modern)
    connector.refusal = ConnectError("nobody there")
    async with supervised(connector, turns) as kept:
        assert kept.live is None
        while len(connector.carriers) < 4:
            connector.made.clear()
            await connector.made.wait()
        connector.refusal = None
        assert await turns.next()
    assert [record.message for record in caplog.records] == [
        "upstream scripted is down, and is tried again: nobody there",
        "upstream scripted is up: a server without a name, 2026-07-28",
    ]


async def test_a_start_waits_for_an_upstream_but_not_for_long(
    turns: Turns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "FIRST_OUTCOME_SECONDS", 0.05)
    async with asyncio.timeout(2), supervised(ScriptedConnector(never), turns) as kept:
        assert kept.live is None


async def test_a_url_is_probed_and_down_when_it_does_not_answer(
    turns: Turns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "PROBE_SECONDS", 0.05)
    connector = ScriptedConnector(modern, is_command=False)
    async with supervised(connector, turns, probe_seconds=0.02) as kept:
        assert await turns.next()
        connector.answer = never
        assert not await turns.next()
        assert "does not answer within 0.05 s" in kept.why_down
        connector.answer = modern
        assert await turns.next()


async def test_doubt_probes_a_url_at_once_and_is_over_when_it_answers(turns: Turns) -> None:
    connector = ScriptedConnector(legacy, is_command=False)
    async with supervised(connector, turns, probe_seconds=3_600) as kept:
        assert await turns.next()
        kept.doubt()
        await connector.until("ping")
        assert turns.availability.serving

        async def refuse(method: str, params: dict[str, Any]) -> dict[str, Any]:
            raise ServiceError(14, "locked out", reason="UPSTREAM_UNAVAILABLE", execution="MAYBE")

        connector.answer = refuse
        kept.doubt()
        assert not await turns.next()
        assert kept.why_down == "locked out"


async def test_what_nobody_foresaw_does_not_end_the_attempts(
    turns: Turns, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(method: str, params: dict[str, Any]) -> dict[str, Any]:
        raise RuntimeError("nobody foresaw it")

    connector = ScriptedConnector(broken)
    async with supervised(connector, turns):
        connector.answer = modern
        assert await turns.next()
    assert "nobody foresaw it" in caplog.text
