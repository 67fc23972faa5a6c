"""The process group of a command: the command itself and what it has started.

It does not start anything, and it reaches nothing that has left the group.
"""

from __future__ import annotations

import asyncio
import os
import signal
from typing import Final

POLL_SECONDS: Final = 0.02
"""How often a group is looked at: no event tells when the last process of one has ended."""


class ProcessGroup:
    """The group that a command leads.

    Args:
        leader_pid: the process id of the command, which is the group's id as well.
    """

    def __init__(self, leader_pid: int) -> None:
        self._id = leader_pid

    def send(self, number: signal.Signals) -> None:
        """Send a signal to every process of the group; to none when the group has ended."""
        try:
            os.killpg(self._id, number)
        except (ProcessLookupError, PermissionError):
            # What may not be signalled has changed its user, and is out of reach.
            return

    async def wait_empty(self, timeout_seconds: float) -> bool:
        """Wait until no process is left; False when some were left all that time.

        To be called when the leader has been waited for: it takes the status of what else in the
        group has become a child of this process, as orphans do of the first process in a container.
        """
        give_up = asyncio.get_running_loop().time() + timeout_seconds
        while self._has_members():
            left_seconds = give_up - asyncio.get_running_loop().time()
            if left_seconds <= 0:
                return False
            await asyncio.sleep(min(POLL_SECONDS, left_seconds))
        return True

    def _has_members(self) -> bool:
        self._reap_orphans()
        try:
            os.killpg(self._id, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True

    def _reap_orphans(self) -> None:
        try:
            while os.waitpid(-self._id, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
