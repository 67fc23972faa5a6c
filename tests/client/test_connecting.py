"""Connecting: bounded, with an error that says where and what to do, and never again after that."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterator

import grpc
import mcp
import pytest

import mcpgrpc
from mcpgrpc import Client
from mcpgrpc.errors import ConnectError, ConnectionLost, ServiceError, UsageError
from mcpgrpc_server import Server
from tests.client.app import Ledger, text_of
from tests.client.conftest import MODERN, Connect, Start
from tests.client.fake_server import Peer, fake_server

TIMEOUT_SECONDS = 0.3
MAX_SECONDS = 10


@pytest.fixture
def nobody() -> Iterator[str]:
    """An address that is bound, so that no other test takes it, and where nobody listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{bound.getsockname()[1]}"


@pytest.fixture
def mute() -> Iterator[str]:
    """An address that takes connections and says nothing."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield f"127.0.0.1:{listening.getsockname()[1]}"


@pytest.mark.parametrize("where", ["nobody", "mute"])
async def test_connecting_to_no_server_fails_in_time_and_says_where_and_what_to_do(
    request: pytest.FixtureRequest, rpc: str, where: str
) -> None:
    address = request.getfixturevalue(where)
    began = time.monotonic()
    with pytest.raises(ConnectError) as failed:
        async with Client(address, rpc=rpc, connect_timeout_seconds=TIMEOUT_SECONDS):
            pytest.fail("it connected")
    assert time.monotonic() - began < TIMEOUT_SECONDS + 1
    assert str(failed.value) == (
        f"no server answers at {address} within 0.3 s; check the address, or start one with:"
        " mcpgrpc serve APP"
    )


async def test_the_sdks_client_gets_the_same_error(nobody: str, rpc: str) -> None:
    transport = mcpgrpc.transport(nobody, rpc=rpc, connect_timeout_seconds=TIMEOUT_SECONDS)
    with pytest.raises(ConnectError, match=f"no server answers at {nobody}"):
        async with mcp.Client(transport):
            pytest.fail("it connected")


async def test_a_server_that_never_sends_settings_is_no_server() -> None:
    async with fake_server(Peer.for_ever) as fake:
        with pytest.raises(ConnectError, match=f"no server answers at {fake.address}"):
            async with Client(fake.address, connect_timeout_seconds=TIMEOUT_SECONDS):
                pytest.fail("it connected")


async def test_a_server_of_another_kind_is_named() -> None:
    other = grpc.aio.server()
    address = f"127.0.0.1:{other.add_insecure_port('127.0.0.1:0')}"
    await other.start()
    try:
        with pytest.raises(ConnectError, match=r"does not serve mcpgrpc\.v1\.McpService"):
            async with Client(address):
                pytest.fail("it connected")
    finally:
        await other.stop(None)


async def test_a_server_that_refuses_the_caller_is_not_asked_again() -> None:
    async def refuse(peer: Peer) -> None:
        await peer.context.abort(grpc.StatusCode.UNAUTHENTICATED, "no token")

    async with fake_server(refuse) as fake:
        for attempts in range(1, 31):
            with pytest.raises(ServiceError, match="no token") as refused:
                async with Client(fake.address):
                    pytest.fail("it connected")
            assert refused.value.reason == "UNAUTHENTICATED"
            assert fake.sessions == attempts
    assert refused.value.execution == "NOT_STARTED"


async def test_a_server_that_comes_up_late_is_found(start: Start, rpc: str) -> None:
    first = await start()
    address = first.addresses[0]
    await first.stop()

    async def use() -> str:
        async with Client(address, rpc=rpc) as client:
            return text_of(await client.call_tool("add", {"a": 1, "b": 1}))

    using = asyncio.create_task(use())
    await asyncio.sleep(0)
    await start(address)
    async with asyncio.timeout(MAX_SECONDS):
        assert await using == "2"


async def loss_is_noticed(client: Client) -> None:
    """Until then a call may still be sent, and lost."""
    while True:
        try:
            await client.call_tool("add", {"a": 1, "b": 1})
        except ConnectError:
            return
        except ConnectionLost:
            continue


async def test_calls_that_wait_for_one_connection_share_its_failure(
    server: Server, connect: Connect, ledger: Ledger, rpc: str
) -> None:
    """Were each to try for itself, the last of them would wait for all the others' timeouts."""
    client = await connect(
        server.addresses[0], mode=MODERN, rpc=rpc, connect_timeout_seconds=TIMEOUT_SECONDS
    )
    await server.stop()
    await loss_is_noticed(client)
    began = time.monotonic()
    results = await asyncio.gather(
        *(client.call_tool("add", {"a": 1, "b": 1}) for _ in range(40)), return_exceptions=True
    )
    assert {type(result) for result in results} == {ConnectError}
    assert time.monotonic() - began < 10 * TIMEOUT_SECONDS


async def test_a_waiting_call_that_is_cancelled_does_not_spoil_the_others_connection(
    start: Start, connect: Connect
) -> None:
    server = await start()
    client = await connect(server.addresses[0], mode=MODERN)
    await server.drain(5)
    with pytest.raises(TimeoutError):
        # Until the loss has been noticed, a call may be sent; this one notices it.
        async with asyncio.timeout(0.1):
            await client.call_tool("add", {"a": 1, "b": 1})
    calls = [
        asyncio.create_task(client.call_tool("add", {"a": 1, "b": number})) for number in range(3)
    ]
    await asyncio.sleep(0)
    calls[0].cancel()
    await start(server.addresses[0])
    async with asyncio.timeout(MAX_SECONDS):
        assert [text_of(await call) for call in calls[1:]] == ["2", "3"]


async def test_trap_11_the_connect_timeout_does_not_bound_the_life_of_the_session(
    server: Server, connect: Connect, ledger: Ledger, rpc: str
) -> None:
    client = await connect(server.addresses[0], rpc=rpc, connect_timeout_seconds=TIMEOUT_SECONDS)
    call = asyncio.create_task(client.call_tool("wait"))
    done, _ = await asyncio.wait({call}, timeout=3 * TIMEOUT_SECONDS)
    assert not done
    ledger.release.set()
    async with asyncio.timeout(MAX_SECONDS):
        assert text_of(await call) == "released"
        assert text_of(await client.call_tool("add", {"a": 1, "b": 1})) == "2"


async def test_closing_while_connecting_is_possible_at_once(nobody: str, connect: Connect) -> None:
    entering = asyncio.create_task(connect(nobody))
    await asyncio.sleep(0)
    entering.cancel()
    async with asyncio.timeout(MAX_SECONDS):
        with pytest.raises(asyncio.CancelledError):
            await entering


async def test_an_address_that_is_none_is_refused_before_connecting() -> None:
    with pytest.raises(UsageError, match="is no address"):
        async with Client("not an address"):
            pytest.fail("it connected")
