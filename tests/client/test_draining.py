"""Servers that drain: what certainly did not run goes again, everything else runs once."""

from __future__ import annotations

import asyncio

import grpc
import pytest

from mcpgrpc import Client
from mcpgrpc.binding.core import DRAINING
from mcpgrpc.errors import ConnectionLost, McpGrpcError, ServiceError
from mcpgrpc.v1 import envelope_pb2, session_pb2
from mcpgrpc_server import Server
from tests.client.app import Ledger, text_of
from tests.client.conftest import MODERN, Connect, Start
from tests.client.fake_server import Peer, fake_server

MAX_SECONDS = 40
CALLS = 400
RESTARTS = 4
AT_ONCE = 16


async def keep_restarting(start: Start, server: Server, ledger: Ledger) -> Server:
    """Drain a server and start its successor on the same port, whenever some calls have run."""
    for restart in range(1, RESTARTS + 1):
        await ledger.when(restart * CALLS // (RESTARTS + 1)).wait()
        await server.drain(10)
        server = await start(server.addresses[0])
    return server


async def test_over_rolling_restarts_under_load_no_call_is_doubled_and_none_is_lost(
    start: Start, connect: Connect, ledger: Ledger, rpc: str
) -> None:
    server = await start()
    client = await connect(server.addresses[0], mode=MODERN, rpc=rpc)
    room = asyncio.Semaphore(AT_ONCE)
    maybe: set[int] = set()

    async def count(number: int) -> None:
        async with room:
            try:
                result = await client.call_tool("count", {"number": number})
            except ConnectionLost:
                maybe.add(number)
            else:
                assert text_of(result) == str(number)

    async with asyncio.timeout(MAX_SECONDS), asyncio.TaskGroup() as tasks:
        tasks.create_task(keep_restarting(start, server, ledger))
        for number in range(CALLS):
            tasks.create_task(count(number))
    if rpc == "session":
        assert not maybe
    # A Call that meets the very end of a server cannot know whether it ran, and says so: gRPC
    # cancels it without a word. A Session can, by GoAway.
    assert set(ledger.executed.values()) == {1}
    assert ledger.executed.keys() | maybe == set(range(CALLS))


async def test_while_one_of_two_servers_drains_calls_go_on_at_the_other(
    start: Start, connect: Connect, ledger: Ledger, rpc: str
) -> None:
    servers = [await start(), await start()]
    target = ",".join(server.addresses[0] for server in servers)
    client = await connect(target, mode=MODERN, rpc=rpc)
    async with asyncio.timeout(MAX_SECONDS):
        running = asyncio.create_task(client.call_tool("wait"))
        await ledger.started.wait()
        busy = [server for server in servers if server._host.open_streams()]
        draining = [asyncio.create_task(server.drain(MAX_SECONDS)) for server in busy[:1]]
        for number in range(20):
            result = await client.call_tool("count", {"number": number}, timeout=2)
            assert text_of(result) == str(number)
        assert not running.done()
        ledger.release.set()
        assert text_of(await running) == "released"
        await asyncio.gather(*draining)
    assert set(ledger.executed.values()) == {1}


async def test_a_call_that_runs_when_the_drain_begins_is_answered(
    start: Start, connect: Connect, ledger: Ledger, rpc: str
) -> None:
    server = await start()
    client = await connect(server.addresses[0], mode=MODERN, rpc=rpc)
    async with asyncio.timeout(MAX_SECONDS):
        running = asyncio.create_task(client.call_tool("wait"))
        await ledger.started.wait()
        draining = asyncio.create_task(server.drain(10))
        ledger.release.set()
        assert text_of(await running) == "released"
        await draining


async def test_a_call_that_outlives_the_grace_may_have_run_and_does_not_go_again(
    start: Start, connect: Connect, ledger: Ledger, rpc: str
) -> None:
    server = await start()
    client = await connect(server.addresses[0], mode=MODERN, rpc=rpc)
    async with asyncio.timeout(MAX_SECONDS):
        running = asyncio.create_task(client.call_tool("wait"))
        await ledger.started.wait()
        await server.drain(0.05)
        with pytest.raises(ServiceError) as ended:
            await running
    assert (ended.value.reason, ended.value.execution) == ("DRAIN_DEADLINE", "MAYBE")


async def test_what_goaway_did_not_accept_goes_again_on_another_stream_and_the_rest_does_not() -> (
    None
):
    executed: list[int] = []

    async def script(peer: Peer) -> None:
        await peer.settings()
        requests = peer.requests()
        received = [await anext(requests) for _ in range(3 if peer.number == 1 else 2)]
        if peer.number == 1:
            await peer.go_away(accepted_requests=1)
            received = received[:1]
        for request in received:
            executed.append(request.id.integer)
            await peer.answer(request.id, "{}")

    async with fake_server(script) as fake, Client(fake.address, mode=MODERN) as client:
        async with asyncio.timeout(MAX_SECONDS):
            await asyncio.gather(*(client.request("tools/list") for _ in range(3)))
        assert fake.sessions == 2
    assert sorted(executed) == [1, 2, 3]


async def test_a_request_refused_as_draining_goes_again() -> None:
    async def script(peer: Peer) -> None:
        await peer.settings()
        requests = peer.requests()
        first = await anext(requests)
        if peer.number == 1:
            response = DRAINING.response()
            response.id.CopyFrom(first.id)
            envelope = envelope_pb2.Envelope(response=response)
            await peer.go_away(accepted_requests=1)
            await peer.send(session_pb2.ServerItem(envelope=envelope))
        else:
            await peer.answer(first.id, '{"tools":[]}')
        await peer.for_ever()

    async with fake_server(script) as fake, Client(fake.address, mode=MODERN) as client:
        async with asyncio.timeout(MAX_SECONDS):
            assert await client.request("tools/list") == {"tools": []}
        assert fake.sessions == 2


async def test_a_stream_that_ends_ok_has_not_run_what_it_did_not_answer() -> None:
    async def script(peer: Peer) -> None:
        await peer.settings()
        request = await peer.request()
        if peer.number > 1:
            await peer.answer(request.id, "{}")
            await peer.for_ever()

    async with fake_server(script) as fake, Client(fake.address, mode=MODERN) as client:
        async with asyncio.timeout(MAX_SECONDS):
            assert await client.request("tools/list") == {}
        assert fake.sessions == 2


async def test_a_stream_that_breaks_may_have_run_it_and_it_does_not_go_again() -> None:
    async def script(peer: Peer) -> None:
        await peer.settings()
        await peer.request()
        await peer.context.abort(grpc.StatusCode.UNAVAILABLE, "a proxy gave up")

    async with fake_server(script) as fake, Client(fake.address, mode=MODERN) as client:
        with pytest.raises(ConnectionLost, match="a proxy gave up") as lost:
            await client.request("tools/list")
        assert fake.sessions == 1
    assert lost.value.execution == "MAYBE"


async def test_a_server_that_drains_every_stream_at_once_is_given_up_in_time() -> None:
    async def script(peer: Peer) -> None:
        await peer.settings()
        for _ in range(100):
            await peer.go_away(accepted_requests=0)
        await peer.for_ever()

    async with fake_server(script) as fake, asyncio.timeout(MAX_SECONDS):
        with pytest.raises(McpGrpcError) as failed:
            async with Client(fake.address, mode=MODERN, connect_timeout_seconds=0.5) as client:
                await client.request("tools/list")
    assert fake.address in str(failed.value)


async def test_many_calls_that_need_another_stream_open_one_together() -> None:
    async def script(peer: Peer) -> None:
        await peer.settings()
        if peer.number == 1:
            requests = peer.requests()
            for _ in range(40):
                await anext(requests)
            return
        async for request in peer.requests():
            await peer.answer(request.id, "{}")

    async with fake_server(script) as fake, Client(fake.address, mode=MODERN) as client:
        async with asyncio.timeout(MAX_SECONDS):
            await asyncio.gather(*(client.request("tools/list") for _ in range(40)))
        assert fake.sessions == 2
