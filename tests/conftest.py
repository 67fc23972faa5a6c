"""What every test stands on: one event loop for the whole session.

grpc.aio's completion queue belongs to the process, so a second event loop, or a closed one, breaks
whatever test runs beside it. The session-scoped fixture keeps the first loop alive to the end.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Grpc.aio runs on asyncio alone."""
    return "asyncio"


@pytest.fixture(scope="session", autouse=True)
async def one_event_loop(anyio_backend: str) -> AsyncIterator[None]:  # noqa: ARG001  # orders it
    """Hold the session's event loop open."""
    yield
