"""What the contract is written against: a client of any kind, its answers as the wire has them.

It is no client itself; `sdk_caller` and `lean_caller` stand between it and the two that exist.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

Json: TypeAlias = dict[str, Any]
OnProgress: TypeAlias = Callable[[float, float | None, str | None], None]
OnRequest: TypeAlias = Callable[[str, Json], Awaitable[Json]]


class Answered(Exception):  # noqa: N818  # what happened, not what went wrong here
    """The server answered a JSON-RPC error."""

    def __init__(self, code: int, message: str, data: Any) -> None:
        super().__init__(code, message, data)
        self.code = code
        self.message = message
        self.data = data


async def refusal(waiting: Awaitable[Any]) -> Answered:
    """The error that an answer must be.

    `pytest.raises` would do, but its failure inside of an SDK client is no `Exception`, ends the
    event loop that all tests share, and takes every test after it along.
    """
    try:
        result = await waiting
    except Answered as error:
        return error
    raise AssertionError(f"answered with a result: {result}")


class GaveUp(Exception):  # noqa: N818  # what happened, not what went wrong here
    """The caller's own timeout ended a call."""


@dataclass
class Hooks:
    """What a caller does about what the server sends unasked.

    Attributes:
        on_request: answers its questions; None refuses them.
        log_level: asks for log messages of the newer era.
        extensions: client capabilities of extensions.
        notifications: (method, params) of what belongs to no call, as it came.
    """

    on_request: OnRequest | None = None
    log_level: str | None = None
    extensions: Sequence[str] = ()
    notifications: list[tuple[str, Json]] = field(default_factory=list)


class Events(Protocol):
    """An open subscription."""

    async def next(self) -> tuple[str, Json] | None:
        """The next change as (method, params without `_meta`); None when the server closed it."""
        ...


class Caller(Protocol):
    """A connected client. Every answer is the result object; every error is `Answered`."""

    @property
    def protocol_version(self) -> str: ...

    @property
    def server_info(self) -> Json: ...

    @property
    def capabilities(self) -> Json: ...

    async def request(self, method: str, params: Json | None = None) -> Json:
        """Any request at all."""
        ...

    async def notify(self, method: str, params: Json) -> None:
        """Any notification of the client."""
        ...

    async def call_tool(
        self,
        name: str,
        arguments: Json | None = None,
        *,
        meta: Json | None = None,
        on_progress: OnProgress | None = None,
        timeout_seconds: float | None = None,
    ) -> Json:
        """Call a tool; what it asks for is answered by the hooks."""
        ...

    async def page(self, method: str, cursor: str | None = None) -> Json:
        """One page of a list."""
        ...

    async def read_resource(self, uri: str) -> Json: ...

    async def get_prompt(self, name: str, arguments: dict[str, str] | None = None) -> Json: ...

    async def complete(
        self, ref: Json, argument: str, value: str, context: dict[str, str] | None = None
    ) -> Json: ...

    def listen(self, **wanted: Any) -> AbstractAsyncContextManager[Events]:
        """Subscribe; `wanted` are `tools`, `prompts`, `resources` and `resource_uris`."""
        ...
