"""Large messages in pieces, the window, and peers that do not read."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from mcpgrpc.errors import ServiceError
from mcpgrpc_server import Server
from tests.client.app import MEGABYTE, Ledger, text_of
from tests.client.conftest import MODERN, Connect, Start

MAX_SECONDS = 30


@pytest.mark.parametrize("megabytes", [2, 10])
async def test_large_results_and_arguments_travel_both_ways(
    server: Server, connect: Connect, rpc: str, megabytes: int
) -> None:
    client = await connect(server.addresses[0], rpc=rpc)
    async with asyncio.timeout(MAX_SECONDS):
        assert len(text_of(await client.call_tool("large", {"megabytes": megabytes}))) == (
            megabytes * MEGABYTE
        )
        text = "ä" * (megabytes * MEGABYTE // 2)
        result = await client.call_tool("length", {"text": text})
    assert result.structured_content == {"result": len(text)}


async def test_a_large_message_does_not_block_small_ones(server: Server, connect: Connect) -> None:
    client = await connect(server.addresses[0])
    finished: list[str] = []

    async def call(name: str, arguments: dict[str, Any]) -> None:
        await client.call_tool(name, arguments)
        finished.append(name)

    async with asyncio.timeout(MAX_SECONDS):
        await asyncio.gather(
            call("length", {"text": "x" * (10 * MEGABYTE)}), call("add", {"a": 1, "b": 1})
        )
    assert finished == ["add", "length"]


async def test_a_message_beyond_the_servers_limit_fails_alone_and_names_the_limit(
    start: Start, connect: Connect
) -> None:
    server = await start(max_envelope_bytes=MEGABYTE)
    client = await connect(server.addresses[0])
    beside = asyncio.create_task(client.call_tool("large", {"megabytes": 1}))
    with pytest.raises(ServiceError, match=f"beyond the {MEGABYTE} bytes") as refused:
        await client.call_tool("length", {"text": "x" * MEGABYTE})
    assert (refused.value.reason, refused.value.execution) == ("MESSAGE_TOO_LARGE", "NOT_STARTED")
    async with asyncio.timeout(MAX_SECONDS):
        assert len(text_of(await beside)) == MEGABYTE
        assert text_of(await client.call_tool("add", {"a": 1, "b": 1})) == "2"


async def test_a_result_beyond_the_clients_limit_fails_alone(
    server: Server, connect: Connect, rpc: str
) -> None:
    client = await connect(server.addresses[0], rpc=rpc)
    with pytest.raises(ServiceError) as refused:
        await client.call_tool("large", {"megabytes": 17})
    assert (refused.value.reason, refused.value.execution) == ("MESSAGE_TOO_LARGE", "MAYBE")
    assert str(16 * MEGABYTE) in str(refused.value)
    assert text_of(await client.call_tool("add", {"a": 1, "b": 1})) == "2"


async def test_a_call_beyond_what_grpc_takes_is_refused_here(
    server: Server, connect: Connect, rpc: str
) -> None:
    client = await connect(server.addresses[0], rpc=rpc)
    with pytest.raises(ServiceError) as refused:
        await client.call_tool("length", {"text": "x" * (17 * MEGABYTE)})
    assert (refused.value.reason, refused.value.execution) == ("MESSAGE_TOO_LARGE", "NOT_STARTED")
    assert text_of(await client.call_tool("add", {"a": 1, "b": 1})) == "2"


async def test_a_call_beyond_the_servers_message_limit_is_no_lost_connection(
    start: Start, connect: Connect
) -> None:
    server = await start(max_message_bytes=MEGABYTE)
    client = await connect(server.addresses[0], rpc="call")
    with pytest.raises(ServiceError, match="larger than max") as refused:
        await client.call_tool("length", {"text": "x" * (2 * MEGABYTE)})
    assert refused.value.code == 8
    assert text_of(await client.call_tool("add", {"a": 1, "b": 1})) == "2"


async def test_3000_calls_at_once_wait_for_a_window_of_8_and_none_is_refused(
    start: Start, connect: Connect, ledger: Ledger
) -> None:
    server = await start(max_in_flight=8)
    client = await connect(server.addresses[0], mode=MODERN)
    async with asyncio.timeout(MAX_SECONDS):
        results = await asyncio.gather(
            *(client.call_tool("count", {"number": number}) for number in range(3000))
        )
    assert [text_of(result) for result in results] == [str(number) for number in range(3000)]
    assert set(ledger.executed.values()) == {1}


async def test_a_call_that_is_cancelled_while_it_waits_for_the_window_frees_its_place(
    start: Start, connect: Connect, ledger: Ledger
) -> None:
    server = await start(max_in_flight=1)
    client = await connect(server.addresses[0], mode=MODERN)
    async with asyncio.timeout(MAX_SECONDS):
        first = asyncio.create_task(client.call_tool("wait"))
        await ledger.started.wait()
        waiting = asyncio.create_task(client.call_tool("count", {"number": 1}))
        behind = asyncio.create_task(client.call_tool("count", {"number": 2}))
        await asyncio.sleep(0)
        waiting.cancel()
        ledger.release.set()
        assert text_of(await first) == "released"
        assert text_of(await behind) == "2"
    assert ledger.executed[1] == 0


async def test_trap_09_no_client_waits_for_another_ones_calls(
    server: Server, connect: Connect, ledger: Ledger
) -> None:
    """No lock, no window and no level that clients share."""
    busy = await connect(server.addresses[0])
    other = await connect(server.addresses[0])
    async with asyncio.timeout(MAX_SECONDS):
        stuck = [asyncio.create_task(busy.call_tool("wait")) for _ in range(50)]
        await ledger.started.wait()
        for number in range(20):
            assert text_of(await other.call_tool("count", {"number": number})) == str(number)
        assert not any(call.done() for call in stuck)
        ledger.release.set()
        await asyncio.gather(*stuck)
