"""`SyncClient`: the lean client for code without an event loop.

It is a facade: every method is `Client`'s own, run in the background.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self, TypeAlias

from mcpgrpc.balancing.config import DEFAULT_BALANCING, BalancingConfig
from mcpgrpc.caching.config import CacheConfig
from mcpgrpc.channel import KEEPALIVE_SECONDS, ChannelSecurity
from mcpgrpc.client.caching import DEFAULT_CACHE
from mcpgrpc.client.client import DEFAULT_TIMEOUT_SECONDS, Client
from mcpgrpc.client.handshake import AUTO
from mcpgrpc.client.inbox import NotificationCallback, RequestCallback
from mcpgrpc.connection import DEFAULT_CONNECT_TIMEOUT_SECONDS
from mcpgrpc.credentials import TokenSource
from mcpgrpc.sync.background import background
from mcpgrpc.sync.blocking import blocking, blocking_context
from mcpgrpc.targets import DEFAULT_TARGET

SyncRequestCallback: TypeAlias = Callable[[str, dict[str, Any] | None], dict[str, Any]]


class SyncClient:
    """A blocking client of one mcpgrpc server: `with SyncClient("127.0.0.1:50051") as client:`.

    Methods, results and errors are those of `Client`. Several threads may use one client at once.
    KeyboardInterrupt while a method waits cancels the request at the server.

    All clients of a process share one event loop in a thread of its own. `on_notification` and
    `on_progress` are called in that thread, so they must not block, nor call a SyncClient (which
    raises UsageError); `on_request` is called in a thread of a pool and may do both. Open clients
    after a fork, not before: threads and connections do not survive one. A process that forks all
    the same begins with GRPC_ENABLE_FORK_SUPPORT=0 in its environment: gRPC's own handlers around
    a fork crash one child in ten (measured with grpcio 1.85).

    Args:
        target: as for `Client`, and so for every other argument but `on_request`.
        on_request: answers (method, params) of the server's requests in the legacy era; a plain
            function.
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
        on_request: SyncRequestCallback | None = None,
        cache: CacheConfig | None = DEFAULT_CACHE,
        streams: int = 1,
        balancing: BalancingConfig = DEFAULT_BALANCING,
        keepalive_seconds: float = KEEPALIVE_SECONDS,
        retry_safe_tools: bool = False,
    ) -> None:
        self._client = Client(
            target,
            mode=mode,
            rpc=rpc,
            timeout_seconds=timeout_seconds,
            connect_timeout_seconds=connect_timeout_seconds,
            security=security,
            token=token,
            metadata=metadata,
            client_info=client_info,
            capabilities=capabilities,
            on_notification=on_notification,
            on_request=None if on_request is None else _in_thread(on_request),
            cache=cache,
            streams=streams,
            balancing=balancing,
            keepalive_seconds=keepalive_seconds,
            retry_safe_tools=retry_safe_tools,
        )
        self._background = background()

    def __enter__(self) -> Self:
        self._background.run(self._client.__aenter__())
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._background.run(self._client.__aexit__(exc_type, exc, traceback))

    @property
    def protocol_version(self) -> str:
        """The revision that is spoken."""
        return self._client.protocol_version

    @property
    def server_info(self) -> dict[str, Any] | None:
        """Name and version of the server, if it said them."""
        return self._client.server_info

    @property
    def capabilities(self) -> dict[str, Any]:
        """What the server can do; empty when it was not asked."""
        return self._client.capabilities

    @property
    def instructions(self) -> str | None:
        """What the server tells a model about itself."""
        return self._client.instructions

    request = blocking(Client.request)
    notify = blocking(Client.notify)
    discover = blocking(Client.discover)
    call_tool = blocking(Client.call_tool)
    list_tools = blocking(Client.list_tools)
    list_resources = blocking(Client.list_resources)
    list_resource_templates = blocking(Client.list_resource_templates)
    list_prompts = blocking(Client.list_prompts)
    read_resource = blocking(Client.read_resource)
    get_prompt = blocking(Client.get_prompt)
    complete = blocking(Client.complete)
    listen = blocking_context(Client.listen)


def _in_thread(answer: SyncRequestCallback) -> RequestCallback:
    """A callback that may block, off the thread that all clients share."""

    async def answered(method: str, params: dict[str, Any] | None) -> dict[str, Any]:
        return await asyncio.to_thread(answer, method, params)

    return answered
