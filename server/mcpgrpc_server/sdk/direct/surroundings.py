"""What a handler may look at of one request, made for those that do.

It runs no handler and validates nothing.
"""

from __future__ import annotations

from typing import Any, Protocol

from mcpgrpc_server.backend import ServerCall
from mcpgrpc_server.sdk import internals
from mcpgrpc_server.sdk.outbound import RequestContext


class Opened(Protocol):
    """The request's own context, and its end.

    Attributes:
        dispatch: its way back to the client.
        connection: the SDK's state of the client.
        lifespan_state: what the app's lifespan gave.
    """

    dispatch: RequestContext
    connection: internals.Connection
    lifespan_state: Any

    async def close(self) -> None:
        """The handler is done: nothing it left behind may speak for it any more."""
        ...


class Peer(Protocol):
    """The connection that a request came over."""

    def open(self, call: ServerCall, protocol_version: str, *, is_modern: bool) -> Opened:
        """The SDK's view of a request. Must be closed."""
        ...


class Request:
    """One request on a direct way.

    Args:
        peer: the connection that it came over.
        call: itself; its params are valid.
        version: the revision that it is handled at.
        is_modern: its era.
    """

    __slots__ = ("call", "is_modern", "peer", "version")

    def __init__(self, peer: Peer, call: ServerCall, version: str, *, is_modern: bool) -> None:
        self.peer = peer
        self.call = call
        self.version = version
        self.is_modern = is_modern

    def open(self) -> Opened:
        """The SDK's view of it. Must be closed."""
        return self.peer.open(self.call, self.version, is_modern=self.is_modern)

    def context(self, opened: Opened, meta: Any) -> internals.ServerRequestContext[Any, Any]:
        """What the SDK's kernel gives to a handler.

        Args:
            opened: the view of it.
            meta: `_meta`, validated, the handler's own.
        """
        view = opened.dispatch.view
        return internals.ServerRequestContext(
            session=internals.ServerSession(opened.dispatch, opened.connection, request_meta=meta),
            lifespan_context=opened.lifespan_state,
            protocol_version=self.version,
            method=self.call.request.method,
            params=self.call.params,
            request_id=self.call.request.id,
            meta=meta,
            request=view.request,
            close_sse_stream=view.close_request_stream,
            close_standalone_sse_stream=view.close_standalone_stream,
        )
