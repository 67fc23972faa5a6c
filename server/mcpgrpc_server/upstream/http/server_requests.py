"""What a legacy upstream asks its client, and the answers, each a POST of its own.

It does not know what is asked. Ids are the upstream's and go back as they came: "7" is not 7.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from mcpgrpc.binding import codec, errors, ids
from mcpgrpc.binding.ids import Id
from mcpgrpc.stream.carrier import Inbox
from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server.upstream.bounded_log import BoundedLog
from mcpgrpc_server.upstream.http.posts import BackgroundPosts

MAX_OPEN: Final = 1024
"""Requests of one upstream session that wait for an answer, as many as a client's on a stream;
further ones are refused."""


class ServerRequests:
    """The requests of one upstream session.

    Args:
        inbox: who is asked.
        posts: carries the answers.
        log: where requests go that cannot be asked.
    """

    def __init__(self, inbox: Inbox, posts: BackgroundPosts, log: BoundedLog) -> None:
        self._inbox = inbox
        self._posts = posts
        self._log = log
        self._open: set[Id] = set()

    async def ask(self, envelope: envelope_pb2.Envelope) -> None:
        """Hand a request to the inbox, and wait while too many answers are on their way."""
        request_id = ids.from_message(envelope.request.id)
        if request_id is None or request_id in self._open:
            # An answer would settle the one that waits under this id.
            self._log.line("sent a request under an id that it waits for already")
        elif len(self._open) >= MAX_OPEN:
            self._log.line(f"waits for {MAX_OPEN} answers already; a request was refused")
            self._post(request_id, errors.failure(errors.INTERNAL_ERROR, "Too many requests"))
        else:
            self._open.add(request_id)
            self._inbox.request(envelope, partial(self._reply, request_id))
        await self._posts.room()

    def is_open(self, request_id: Id) -> bool:
        """Whether the upstream waits for the answer to a request."""
        return request_id in self._open

    def _reply(self, request_id: Id, response: envelope_pb2.JsonRpcResponse | None) -> None:
        if request_id not in self._open:
            return
        self._open.discard(request_id)
        if response is not None:
            self._post(request_id, response)

    def _post(self, request_id: Id, response: envelope_pb2.JsonRpcResponse) -> None:
        self._posts.start(_reply_text(request_id, response))


def _reply_text(request_id: Id, response: envelope_pb2.JsonRpcResponse) -> str:
    """The text of an answer; an error for one that has no text, so that nobody waits for it."""
    reply = envelope_pb2.JsonRpcResponse()
    reply.CopyFrom(response)
    reply.id.CopyFrom(ids.to_message(request_id))
    try:
        return codec.text_from_envelope(envelope_pb2.Envelope(response=reply))
    except codec.InvalidMessageError:
        reply = errors.failure(errors.INTERNAL_ERROR, "the client's answer is not JSON-RPC")
        reply.id.CopyFrom(ids.to_message(request_id))
        return codec.text_from_envelope(envelope_pb2.Envelope(response=reply))
