"""The SDK's `Client`, whose requests go straight to the stream.

It adds nothing and takes nothing away: over another transport, or with an SDK that connects in
another way, it is `mcp.Client`.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Any, Self

import mcp

from mcpgrpc.sdk.dispatcher import GrpcDispatcher
from mcpgrpc.sdk.internals import CLIENT_ATTRIBUTES
from mcpgrpc.sdk.transport import GrpcTransport


class SdkClient(mcp.Client):
    """`mcp.Client` for `mcpgrpc.transport(...)`, for about half of the work of a call."""

    def __post_init__(self) -> None:
        """Connect by the short way, where this SDK has it."""
        super().__post_init__()
        if isinstance(self.server, GrpcTransport) and all(map(self._has, CLIENT_ATTRIBUTES)):
            self._connect = _Connector(self.server)

    async def __aenter__(self) -> Self:
        """Connect. Raises as `GrpcTransport` does, and what the SDK does."""
        await super().__aenter__()
        return self

    def _has(self, name: str) -> bool:
        return hasattr(self, name)


class _Connector:
    def __init__(self, transport: GrpcTransport) -> None:
        self._transport = transport

    async def __call__(self, exit_stack: AsyncExitStack, *_: Any) -> GrpcDispatcher:
        await exit_stack.enter_async_context(self._transport)
        return self._transport.dispatcher()
