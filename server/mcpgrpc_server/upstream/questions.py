"""What an upstream asks: passed to the client whose session it is, or answered by this service.

It does not judge answers, except that one which is no JSON-RPC never reaches an upstream.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from mcpgrpc.binding import codec, errors, ids
from mcpgrpc.binding.ids import Id
from mcpgrpc.stream.carrier import Reply
from mcpgrpc.stream.writer import StreamClosedError
from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server.upstream.deliveries import Deliveries
from mcpgrpc_server.upstream.session import Asked

logger = logging.getLogger(__name__)

MAX_QUESTIONS: Final = 256
"""Requests of an upstream that wait for one client at once; each holds a task."""

_PING: Final = "ping"


def answer_ourselves(request: envelope_pb2.JsonRpcRequest, reply: Reply) -> None:
    """Answer where there is no client to ask: a ping is, anything else is not known here."""
    if request.method == _PING:
        reply(envelope_pb2.JsonRpcResponse(result_json="{}"))
    else:
        reply(nobody_to_ask(request.method))


def nobody_to_ask(method: str) -> envelope_pb2.JsonRpcResponse:
    """The answer to a request that no client can be asked."""
    return errors.failure(errors.METHOD_NOT_FOUND, f"there is no client to ask for {method}")


class Questions:
    """The requests of an upstream that wait for one client.

    Args:
        deliveries: the way to that client.
    """

    def __init__(self, deliveries: Deliveries) -> None:
        self._deliveries = deliveries
        self._waiting: dict[Id, asyncio.Task[None]] = {}

    def ask(self, request: envelope_pb2.JsonRpcRequest, asked: Asked | None, reply: Reply) -> None:
        """Pass a request on; the answer goes to `reply`."""
        number = ids.from_message(request.id)
        client = self._deliveries.client
        can_ask = client.takes_requests and (asked is None or asked.takes_requests)
        if number is None or number in self._waiting or not can_ask:
            reply(nobody_to_ask(request.method))
        elif len(self._waiting) >= MAX_QUESTIONS:
            reply(errors.failure(errors.INTERNAL_ERROR, f"{MAX_QUESTIONS} requests wait already"))
        else:
            related = None if asked is None else asked.client_id
            task = asyncio.create_task(self._ask(request, related, reply), name=request.method)
            self._waiting[number] = task
            task.add_done_callback(lambda _: self._waiting.pop(number))

    def withdraw(self, request_id: Id) -> None:
        """The upstream does not want an answer any more; the client is told so."""
        task = self._waiting.get(request_id)
        if task is not None:
            task.cancel()

    def close(self) -> None:
        """The session is over: nobody wants an answer."""
        for task in self._waiting.values():
            task.cancel()

    async def _ask(
        self, request: envelope_pb2.JsonRpcRequest, related: Id | None, reply: Reply
    ) -> None:
        answer: envelope_pb2.JsonRpcResponse | None = None
        try:
            # What was said before the question is heard before it.
            await self._deliveries.delivered()
            answer = await self._answer(request, related)
        except StreamClosedError:
            answer = errors.failure(errors.INTERNAL_ERROR, "the client is gone")
        except Exception:
            logger.exception("asking a client for %s failed", request.method)
            answer = errors.failure(errors.INTERNAL_ERROR, "the client could not be asked")
        finally:
            reply(answer)

    async def _answer(
        self, request: envelope_pb2.JsonRpcRequest, related: Id | None
    ) -> envelope_pb2.JsonRpcResponse:
        client = self._deliveries.client
        params_json = request.params_json if request.HasField("params_json") else None
        answer = await client.request(
            client.next_request_id(), request.method, params_json, related, None
        )
        if not _is_sendable(answer):
            return errors.failure(
                errors.INTERNAL_ERROR, "the client's answer is no JSON-RPC response"
            )
        return answer


def _is_sendable(answer: envelope_pb2.JsonRpcResponse) -> bool:
    named = envelope_pb2.JsonRpcResponse()
    named.CopyFrom(answer)
    named.id.integer = 0
    try:
        codec.text_from_envelope(envelope_pb2.Envelope(response=named))
    except codec.InvalidMessageError:
        return False
    return True
