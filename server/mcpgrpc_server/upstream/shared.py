"""What one upstream session passes on when several gRPC clients share it.

A message reaches a client only where it certainly belongs to a request of that client. Everything
else is dropped: better unheard than heard by the wrong one.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

from mcpgrpc.binding.errors import Refusal
from mcpgrpc.binding.ids import Id
from mcpgrpc.stream.carrier import Reply
from mcpgrpc.v1 import envelope_pb2, errors_pb2
from mcpgrpc_server.upstream.deliveries import Deliveries
from mcpgrpc_server.upstream.questions import answer_ourselves
from mcpgrpc_server.upstream.refusals import RefusedError
from mcpgrpc_server.upstream.session import Asked

logger = logging.getLogger(__name__)

PATIENCE_SECONDS: Final = 1.0
"""How long clients that fall behind slow a session down, before the others go on without them: what
they do not take then is dropped, until they have caught up."""

BEHIND: Final = Refusal(
    errors_pb2.ERROR_REASON_STREAM_STALLED,
    "the client did not take the subscription's events in time, and some are lost; subscribe again",
)

Result = TypeVar("Result")


class SharedListener:
    """What the listeners of shared sessions of either era have in common."""

    def __init__(self) -> None:
        self._slow: set[Deliveries] = set()

    def questioned(
        self, request: envelope_pb2.JsonRpcRequest, asked: Asked | None, reply: Reply
    ) -> None:
        """No client of a shared session is asked: the session says that there is none to ask."""
        answer_ourselves(request, reply)

    def question_withdrawn(self, request_id: Id) -> None:
        """It was answered at once."""

    def standalone_stream_closed(self) -> None:
        """No client has such a stream of a shared session."""

    def lost(self) -> None:
        """What was under way fails by itself."""

    async def caught_up(self) -> None:
        """Wait for who falls behind, but not for long."""
        if not self._slow:
            return
        slow, self._slow = self._slow, set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_SECONDS):
                for deliveries in slow:
                    await deliveries.room()
        for deliveries in slow:
            deliveries.is_behind = not deliveries.has_room

    def pass_on(self, asked: Asked, method: str, params_json: str | None) -> None:
        """Give a client what belongs to its request."""
        to = asked.to
        if to is None:
            return
        if not to.put(method, params_json, asked.client_id):
            logger.debug("dropped %s: its client does not read", method)
            asked.fall_behind()
        if not to.has_room and not to.is_behind:
            self._slow.add(to)


async def until_behind(asked: Asked, work: Coroutine[Any, Any, Result]) -> Result:
    """The result of a subscription's work, which ends when its client is too far behind.

    An event that was dropped cannot be had later, so the client has to subscribe again.

    Raises:
        RefusedError: the client was too far behind.
    """
    task = asyncio.create_task(work, name=asked.method)
    try:
        waited: set[asyncio.Future[Any]] = {task, asked.ended}
        await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise RefusedError(BEHIND)
        return task.result()
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait({task})
        if not task.cancelled():
            # A client that has gone hears of no failure, and then nobody else is to.
            task.exception()
