"""Metrics of a live server: where they are, that labels are bounded, and what costs nothing."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from mcp.server import MCPServer
from pydantic import ValidationError

from mcpgrpc import Client
from mcpgrpc.errors import ConnectError, RemoteError
from mcpgrpc_server import ListenError, Server, ServerSettings
from mcpgrpc_server.metrics.settings import MetricsSettings
from tests.metrics.scraped import Page, fetched, scraped
from tests.transport_security.authority import Authority
from tests.wire.raw import MAX_SECONDS


@asynccontextmanager
async def serving(app: object = None, **settings: Any) -> AsyncIterator[Server]:
    """A server of an app that adds, with metrics."""
    if app is None:
        app = MCPServer("adds")

        @app.tool()
        async def add(a: int, b: int) -> int:
            return a + b

    chosen = {"listen": ["127.0.0.1:0"], "metrics": "127.0.0.1:0"} | settings
    async with Server(app, settings=ServerSettings(**chosen)) as server:
        yield server


async def labelled(server: Server, tool: str) -> Page:
    """A page once a tool has a label: the list of tools is read beside the start."""
    async with asyncio.timeout(MAX_SECONDS), Client(server.addresses[0]) as client:
        while True:
            await client.call_tool(tool, {"a": 1, "b": 2})
            page = await scraped(server.metrics_address)
            if page.value("mcpgrpc_requests_total", tool=tool):
                return page


async def test_a_thousand_invented_tools_and_methods_make_no_series() -> None:
    async with serving() as server, Client(server.addresses[0]) as client:
        await labelled(server, "add")
        for number in range(1_000):
            await client.call_tool(f"invented_{number}", {})
        for number in range(100):
            with pytest.raises(RemoteError):
                await client.request(f"invented/{number}", {})
        page = await scraped(server.metrics_address)
    assert page.value("mcpgrpc_requests_total", tool="other") == 1_000
    assert page.value("mcpgrpc_requests_total", method="other") == 100
    tools = set(page.series("mcpgrpc_requests_total", "tool"))
    assert tools == {("",), ("add",), ("other",)}
    assert not any("invented" in str(each.labels) for each in page.samples)


async def test_tools_beyond_the_bound_share_a_label() -> None:
    app = MCPServer("many")
    for name in ("one", "two", "three"):
        app.add_tool(lambda a=0, b=0: a + b, name=name, description="Adds.")
    async with serving(app, metrics_max_tools=2) as server:
        await labelled(server, "two")
        async with Client(server.addresses[0]) as client:
            await client.call_tool("three", {})
        page = await scraped(server.metrics_address)
    assert page.value("mcpgrpc_requests_total", tool="other") == 1
    assert page.value("mcpgrpc_requests_total", tool="three") == 0


async def test_without_the_setting_nothing_is_served_and_nothing_loaded() -> None:
    async with serving(metrics="") as server:
        assert server.metrics_address == ""
    code = (
        "import sys; from mcpgrpc_server import Server; from mcp.server import MCPServer;"
        "Server(MCPServer('x')); sys.exit('prometheus_client' in sys.modules)"
    )
    done = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", code], check=False)
    assert done.returncode == 0


async def test_a_port_that_is_taken_ends_the_start_and_leaves_nothing() -> None:
    async with serving() as taken:
        server = Server(
            MCPServer("late"),
            settings=ServerSettings(listen=["127.0.0.1:0"], metrics=taken.metrics_address),
        )
        with pytest.raises(ListenError, match=r"^metrics cannot be served at"):
            await server.start()
        assert (await fetched(taken.metrics_address))[0] == 200
    with pytest.raises(ConnectError):
        async with Client(server.addresses[0], connect_timeout_seconds=0.5):
            pass


async def test_the_page_is_gone_when_the_server_has_stopped() -> None:
    async with serving() as server:
        address = server.metrics_address
    with pytest.raises(OSError, match="refused"):
        await fetched(address)


@pytest.mark.parametrize(
    "address", ["nowhere", "unix:/tmp/s", "tls:127.0.0.1:0", "127.0.0.1:70000", ":1"]
)
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(ValidationError):
        MetricsSettings(metrics=address)


def test_plaintext_may_be_said_of_what_is_always_so() -> None:
    assert MetricsSettings(metrics="plaintext:127.0.0.1:9464").metrics == "127.0.0.1:9464"


async def test_the_end_of_the_certificate_on_disk_is_told(tmp_path: Path) -> None:
    authority = Authority()
    server_side = authority.server()
    cert, key = server_side.files(tmp_path)
    async with serving(tls_cert=cert, tls_key=key) as server:
        page = await scraped(server.metrics_address)
        told = page.value("mcpgrpc_certificate_expiry_timestamp_seconds", setting="tls_cert")
        assert told == server_side.certificate.not_valid_after_utc.timestamp()
        await asyncio.to_thread(Path(cert).unlink)
        page = await scraped(server.metrics_address)
        assert "mcpgrpc_certificate_expiry_timestamp_seconds" not in page.names()


async def test_an_upstream_that_is_down_is_told(tmp_path: Path) -> None:
    upstreams = {"gone": {"command": f"{tmp_path}/nothing"}}
    chosen = {"listen": ["127.0.0.1:0"], "metrics": "127.0.0.1:0", "upstreams": upstreams}
    async with Server(None, settings=ServerSettings.model_validate(chosen)) as server:
        page = await scraped(server.metrics_address)
    assert page.series("mcpgrpc_upstream_up", "upstream") == {("gone",): 0}


async def test_what_a_cache_does_is_counted() -> None:
    settings = {"cache_ttl": ["tools/list=60"], "cache_results": ["tools/list"]}
    async with serving(**settings) as server:
        page = await labelled(server, "add")
        before = page.series("mcpgrpc_cache_events_total", "event", "method")
        async with Client(server.addresses[0], cache=None) as client:
            for _ in range(3):
                await client.list_tools()
        page = await scraped(server.metrics_address)
    after = page.series("mcpgrpc_cache_events_total", "event", "method")
    hits = ("hit", "tools/list")
    assert after[hits] - before.get(hits, 0) >= 2
    assert after[("kept", "tools/list")] >= 1


async def test_a_loop_that_was_stuck_is_seen() -> None:
    async with serving() as server, asyncio.timeout(MAX_SECONDS):
        stuck = asyncio.get_running_loop().time() + 1.2
        while asyncio.get_running_loop().time() < stuck:
            pass
        while True:
            page = await scraped(server.metrics_address)
            total = page.value("mcpgrpc_event_loop_lag_seconds_count")
            if total > page.value("mcpgrpc_event_loop_lag_seconds_bucket", le="0.25"):
                return


async def test_versions_are_told() -> None:
    async with serving() as server:
        (sample,) = (
            each
            for each in (await scraped(server.metrics_address)).samples
            if each.name == "mcpgrpc_build_info"
        )
    assert sample.value == 1
    assert sample.labels["python"] == ".".join(map(str, sys.version_info[:3]))
