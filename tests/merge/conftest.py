"""A merged server on a real port, and a client of each era over each wire."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from mcpgrpc import Client
from mcpgrpc.testing import serving
from mcpgrpc_server.merge.backend import MergedBackend
from mcpgrpc_server.merge.bounds import MergeBounds
from mcpgrpc_server.merge.member import Member
from mcpgrpc_server.sdk.app import SdkApp

MODERN = "2026-07-28"


@dataclass(frozen=True)
class Wire:
    """How a client reaches the merged server."""

    rpc: str
    mode: str

    @property
    def is_legacy(self) -> bool:
        return self.mode == "legacy"

    @asynccontextmanager
    async def connect(self, backend: MergedBackend, **options: Any) -> AsyncIterator[Client]:
        """Serve a merged backend and connect a client to it."""
        async with serving(backend) as address, self.client(address, **options) as client:
            yield client

    def client(self, address: str, **options: Any) -> Client:
        return Client(address, mode=self.mode, rpc=self.rpc, timeout_seconds=20, **options)


LEGACY_SESSION = Wire("session", "legacy")
MODERN_SESSION = Wire("session", MODERN)
MODERN_CALL = Wire("call", MODERN)


@pytest.fixture(
    params=[LEGACY_SESSION, MODERN_SESSION, MODERN_CALL],
    ids=["legacy-session", "modern-session", "modern-call"],
)
def wire(request: pytest.FixtureRequest) -> Wire:
    """Each era over each wire that carries it."""
    assert isinstance(request.param, Wire)
    return request.param


@pytest.fixture(params=[MODERN_SESSION, MODERN_CALL], ids=["modern-session", "modern-call"])
def modern_wire(request: pytest.FixtureRequest) -> Wire:
    """The wires that carry the stateless era."""
    assert isinstance(request.param, Wire)
    return request.param


def merged(*always: str, bounds: MergeBounds | None = None, **members: Any) -> MergedBackend:
    """Merge backends and apps by their names; `always` names those that want their prefix."""
    made = [Member(name, backend_of(member), name in always) for name, member in members.items()]
    return MergedBackend(made, "merged", version="7", bounds=bounds)


def backend_of(member: Any) -> Any:
    """A backend itself, and an app as one."""
    return member if hasattr(member, "connect") else SdkApp(member)
