"""What a client sends on its Session, frame by frame: what each item is, and to whom it goes.

It does not know what a method means and never waits for a handler, except for `initialize`, which
parks the reader: what a client pipelines behind the handshake must find it done.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from mcpgrpc.binding import ids
from mcpgrpc.binding.core import (
    Answer,
    Effect,
    FrameError,
    Ignore,
    Notify,
    Resolve,
    StartRequest,
    StreamCore,
)
from mcpgrpc.binding.encoded import EncodedItem
from mcpgrpc.binding.errors import reason_name
from mcpgrpc.binding.outbox import Outbox
from mcpgrpc.stream.requests import Waiting
from mcpgrpc.v1 import errors_pb2, mcp_service_pb2, session_pb2
from mcpgrpc_server.host import StreamHost
from mcpgrpc_server.session.client import SessionClient
from mcpgrpc_server.session.renewal import Renewal
from mcpgrpc_server.session.requests import RunningRequests
from mcpgrpc_server.session.watch import StreamWatch
from mcpgrpc_server.telemetry import RequestInfo, StreamCounter, StreamInfo

INITIALIZE: Final = "initialize"


class InboundReader:
    """Reads one Session.

    Args:
        host: what the server's streams share.
        info: the stream's name in telemetry.
        counter: who counts its frames.
        core: the rules of the stream.
        outbox: what waits for the client; its Settings say how that is cut.
        client: the way back to it.
        requests: where its requests run.
        watch: the clock that hears of every frame.
        renewal: where fresh credentials go.
    """

    def __init__(
        self,
        host: StreamHost,
        info: StreamInfo,
        counter: StreamCounter | None,
        core: StreamCore[Waiting],
        outbox: Outbox[EncodedItem],
        client: SessionClient,
        requests: RunningRequests,
        watch: StreamWatch,
        renewal: Renewal,
    ) -> None:
        self._host = host
        self._telemetry = host.telemetry
        self._info = info
        self._counter = counter
        self._core = core
        self._outbox = outbox
        self._client = client
        self._requests = requests
        self._watch = watch
        self._renewal = renewal

    async def read(self, frames: AsyncIterator[mcp_service_pb2.SessionRequest]) -> None:
        """Take frames until the client half-closes.

        Raises:
            FrameError, FragmentError: a frame breaks the binding; the stream cannot go on.
        """
        max_items = self._host.limits.max_frame_items
        initialize_seconds = self._host.bounds.initialize_timeout_seconds
        async for frame in frames:
            self._watch.saw_frame()
            items = frame.items
            if self._counter is not None:
                self._counter.frame_received(len(items), frame.ByteSize())
            if self._telemetry.hears_frames():
                self._telemetry.frame_received(self._info, len(items), frame.ByteSize())
            if len(items) > max_items:
                raise FrameError(f"a frame of {len(items)} items; the limit is {max_items}")
            receive_envelope = self._core.receive_envelope
            for item in items:
                if item.HasField("envelope"):
                    initializing = self._apply(receive_envelope(item.envelope))
                else:
                    initializing = self._receive(item)
                if initializing is not None:
                    await asyncio.wait({initializing}, timeout=initialize_seconds)
            await self._watch.outbox_bounded()
            self._watch.took_frame()

    def _receive(self, item: session_pb2.ClientItem) -> asyncio.Task[None] | None:
        """Act on an item that is no envelope; gives the task to wait for, if any."""
        kind = item.WhichOneof("item")
        if kind == "fragment":
            envelope = self._core.receive_fragment(item.fragment)
            if envelope is not None:
                return self._apply(self._core.receive_envelope(envelope))
        elif kind == "settings":
            self._core.receive_settings(item.settings)
            self._outbox.max_open_fragments = self._core.peer.max_open_fragments
            self._outbox.fit_frames(self._core.peer.max_frame_bytes)
            self._client.requests.send_waiting()
            self._watch.heard_promise()
        elif kind == "request_settled":
            self._apply(self._core.receive_settled(item.request_settled.request_id))
        elif kind == "credentials" and self._host.renew is not None:
            self._renewal.present(self._host.renew, item.credentials.authorization)
        else:
            self._telemetry.ignored(self._info, f"item {kind or 'of an unknown kind'}")
        return None

    def _apply(self, effect: Effect[Waiting]) -> asyncio.Task[None] | None:
        if isinstance(effect, StartRequest):
            task = self._requests.start(effect)
            return task if effect.request.method == INITIALIZE else None
        if isinstance(effect, Resolve):
            self._client.requests.resolve(effect)
        elif isinstance(effect, Notify):
            if not self._requests.notify(effect, self._host.bounds.max_pending_notifications):
                self._telemetry.ignored(self._info, "a notification beyond the bound")
        elif isinstance(effect, Answer):
            self._refused(effect)
        elif isinstance(effect, Ignore):
            self._telemetry.ignored(self._info, effect.what)
        return None

    def _refused(self, answer: Answer) -> None:
        response = answer.response
        request_id = ids.from_message(response.id)
        if response.reason != errors_pb2.ERROR_REASON_UNSPECIFIED:
            named = "" if request_id is None else request_id
            era = self._core.era.era.value
            info = RequestInfo(self._info, named, answer.method, None, era)
            self._telemetry.refused(info, reason_name(response.reason))
        self._client.respond(response, request_id)
