"""The age at which a stream takes no further requests, so that its client opens another elsewhere.

It ends no legacy session: what such a session holds cannot move to another stream, so ending it
would cost its client what age shall win for others. A drain does.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Final

from mcpgrpc.binding.core import StreamCore
from mcpgrpc.binding.era import Era
from mcpgrpc.binding.errors import Refusal
from mcpgrpc.stream.requests import Waiting
from mcpgrpc.v1 import errors_pb2
from mcpgrpc_server.host import StreamBounds
from mcpgrpc_server.session.inbound import INITIALIZE

JITTER: Final = 0.1
"""How far ages lie apart, each way: streams that began together, as after a rollout, do not move
together. gRPC takes as much for connections."""

INITIALIZE_LOOK_SECONDS: Final = 1.0
"""How long a stream is given that is about to become a legacy session, each time."""

TOO_OLD: Final = Refusal(
    errors_pb2.ERROR_REASON_DRAINING,
    "this stream is too old; send the request again on a new stream",
)


class StreamAge:
    """The age of one stream.

    Args:
        core: knows the era.
        bounds: how old is too old, and how long requests may run on then.
        drain: takes no further requests; given the seconds in which running ones have to finish.
        end: ends what still runs then.
    """

    def __init__(
        self,
        core: StreamCore[Waiting],
        bounds: StreamBounds,
        drain: Callable[[float], None],
        end: Callable[[], object],
    ) -> None:
        self._core = core
        self._bounds = bounds
        self._drain = drain
        self._end = end
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """The stream begins; nothing happens where age is no matter."""
        most = self._bounds.max_age_seconds
        if most:
            age = random.uniform(1 - JITTER, 1 + JITTER) * most  # noqa: S311  # no secret
            self._timer = self._loop.call_later(age, self._too_old)

    def stop(self) -> None:
        """The stream is over."""
        if self._timer is not None:
            self._timer.cancel()

    def _too_old(self) -> None:
        if self._core.era.era is Era.LEGACY or self._core.draining:
            return
        if any(each.method == INITIALIZE for each in self._core.in_flight.all()):
            self._timer = self._loop.call_later(INITIALIZE_LOOK_SECONDS, self._too_old)
            return
        grace_seconds = self._bounds.max_age_grace_seconds
        self._timer = self._loop.call_later(grace_seconds, self._end)
        self._drain(grace_seconds)
