"""What every test stands on: one event loop for the whole session.

grpc.aio's completion queue belongs to the process, so a second event loop, or a closed one, breaks
whatever test runs beside it. The session-scoped fixture keeps the first loop alive to the end.
"""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator

import pytest
from hypothesis import HealthCheck, settings

# Before grpc is loaded: its core would write about every connection that a test ends.
os.environ.setdefault("GRPC_VERBOSITY", "ERROR")

import grpc.aio

# Before any test makes an app, as a program does: from now on its own keys are told from the SDK's.
from mcpgrpc_server import Server as Server

# A shell that runs a job in the background lets it ignore Ctrl-C, and what it starts inherits that:
# the commands under test would not see the signal that the test sends them.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# The same examples on every run, a bounded number, and no clock: the machine may be busy.
settings.register_profile(
    "bounded",
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=70,
    stateful_step_count=40,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("bounded")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Grpc.aio runs on asyncio alone."""
    return "asyncio"


@pytest.fixture(scope="session", autouse=True)
async def one_event_loop(anyio_backend: str) -> AsyncIterator[None]:  # orders it
    """Hold the session's event loop open, and grpc.aio with it.

    Grpc.aio shuts down when its last object is collected, which joins a thread and closes a socket
    in the middle of whatever test runs then.
    """
    grpc.aio.init_grpc_aio()
    yield
    grpc.aio.shutdown_grpc_aio()
