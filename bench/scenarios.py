"""What is measured: every scenario with its cases, as data.

How a case runs stands in `turns`; what is no rate stands in `measures`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from bench.measures.idle import idle_streams
from bench.measures.million import million_calls
from bench.measures.neighbours import small_calls_beside
from bench.measures.unread import answers_never_read
from bench.measures.workers import two_workers
from bench.results import ScenarioResult
from bench.turns import Case
from bench.workshop import Workshop

ADD: Final = {"name": "add"}
ADD_SYNC: Final = {"name": "add", "options": {"tool": "add_sync"}}
LIST: Final = {"name": "list", "options": {"count": 50}}
MEGABYTE: Final = {"name": "text", "options": {"size": 1_000_000}}
SIXTEEN_MEGABYTES: Final = {"name": "text", "options": {"size": 16_000_000}}
WAIT: Final = {"name": "wait", "options": {"seconds": 2}}
PROGRESS: Final = {"name": "progress", "options": {"steps": 100}}

Extra: TypeAlias = Callable[[Workshop, ScenarioResult], Awaitable[None]]
"""Measures what is no rate, and puts it into the result."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A group of cases whose contenders run side by side, or a measure of its own.

    Attributes:
        title: for people.
        cases: in their order.
        further: measures what cases cannot.
        limit_seconds: beyond it the scenario is given up; what it measured is kept.
        quick: whether the quick form has it.
    """

    title: str
    cases: tuple[Case, ...] = ()
    further: Extra | None = None
    limit_seconds: float = 300
    quick: bool = True


def _at_once(work: dict[str, Any], counts: tuple[int, ...], **options: Any) -> tuple[Case, ...]:
    return tuple(Case(str(count), titled(count), work, count, **options) for count in counts)


def titled(count: int) -> str:
    """How many callers, for people."""
    return "one at a time" if count == 1 else f"{count} at once"


_CALLS: Final[dict[str, Any]] = {
    "contenders": (
        "lean", "sdk", "straight", "tuned", "transport", "call", "echo", "unary", "rapid", "http",
    ),
    "pairs": (
        ("lean", "echo"),
        ("tuned", "echo"),
        ("transport", "echo"),
        ("sdk", "http"),
        ("straight", "http"),
        ("lean", "rapid"),
        ("tuned", "rapid"),
        ("call", "unary"),
    ),
}  # fmt: skip
_MCP: Final[dict[str, Any]] = {
    "contenders": ("lean", "sdk", "rapid", "http"),
    "pairs": (("sdk", "http"), ("lean", "rapid")),
}
# rapidmcp takes no synchronous tools.
_SYNC: Final[dict[str, Any]] = {"contenders": ("lean", "sdk", "http"), "pairs": (("sdk", "http"),)}
_LISTS: Final[dict[str, Any]] = {
    "contenders": ("lean-fifty", "sdk-fifty", "http-fifty"),
    "pairs": (("sdk-fifty", "http-fifty"), ("lean-fifty", "http-fifty")),
}
_HTTP: Final[dict[str, Any]] = {
    "contenders": (
        "sdk", "sdk-legacy", "door", "door-legacy",
        "http", "http-json", "http-fast", "http-legacy", "http-stateless-legacy",
    ),
    "pairs": (
        ("sdk", "http"),
        ("sdk", "http-json"),
        ("sdk", "http-fast"),
        ("sdk-legacy", "http-legacy"),
        ("sdk-legacy", "http-stateless-legacy"),
        ("door", "http"),
        ("door-legacy", "http-legacy"),
    ),
}  # fmt: skip
_BESIDE: Final[dict[str, Any]] = {"contenders": ("lean", "http"), "block_factor": 3.0}
_TLS: Final[dict[str, Any]] = {
    "contenders": ("lean", "tls", "mtls"),
    "pairs": (("tls", "lean"), ("mtls", "lean")),
}
_GUARDS: Final = (
    "api-key", "jwt", "audit", "rate-limit", "policy", "metrics", "observed", "traced",
)  # fmt: skip
_SERVICE: Final[dict[str, Any]] = {
    "contenders": ("lean", *_GUARDS),
    "pairs": tuple((name, "lean") for name in _GUARDS),
    # Differences of a few in a hundred are to be seen.
    "repeats": 15,
    "block_factor": 0.5,
}
_SERVICE_SDK: Final[dict[str, Any]] = {
    "contenders": ("sdk", "sdk-api-key", "sdk-jwt"),
    "pairs": (("sdk-api-key", "sdk"), ("sdk-jwt", "sdk")),
    "repeats": 15,
    "block_factor": 0.5,
}

SCENARIOS: Final[Mapping[str, Scenario]] = {
    "calls": Scenario(
        "Calls of a tool that adds two integers",
        (
            *_at_once(ADD, (1,), **_CALLS),
            *_at_once(ADD, (8,), quick=False, **_CALLS),
            *_at_once(ADD, (64,), **_CALLS),
            *_at_once(ADD, (256,), quick=False, **_CALLS),
        ),
        limit_seconds=480,
    ),
    "large": Scenario(
        "Large results",
        (
            Case("1MB", "1 MB, one at a time", MEGABYTE, 1, **_MCP),
            Case("1MB-8", "1 MB, 8 at once", MEGABYTE, 8, quick=False, **_MCP),
            Case(
                "16MB",
                "16 MB, one at a time",
                SIXTEEN_MEGABYTES,
                1,
                ("lean", "sdk", "http"),
                (("sdk", "http"), ("lean", "http")),
                quick=False,
            ),
        ),
    ),
    "sync": Scenario(
        "Calls of a synchronous tool", _at_once(ADD_SYNC, (1, 64), **_SYNC), quick=False
    ),
    "list": Scenario("A list of 50 tools", _at_once(LIST, (1, 64), **_LISTS), quick=False),
    "progress": Scenario(
        "Calls with 100 notifications of progress each",
        (Case("1", titled(1), PROGRESS, 1, **_MCP),),
    ),
    "http": Scenario(
        "The SDK's client over HTTP and over gRPC",
        _at_once(ADD, (1, 64), **_HTTP),
        quick=False,
    ),
    "tls": Scenario("TLS", _at_once(ADD, (1, 64), **_TLS), quick=False),
    "service": Scenario(
        "Identity, limits, audit, metrics and traces", _at_once(ADD, (1, 64), **_SERVICE)
    ),
    "service-sdk": Scenario(
        "Identity, with the SDK's client", _at_once(ADD, (1, 64), **_SERVICE_SDK), quick=False
    ),
    "beside": Scenario(
        "Small calls beside slow and large ones",
        (
            Case("alone", "nothing else", ADD, 1, **_BESIDE),
            Case("wait", "a 2 s handler on the same stream", ADD, 1, beside=WAIT, **_BESIDE),
            Case(
                "16MB",
                "16 MB results on the same stream",
                ADD,
                1,
                beside=SIXTEEN_MEGABYTES,
                **_BESIDE,
            ),
        ),
        further=small_calls_beside,
    ),
    "workers": Scenario(
        "Two workers on one port", further=two_workers, limit_seconds=120, quick=False
    ),
    "idle": Scenario("Idle streams", further=idle_streams, limit_seconds=240),
    "unread": Scenario("Answers that are never read", further=answers_never_read, quick=False),
    "million": Scenario(
        "A million calls over 64 streams", further=million_calls, limit_seconds=420
    ),
}
"""In the order in which they run: what most depends on a quiet machine first."""
