"""What the HTTP door counts: scripted workloads against their ledger, and labels stay bounded."""

from __future__ import annotations

import asyncio
import json
import socket
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import pytest
import websockets
from prometheus_client import CollectorRegistry
from prometheus_client.openmetrics.exposition import generate_latest

from mcpgrpc.errors import UsageError
from mcpgrpc.gateway.metrics.figures import SECONDS_BOUNDS, DoorMetrics
from mcpgrpc.gateway.metrics.page import metrics_page
from mcpgrpc.testing import serving
from mcpgrpc_server import Server, ServerSettings
from mcpgrpc_server.http_door import door_metrics, http_door, private_address
from mcpgrpc_server.metrics import tallies
from tests.doors.door import (
    ANSWER_SECONDS,
    Door,
    http_client,
    modern_request,
    next_message,
    open_door,
    tool_call,
)
from tests.doors.door_app import Watched
from tests.metrics.scraped import Page, parsed, scraped

REQUESTS: Final = ("route", "method", "status", "era")


@dataclass
class Ledger:
    """What was done, by the labels of the counter that must have counted it."""

    requests: Counter[tuple[str, ...]] = field(default_factory=Counter)
    refusals: Counter[tuple[str, ...]] = field(default_factory=Counter)
    rpcs: Counter[tuple[str, ...]] = field(default_factory=Counter)
    events: Counter[tuple[str, ...]] = field(default_factory=Counter)

    def http(self, route: str, method: str, status: int | str, era: str = "") -> None:
        self.requests[route, method, str(status), era] += 1

    def check(self, page: Page) -> None:
        """Compare with what was counted, exactly."""
        assert page.series("mcpgrpc_door_requests_total", *REQUESTS) == self.requests
        assert page.series("mcpgrpc_door_refusals_total", "reason") == self.refusals
        assert page.series("mcpgrpc_door_upstream_rpcs_total", "rpc", "code") == self.rpcs
        assert page.series("mcpgrpc_door_events_sent_total", "kind") == self.events
        name = "mcpgrpc_door_request_duration_seconds_count"
        timed: Counter[tuple[str, ...]] = Counter()
        for labels, count in self.requests.items():
            timed[labels[:2]] += count
        assert page.series(name, "route", "method") == timed


def page_of(figures: DoorMetrics) -> Page:
    """What a scrape would show."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(figures)
    text = generate_latest(registry).decode()  # type: ignore[no-untyped-call]
    return Page(tuple(sample for family in parsed(text) for sample in family.samples))


async def settled(figures: DoorMetrics) -> Page:
    """What stands there once nothing is open: a response's end may lag its client."""
    async with asyncio.timeout(ANSWER_SECONDS):
        while True:
            page = page_of(figures)
            busy = ("mcpgrpc_door_requests_in_flight", "mcpgrpc_door_sessions")
            if not any(page.value(name) for name in busy):
                return page
            await asyncio.sleep(0)


@dataclass
class Counted:
    """A door that counts, its app, and what was done."""

    door: Door
    app: Watched
    figures: DoorMetrics
    note: Ledger = field(default_factory=Ledger)


@asynccontextmanager
async def counted(**settings: int) -> AsyncIterator[Counted]:
    watched, figures = Watched(), DoorMetrics()
    async with (
        serving(watched.app) as address,
        open_door(address, listener=figures, **settings) as door,
    ):
        yield Counted(door, watched, figures)


@pytest.fixture
async def at() -> AsyncIterator[Counted]:
    async with counted() as opened:
        yield opened


async def test_modern_requests_are_counted_by_how_they_ended(at: Counted) -> None:
    for text in ("a", "b"):
        answer = await at.door.modern("tools/call", tool_call(0, "echo", text=text)["params"])
        assert answer.status_code == 200
        at.note.http("/mcp", "POST", 200, "modern")
        at.note.rpcs["Call", "OK"] += 1
    assert (await at.door.modern("invented/method")).status_code == 404
    at.note.http("/mcp", "POST", 404, "modern")
    at.note.refusals["not_found",] += 1
    at.note.rpcs["Call", "OK"] += 1
    # An application's error is its answer, also where it looks like a refusal.
    assert (await at.door.modern("tools/call", tool_call(0, "forge")["params"])).status_code == 200
    at.note.http("/mcp", "POST", 200, "modern")
    at.note.rpcs["Call", "OK"] += 1
    at.note.check(await settled(at.figures))


async def test_what_the_cache_answers_needs_no_rpc(at: Counted) -> None:
    for _ in range(3):
        await at.door.modern("server/discover")
        at.note.http("/mcp", "POST", 200, "modern")
    page = await settled(at.figures)
    events = page.series("mcpgrpc_door_cache_events_total", "event", "method")
    hits = events.get(("hit", "server/discover"), 0)
    assert hits + events["miss", "server/discover"] == 3
    at.note.rpcs["Call", "OK"] += 3 - int(hits)
    at.note.check(page)


async def test_a_legacy_session_is_counted_with_its_stream_and_its_events(at: Counted) -> None:
    session = await at.door.initialize()
    page = page_of(at.figures)
    assert page.series("mcpgrpc_door_sessions", "kind") == {("http",): 1, ("websocket",): 0}
    for number in range(2):
        await at.door.legacy(tool_call(number, "headers"), session)
    headers = {"mcp-session-id": session}
    assert (await at.door.http.delete(at.door.mcp, headers=headers)).status_code == 200
    assert (await at.door.legacy(tool_call(9, "headers"), session)).status_code == 404
    at.note.refusals["not_found",] += 1
    for status, count in ((200, 3), (202, 1), (404, 1)):
        at.note.requests["/mcp", "POST", str(status), "legacy"] += count
    at.note.http("/mcp", "DELETE", 200, "legacy")
    at.note.events["sse",] += 3
    page = await settled(at.figures)
    at.note.rpcs.update(_ended_sessions(page, 1))
    at.note.check(page)


async def test_a_websocket_is_counted_with_its_messages(at: Counted) -> None:
    async with websockets.connect(at.door.ws) as socket:
        for number in range(3):
            await socket.send(json.dumps({"jsonrpc": "2.0", "id": number, "method": "ping"}))
            await socket.recv()
        page = page_of(at.figures)
        assert page.series("mcpgrpc_door_sessions", "kind")["websocket",] == 1
        assert page.series("mcpgrpc_door_requests_in_flight", "route")["/ws",] == 1
    at.note.http("/ws", "GET", 101)
    at.note.events["websocket",] += 3
    page = await settled(at.figures)
    at.note.rpcs.update(_ended_sessions(page, 1))
    at.note.check(page)


def _ended_sessions(page: Page, count: int) -> Counter[tuple[str, ...]]:
    """A stream that the door lets go either half-closes or is cancelled first."""
    found = page.series("mcpgrpc_door_upstream_rpcs_total", "rpc", "code")
    ended = {labels: int(value) for labels, value in found.items() if labels[0] == "Session"}
    assert sum(ended.values()) == count
    assert {code for _, code in ended} <= {"OK", "CANCELLED"}
    return Counter(ended)


async def test_a_client_that_leaves_cancels_its_call(at: Counted) -> None:
    params = tool_call(0, "hold")["params"] | {"_meta": {"progressToken": 1}}
    content, fields = modern_request("tools/call", params)
    async with at.door.http.stream("POST", at.door.mcp, content=content, headers=fields) as answer:
        await next_message(answer.aiter_lines())
    async with asyncio.timeout(ANSWER_SECONDS):
        await at.app.cancelled.wait()
    at.note.http("/mcp", "POST", 200, "modern")
    at.note.events["sse",] += 1
    at.note.rpcs["Call", "CANCELLED"] += 1
    at.note.check(await settled(at.figures))


async def test_refusals_are_counted_by_what_they_mean() -> None:
    async with counted(max_body_bytes=4096, max_calls=1) as at:
        door, note = at.door, at.note
        await door.modern("tools/list", origin="https://elsewhere.example")
        note.http("/mcp", "POST", 403, "modern")
        note.refusals["origin",] += 1
        await door.modern("tools/list", host="elsewhere.example")
        note.http("/mcp", "POST", 421, "modern")
        note.refusals["host",] += 1
        await door.modern("tools/call", tool_call(0, "echo", text="x" * 5000)["params"])
        note.http("/mcp", "POST", 413, "modern")
        note.refusals["too_large",] += 1
        await door.http.get(f"{door.url}/nothing/here")
        note.http("other", "GET", 404)
        note.refusals["not_found",] += 1
        gated = tool_call(0, "gated")["params"]
        running = asyncio.create_task(door.modern("tools/call", gated))
        await at.app.waiting(1)
        assert (await door.modern("tools/call", gated)).status_code == 503
        note.http("/mcp", "POST", 503, "modern")
        note.refusals["unavailable",] += 1
        at.app.go_on.set()
        await running
        note.http("/mcp", "POST", 200, "modern")
        note.rpcs["Call", "OK"] += 1
        note.check(await settled(at.figures))


async def test_refusals_of_the_service_are_counted_by_the_status_that_they_became() -> None:
    figures, note = DoorMetrics(), Ledger()
    settings = ServerSettings(listen=["127.0.0.1:0"], rate_limit="2/hour")
    async with (
        Server(Watched().app, settings=settings) as server,
        open_door(server.addresses[0], listener=figures) as door,
    ):
        params = {"cursor": "none is kept"}
        statuses = [(await door.modern("prompts/list", params)).status_code for _ in range(4)]
    assert statuses[2:] == [429, 429]
    for status in statuses:
        note.http("/mcp", "POST", status, "modern")
    note.refusals["too_many",] += 2
    note.rpcs["Call", "OK"] += 2
    note.rpcs["Call", "RESOURCE_EXHAUSTED"] += 2
    note.check(await settled(figures))


async def test_a_server_that_is_away_is_an_rpc_that_was_unavailable() -> None:
    figures, note = DoorMetrics(), Ledger()
    async with open_door("127.0.0.1:1", connect_timeout_seconds=0.2, listener=figures) as door:
        assert (await door.modern("tools/list")).status_code == 503
    note.http("/mcp", "POST", 503, "modern")
    note.refusals["unavailable",] += 1
    note.rpcs["Call", "UNAVAILABLE"] += 1
    note.check(await settled(figures))


async def test_bytes_of_bodies_are_counted_as_they_went(at: Counted) -> None:
    content, fields = modern_request("tools/call", tool_call(0, "headers")["params"])
    answer = await at.door.http.post(at.door.mcp, content=content, headers=fields)
    page = await settled(at.figures)
    assert page.value("mcpgrpc_door_bytes_total", direction="received") == len(content.encode())
    assert page.value("mcpgrpc_door_bytes_total", direction="sent") == len(answer.content)


async def test_whatever_clients_invent_makes_no_new_series(at: Counted) -> None:
    async def invent(number: int) -> None:
        word = f"invented-{number}"
        await at.door.http.request(word.upper(), f"{at.door.url}/{word}")
        await at.door.modern(f"{word}/method", {"name": word}, x_request_id=word)
        await at.door.modern("tools/call", tool_call(0, word)["params"], traceparent=word)
        await at.door.http.post(at.door.mcp, headers={"mcp-protocol-version": word})

    await invent(0)
    before = len((await settled(at.figures)).samples)
    for begin in range(1, 250, 25):
        await asyncio.gather(*(invent(number) for number in range(begin, begin + 25)))
    page = await settled(at.figures)
    assert len(page.samples) == before
    assert not [each for each in page.samples if "invented" in str(each.labels)]
    assert page.value("mcpgrpc_door_requests_total", route="other", method="other") == 251


def test_the_buckets_are_the_servers() -> None:
    assert SECONDS_BOUNDS == tallies.SECONDS_BOUNDS


async def test_the_page_is_openmetrics_with_the_process_beside_the_door(at: Counted) -> None:
    await at.door.http.get(f"{at.door.url}/health")
    await settled(at.figures)
    async with metrics_page(at.figures, "127.0.0.1:0") as address:
        page = await scraped(address)
    assert page.value("mcpgrpc_door_requests_total", route="/health") == 1
    assert "process_cpu_seconds_total" in page.names()
    assert not [name for name in page.names() if name.startswith("mcpgrpc") and "created" in name]


@pytest.mark.parametrize("address", ["nowhere", "127.0.0.1:", "127.0.0.1:99999", ":1"])
async def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(UsageError, match="is no address for metrics"):
        async with metrics_page(DoorMetrics(), address):
            pass


async def test_an_address_that_is_taken_is_refused_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(UsageError, match=f"metrics cannot be served at {address}: "):
            async with metrics_page(DoorMetrics(), address):
                pass


async def test_the_door_of_serve_stands_on_the_servers_own_page() -> None:
    settings = ServerSettings(listen=["127.0.0.1:0"], http="127.0.0.1:0", metrics="127.0.0.1:0")
    figures = door_metrics(settings)
    assert figures is not None
    with private_address() as address:
        async with http_door(settings, address, figures) as running, http_client() as http:
            server = Server(Watched().app, settings=settings, private_address=address)
            server.collectors.append(figures)
            async with server:
                door = Door(running, http)
                await door.modern("tools/call", tool_call(0, "headers")["params"])
                await settled(figures)
                page = await scraped(server.metrics_address)
    assert page.value("mcpgrpc_door_requests_total", route="/mcp", status="200") == 1
    assert page.value("mcpgrpc_requests_total", method="tools/call") == 1


def test_without_metrics_nobody_counts_at_the_door_of_serve() -> None:
    assert door_metrics(ServerSettings(http="127.0.0.1:0")) is None
