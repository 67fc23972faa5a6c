"""The page of metrics: where it is, how it is bounded, and that it outlives a stuck loop."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from prometheus_client import CollectorRegistry

from mcpgrpc_server.listeners import ListenError
from mcpgrpc_server.metrics.endpoint import MAX_CONNECTIONS, MetricsEndpoint
from tests.metrics.scraped import MAX_SECONDS, OPENMETRICS, _fetched, fetched


@asynccontextmanager
async def serving(address: str = "127.0.0.1:0") -> AsyncIterator[str]:
    endpoint = MetricsEndpoint(CollectorRegistry(), address)
    bound = await endpoint.start()
    try:
        yield bound
    finally:
        await endpoint.stop()


async def test_it_speaks_openmetrics_to_who_takes_it_and_the_older_text_to_others() -> None:
    async with serving() as address:
        status, kind, text = await fetched(address)
        assert (status, text) == (200, "# EOF\n")
        assert kind.startswith("application/openmetrics-text; version=1.0.0")
        _, kind, _ = await fetched(address, accept="*/*")
        assert kind.startswith("text/plain; version=0.0.4")


async def test_ipv6_is_served_where_it_is_asked_for() -> None:
    async with serving("[::1]:0") as address:
        assert address.startswith("[::1]:")
        assert (await fetched(address))[0] == 200


async def test_a_port_that_is_taken_is_told_in_one_line() -> None:
    async with serving() as address:
        with pytest.raises(ListenError, match=f"^metrics cannot be served at {address}: .+$"):
            await MetricsEndpoint(CollectorRegistry(), address).start()


async def test_its_port_is_free_again_after_a_stop() -> None:
    async with serving() as address:
        pass
    async with serving(address) as again:
        assert again == address


async def test_a_stop_before_a_start_and_a_second_one_are_nothing() -> None:
    endpoint = MetricsEndpoint(CollectorRegistry(), "127.0.0.1:0")
    await endpoint.stop()
    await endpoint.start()
    await endpoint.stop()
    await endpoint.stop()


async def test_it_answers_while_the_event_loop_is_stuck() -> None:
    async with serving() as address:
        statuses: list[int] = []
        scrape = threading.Thread(
            target=lambda: statuses.append(_fetched(address, "/metrics", OPENMETRICS)[0])
        )
        scrape.start()
        scrape.join(MAX_SECONDS)  # on the loop's own thread: nothing else of it runs
        assert statuses == [200]


async def test_connections_beyond_the_bound_are_closed_and_places_come_back() -> None:
    async with serving() as address, asyncio.timeout(MAX_SECONDS):
        host, _, port = address.rpartition(":")
        # Silent ones, each of which holds a thread until it speaks or its time is over.
        silent = [
            await asyncio.to_thread(socket.create_connection, (host, int(port)))
            for _ in range(MAX_CONNECTIONS)
        ]
        reader, writer = await asyncio.open_connection(host, int(port))
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()
        for each in silent:
            each.close()
        while True:
            try:
                assert (await fetched(address))[0] == 200
            except OSError:
                continue
            break


async def test_what_is_no_http_harms_nobody() -> None:
    async with serving() as address, asyncio.timeout(MAX_SECONDS):
        host, _, port = address.rpartition(":")
        for hostile in (b"\0" * 100, b"GET /metrics\r\n\r\n", b"POST /metrics HTTP/1.1\r\n\r\n"):
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(hostile)
            writer.write_eof()
            await reader.read()
            writer.close()
            await writer.wait_closed()
        assert (await fetched(address))[0] == 200
