"""Every client on every way to a server that keeps the contract, and which a test runs on."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import pytest

from mcpgrpc.testing import serving
from tests.contract.caller import Caller, Hooks
from tests.contract.differences import DIFFERENCES
from tests.contract.journal import Journal
from tests.contract.lean_caller import lean_caller
from tests.contract.lowlevel_app import lowlevel_app
from tests.contract.mcpserver_app import mcpserver_app
from tests.contract.routes import DOORS, ROUTES, UPSTREAM_STDIO, UPSTREAMS, Route
from tests.contract.sdk_caller import sdk_caller

MODERN: Final = "2026-07-28"
APPS: Final[dict[str, Callable[[Journal], Any]]] = {
    "MCPServer": mcpserver_app,
    "Server": lowlevel_app,
}
APP_OF_ERA: Final = {"legacy": "Server", "modern": "MCPServer"}
"""A relay does not see which kind of server it carries to: each era has one, and both occur."""

SEEN_IN_PROCESS: Final = frozenset({"journal", "caplog"})
"""What a test looks at of an app that runs in its own process."""


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


BOTH: Final = ("legacy", "modern")
WIRES: Final = (
    ("sdk", "memory", BOTH),
    ("sdk", "session", BOTH),
    ("sdk", "call", ("modern",)),
    ("lean", "session", BOTH),
    ("lean", "call", ("modern",)),
)
SUBJECTS: Final = [
    *(
        Subject(client, wire, era, app)
        for client, wire, eras in WIRES
        for era in eras
        for app in APPS
    ),
    *(
        Subject("sdk", wire, era, app)
        for wire in (*DOORS, *UPSTREAMS)
        for era, app in APP_OF_ERA.items()
    ),
]


def chosen(test: pytest.Function) -> Iterable[Subject]:
    """The subjects that a test runs on."""
    return [each for each in SUBJECTS if _has_what_is_tested(test, each) and _is_seen(test, each)]


def _has_what_is_tested(test: pytest.Function, subject: Subject) -> bool:
    named = {
        "eras": subject.era,
        "apps": subject.app,
        "wires": subject.wire,
        "clients": subject.client,
    }
    marks = ((test.get_closest_marker(mark), value) for mark, value in named.items())
    if not all(mark is None or value in mark.args for mark, value in marks):
        return False
    differing = [mark.args for mark in test.iter_markers("differs")]
    assert {difference for difference, _, _ in differing} <= DIFFERENCES.keys()
    return (subject.wire, subject.era) not in {(wire, era) for _, wire, era in differing}


def _is_seen(test: pytest.Function, subject: Subject) -> bool:
    """Whether the subject's app is where the test looks, and worth what it costs to start."""
    if subject.wire != UPSTREAM_STDIO:
        return True
    if not SEEN_IN_PROCESS.isdisjoint(inspect.signature(test.function).parameters):
        return False
    # A legacy client has a program of its own, whose start takes a second.
    eras = test.get_closest_marker("eras")
    return subject.era == "modern" or (eras is not None and "legacy" in eras.args)
