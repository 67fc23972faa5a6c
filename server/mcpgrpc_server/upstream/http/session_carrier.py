"""One session with an upstream over Streamable HTTP of the revisions that begin with `initialize`.

It begins no session itself: the handshake is a request like every other, and whoever is above sends
it. A session that the upstream has forgotten stays over; another one is another carrier's.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from functools import partial
from typing import Final

import httpx2

from mcpgrpc.binding import codec, errors, ids, json_text
from mcpgrpc.binding.core import CANCELLED_METHOD
from mcpgrpc.binding.ids import Id
from mcpgrpc.errors import ConnectionLost
from mcpgrpc.stream.carrier import Exchange, Inbox
from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server.upstream.http import failures
from mcpgrpc_server.upstream.http.endpoint import (
    MAX_EXCHANGES,
    MAX_MESSAGE_BYTES,
    HttpEndpoint,
    endpoint_log,
)
from mcpgrpc_server.upstream.http.exchange import AnswerReader
from mcpgrpc_server.upstream.http.incoming import Incoming
from mcpgrpc_server.upstream.http.posts import BackgroundPosts
from mcpgrpc_server.upstream.http.resumption import Resumption
from mcpgrpc_server.upstream.http.server_requests import ServerRequests
from mcpgrpc_server.upstream.http.session import HttpSession
from mcpgrpc_server.upstream.http.standalone import StandaloneStream
from mcpgrpc_server.upstream.http.under_way import ExchangesUnderWay, Settle
from mcpgrpc_server.upstream.http.work import Work

_INITIALIZE: Final = "initialize"
_INITIALIZED: Final = "notifications/initialized"


class HttpSessionCarrier:
    """Carries the messages of one session; see `Carrier`.

    Args:
        name: of the upstream, for messages.
        url: of its MCP endpoint; http or https.
        headers: what the settings send there.
        inbox: who hears what comes unasked.
        client: sends requests; stays open when this is closed.
        max_message_bytes: of an answer and of what comes unasked.
        max_exchanges: at once; further requests are refused (OVERLOADED).
    """

    def __init__(
        self,
        name: str,
        url: str,
        headers: Mapping[str, str],
        inbox: Inbox,
        client: httpx2.AsyncClient,
        *,
        max_message_bytes: int = MAX_MESSAGE_BYTES,
        max_exchanges: int = MAX_EXCHANGES,
    ) -> None:
        self._name = name
        self._inbox = inbox
        self._max_message_bytes = max_message_bytes
        self._log = endpoint_log(name)
        endpoint = HttpEndpoint(name, url, headers, client)
        self._session = HttpSession(endpoint, self._log, self._forgotten)
        self._posts = BackgroundPosts(self._session.post_one_way, self._log)
        self._incoming = Incoming(inbox, self._log, ServerRequests(inbox, self._posts, self._log))
        self._under_way = ExchangesUnderWay(name, max_exchanges)
        self._listening: Work | None = None
        self._over = False
        self._closed = False

    async def open(self) -> None:
        """Nothing: there is no connection but those of requests."""

    async def exchange(self, exchange: Exchange) -> envelope_pb2.Envelope:
        """Carry a request; see `Carrier.exchange`.

        Cancelling it stops reading and sends `notifications/cancelled`, except for `initialize`.

        Raises:
            ConnectError: no connection; nothing was sent.
            ConnectionLost: it broke, or ended without an answer; or the session is over.
            ServiceError: the upstream refuses this server by an HTTP status (HttpRefusal), a
                message is too large, or there is no room for the request.
        """
        request = exchange.envelope.request
        try:
            text = codec.text_from_envelope(exchange.envelope)
        except codec.InvalidMessageError as error:
            refused = errors.failure(error.code, str(error))
            refused.id.CopyFrom(request.id)
            return envelope_pb2.Envelope(response=refused)
        try:
            return await self._under_way.run(request.method, partial(self._carry, request, text))
        except asyncio.CancelledError:
            if request.method != _INITIALIZE:
                self._posts.start(_cancellation_text(exchange))
            raise

    async def notify(self, envelope: envelope_pb2.Envelope) -> None:
        """Carry a notification, and wait until the upstream has accepted it.

        What it does not accept is logged. After `notifications/initialized` the upstream is heard
        beside requests as well, where it has a stream for that.
        """
        if self._is_ended:
            return
        try:
            text = codec.text_from_envelope(envelope)
        except codec.InvalidMessageError as error:
            self._log.line(f"was not sent a notification: {error}")
            return
        await self._session.post_one_way(text)
        begins = envelope.notification.method == _INITIALIZED
        if begins and self._listening is None and not self._is_ended:
            self._listen()

    async def close(self) -> None:
        """End the session at the upstream, in bounded time; what is under way fails. Idempotent."""
        if self._closed:
            return
        self._closed = True
        self._end("this server closed its session")
        await self._under_way.wait_done()
        await self._posts.wait_done()
        if self._listening is not None:
            await asyncio.wait({self._listening.task})
        if not self._over:
            await self._session.delete()
        self._log.close()

    @property
    def _is_ended(self) -> bool:
        return self._over or self._closed

    async def _carry(self, request: envelope_pb2.JsonRpcRequest, text: str, settle: Settle) -> None:
        related = ids.from_message(request.id)
        deliver = partial(self._incoming.deliver, related)
        reader = AnswerReader(self._name, request, deliver, self._max_message_bytes, self._log)
        if request.method == _INITIALIZE:
            settle = partial(self._settle_initialize, self._session.id, settle)
        try:
            if await self._post_request(request, text, reader, settle):
                return
        except failures.HttpRefusal as error:
            self._log.line(error.message)
            raise
        except ConnectionLost:
            # Without the id of an event there is no way back into the stream, if it was one.
            if not reader.place.last_event_id:
                raise
        else:
            self._stream_ended(related)
        resumption = Resumption(self._name, request.method, reader, self._session.event_stream)
        await resumption.run(settle, partial(self._stream_ended, related))

    async def _post_request(
        self,
        request: envelope_pb2.JsonRpcRequest,
        text: str,
        reader: AnswerReader,
        settle: Settle,
    ) -> bool:
        """Send a request and settle it; False when its event stream ends before the answer."""
        opens = request.method == _INITIALIZE
        async with self._session.post(request.method, text, opens=opens) as response:
            if opens:
                self._session.offered(response)
            answer = await reader.read(response)
            if answer is not None:
                settle(answer)
                await reader.drain()
            elif not reader.place.last_event_id:
                why = "its event stream ended without an answer"
                raise failures.lost(self._name, request.method, why)
        return answer is not None

    def _settle_initialize(
        self, id_before: str | None, settle: Settle, answer: envelope_pb2.Envelope
    ) -> None:
        if answer.response.WhichOneof("outcome") == "result_json":
            self._session.began(answer.response)
        else:
            self._session.id = id_before
        settle(answer)

    def _stream_ended(self, related: Id | None) -> None:
        """The upstream lets its client ask again: a door in front can do the same with its own."""
        if related is not None:
            self._inbox.request_stream_close(related)

    def _listen(self) -> None:
        stream = StandaloneStream(
            self._session.event_stream,
            partial(self._incoming.deliver, None),
            self._inbox.standalone_stream_close,
            self._max_message_bytes,
            self._log,
        )
        self._listening = Work(stream.run(), "event stream of an upstream")

    def _forgotten(self) -> None:
        """The upstream does not know the session any more."""
        if self._is_ended:
            return
        self._over = True
        self._end("it does not know this session any more")
        self._inbox.session_over(failures.session_ended(self._name, is_new=False))

    def _end(self, why: str) -> None:
        self._under_way.end(why)
        self._posts.end()
        if self._listening is not None and not self._listening.is_current:
            self._listening.give_up()


def _cancellation_text(exchange: Exchange) -> str:
    """The cancellation of a request, in the words of whoever cancelled it."""
    params: dict[str, object] = {"reason": "the client stopped waiting"}
    if exchange.cancellation_json is not None:
        with contextlib.suppress(json_text.JsonTextError):
            params = json_text.parse_object(exchange.cancellation_json) or params
    # What was cancelled above has another id there.
    params["requestId"] = ids.from_message(exchange.envelope.request.id)
    notification = envelope_pb2.JsonRpcNotification(
        method=CANCELLED_METHOD, params_json=json_text.dump(params)
    )
    return codec.text_from_envelope(envelope_pb2.Envelope(notification=notification))
