"""A modern POST: one request, one Call, one response.

It keeps nothing between two requests but what `caching` may give again, and takes no notification
further: the newest revision has none from client to server over HTTP, and a client cancels by
closing the response.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from mcpgrpc.binding import errors, ids
from mcpgrpc.binding.ids import Id
from mcpgrpc.binding.in_flight import LISTEN_METHOD
from mcpgrpc.caching import Question
from mcpgrpc.connection import ConnectionOptions
from mcpgrpc.errors import ConnectionLost, McpGrpcError
from mcpgrpc.gateway import sdk_framing
from mcpgrpc.gateway.caching import DoorCache
from mcpgrpc.gateway.caller import HttpCaller, door_context
from mcpgrpc.gateway.channels import DoorChannels
from mcpgrpc.gateway.eras import VERSION_HEADER
from mcpgrpc.gateway.event_stream import EventStream
from mcpgrpc.gateway.metrics import rpcs
from mcpgrpc.gateway.observing import DoorListener
from mcpgrpc.gateway.param_headers import ToolSchemas
from mcpgrpc.gateway.posted import posted_message
from mcpgrpc.gateway.replies import (
    OK,
    SERVICE_UNAVAILABLE,
    HttpRefusalError,
    json_response,
    status_of_answer,
    status_of_error,
)
from mcpgrpc.gateway.routing_headers import METHOD_HEADER, checked_params, mirrors, rejected
from mcpgrpc.gateway.settings import GatewaySettings
from mcpgrpc.gateway.silence import Silence
from mcpgrpc.gateway.sse import StreamResponse
from mcpgrpc.gateway.work import Work
from mcpgrpc.relay.failures import failed, plain
from mcpgrpc.relay.line import host_text
from mcpgrpc.stream.call_carrier import CallCarrier
from mcpgrpc.stream.carrier import Exchange
from mcpgrpc.tracing.doors import door_spans
from mcpgrpc.v1 import envelope_pb2

if TYPE_CHECKING:
    from mcpgrpc.tracing.door_spans import DoorRequest

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class ModernDoor:
    """Carries modern POSTs.

    Attributes:
        options: how to reach the server.
        channels: the connections to it.
        settings: the door's bounds.
        schemas: what `Mcp-Param-*` headers are checked against.
        cache: answers that may be given again.
        work: whether the door takes any.
        listener: hears how Calls end.
        open: the requests that are being answered.
    """

    options: ConnectionOptions
    channels: DoorChannels
    settings: GatewaySettings
    schemas: ToolSchemas
    cache: DoorCache
    work: Work
    listener: DoorListener
    open: set[ModernExchange] = field(default_factory=set)

    async def answer(self, request: Request) -> ASGIApp:
        """What answers a request.

        Raises:
            HttpRefusalError: it does not get as far as the server.
            ClientDisconnect: the client went away in the middle of the body.
        """
        if request.method != "POST":
            raise HttpRefusalError(405, "Method Not Allowed", headers={"allow": "POST"})
        envelope = await posted_message(request, self.settings)
        kind = envelope.WhichOneof("message")
        if kind == "notification":
            return _acknowledged(request)
        if kind == "response":
            raise HttpRefusalError(400, "Body must be a single JSON-RPC request or notification")
        self.work.check_open(ids.from_message(envelope.request.id))
        caller = HttpCaller.of(request.headers)
        params = checked_params(request, envelope.request)
        mirrored = mirrors(request, envelope.request.method, params)
        options = caller.options(self.options, *mirrored)
        await self._check_param_headers(request, envelope, params, caller)
        envelope.door.CopyFrom(door_context(request.headers))
        question = self.cache.question(envelope, caller)
        kept = self.cache.answer(question)
        if kept is not None:
            return json_response(_answer_text(envelope, kept), OK)
        if len(self.open) >= self.settings.max_calls:
            raise HttpRefusalError(
                SERVICE_UNAVAILABLE, "Too many requests are under way; try again later"
            )
        return ModernExchange(self, options, envelope, question)

    def close(self) -> None:
        """Let go of what is still open: subscriptions, and what outlasts a drain."""
        for exchange in tuple(self.open):
            exchange.end()

    @contextmanager
    def carrier(self, options: ConnectionOptions, inbox: Silence) -> Iterator[CallCarrier]:
        """A Call for one caller.

        Raises:
            HttpRefusalError: 503, no connection has room for it.
        """
        with self.channels.lease() as lease:
            yield CallCarrier(
                lease.channel,
                options.target,
                options.rpc_metadata,
                inbox,
                options.connect_timeout_seconds,
            )

    async def _check_param_headers(
        self,
        request: Request,
        envelope: envelope_pb2.Envelope,
        params: dict[str, Any],
        caller: HttpCaller,
    ) -> None:
        if envelope.request.method != "tools/call":
            return
        # Its own mirror: that of the call would not be true of a list.
        listing = caller.options(self.options, (METHOD_HEADER, "tools/list"))
        rejection = await self.schemas.rejection(
            lambda: self.carrier(listing, Silence()), caller.identity, params, request.headers
        )
        if rejection is not None:
            raise rejected(rejection, ids.from_message(envelope.request.id))


class ModernExchange(Silence):
    """One request on its way, and the HTTP response that it gets."""

    def __init__(
        self,
        door: ModernDoor,
        options: ConnectionOptions,
        envelope: envelope_pb2.Envelope,
        question: Question | None,
    ) -> None:
        self._door = door
        self._options = options
        self._envelope = envelope
        self._question = question
        self._keepalive_seconds = door.settings.keepalive_seconds
        self._stream = EventStream()
        self._span: DoorRequest | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the response; the request is cancelled when the client closes it."""
        with ExitStack() as held:
            self._door.open.add(self)
            held.callback(self._door.open.discard, self)
            if self._envelope.request.method != LISTEN_METHOD:
                held.enter_context(self._door.work.under_way())
            await self._serve(scope, receive, send)

    def end(self) -> None:
        """The door ends: a subscription ends where it is, another request with an error."""
        if self._envelope.request.method == LISTEN_METHOD:
            self._stream.end()
        else:
            self._put_failure(ConnectionLost("the door has stopped", execution="MAYBE"))

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        running = asyncio.create_task(self._run(), name=self._envelope.request.method)
        response = StreamResponse(
            self._stream,
            self._keepalive_seconds,
            wait_seconds=self._keepalive_seconds,
            json_when_ok=True,
        )
        try:
            await response(scope, receive, send)
        finally:
            running.cancel()
            await asyncio.wait({running})
            if self._span is not None:
                self._span.unanswered()

    def notification(self, envelope: envelope_pb2.Envelope, related: Id | None) -> None:
        """A notification of the request; of a subscription it may make kept answers old."""
        self._door.cache.heard(envelope.notification)
        if text := host_text(envelope):
            self._stream.put(text)

    async def caught_up(self) -> None:
        """The HTTP client slows the server down."""
        await self._stream.room()

    async def _run(self) -> None:
        try:
            with self._door.carrier(self._begun(), self) as carrier:
                answer = plain(await self._called(carrier))
            self._door.cache.keep(self._question, answer.response)
            status = status_of_answer(answer.response)
        except HttpRefusalError as refusal:
            self._stream.put(refusal.text, status=refusal.status, final=True)
            return
        except McpGrpcError as error:
            self._put_failure(error)
            return
        except Exception:
            logger.exception("%s could not be carried", self._envelope.request.method)
            answer = envelope_pb2.Envelope(
                response=errors.failure(errors.INTERNAL_ERROR, "Internal error")
            )
            status = 500
        self._put(answer, status)

    async def _called(self, carrier: CallCarrier) -> envelope_pb2.Envelope:
        code = rpcs.CANCELLED
        try:
            answer = await carrier.exchange(Exchange(self._envelope))
            code = rpcs.code_of_answer(answer.response)
            return answer
        except McpGrpcError as error:
            code = rpcs.code_of_error(error)
            raise
        finally:
            self._door.listener.rpc_ended("Call", code)

    def _put_failure(self, error: McpGrpcError) -> None:
        self._put(envelope_pb2.Envelope(response=failed(error)), status_of_error(error))

    def _begun(self) -> ConnectionOptions:
        """How to reach the server, which is told of the request's span where there is one."""
        spans = door_spans("http")
        if spans is None:
            return self._options
        self._span = spans.begin(self._envelope)
        return replace(self._options, metadata=self._span.metadata(self._options.metadata))

    def _put(self, answer: envelope_pb2.Envelope, status: int) -> None:
        if self._span is not None:
            self._span.answered(answer.response)
        text = _answer_text(self._envelope, answer.response)
        self._stream.put(text, status=status, final=True)


def _answer_text(asked: envelope_pb2.Envelope, response: envelope_pb2.JsonRpcResponse) -> str:
    """The answer to a request, which takes its id."""
    response.id.CopyFrom(asked.request.id)
    return host_text(envelope_pb2.Envelope(response=response))


def _acknowledged(request: Request) -> Response:
    version = request.headers.get(VERSION_HEADER, "")
    unsupported = sdk_framing.unsupported_protocol_version_rejection(version)
    if unsupported is not None:
        raise rejected(unsupported, None)
    return Response(status_code=202)
