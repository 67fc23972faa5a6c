"""The SDK's dispatcher, whose requests go from the session straight to the stream.

It is the SDK's own in everything else: what is unusual about a request, and all that the server
sends unasked, takes the way of the SDK's JSON-RPC messages. `internals` has the SDK's names.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from mcpgrpc.binding.ids import Id
from mcpgrpc.relay.link import RelayLink
from mcpgrpc.relay.straight import StraightRequest
from mcpgrpc.sdk import internals, messages
from mcpgrpc.sdk.streams import IncomingMessages, OutgoingMessages

_USUAL: Final = frozenset({"timeout", "headers"})
"""Options of a request that the straight way carries out; with any other the SDK's is taken."""


class GrpcDispatcher(internals.JSONRPCDispatcher[internals.TransportContext]):
    """A dispatcher for `ClientSession(dispatcher=...)`, over a transport that is connected.

    Args:
        incoming: what the server sent.
        outgoing: where the SDK's own messages go.
        link: what carries both.
    """

    def __init__(
        self, incoming: IncomingMessages, outgoing: OutgoingMessages, link: RelayLink
    ) -> None:
        super().__init__(incoming, outgoing)
        self._incoming = incoming
        self._link = link
        self._straight: set[StraightRequest] = set()

    async def send_raw_request(
        self,
        method: str,
        params: Mapping[str, Any] | None,
        opts: internals.CallOptions | None = None,
        *,
        _related_request_id: Id | None = None,
    ) -> dict[str, Any]:
        """Send a request and wait for its result; as the SDK's in every respect.

        Raises:
            MCPError: the server's error; REQUEST_TIMEOUT; CONNECTION_CLOSED.
        """
        request = None
        if _related_request_id is None and self._is_usual(opts):
            await internals.checkpoint_if_cancelled()
            request = self._begun(method, params, opts or {})
        if request is None:
            return await super().send_raw_request(
                method, params, opts, _related_request_id=_related_request_id
            )
        return await self._answer(request, method, (opts or {}).get("timeout"))

    async def run(
        self,
        on_request: internals.OnRequest,
        on_notify: internals.OnNotify,
        on_notify_intercept: internals.OnNotifyIntercept | None = None,
        *,
        task_status: internals.TaskStatus[None] = internals.TASK_STATUS_IGNORED,
    ) -> None:
        """Hear the server until the session ends; then whoever waits is told."""
        try:
            await super().run(on_request, on_notify, on_notify_intercept, task_status=task_status)
        finally:
            for request in self._straight:
                request.give_up()

    def _is_usual(self, opts: internals.CallOptions | None) -> bool:
        is_usual = opts is None or opts.keys() <= _USUAL
        return is_usual and self._running and not self._closed and internals.records_no_spans()

    def _begun(
        self, method: str, params: Mapping[str, Any] | None, opts: internals.CallOptions
    ) -> StraightRequest | None:
        """The request on its stream; None where it cannot go there at once."""
        request_id = self._allocate_id()
        while request_id in self._pending:
            request_id = self._allocate_id()
        sent = dict(params) if params is not None else {}
        meta = dict(sent.pop("_meta", None) or {})
        internals.inject_trace_context(meta)
        if meta:
            sent["_meta"] = meta
        envelope = messages.new_request(request_id, method, sent or None, opts.get("headers"))
        return self._link.begin(envelope)

    async def _answer(
        self, request: StraightRequest, method: str, timeout_seconds: float | None
    ) -> dict[str, Any]:
        arrived_before = self._incoming.arrived
        self._straight.add(request)
        try:
            async with asyncio.timeout(timeout_seconds) as clock:
                answer = await request.answer()
        except TimeoutError:
            if not clock.expired():
                raise
            request.abandon(f"timed out after {timeout_seconds}s")
            raise internals.MCPError(
                internals.REQUEST_TIMEOUT, f"Request {method!r} timed out"
            ) from None
        except asyncio.CancelledError:
            request.abandon("caller cancelled")
            raise
        finally:
            self._straight.discard(request)
        if answer is None or (self._closed and not answer.response.HasField("result_json")):
            raise internals.MCPError(internals.CONNECTION_CLOSED, "Connection closed")
        if self._incoming.arrived != arrived_before:
            # What came before the answer is heard before whoever waits for the answer goes on.
            await self._incoming.dispatched()
        outcome = messages.outcome(answer.response)
        if isinstance(outcome, internals.ErrorData):
            raise internals.MCPError(outcome.code, outcome.message, outcome.data)
        return outcome
