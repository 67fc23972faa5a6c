"""A session that is told anew to whatever server answers now."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest

from mcpgrpc.binding.ids import Id
from mcpgrpc.errors import ConnectError, ConnectionLost
from mcpgrpc.relay import reviving
from mcpgrpc.relay.reviving import RevivingCarrier
from mcpgrpc.stream.carrier import Exchange
from tests.upstream.scripted import RpcError, ScriptedCarrier, ScriptedConnector, legacy, never
from tests.upstream.stdio_upstream import RecordingInbox, notification, request, result_of

SESSION = ["initialize", "notifications/initialized", "logging/setLevel", "resources/subscribe"]


@pytest.fixture
async def connector() -> ScriptedConnector:
    """Makes carriers to a server that answers everything."""
    return ScriptedConnector(legacy)


@pytest.fixture
async def inbox() -> RecordingInbox:
    """Hears what comes unasked."""
    return RecordingInbox()


@pytest.fixture
async def carrier(connector: ScriptedConnector, inbox: RecordingInbox) -> RevivingCarrier:
    """One that revives, with a session that has begun."""
    reviving_carrier = RevivingCarrier(connector.session_carrier, inbox, itertools.count(100))
    await reviving_carrier.open()
    await exchange(reviving_carrier, 1, "initialize", {"protocolVersion": "2025-11-25"})
    await reviving_carrier.notify(notification("notifications/initialized"))
    await exchange(reviving_carrier, 2, "logging/setLevel", {"level": "info"})
    await exchange(reviving_carrier, 3, "resources/subscribe", {"uri": "note://1"})
    return reviving_carrier


async def exchange(
    carrier: RevivingCarrier, request_id: Id, method: str, params: dict[str, Any] | None = None
) -> Any:
    return result_of(await carrier.exchange(Exchange(request(request_id, method, params))))


def latest(connector: ScriptedConnector) -> ScriptedCarrier:
    return connector.carriers[-1]


async def test_the_next_message_after_a_loss_finds_the_session_told_anew(
    carrier: RevivingCarrier, connector: ScriptedConnector, inbox: RecordingInbox
) -> None:
    connector.carriers[0].lose()
    assert len(inbox.ends) == 1
    await exchange(carrier, 4, "tools/list")
    assert latest(connector).methods() == [*SESSION, "tools/list"]
    assert latest(connector).ids == [100, 101, 102, 4]
    assert connector.carriers[0].closed


async def test_without_a_loss_nothing_is_told_twice(
    carrier: RevivingCarrier, connector: ScriptedConnector
) -> None:
    await exchange(carrier, 4, "tools/list")
    assert len(connector.carriers) == 1
    assert connector.carriers[0].methods() == [*SESSION, "tools/list"]


async def test_what_was_under_way_fails_and_is_not_sent_again(
    carrier: RevivingCarrier, connector: ScriptedConnector
) -> None:
    connector.answer = never
    under_way = asyncio.create_task(exchange(carrier, 4, "tools/call"))
    await connector.until("tools/call")
    connector.answer = legacy
    connector.carriers[0].lose()
    with pytest.raises(ConnectionLost) as lost:
        await under_way
    assert lost.value.execution == "MAYBE"
    await exchange(carrier, 5, "tools/list")
    assert "tools/call" not in latest(connector).methods()


async def test_one_that_finds_the_session_over_and_has_not_run_goes_once_more(
    carrier: RevivingCarrier, connector: ScriptedConnector
) -> None:
    async def forgotten(method: str, params: dict[str, Any]) -> dict[str, Any]:
        connector.answer = legacy
        connector.carriers[0].inbox.session_over(None)
        raise ConnectionLost("no such session", execution="NOT_STARTED")

    connector.answer = forgotten
    await exchange(carrier, 4, "tools/list")
    assert latest(connector).methods() == [*SESSION, "tools/list"]


async def test_several_that_wait_share_one_attempt(
    carrier: RevivingCarrier, connector: ScriptedConnector
) -> None:
    connector.carriers[0].lose()
    await asyncio.gather(*(exchange(carrier, number, "tools/list") for number in range(4, 9)))
    assert len(connector.carriers) == 2
    assert latest(connector).methods() == [*SESSION, *["tools/list"] * 5]


async def test_one_that_gives_up_does_not_end_the_attempt_that_others_wait_for(
    carrier: RevivingCarrier, connector: ScriptedConnector
) -> None:
    connector.carriers[0].lose()
    impatient = asyncio.create_task(exchange(carrier, 4, "tools/list"))
    patient = asyncio.create_task(exchange(carrier, 5, "tools/list"))
    await asyncio.sleep(0)
    impatient.cancel()
    await patient
    assert impatient.cancelled() or await asyncio.wait({impatient})
    assert len(connector.carriers) == 2


async def test_a_server_that_is_still_away_fails_the_request_and_the_one_after_tries_again(
    carrier: RevivingCarrier, connector: ScriptedConnector
) -> None:
    connector.carriers[0].lose()
    connector.refusal = ConnectError("still away")
    for _ in range(2):
        with pytest.raises(ConnectError, match="still away"):
            await exchange(carrier, 4, "tools/list")
    connector.refusal = None
    await exchange(carrier, 4, "tools/list")
    assert len(connector.carriers) == 4
    assert all(each.closed for each in connector.carriers[:3])


async def test_a_server_that_does_not_answer_the_session_is_given_up_in_time(
    carrier: RevivingCarrier, connector: ScriptedConnector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reviving, "REPLAY_SECONDS", 0.05)
    connector.carriers[0].lose()
    connector.answer = never
    with pytest.raises(ConnectError, match="initialize"):
        await exchange(carrier, 4, "tools/list")


async def test_a_server_that_refuses_a_part_of_the_session_serves_all_the_same(
    carrier: RevivingCarrier, connector: ScriptedConnector
) -> None:
    async def forgetful(method: str, params: dict[str, Any]) -> dict[str, Any]:
        if method == "resources/subscribe":
            raise RpcError(-32602)
        return await legacy(method, params)

    connector.carriers[0].lose()
    connector.answer = forgetful
    await exchange(carrier, 4, "tools/list")
    assert latest(connector).methods() == [*SESSION, "tools/list"]


async def test_a_host_that_begins_anew_is_not_told_of_the_session_before(
    carrier: RevivingCarrier, connector: ScriptedConnector
) -> None:
    connector.carriers[0].lose()
    await exchange(carrier, 1, "initialize", {"protocolVersion": "2025-06-18"})
    assert latest(connector).sent == [("initialize", {"protocolVersion": "2025-06-18"})]


async def test_a_notification_while_the_server_is_away_is_dropped(
    carrier: RevivingCarrier, connector: ScriptedConnector
) -> None:
    connector.carriers[0].lose()
    connector.refusal = ConnectError("still away")
    await carrier.notify(notification("notifications/roots/list_changed"))
    assert latest(connector).methods() == []


async def test_closing_ends_an_attempt_and_whoever_waits_for_it(
    carrier: RevivingCarrier, connector: ScriptedConnector
) -> None:
    connector.carriers[0].lose()
    connector.answer = never
    await connector.until("resources/subscribe")
    waiting = asyncio.create_task(exchange(carrier, 4, "tools/list"))
    await connector.until("initialize")
    await carrier.close()
    with pytest.raises(ConnectionLost):
        await waiting
    assert latest(connector).closed
    with pytest.raises(ConnectionLost):
        await exchange(carrier, 5, "tools/list")
