"""What the tests of Python's stubs call: the runner's server, or one of their own."""

from __future__ import annotations

import os
from collections.abc import Iterator

import grpc
import pytest

from tests.clients.python.stubs import Stubs
from tests.clients.serving import served


@pytest.fixture(scope="session")
def environment() -> Iterator[dict[str, str]]:
    """What the runner says, or the environment of a server that is started here."""
    if "MCPGRPC_ADDRESS" in os.environ:
        yield dict(os.environ)
        return
    with served() as server:
        yield server.environment


@pytest.fixture(scope="session")
def channel(environment: dict[str, str]) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(environment["MCPGRPC_ADDRESS"]) as channel:
        yield channel


@pytest.fixture(scope="session")
def stubs(channel: grpc.Channel) -> Stubs:
    return Stubs(channel)
