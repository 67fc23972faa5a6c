"""Callers of different identities never meet in a legacy upstream's session."""

from __future__ import annotations

import asyncio
import json

import pytest

from mcpgrpc_server import Server
from tests.upstream.offered import ByName, Offer, ended, plain
from tests.wire.raw import (
    MAX_SECONDS,
    Ending,
    OpenSession,
    RawCalls,
    modern,
    request,
    text_of,
    tool,
)


@pytest.fixture
async def server(offer: Offer) -> Server:
    """A legacy upstream whose callers are told apart; three processes of it at most."""
    return await offer({"plain": plain("legacy", max_processes=3)}, interceptors=(ByName(),))


async def process_of(calls: RawCalls, server: Server, user: str | None) -> int:
    """The process that serves a user's modern requests."""
    metadata = {} if user is None else {"x_user": user}
    messages, ending = await calls.run(server, tool(1, "process"), **metadata)
    assert messages, ending
    return int(text_of(messages[-1].response))


async def refusal(calls: RawCalls, server: Server, user: str) -> Ending:
    messages, ending = await calls.run(server, tool(1, "process"), x_user=user)
    assert not messages
    return ending


async def test_an_identity_keeps_its_session_and_shares_it_with_no_other(
    server: Server, calls: RawCalls
) -> None:
    ada = await process_of(calls, server, "ada")
    bob = await process_of(calls, server, "bob")
    nobody = await process_of(calls, server, None)
    assert len({ada, bob, nobody}) == 3
    assert await process_of(calls, server, "ada") == ada


async def test_one_identity_hears_nothing_of_what_happens_in_anothers_session(
    server: Server, calls: RawCalls, opened: OpenSession
) -> None:
    wanted = modern({"notifications": {"toolsListChanged": True}})
    listeners = {}
    for user in ("ada", "bob"):
        listeners[user] = await opened(server, x_user=user)
        await listeners[user].send(request(1, "subscriptions/listen", wanted))
        await listeners[user].envelope()
    await calls.run(server, tool(1, "change"), x_user="ada")
    heard = (await listeners["ada"].envelope()).notification.method
    assert heard == "notifications/tools/list_changed"
    await listeners["bob"].call(2, "echo", {"text": "x"})
    notified = [i for i in listeners["bob"].seen if i.envelope.HasField("notification")]
    assert len(notified) == 1


async def test_a_session_that_nobody_uses_makes_room_for_another_identity(
    server: Server, calls: RawCalls
) -> None:
    ada = await process_of(calls, server, "ada")
    bob = await process_of(calls, server, "bob")
    await process_of(calls, server, "cora")
    await ended(ada)
    assert await process_of(calls, server, "bob") == bob


async def test_a_session_in_use_makes_no_room_and_the_refusal_says_what_to_raise(
    server: Server, calls: RawCalls, opened: OpenSession
) -> None:
    for user in ("ada", "bob"):
        client = await opened(server, x_user=user)
        await client.send(tool(1, "hold", {"key": "k"}, progressToken=1))
        await client.envelope()
    ending = await refusal(calls, server, "cora")
    assert (ending.code.name, ending.reason, ending.execution) == (
        "UNAVAILABLE",
        "OVERLOADED",
        "NOT_STARTED",
    )
    assert "max_processes" in ending.details


async def test_legacy_clients_and_identities_take_places_of_one_number(
    server: Server, calls: RawCalls, opened: OpenSession
) -> None:
    for _ in range(2):
        await (await opened(server)).initialize()
    assert (await refusal(calls, server, "ada")).reason == "OVERLOADED"
    client = await opened(server)
    response = await client.ask(1, "initialize", json.dumps({}))
    assert (response.error.code, "max_processes" in response.error.message) == (14, True)


async def test_a_place_is_free_again_when_its_client_has_gone(
    server: Server, calls: RawCalls, opened: OpenSession
) -> None:
    clients = [await opened(server) for _ in range(2)]
    for client in clients:
        await client.initialize()
    response = await clients[0].ask(1, "tools/call", '{"name":"process"}')
    clients[0].cancel()
    await ended(int(text_of(response)))
    async with asyncio.timeout(MAX_SECONDS):
        # The place is given back a little after its process has gone.
        while not (await calls.run(server, tool(1, "process"), x_user="ada"))[0]:
            pass


async def test_a_session_without_requests_ends_after_its_idle_time(
    offer: Offer, calls: RawCalls
) -> None:
    server = await offer(
        {"plain": plain("legacy", session_idle_seconds=1)}, interceptors=(ByName(),)
    )
    first = await process_of(calls, server, "ada")
    await ended(first)
    assert await process_of(calls, server, "ada") != first


async def test_a_session_whose_process_has_ended_is_begun_anew(
    server: Server, calls: RawCalls
) -> None:
    first = await process_of(calls, server, "ada")
    messages, ending = await calls.run(server, tool(1, "die"), x_user="ada")
    assert not messages
    assert (ending.code.name, ending.reason, ending.execution) == (
        "ABORTED",
        "UPSTREAM_LOST",
        "MAYBE",
    )
    assert await process_of(calls, server, "ada") != first
