"""The end of a stream's identity: notice, refusal, and an overrun for what runs.

It proves no credential; whoever does hands over the identity with its end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from mcpgrpc.binding.errors import Refusal
from mcpgrpc.v1 import errors_pb2
from mcpgrpc_server.host import StreamBounds
from mcpgrpc_server.identity import Identity

TOKEN_EXPIRED: Final = Refusal(
    errors_pb2.ERROR_REASON_TOKEN_EXPIRED,
    "the credential of this stream ends; open a new stream with a fresh one",
)


class TokenExpiry:
    """Follows the identity of one stream.

    Args:
        bounds: how long before and after the token's end.
        drain: takes no further requests; given the seconds in which running ones have to finish.
        end: ends what still runs then.
    """

    def __init__(
        self, bounds: StreamBounds, drain: Callable[[float], None], end: Callable[[], object]
    ) -> None:
        self._bounds = bounds
        self._drain = drain
        self._end = end
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._is_ending = False

    def follow(self, identity: Identity) -> None:
        """The stream has this identity from now on; one without an end is not watched."""
        self.stop()
        if identity.expires_at is None:
            return
        left_seconds = (identity.expires_at - datetime.now(UTC)).total_seconds()
        # A credential that lives no longer than the notice still serves for half of what is left.
        notice_seconds = max(left_seconds / 2, left_seconds - self._bounds.token_notice_seconds, 0)
        grace_seconds = max(0.0, left_seconds - notice_seconds) + self._bounds.token_overrun_seconds
        self._timer = self._loop.call_later(notice_seconds, self._give_notice, grace_seconds)

    def stop(self) -> None:
        """The stream is over, or its identity is another."""
        if self._timer is not None:
            self._timer.cancel()

    def end_now(self) -> None:
        """What proved the identity was taken back: as `follow`, without the time before notice."""
        if not self._is_ending:
            self.stop()
            self._give_notice(self._bounds.token_overrun_seconds)

    def _give_notice(self, grace_seconds: float) -> None:
        self._is_ending = True
        self._timer = self._loop.call_later(grace_seconds, self._end)
        self._drain(grace_seconds)
