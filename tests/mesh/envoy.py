"""The real Envoy, as `deploy/envoy` has it, in front of the replicas of a test.

What proves callers, encrypts, translates and logs is taken out of the configuration, and addresses
are changed: what routes, balances, checks health, ejects and sends again is what the project ships.
It starts no replica.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import httpx2
import yaml

from tests.conformance.processes import started
from tests.interop.programs import required

SHIPPED: Final = Path(__file__).parents[2] / "deploy" / "envoy"
KEPT_FILTER: Final = "envoy.filters.http.router"
ASK_SECONDS: Final = 20.0
CHANGE_SECONDS: Final = 40.0
LOOK_SECONDS: Final = 0.05
UNHEALTHY: Final = "failed_active_health_check"


def shipped_cluster() -> dict[str, Any]:
    """What is shipped for servers behind a headless Service."""
    (cluster,) = _loaded("replicas.yaml")["resources"]
    assert isinstance(cluster, dict)
    return cluster


def health_check_seconds() -> tuple[float, float]:
    """Between two health checks at most, and how long one may take, as shipped."""
    (check,) = shipped_cluster()["health_checks"]
    interval, jitter, timeout = (
        float(check[name].removesuffix("s")) for name in ("interval", "interval_jitter", "timeout")
    )
    return interval + jitter, timeout


def configuration(addresses: Sequence[str]) -> dict[str, Any]:
    """What Envoy is told: as shipped, for these replicas, in plaintext."""
    told = _loaded("envoy.yaml")
    told["admin"]["address"] = _socket("127.0.0.1", 0)
    del told["dynamic_resources"]
    (listener,) = told["static_resources"]["listeners"]
    listener["address"] = _socket("127.0.0.1", 0)
    (chain,) = listener["filter_chains"]
    del chain["transport_socket"]
    manager = chain["filters"][0]["typed_config"]
    del manager["access_log"]
    manager["http_filters"] = [
        each for each in manager["http_filters"] if each["name"] == KEPT_FILTER
    ]
    told["static_resources"]["clusters"] = [_cluster(addresses)]
    return told


def _loaded(name: str) -> dict[str, Any]:
    content = yaml.safe_load((SHIPPED / name).read_text(encoding="utf-8"))
    assert isinstance(content, dict)
    return content


def _socket(host: str, port: int) -> dict[str, Any]:
    return {"socket_address": {"address": host, "port_value": port}}


def _cluster(addresses: Sequence[str]) -> dict[str, Any]:
    cluster = shipped_cluster()
    for unneeded in ("@type", "transport_socket"):
        del cluster[unneeded]
    places = [address.rpartition(":") for address in addresses]
    endpoints = [{"endpoint": {"address": _socket(host, int(port))}} for host, _, port in places]
    cluster["type"] = "STATIC"
    cluster["load_assignment"]["endpoints"] = [{"lb_endpoints": endpoints}]
    return cluster


class Envoy:
    """An Envoy that runs.

    Attributes:
        address: the `HOST:PORT` that it listens on.
    """

    def __init__(self, client: httpx2.AsyncClient, address: str) -> None:
        self._client = client
        self.address = address

    async def wait_healthy(self, *addresses: str) -> None:
        """Wait until it routes to these."""
        await self._wait(addresses, healthy=True)

    async def wait_unhealthy(self, *addresses: str) -> None:
        """Wait until it routes to none of these, as its health checks say."""
        await self._wait(addresses, healthy=False)

    async def health(self) -> dict[str, bool]:
        """Whether it takes each replica for healthy now."""
        answer = await self._client.get("/clusters", params={"format": "json"})
        (cluster,) = answer.json()["cluster_statuses"]
        return {_address(host): _is_healthy(host) for host in cluster["host_statuses"]}

    async def _wait(self, addresses: Sequence[str], *, healthy: bool) -> None:
        seen: dict[str, bool] = {}
        try:
            async with asyncio.timeout(CHANGE_SECONDS):
                while not seen or any(seen[address] is not healthy for address in addresses):
                    seen = await self.health()
                    # Its admin endpoint tells nobody of a change.
                    await asyncio.sleep(LOOK_SECONDS)
        except TimeoutError:
            wanted = "healthy" if healthy else "unhealthy"
            raise AssertionError(f"Envoy does not see {addresses} {wanted}: {seen}") from None


def _address(host: dict[str, Any]) -> str:
    place = host["address"]["socket_address"]
    return f"{place['address']}:{place['port_value']}"


def _is_healthy(host: dict[str, Any]) -> bool:
    status = host["health_status"]
    return status.get("eds_health_status") == "HEALTHY" and not status.get(UNHEALTHY)


@asynccontextmanager
async def envoy_before(folder: Path, addresses: Sequence[str]) -> AsyncIterator[Envoy]:
    """Run Envoy in front of replicas, while the context is open."""
    told, admin = folder / "envoy.json", folder / "admin.txt"
    told.write_text(json.dumps(configuration(addresses)), encoding="utf-8")
    command = [required("envoy"), "--config-path", str(told), "--use-dynamic-base-id"]
    command += ["--concurrency", "1", "--admin-address-path", str(admin)]
    async with started(
        command, r"all dependencies initialized\. (starting) workers", folder / "envoy.log"
    ):
        base = f"http://{admin.read_text(encoding='utf-8')}"
        async with httpx2.AsyncClient(base_url=base, timeout=ASK_SECONDS) as client:
            answer = await client.get("/listeners", params={"format": "json"})
            (listener,) = answer.json()["listener_statuses"]
            yield Envoy(client, _address({"address": listener["local_address"]}))
