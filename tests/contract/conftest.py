"""Runs each test of the contract on every subject that has what it tests: `connect` is all of them.

A test names what it needs of a subject with `eras`, `apps`, `wires` or `clients`; otherwise it does
not know which one it runs on.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import TypeAlias

import pytest

from tests.contract.caller import Caller, Hooks
from tests.contract.journal import Journal
from tests.contract.routes import UPSTREAM_STDIO, Route, upstream_command
from tests.contract.subjects import APPS, Subject, chosen

Connect: TypeAlias = Callable[..., AbstractAsyncContextManager[Caller]]


def pytest_configure(config: pytest.Config) -> None:
    for line in (
        "eras(*names): the eras a feature exists in",
        "apps(*names): the kinds of server that have a feature",
        "wires(*names): the wires that carry a feature",
        "clients(*names): the clients that offer a feature",
        "differs(name, wire, era): the answer there is another, as `differences` says",
    ):
        config.addinivalue_line("markers", line)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "subject" in metafunc.fixturenames:
        metafunc.parametrize("subject", chosen(metafunc.definition), ids=str)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The contract covers features that the newest revision deprecates, on purpose."""
    for item in items:
        if "tests/contract/" in item.nodeid:
            item.add_marker(pytest.mark.filterwarnings("ignore::mcp.MCPDeprecationWarning"))


@pytest.fixture
def journal() -> Journal:
    return Journal()


@pytest.fixture(scope="session")
async def upstream_commands(anyio_backend: str) -> AsyncIterator[dict[str, Route]]:  # orders it
    """The routes over a program, by the kind of app."""
    async with AsyncExitStack() as stack:
        yield {kind: await stack.enter_async_context(upstream_command(kind)) for kind in APPS}


@pytest.fixture
def connect(request: pytest.FixtureRequest, subject: Subject, journal: Journal) -> Connect:
    """Connects a caller to the app: `async with connect() as caller`."""
    route: Route | None = None
    if subject.wire == UPSTREAM_STDIO:
        route = request.getfixturevalue("upstream_commands")[subject.app]

    def connected(
        hooks: Hooks | None = None, mode: str | None = None
    ) -> AbstractAsyncContextManager[Caller]:
        return subject.connect(journal, hooks or Hooks(), mode or subject.mode, route)

    return connected
