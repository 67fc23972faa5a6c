"""The ways from clients to the replicas: Envoy, the list of their addresses, and a name.

It starts what stands between, and puts no load on it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.mesh.envoy import Envoy, envoy_before
from tests.mesh.names import NAME, HostsFile
from tests.mesh.replicas import PORT, Replicas

WAYS: Final = ("envoy", "list", "name")


@dataclass(frozen=True)
class Way:
    """How clients reach the replicas.

    Attributes:
        target: the ADDRESS that they are given.
        within: the command in whose surroundings it can be reached.
        envoy: what stands between, if it does.
        hosts: the file of the name, if there is one.
    """

    target: str
    within: list[str] = field(default_factory=list)
    envoy: Envoy | None = None
    hosts: HostsFile | None = None

    async def wait_routed(self, *addresses: str) -> None:
        """Wait until what stands between routes to these."""
        if self.envoy is not None:
            await self.envoy.wait_healthy(*addresses)


@asynccontextmanager
async def way_to(replicas: Replicas, way: str, folder: Path) -> AsyncIterator[Way]:
    """One of WAYS to all replicas, while the context is open."""
    if way == "envoy":
        async with envoy_before(folder, replicas.addresses) as envoy:
            yield Way(envoy.address, envoy=envoy)
    elif way == "list":
        yield Way(replicas.listed)
    else:
        hosts = HostsFile(folder)
        hosts.write(replicas.addresses)
        yield Way(f"dns:///{NAME}:{PORT}", hosts.surroundings, hosts=hosts)
