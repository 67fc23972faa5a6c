"""Replicas and clients of them, closed at the end of a test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any, TypeAlias

import pytest

from mcpgrpc import BalancingConfig, Client
from tests.balancing.processes import Processes
from tests.balancing.replicas import MODERN, TARGET, Names, Replicas

Connect: TypeAlias = Callable[..., Coroutine[Any, Any, Client]]


@pytest.fixture
async def replicas() -> AsyncIterator[Replicas]:
    """None is started yet."""
    made = Replicas()
    yield made
    await made.close()


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    """Connects clients: over the names' addresses, or to a target."""
    async with AsyncExitStack() as stack:

        async def connected(where: Names | str, **options: Any) -> Client:
            if isinstance(where, Names):
                options.setdefault("balancing", balancing(where))
            target = TARGET if isinstance(where, Names) else where
            options.setdefault("mode", MODERN)
            return await stack.enter_async_context(Client(target, **options))

        yield connected


def balancing(names: Names, **more: Any) -> BalancingConfig:
    """Asks the names often, so that a test need not wait for long."""
    more.setdefault("resolve_interval_seconds", 0.2)
    return BalancingConfig(resolver=names, **more)


@pytest.fixture
async def processes(request: pytest.FixtureRequest) -> AsyncIterator[Processes]:
    """None is started yet; the parameter is their keep-alive interval in seconds."""
    made = Processes(getattr(request, "param", 30))
    yield made
    await made.close()
