"""A Session that is old sends its client elsewhere, over a new connection, and nothing is lost."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

import grpc
import pytest
from mcp.server import MCPServer

import mcpgrpc
from mcpgrpc.binding.core import StreamCore
from mcpgrpc.binding.era import Era, EraGate
from mcpgrpc.binding.limits import Limits
from mcpgrpc.v1 import envelope_pb2, errors_pb2, session_pb2
from mcpgrpc_server import Server, ServerSettings
from mcpgrpc_server.host import StreamBounds
from mcpgrpc_server.session.age import StreamAge
from mcpgrpc_server.stream_settings import channel_options
from mcpgrpc_server.telemetry import NoTelemetry, RequestInfo, StreamInfo
from tests.wire.app import Probe
from tests.wire.raw import (
    INITIALIZE,
    OpenSession,
    RawSession,
    Serve,
    request,
    text_of,
    tool,
    within,
)

SECONDS = 60.0
AGE_SECONDS = 1.0


async def holding(session: RawSession, probe: Probe) -> None:
    """A request runs on it."""
    await session.send(tool(1, "hold", {"key": "a"}))
    await within(probe.began["a"].wait())


async def outlived(server: Server, opened: OpenSession) -> None:
    """A Session has come and has been too old."""
    session = await opened(server)
    await session.next("go_away")
    assert (await session.ending()).code is grpc.StatusCode.OK


async def test_a_session_that_is_too_old_takes_no_more_and_finishes_what_it_has(
    serve: Serve, opened: OpenSession, probe: Probe
) -> None:
    server = await serve(max_connection_age_seconds=AGE_SECONDS)
    session = await opened(server)
    await holding(session, probe)
    go_away = await session.next("go_away")
    assert go_away.reason == session_pb2.GO_AWAY_REASON_MAX_AGE
    assert go_away.accepted_requests == 1
    assert go_away.grace.ToSeconds() == 3_600
    await session.send(tool(2, "echo", {"value": "late"}))
    refused = await session.response(2)
    assert refused.reason == errors_pb2.ERROR_REASON_DRAINING
    assert refused.execution == errors_pb2.EXECUTION_NOT_STARTED
    # By now its connection is too old as well; that cuts nothing off.
    await outlived(server, opened)
    probe.gates["a"].set()
    assert text_of(await session.response(1)) == "a"
    assert (await session.ending()).code is grpc.StatusCode.OK


async def test_past_the_grace_of_its_age_what_runs_may_have_been_executed(
    serve: Serve, opened: OpenSession, probe: Probe
) -> None:
    server = await serve(
        max_connection_age_seconds=AGE_SECONDS, max_connection_age_grace_seconds=0.05
    )
    session = await opened(server)
    await holding(session, probe)
    response = await session.response(1)
    assert response.reason == errors_pb2.ERROR_REASON_DRAIN_DEADLINE
    assert response.execution == errors_pb2.EXECUTION_MAYBE
    assert (await session.ending()).code is grpc.StatusCode.OK


async def test_a_legacy_session_cannot_move_and_lives_until_the_drain(
    serve: Serve, opened: OpenSession, probe: Probe
) -> None:
    server = await serve(max_connection_age_seconds=AGE_SECONDS)
    session = await opened(server)
    await session.initialize()
    for _ in range(2):
        await outlived(server, opened)
    call = json.dumps({"name": "hold", "arguments": {"key": "a"}})
    await session.send(request(1, "tools/call", call))
    await within(probe.began["a"].wait())
    drain = asyncio.create_task(server.drain(grace_seconds=SECONDS))
    assert (await session.next("go_away")).reason == session_pb2.GO_AWAY_REASON_SHUTDOWN
    probe.gates["a"].set()
    assert text_of(await session.response(1)) == "a"
    await within(drain)


def aged(core: StreamCore[Any]) -> tuple[StreamAge, asyncio.Future[float]]:
    """A stream that is too old at once, and when it drains."""
    drained: asyncio.Future[float] = asyncio.get_running_loop().create_future()
    bounds = StreamBounds(max_age_seconds=0.001, max_age_grace_seconds=7)
    return StreamAge(core, bounds, drained.set_result, lambda: None), drained


def core_with(*methods: str) -> StreamCore[Any]:
    core: StreamCore[Any] = StreamCore(Limits(), EraGate(Era.OPEN))
    for number, method in enumerate(methods):
        core.receive_envelope(request(number + 1, method, json.dumps(INITIALIZE)))
    return core


async def test_a_stream_whose_initialize_runs_is_given_time_to_become_legacy() -> None:
    initializing, idle = core_with("initialize"), core_with()
    age, drained = aged(initializing)
    other_age, other_drained = aged(idle)
    age.start()
    other_age.start()
    assert await within(other_drained) == 7
    assert not drained.done(), "it would lose the session that it is being given"
    (running,) = initializing.in_flight.all()
    initializing.answered(running, envelope_pb2.JsonRpcResponse(result_json="{}"))
    assert initializing.era.era is Era.LEGACY
    age.stop()
    other_age.stop()


async def test_a_stream_whose_initialize_failed_is_too_old_like_any_other() -> None:
    core = core_with("initialize")
    age, drained = aged(core)
    age.start()
    (running,) = core.in_flight.all()
    error = envelope_pb2.JsonRpcError(code=-32602, message="no")
    core.answered(running, envelope_pb2.JsonRpcResponse(error=error))
    assert await within(drained) == 7
    age.stop()


async def test_without_an_age_neither_streams_nor_connections_have_one() -> None:
    options = dict(channel_options(ServerSettings(max_connection_age_seconds=0)))
    assert "grpc.max_connection_age_ms" not in options
    age = StreamAge(core_with(), StreamBounds(max_age_seconds=0), print, print)
    age.start()
    assert age._timer is None


async def test_no_grace_of_grpc_cuts_streams_off_when_their_connection_is_old() -> None:
    options = dict(channel_options(ServerSettings()))
    assert options["grpc.max_connection_age_ms"] > 0
    assert "grpc.max_connection_age_grace_ms" not in options


class Ledger(NoTelemetry):
    """Where requests came from, and what was executed."""

    def __init__(self) -> None:
        self.executed: Counter[str] = Counter()
        self.streams: Counter[int] = Counter()
        self.connections: Counter[str] = Counter()

    def request_started(self, request: RequestInfo) -> None:
        self.streams[request.stream.stream_id] += 1
        self.connections[request.stream.peer] += 1

    def stream_opened(self, stream: StreamInfo) -> None:
        self.connections[stream.peer] += 0

    def app(self) -> MCPServer[Any]:
        app: MCPServer[Any] = MCPServer("counting")

        @app.tool()
        async def count(key: str) -> str:
            self.executed[key] += 1
            # Others get their turn while it runs.
            await asyncio.sleep(0)
            return key

        return app


async def load(client: mcpgrpc.Client, name: str, enough: Callable[[], bool]) -> list[str]:
    """Four calls at a time until it is enough; gives what was called."""
    called: list[str] = []

    async def line(number: int) -> None:
        while not enough():
            key = f"{name}.{number}.{len(called)}"
            called.append(key)
            result = await client.call_tool("count", {"key": key})
            assert result.content[0].text == key

    await asyncio.gather(*(line(number) for number in range(4)))
    return called


@pytest.mark.parametrize(
    "options",
    [{"mode": "2026-07-28"}, {"mode": "legacy"}, {"mode": "2026-07-28", "rpc": "call"}],
    ids=["modern", "legacy", "call"],
)
async def test_constant_load_from_eight_clients_loses_no_call_to_age(
    options: dict[str, Any],
) -> None:
    ledger = Ledger()
    settings = ServerSettings(
        listen=["127.0.0.1:0"],
        max_connection_age_seconds=AGE_SECONDS,
        max_connection_age_grace_seconds=SECONDS,
    )
    async with (
        asyncio.timeout(2 * SECONDS),
        Server(ledger.app(), settings=settings, telemetry=ledger) as server,
        AsyncExitStack() as stack,
    ):
        clients = [
            await stack.enter_async_context(mcpgrpc.Client(server.addresses[0], **options))
            for _ in range(8)
        ]
        moved = asyncio.Event()
        asyncio.get_running_loop().call_later(4 * AGE_SECONDS, moved.set)

        def enough() -> bool:
            return moved.is_set() and len(ledger.executed) >= 1_000

        called = await asyncio.gather(
            *(load(client, str(number), enough) for number, client in enumerate(clients))
        )
    keys = [key for each in called for key in each]
    assert ledger.executed == Counter(keys), "each once, and none without being asked"
    if "rpc" in options:
        assert len(ledger.connections) >= 2
    elif options["mode"] == "legacy":
        assert len(ledger.streams) == len(clients)
    else:
        assert len(ledger.streams) >= 3 * len(clients)
        assert len(ledger.connections) >= 2
