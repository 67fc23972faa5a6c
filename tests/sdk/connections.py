"""The pytest plugin that holds one event loop for the run and counts the connections of a test.

It opens no connection: the plugins that replace a transport do, and report each one here.
"""

import asyncio
from collections.abc import AsyncIterator, Generator

import grpc
import pytest


class _Run:
    """What the run knows of its event loop and of the test that is running."""

    loop: asyncio.AbstractEventLoop | None = None
    connections = 0


def require_the_one_loop() -> None:
    """A second event loop breaks the first: grpc.aio has one completion queue for a process."""
    if asyncio.get_running_loop() is not _Run.loop:
        raise RuntimeError("the test left the run's one event loop, the only one grpc.aio may see")


def opened() -> None:
    """Say that the running test has a connection over gRPC."""
    _Run.connections += 1


@pytest.fixture(scope="session", autouse=True)
async def one_event_loop(anyio_backend: str) -> AsyncIterator[None]:
    """Hold one event loop for the whole run; the suite's own fixture holds one for each module.

    And hold grpc.aio: it stops, which blocks, whenever the last of its servers and channels has
    been collected, inside of whatever test runs then.
    """
    _Run.loop = asyncio.get_running_loop()
    grpc.aio.init_grpc_aio()
    yield
    grpc.aio.shutdown_grpc_aio()
    _Run.loop = None


def pytest_runtest_setup() -> None:
    _Run.connections = 0


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    call: pytest.CallInfo[None],
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail a test that passes without having opened a connection: it tested something else."""
    report = yield
    if call.when == "call" and report.passed and not _Run.connections:
        report.outcome = "failed"
        report.longrepr = "passed without opening a connection over gRPC"
    return report
