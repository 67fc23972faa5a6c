"""How many sessions an upstream may have at once, and the refusal of one more.

It opens none. For a command each session is a process, so the bound is one on memory.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from mcpgrpc.binding.errors import Refusal
from mcpgrpc.v1 import errors_pb2
from mcpgrpc_server.upstream.refusals import RefusedError


class SessionBudget:
    """The places for sessions of one upstream.

    Args:
        name: the upstream's.
        limit: how many there are.
        setting: the setting that says so.
    """

    def __init__(self, name: str, limit: int, setting: str) -> None:
        self._name = name
        self._limit = limit
        self._setting = setting
        self._taken = 0
        self.make_room: Callable[[], Awaitable[bool]] | None = None
        """Ends a session that nobody uses; False when there is none."""

    async def take(self) -> None:
        """Take a place, where necessary that of a session that nobody uses.

        Raises:
            RefusedError: every place is taken and used.
        """
        while self._taken >= self._limit:
            if self.make_room is None or not await self.make_room():
                raise RefusedError(self._full())
        self._taken += 1

    def give_back(self) -> None:
        """A session has ended."""
        self._taken -= 1

    def _full(self) -> Refusal:
        return Refusal(
            errors_pb2.ERROR_REASON_OVERLOADED,
            f"all {self._limit} sessions of upstream {self._name} are in use; try again later,"
            f" or raise {self._setting}",
        )
