"""`Client`: MCP's methods with names, types and a default timeout.

It is lean: no SDK, no schema validation. What it does not name goes through `request`.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from functools import partial
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from mcpgrpc.balancing.config import DEFAULT_BALANCING, BalancingConfig
from mcpgrpc.caching.config import CacheConfig, CacheMode
from mcpgrpc.channel import KEEPALIVE_SECONDS, ChannelSecurity
from mcpgrpc.client.caching import DEFAULT_CACHE, Answers, HeardMessages
from mcpgrpc.client.handshake import AUTO, Handshake, Negotiated, checked_mode
from mcpgrpc.client.inbox import (
    NotificationCallback,
    ProgressCallback,
    RequestCallback,
)
from mcpgrpc.client.listening import Subscription, wanted_changes
from mcpgrpc.client.params import meta_params, retry_params
from mcpgrpc.client.requests import Requests
from mcpgrpc.client.results import (
    CallToolResult,
    Completion,
    GetPromptResult,
    Prompt,
    ReadResourceResult,
    Resource,
    ResourceTemplate,
    Tool,
)
from mcpgrpc.client.safe_tools import SafeTools
from mcpgrpc.connection import DEFAULT_CONNECT_TIMEOUT_SECONDS, Connection, ConnectionOptions
from mcpgrpc.credentials import TokenSource
from mcpgrpc.errors import UsageError
from mcpgrpc.targets import DEFAULT_TARGET

DEFAULT_TIMEOUT_SECONDS: Final = 60.0
"""How long a call may take when nobody says otherwise; a deadline always exists."""

Listed = TypeVar("Listed")


class Client:
    """A client of one mcpgrpc server: `async with Client("127.0.0.1:50051") as client:`.

    Every method raises `RemoteError` for an error of the application, `ServiceError` for a refusal
    of the service, `RequestTimeout` when no answer came in time, `ConnectionLost` when the
    connection broke, and `ConnectError` when there is none. Cancelling the task that waits cancels
    the request at the server. `timeout` is in seconds everywhere.

    Args:
        target: `host:port`, `dns:///name:port`, `unix:path`, or a list separated by commas.
        mode: "auto" asks `server/discover` and falls back to `initialize`; "legacy" initialises; a
            revision such as "2026-07-28" is spoken without a handshake.
        rpc: "session" for one stream of many requests, "call" for an RPC for each request.
        timeout_seconds: for calls that name none.
        connect_timeout_seconds: how long connecting may take.
        security: TLS; plaintext when left out.
        token: a bearer token, a `TokenFile`, an `ApiKeyFile` or an async callable.
        metadata: further gRPC metadata for every RPC.
        client_info: name and version as MCP's `clientInfo`.
        capabilities: MCP's client capabilities.
        on_notification: called with (method, params) of notifications that belong to no call.
        on_request: answers (method, params) of the server's requests in the legacy era.
        cache: bounds of what is kept of lists and reads for their `ttlMs`; None keeps nothing. One
            client is one caller: make another where the token begins to be another caller's.
        streams: streams to one address at once at most, each over a connection of its own, where
            one core of the server is not enough: requests of 2026-07-28 go where least is in
            flight. The second and later ones open under load.
        balancing: how to spread over the addresses of `dns:///name:port`, or of a list: a stream
            to each, requests of 2026-07-28 where least is in flight, around what drains or fails.
            A legacy session stays on one stream.
        keepalive_seconds: how long a connection may be silent before it is asked for a sign of
            life, at least 20; without one within ten more it counts as lost.
        retry_safe_tools: a call that was lost under way and may have run is sent again, up to three
            times in all, if the tool is annotated read-only or idempotent where it was listed
            last. Without it nothing is sent again but what certainly did not run.
    """

    def __init__(
        self,
        target: str = DEFAULT_TARGET,
        *,
        mode: str = AUTO,
        rpc: str = "session",
        timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS,
        connect_timeout_seconds: float = DEFAULT_CONNECT_TIMEOUT_SECONDS,
        security: ChannelSecurity | None = None,
        token: TokenSource | None = None,
        metadata: tuple[tuple[str, str], ...] = (),
        client_info: dict[str, Any] | None = None,
        capabilities: dict[str, Any] | None = None,
        on_notification: NotificationCallback | None = None,
        on_request: RequestCallback | None = None,
        cache: CacheConfig | None = DEFAULT_CACHE,
        streams: int = 1,
        balancing: BalancingConfig = DEFAULT_BALANCING,
        keepalive_seconds: float = KEEPALIVE_SECONDS,
        retry_safe_tools: bool = False,
    ) -> None:
        self._options = ConnectionOptions(
            target,
            rpc,
            security,
            token,
            metadata,
            connect_timeout_seconds,
            streams=streams,
            balancing=balancing,
            keepalive_seconds=keepalive_seconds,
        )
        self._mode = checked_mode(mode, rpc)
        self._timeout_seconds = timeout_seconds
        self._handshake = Handshake(client_info, capabilities or {})
        self._answers = Answers(cache)
        self._inbox = HeardMessages(self._answers, on_notification, on_request)
        self._safe_tools = SafeTools() if retry_safe_tools else None
        self._connection: Connection | None = None
        self._requests: Requests | None = None
        self._negotiated: Negotiated | None = None

    async def __aenter__(self) -> Self:
        if self._connection is not None:
            raise UsageError("this client was entered before; make another")
        self._connection = self._options.connect(self._inbox)
        requests = Requests(self._connection.carrier, self._inbox, self._options.rpc)
        try:
            await requests.open()
            self._negotiated = await self._handshake.perform(
                requests, self._mode, self._timeout_seconds
            )
        except BaseException:
            await self._disconnect(requests, self._connection)
            raise
        self._answers.speak(self._negotiated.protocol_version)
        self._requests = requests
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        requests, self._requests = self._requests, None
        if requests is not None and self._connection is not None:
            await self._disconnect(requests, self._connection)

    @property
    def protocol_version(self) -> str:
        """The revision that is spoken."""
        return self._agreed.protocol_version

    @property
    def server_info(self) -> dict[str, Any] | None:
        """Name and version of the server, if it said them."""
        return self._agreed.server_info

    @property
    def capabilities(self) -> dict[str, Any]:
        """What the server can do; empty when it was not asked."""
        return self._agreed.capabilities

    @property
    def instructions(self) -> str | None:
        """What the server tells a model about itself."""
        return self._agreed.instructions

    async def request(
        self,
        method: str,
        params: dict[str, Any] | None = None,
        *,
        timeout: float | None = None,
        on_progress: ProgressCallback | None = None,
    ) -> dict[str, Any]:
        """Send any request, past the cache; gives its result object as received."""
        return await self._connected.request(
            method,
            params,
            timeout_seconds=self._timeout_seconds if timeout is None else timeout,
            on_progress=on_progress,
        )

    async def notify(self, method: str, params: dict[str, Any] | None = None) -> None:
        """Send any notification."""
        await self._connected.notify(method, params)

    async def discover(self, *, timeout: float | None = None) -> dict[str, Any]:
        """Ask what the server is (2026-07-28)."""
        return await self.request("server/discover", timeout=timeout)

    async def call_tool(
        self,
        name: str,
        arguments: dict[str, Any] | None = None,
        *,
        timeout: float | None = None,
        on_progress: ProgressCallback | None = None,
        input_responses: dict[str, Any] | None = None,
        request_state: str | None = None,
        meta: dict[str, Any] | None = None,
    ) -> CallToolResult:
        """Call a tool.

        A failure of the tool itself is a result with `is_error`. A result of type "input_required"
        is answered by calling again with `input_responses` and its `request_state`.
        """
        params = {"name": name, "arguments": arguments or {}}
        params |= retry_params(input_responses, request_state) | meta_params(meta)
        if self._safe_tools is None:
            call = self.request("tools/call", params, timeout=timeout, on_progress=on_progress)
            return CallToolResult.of(await call)

        def send(seconds: float) -> Coroutine[Any, Any, dict[str, Any]]:
            return self.request("tools/call", params, timeout=seconds, on_progress=on_progress)

        seconds = self._timeout_seconds if timeout is None else timeout
        return CallToolResult.of(await self._safe_tools.call(name, seconds, send))

    async def list_tools(
        self, *, timeout: float | None = None, cache_mode: CacheMode = "use"
    ) -> list[Tool]:
        """Every tool; pages are followed, those that are fresh from the cache.

        `cache_mode` is "use", "refresh" (fetch and keep) or "bypass", here and wherever it stands.
        """
        tools = await self._list("tools/list", "tools", Tool.of, timeout, cache_mode)
        if self._safe_tools is not None:
            self._safe_tools.learn(tools)
        return tools

    async def list_resources(
        self, *, timeout: float | None = None, cache_mode: CacheMode = "use"
    ) -> list[Resource]:
        """Every resource; pages are followed."""
        return await self._list("resources/list", "resources", Resource.of, timeout, cache_mode)

    async def list_resource_templates(
        self, *, timeout: float | None = None, cache_mode: CacheMode = "use"
    ) -> list[ResourceTemplate]:
        """Every resource template; pages are followed."""
        method = "resources/templates/list"
        return await self._list(
            method, "resourceTemplates", ResourceTemplate.of, timeout, cache_mode
        )

    async def list_prompts(
        self, *, timeout: float | None = None, cache_mode: CacheMode = "use"
    ) -> list[Prompt]:
        """Every prompt; pages are followed."""
        return await self._list("prompts/list", "prompts", Prompt.of, timeout, cache_mode)

    async def read_resource(
        self,
        uri: str,
        *,
        timeout: float | None = None,
        meta: dict[str, Any] | None = None,
        cache_mode: CacheMode = "use",
    ) -> ReadResourceResult:
        """Read a resource, from the cache while it is fresh there."""
        method, params = "resources/read", {"uri": uri} | meta_params(meta)
        fetch = partial(self.request, method, timeout=timeout)
        return ReadResourceResult.of(await self._answers.one(method, params, cache_mode, fetch))

    async def get_prompt(
        self,
        name: str,
        arguments: dict[str, str] | None = None,
        *,
        timeout: float | None = None,
        meta: dict[str, Any] | None = None,
    ) -> GetPromptResult:
        """Get a prompt, filled in."""
        params = {"name": name, "arguments": arguments or {}} | meta_params(meta)
        return GetPromptResult.of(await self.request("prompts/get", params, timeout=timeout))

    async def complete(
        self,
        ref: dict[str, Any],
        argument_name: str,
        value: str,
        *,
        context: dict[str, str] | None = None,
        timeout: float | None = None,
    ) -> Completion:
        """Suggest values of an argument of a prompt or a resource template.

        `ref` is `{"type": "ref/prompt", "name": …}` or `{"type": "ref/resource", "uri": …}`;
        `context` holds the arguments filled in already.
        """
        argument = {"name": argument_name, "value": value}
        params: dict[str, Any] = {"ref": ref, "argument": argument}
        if context is not None:
            params["context"] = {"arguments": context}
        return Completion.of(await self.request("completion/complete", params, timeout=timeout))

    @contextlib.asynccontextmanager
    async def listen(
        self,
        *,
        tools: bool = False,
        prompts: bool = False,
        resources: bool = False,
        resource_uris: Sequence[str] = (),
        timeout: float | None = None,
    ) -> AsyncIterator[Subscription]:
        """Subscribe to changes: of the lists of tools, prompts and resources, and of resources.

        `timeout` bounds the wait for the server's acknowledgement; RequestTimeout ends it.
        """
        wanted = wanted_changes(tools, prompts, resources, resource_uris)
        subscription, task = self._connected.listen({"notifications": wanted})
        try:
            await subscription.wait_acknowledged(
                self._timeout_seconds if timeout is None else timeout
            )
            yield subscription
        finally:
            task.cancel()
            await asyncio.wait({task})

    @property
    def _connected(self) -> Requests:
        if self._requests is None:
            raise UsageError("the client is not connected: use it inside of `async with`")
        return self._requests

    @property
    def _agreed(self) -> Negotiated:
        if self._negotiated is None:
            raise UsageError("the client is not connected: use it inside of `async with`")
        return self._negotiated

    async def _list(
        self,
        method: str,
        member: str,
        make: Callable[[dict[str, Any]], Listed],
        timeout: float | None,
        cache_mode: CacheMode,
    ) -> list[Listed]:
        fetch = partial(self.request, method, timeout=timeout)
        return [make(item) for item in await self._answers.items(method, member, cache_mode, fetch)]

    async def _disconnect(self, requests: Requests, connection: Connection) -> None:
        self._inbox.close()
        await requests.close()
        await connection.release()
