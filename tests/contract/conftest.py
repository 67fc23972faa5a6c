"""Every pair of a client and a server that keeps the contract: `connect` in a test is all of them.

A test names what it needs of a pair with `eras`, `apps`, `wires` or `clients`; otherwise it does
not know which pair it runs on.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

import pytest

from mcpgrpc.testing import serving
from tests.contract.caller import Caller, Hooks
from tests.contract.differences import DIFFERENCES
from tests.contract.journal import Journal
from tests.contract.lean_caller import lean_caller
from tests.contract.lowlevel_app import lowlevel_app
from tests.contract.mcpserver_app import mcpserver_app
from tests.contract.routes import (
    DOORS,
    ROUTES,
    UPSTREAM_STDIO,
    UPSTREAMS,
    Route,
    upstream_command,
)
from tests.contract.sdk_caller import sdk_caller

MODERN = "2026-07-28"
APPS: dict[str, Callable[[Journal], Any]] = {
    "MCPServer": mcpserver_app,
    "Server": lowlevel_app,
}
Connect: TypeAlias = Callable[..., AbstractAsyncContextManager[Caller]]


@dataclass(frozen=True)
class Subject:
    """A client over a wire, in an era, with an app."""

    client: str
    wire: str
    era: str
    app: str

    def __str__(self) -> str:
        return f"{self.client}-{self.wire}-{self.era}-{self.app}"

    @property
    def mode(self) -> str:
        return "legacy" if self.era == "legacy" else MODERN

    @asynccontextmanager
    async def connect(
        self, journal: Journal, hooks: Hooks, mode: str, route: Route | None = None
    ) -> AsyncIterator[Caller]:
        """Serve the app with the journal, by the wire's own route where none is given."""
        app = APPS[self.app](journal)
        if self.client == "sdk":
            async with (
                (route or ROUTES[self.wire])(app) as server,
                sdk_caller(server, hooks, mode=mode) as caller,
            ):
                yield caller
        else:
            async with (
                serving(app) as address,
                lean_caller(address, hooks, mode=mode, rpc=self.wire) as lean,
            ):
                yield lean


ERAS = {"legacy": ("legacy",), "modern": ("modern",), "both": ("legacy", "modern")}
WIRES = (
    ("sdk", "memory", "both"),
    ("sdk", "session", "both"),
    ("sdk", "call", "modern"),
    ("lean", "session", "both"),
    ("lean", "call", "modern"),
)
APP_OF_ERA = {"legacy": "Server", "modern": "MCPServer"}
"""A relay does not see which kind of server it carries to: each era has one, and both occur."""

SEEN_IN_PROCESS = {"journal", "caplog"}
"""What a test looks at of an app that runs in its own process."""

SUBJECTS = [
    *(
        Subject(client, wire, era, app)
        for client, wire, eras in WIRES
        for era in ERAS[eras]
        for app in APPS
    ),
    *(
        Subject("sdk", wire, era, app)
        for wire in (*DOORS, *UPSTREAMS)
        for era, app in APP_OF_ERA.items()
    ),
]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "eras(*names): the eras a feature exists in")
    config.addinivalue_line("markers", "apps(*names): the kinds of server that have a feature")
    config.addinivalue_line("markers", "wires(*names): the wires that carry a feature")
    config.addinivalue_line("markers", "clients(*names): the clients that offer a feature")
    config.addinivalue_line("markers", "differs(name, wire, era): answers there as `differences` says")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "subject" in metafunc.fixturenames:
        chosen = list(_chosen(metafunc.definition))
        metafunc.parametrize("subject", chosen, ids=str)


def _chosen(test: pytest.Function) -> Iterable[Subject]:
    def named(mark: str, value: str) -> bool:
        found = test.get_closest_marker(mark)
        return found is None or value in found.args

    differing = [mark.args for mark in test.iter_markers("differs")]
    assert {name for name, _, _ in differing} <= DIFFERENCES.keys()
    # A legacy client has a process of its own, whose start takes a second.
    is_legacys_own = any("legacy" in mark.args for mark in test.iter_markers("eras"))
    needs_app_here = not SEEN_IN_PROCESS.isdisjoint(inspect.signature(test.function).parameters)
    for subject in SUBJECTS:
        if any((subject.wire, subject.era) == (wire, era) for _, wire, era in differing):
            continue
        if subject.wire == UPSTREAM_STDIO and (
            needs_app_here or (subject.era == "legacy" and not is_legacys_own)
        ):
            continue
        if (
            named("eras", subject.era)
            and named("apps", subject.app)
            and named("wires", subject.wire)
            and named("clients", subject.client)
        ):
            yield subject


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
    route = None
    if subject.wire == UPSTREAM_STDIO:
        route = request.getfixturevalue("upstream_commands")[subject.app]

    def connected(
        hooks: Hooks | None = None, mode: str | None = None
    ) -> AbstractAsyncContextManager[Caller]:
        return subject.connect(journal, hooks or Hooks(), mode or subject.mode, route)

    return connected
