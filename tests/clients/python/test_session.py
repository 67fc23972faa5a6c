"""Many calls on one Session, with the package's own client over it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from mcpgrpc import Client
from mcpgrpc.errors import ServiceError
from mcpgrpc_server import Server
from mcpgrpc_server.telemetry import NoTelemetry, StreamInfo
from tests.clients.app import App
from tests.clients.python.stubs import new_key
from tests.clients.tools import EXAMPLE_URI, Shared, Tools

CALLS = 200


class Frames(NoTelemetry):
    """How many items the frames of a server had."""

    def __init__(self) -> None:
        self.received: list[int] = []
        self.sent: list[int] = []

    def frame_received(self, stream: StreamInfo, items: int, size_bytes: int) -> None:
        self.received.append(items)

    def frame_sent(self, stream: StreamInfo, items: int, size_bytes: int) -> None:
        self.sent.append(items)


@asynccontextmanager
async def opened(client: Client, **settings: Any) -> AsyncIterator[tuple[str, Client]]:
    """A client of a further server, which is closed in the end."""
    answer = await client.call_tool("open_server", settings)
    assert isinstance(answer.structured_content, dict)
    address: str = answer.structured_content["address"]
    async with Client(address, connect_timeout_seconds=3) as further:
        yield address, further
    await client.call_tool("close_server", {"address": address})


@pytest.fixture
async def client(environment: dict[str, str]) -> AsyncIterator[Client]:
    async with Client(environment["MCPGRPC_ADDRESS"]) as client:
        yield client


async def added(client: Client, number: int) -> Any:
    answer = await client.call_tool("add", {"a": number, "b": 1}, timeout=30)
    return answer.structured_content


async def test_calls_on_one_stream_each_get_their_own_answer(client: Client) -> None:
    answers = await asyncio.gather(*(added(client, number) for number in range(CALLS)))
    assert answers == [{"result": number + 1} for number in range(CALLS)]


async def test_the_servers_window_is_kept(client: Client) -> None:
    async with opened(client, window=4) as (_, narrow):
        answers = await asyncio.gather(*(added(narrow, number) for number in range(CALLS)))
    assert answers == [{"result": number + 1} for number in range(CALLS)]


async def test_frames_carry_several_envelopes_both_ways() -> None:
    frames = Frames()
    app = App(Tools(Shared()).by_name(), Shared()).server
    async with (
        Server(app, ["127.0.0.1:0"], telemetry=frames) as server,
        Client(server.addresses[0]) as client,
    ):
        await asyncio.gather(*(added(client, number) for number in range(CALLS)))
    assert max(frames.received) > 1
    assert max(frames.sent) > 1


async def test_a_cancelled_call_is_cancelled_at_the_server(client: Client) -> None:
    key = new_key()
    begun = asyncio.Event()

    def heard(*progress: Any) -> None:
        begun.set()

    waiting = asyncio.create_task(client.call_tool("wait", {"key": key}, on_progress=heard))
    await asyncio.wait_for(begun.wait(), 30)
    waiting.cancel()
    await client.call_tool("settled", {"key": key}, timeout=30)
    answer = await client.call_tool("waits", {})
    assert isinstance(answer.structured_content, dict)
    assert answer.structured_content["cancelled"][key] == 1


async def test_what_runs_in_a_drain_is_finished_and_what_comes_later_has_not_run(
    client: Client,
) -> None:
    key = new_key()
    begun = asyncio.Event()

    def heard(*progress: Any) -> None:
        begun.set()

    async with opened(client) as (address, draining):
        waiting = asyncio.create_task(draining.call_tool("wait", {"key": key}, on_progress=heard))
        await asyncio.wait_for(begun.wait(), 30)
        settled = asyncio.create_task(draining.call_tool("settled", {"key": key}, timeout=30))
        await added(draining, 1)
        await client.call_tool("drain_server", {"address": address})
        refused = await first_failure(draining)
        waiting.cancel()
        assert (await settled).content[0].text == "settled"
    assert refused.execution == "NOT_STARTED"


async def first_failure(client: Client) -> ServiceError:
    """How calls fail once GoAway has come; until then they are answered."""
    while True:
        try:
            await added(client, 1)
        except ServiceError as error:
            return error


async def test_a_subscription_hears_of_changes_beside_calls(client: Client) -> None:
    async with client.listen(tools=True, resource_uris=[EXAMPLE_URI]) as changes:
        await client.call_tool("change", {})
        heard = [await asyncio.wait_for(anext(changes), 30) for _ in range(2)]
    assert len(heard) == 2
