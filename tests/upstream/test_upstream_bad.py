"""Upstreams that misbehave, beside clients that must not notice."""

from __future__ import annotations

import asyncio

import pytest

from mcpgrpc_server import Server
from tests.upstream.offered import Offer, called, legacy, plain, said
from tests.wire.raw import OpenSession, RawCalls, RawSession, request, text_of, tool


@pytest.fixture(params=["modern", "legacy"])
async def server(request: pytest.FixtureRequest, offer: Offer) -> Server:
    """An upstream of either era, offered."""
    return await offer({"plain": plain(request.param)})


@pytest.fixture
async def other(server: Server, opened: OpenSession) -> RawSession:
    """Another client, in the middle of a request."""
    client = await opened(server)
    await client.send(tool("held", "hold", {"key": "other"}))
    await client.call(1, "echo", {"text": "it holds"})
    return client


async def ended_well(server: Server, calls: RawCalls, other: RawSession) -> None:
    """The other client's request is answered, and what it was to be."""
    await called(calls, server, "release", key="other")
    assert text_of(await other.response("held")) == "other"


async def test_rubbish_on_its_output_disturbs_nobody(
    server: Server, calls: RawCalls, other: RawSession
) -> None:
    assert text_of(await called(calls, server, "rubbish")) == "after rubbish"
    await ended_well(server, calls, other)


async def test_answers_under_wrong_ids_reach_nobody(
    server: Server, calls: RawCalls, other: RawSession
) -> None:
    assert text_of(await called(calls, server, "wrong_id")) == "own"
    await ended_well(server, calls, other)


async def test_an_answer_that_is_no_response_fails_its_request_alone(
    server: Server, calls: RawCalls, other: RawSession
) -> None:
    response = await called(calls, server, "bad_result")
    assert response.error.code == -32603
    await ended_well(server, calls, other)


async def test_a_flood_that_is_nobodys_is_heard_by_nobody_and_answers_go_on(
    server: Server, calls: RawCalls, other: RawSession
) -> None:
    flooding = asyncio.create_task(called(calls, server, "flood", count=3_000))
    for number in range(20):
        assert await said(other, number, "echo", text=f"{number}") == f"{number}"
    assert text_of(await flooding) == "flooded"
    await ended_well(server, calls, other)
    heard = [item for item in other.seen if item.envelope.HasField("notification")]
    assert heard == []


async def test_a_client_that_does_not_read_its_progress_holds_nobody_up(
    server: Server, calls: RawCalls, other: RawSession, opened: OpenSession
) -> None:
    deaf = await opened(server)
    arguments = {"steps": 4000, "text": "x" * 2000}
    await deaf.send(tool(1, "steps", arguments, progressToken=1))
    async with asyncio.timeout(20):
        for number in range(20):
            assert await said(other, number, "echo", text=f"{number}") == f"{number}"
        await ended_well(server, calls, other)


async def test_a_private_flood_slows_its_own_upstream_down_and_no_other(
    offer: Offer, opened: OpenSession, calls: RawCalls
) -> None:
    server = await offer({"plain": plain("legacy")})
    deaf = await opened(server)
    await deaf.initialize()
    await deaf.send(request(1, "tools/call", legacy("flood", {"count": 200_000})))
    await deaf.envelope()
    for number in range(20):
        assert text_of(await called(calls, server, "echo", text=f"{number}")) == f"{number}"
    deaf.cancel()
