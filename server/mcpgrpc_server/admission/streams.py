"""The bound on streams that one caller has open at once: Sessions, and Calls that subscribe.

It ends no stream. How many requests run on them is bounded by the stage beside it, and how many
streams one connection carries by HTTP/2.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from mcpgrpc.binding.errors import Refusal
from mcpgrpc.v1 import errors_pb2
from mcpgrpc_server.admission.counts import BoundedCounts
from mcpgrpc_server.caller import Caller
from mcpgrpc_server.caller_key import caller_key


class OpenStreams:
    """Counts the streams of each caller while they are open.

    Args:
        most: that one caller may have open.
    """

    def __init__(self, most: int) -> None:
        self._open = BoundedCounts(most)

    @contextmanager
    def place(self, caller: Caller) -> Iterator[Refusal | None]:
        """Hold a place for one stream while the context is open; gives why there is none.

        A caller stays the same caller when its credential is renewed, so its place does too.
        """
        who = caller_key(caller)
        if not self._open.take(who):
            yield self._refusal()
            return
        try:
            yield None
        finally:
            self._open.give_back(who)

    def _refusal(self) -> Refusal:
        return Refusal(
            errors_pb2.ERROR_REASON_STREAM_LIMIT,
            f"{self._open.most} streams of this caller are open, its limit; close one,"
            " or send on those that are open",
        )
