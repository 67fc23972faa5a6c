"""The SDK's ways to the client (`Outbound`, `DispatchContext`) over ours.

It does not know streams or frames: what it sends goes through `backend.Client`.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import anyio
from opentelemetry.trace import SpanKind

from mcpgrpc.binding import json_text
from mcpgrpc.binding.ids import Id
from mcpgrpc.stream.writer import StreamClosedError
from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server.backend import Client
from mcpgrpc_server.sdk import internals
from mcpgrpc_server.sdk.request_view import RequestView

logger = logging.getLogger(__name__)


class ClientOutbound:
    """The connection's own channel to the client, and the requests that wait on it.

    Args:
        client: where it sends to.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._progress: dict[Id, internals.ProgressFnT] = {}

    async def notify(
        self,
        method: str,
        params: Mapping[str, Any] | None,
        opts: internals.CallOptions | None = None,  # the SDK's signature
        *,
        related_request_id: Id | None = None,
    ) -> None:
        """Send a notification; one that can no longer be delivered is dropped, as the SDK does."""
        params_json = None if params is None else json_text.dump(dict(params))
        try:
            await self._client.notify(method, params_json, related_request_id)
        except StreamClosedError:
            logger.debug("dropped %s: the stream is over", method)
            # A handler that only notifies has no other point where its cancellation can reach it.
            await anyio.lowlevel.checkpoint()

    async def send_raw_request(
        self,
        method: str,
        params: Mapping[str, Any] | None,
        opts: internals.CallOptions | None = None,
        *,
        related_request_id: Id | None = None,
    ) -> dict[str, Any]:
        """Send a request to the client and wait for its result.

        Raises:
            MCPError: the client answered an error, did not answer in time, or is gone.
        """
        opts = opts or {}
        request_id = self._client.next_request_id()
        on_progress = opts.get("on_progress")
        if on_progress is not None:
            self._progress[request_id] = on_progress
        try:
            with otel_client_span(method, request_id):
                text = _params_with_meta(params, request_id if on_progress else None)
                response = await self._client.request(
                    request_id, method, text, related_request_id, opts.get("timeout")
                )
        except TimeoutError:
            raise internals.MCPError(
                internals.REQUEST_TIMEOUT, f"Request {method!r} timed out"
            ) from None
        except StreamClosedError:
            raise internals.MCPError(internals.CONNECTION_CLOSED, "Connection closed") from None
        finally:
            self._progress.pop(request_id, None)
        return _result(response)

    async def deliver_progress(self, params: Mapping[str, Any] | None) -> None:
        """The client reports progress on one of our requests."""
        match params:
            case {
                "progressToken": int() | str() as token,
                "progress": int() | float() as progress,
                **rest,
            }:
                callback = self._progress.get(token)
                if callback is not None:
                    total = rest.get("total")
                    message = rest.get("message")
                    await callback(
                        float(progress),
                        float(total) if isinstance(total, int | float) else None,
                        message if isinstance(message, str) else None,
                    )


class RequestContext:
    """The SDK's `DispatchContext` of one request or notification of the client.

    Args:
        outbound: where it sends to.
        view: the transport's side of the message.
        request_id: its id; None for a notification.
        progress_token: what the client wants progress under; None when it wants none.
    """

    def __init__(
        self,
        outbound: ClientOutbound,
        view: RequestView,
        request_id: Id | None,
        progress_token: Id | None,
    ) -> None:
        self._outbound = outbound
        self.view = view
        self.request_id = request_id
        self._progress_token = progress_token
        self._closed = False

    @cached_property
    def transport(self) -> internals.TransportContext:
        """What the SDK knows of the transport."""
        return self.view.transport()

    @cached_property
    def message_metadata(self) -> internals.ServerMessageMetadata:
        """What belongs to the message."""
        return self.view.metadata()

    @cached_property
    def cancel_requested(self) -> anyio.Event:
        """Set when the client cancels; the handler's scope is cancelled as well."""
        return anyio.Event()

    @property
    def can_send_request(self) -> bool:
        """Whether the client can be asked something now."""
        return self.view.can_send_request and not self._closed

    async def send_raw_request(
        self,
        method: str,
        params: Mapping[str, Any] | None,
        opts: internals.CallOptions | None = None,
    ) -> dict[str, Any]:
        """Ask the client something that belongs to this request."""
        if not self.can_send_request:
            raise internals.NoBackChannelError(method)
        return await self._outbound.send_raw_request(
            method, params, opts, related_request_id=self.request_id
        )

    async def notify(
        self,
        method: str,
        params: Mapping[str, Any] | None,
        opts: internals.CallOptions | None = None,
    ) -> None:
        """Tell the client something that belongs to this request."""
        if self._closed:
            logger.debug("dropped %s: its request is over", method)
            await anyio.lowlevel.checkpoint()
            return
        await self._outbound.notify(method, params, opts, related_request_id=self.request_id)

    async def progress(
        self, progress: float, total: float | None = None, message: str | None = None
    ) -> None:
        """Report progress, if the client asked for it."""
        if self._progress_token is None:
            return
        params: dict[str, Any] = {"progressToken": self._progress_token, "progress": progress}
        if total is not None:
            params["total"] = total
        if message is not None:
            params["message"] = message
        await self.notify("notifications/progress", params)

    def close(self) -> None:
        """The request is over: what its handler left behind may not speak for it any more."""
        self._closed = True


def otel_client_span(method: str, request_id: Id) -> Any:
    """The span of a request to the client, as the SDK's own dispatcher opens it."""
    return internals.otel_span(
        f"MCP send {method}",
        kind=SpanKind.CLIENT,
        attributes={"mcp.method.name": method, "jsonrpc.request.id": str(request_id)},
    )


def _params_with_meta(params: Mapping[str, Any] | None, progress_token: Id | None) -> str | None:
    members = dict(params or {})
    meta = dict(members.pop("_meta", None) or {})
    if progress_token is not None:
        meta["progressToken"] = progress_token
    internals.inject_trace_context(meta)
    if meta:
        members["_meta"] = meta
    return json_text.dump(members) if members else None


def _result(response: envelope_pb2.JsonRpcResponse) -> dict[str, Any]:
    if response.WhichOneof("outcome") == "error":
        error = response.error
        data = json_text.parse(error.data_json) if error.HasField("data_json") else None
        raise internals.MCPError(error.code, error.message, data)
    try:
        result = json_text.parse_object(response.result_json)
    except json_text.JsonTextError:
        result = None
    if result is None:
        raise internals.MCPError(-32700, "the client's result is not a JSON object")
    return result
