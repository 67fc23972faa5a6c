"""A server with a scripted backend, both ways to ask it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.typed.served import Scripted, Ways, ways_to


@pytest.fixture
def backend() -> Scripted:
    """What answers."""
    return Scripted()


@pytest.fixture
async def ways(backend: Scripted) -> AsyncIterator[Ways]:
    """The ways to a server of it."""
    async with ways_to(backend) as opened:
        yield opened
