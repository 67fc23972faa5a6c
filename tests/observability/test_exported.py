"""Metrics that are named somewhere are exported by a live server, and all are documented."""

from __future__ import annotations

import pytest
from mcp.server import MCPServer

from mcpgrpc import Client
from mcpgrpc.gateway.metrics.figures import DoorMetrics
from mcpgrpc_server import Server, ServerSettings
from mcpgrpc_server.fleet.counts import FleetCounts
from mcpgrpc_server.metrics.fleet import fleet_figures
from tests.observability.named import (
    documented,
    expressions_of_alerts,
    expressions_of_dashboard,
    metrics_in,
)
from tests.transport_security.authority import Authority

SUFFIXES = ("_bucket", "_count", "_sum")


@pytest.fixture(scope="module")
async def exported(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The families of a door, of a fleet, and of a server with TLS, a cache and an upstream.

    The server has drained.
    """
    folder = tmp_path_factory.mktemp("exported")
    cert, key = Authority().server().files(folder)
    settings = ServerSettings.model_validate(
        {
            "listen": ["plaintext:127.0.0.1:0"],
            "metrics": "127.0.0.1:0",
            "tls_cert": cert,
            "tls_key": key,
            "cache_results": ["tools/list"],
            "upstreams": {"gone": {"command": f"{folder}/nothing"}},
        }
    )
    server = Server(MCPServer("exports"), settings=settings)
    async with server:
        async with Client(server.addresses[0]) as client:
            await client.list_tools()
        assert server._metrics is not None
        metrics = server._metrics
        await server.drain(0)
    fleet = [figure.family() for figure in fleet_figures(FleetCounts())]
    found = {family.name for family in (*metrics.families(), *DoorMetrics().collect(), *fleet)}
    return found | {f"{name}_total" for name in found}


def family_of(name: str) -> str:
    """A histogram's samples have endings that its family has not."""
    return next((name.removesuffix(each) for each in SUFFIXES if name.endswith(each)), name)


@pytest.mark.parametrize("where", ["dashboard", "alerts"])
def test_what_is_named_is_exported(exported: set[str], where: str) -> None:
    found = expressions_of_dashboard() if where == "dashboard" else expressions_of_alerts()
    named = {name for each in found for name in metrics_in(each) if name.startswith("mcpgrpc_")}
    assert named, "no metric is named"
    assert {family_of(name) for name in named} - exported == set()


def test_every_metric_is_documented_and_no_other(exported: set[str]) -> None:
    counters = {name for name in exported if name.endswith("_total")}
    others = exported - counters
    told = documented()
    assert told <= exported
    assert {name.removesuffix("_total") for name in told} == others
