"""Replicas of one service in the test's own process, which count what they execute, and names.

They know nothing of how they are balanced.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import Sequence
from typing import Any

from mcp.server import MCPServer
from mcp.types import ToolAnnotations

from mcpgrpc_server import Server, ServerSettings

MODERN = "2026-07-28"
MAX_SECONDS = 60
PORT = 50051


def network() -> str:
    """The first three bytes of loopback addresses of this test alone: one port for all of them."""
    return f"127.{secrets.randbelow(254) + 1}.{secrets.randbelow(256)}"


class Executions:
    """What the tools of all replicas did."""

    def __init__(self) -> None:
        self.by_replica: Counter[str] = Counter()
        self.by_id: Counter[str] = Counter()
        self.callers: dict[str, set[str]] = {}
        self.total = 0
        self.changed = asyncio.Condition()
        self.release = asyncio.Event()

    async def add(self, replica: str, call: str) -> None:
        """One more; the id's part before the colon is its caller."""
        self.by_replica[replica] += 1
        self.by_id[call] += 1
        self.callers.setdefault(replica, set()).add(call.partition(":")[0])
        self.total += 1
        async with self.changed:
            self.changed.notify_all()

    async def until(self, holds: Any, seconds: float = MAX_SECONDS) -> None:
        """Wait until what is asked with every execution is true."""
        async with asyncio.timeout(seconds), self.changed:
            await self.changed.wait_for(holds)

    def imbalance(self, replicas: Sequence[str]) -> float:
        """What the busiest has had for each that the idlest had."""
        counts = [self.by_replica[replica] for replica in replicas]
        return max(counts) / max(1, min(counts))


def build(address: str, executions: Executions) -> MCPServer:
    """The app of the replica at an address."""
    app = MCPServer("replica")

    async def count(call: str) -> str:
        """Count an execution."""
        await executions.add(address, call)
        return address

    async def hold(call: str) -> str:
        """Count an execution, and wait until the test releases it."""
        await executions.add(address, call)
        await executions.release.wait()
        return address

    app.tool()(count)
    app.tool()(hold)
    for name, hints in (
        ("read_only", ToolAnnotations(read_only_hint=True)),
        ("idempotent", ToolAnnotations(idempotent_hint=True)),
        ("unsafe", ToolAnnotations(read_only_hint=False, idempotent_hint=False)),
    ):
        app.tool(name=name, annotations=hints)(hold)
    return app


class Replicas:
    """Servers at addresses of one network, started and stopped by the test."""

    def __init__(self, **settings: Any) -> None:
        self.executions = Executions()
        self._network = network()
        self._settings = ServerSettings.model_validate(settings)
        self.servers: dict[str, Server] = {}

    def address(self, number: int) -> str:
        """Where a replica listens."""
        return f"{self._network}.{number}:{PORT}"

    async def start(self, *numbers: int, listen: str = "{}") -> list[str]:
        """Start replicas; gives where they listen."""
        for number in numbers:
            address = self.address(number)
            app = build(address, self.executions)
            server = Server(app, listen=[listen.format(address)], settings=self._settings)
            await server.start()
            self.servers[address] = server
        return [self.address(number) for number in numbers]

    async def stop(self, number: int, drain_seconds: float | None = None) -> None:
        """Stop one, in a drain where there is time for one."""
        server = self.servers.pop(self.address(number))
        await (server.stop() if drain_seconds is None else server.drain(drain_seconds))

    def streams(self, number: int) -> int:
        """Streams that are open at a replica."""
        server = self.servers[self.address(number)]
        return len(server._host.open_streams())

    async def close(self) -> None:
        """Stop all of them."""
        self.executions.release.set()
        await asyncio.gather(*(server.stop() for server in self.servers.values()))


class Names:
    """A resolver whose answers the test decides."""

    def __init__(self, *addresses: str) -> None:
        self.addresses: Sequence[str] = addresses
        self.failure: OSError | None = None
        self.asked = 0
        self.changed = asyncio.Condition()

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        """The answer that is set now."""
        assert (host, port) == ("tools.example", PORT)
        self.asked += 1
        async with self.changed:
            self.changed.notify_all()
        if self.failure is not None:
            raise self.failure
        return self.addresses

    async def asked_again(self, times: int = 1) -> None:
        """Wait until it was asked so often from now on."""
        wanted = self.asked + times
        async with asyncio.timeout(MAX_SECONDS), self.changed:
            await self.changed.wait_for(lambda: self.asked >= wanted)


TARGET = f"dns:///tools.example:{PORT}"
