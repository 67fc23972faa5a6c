"""How one upstream is reached: which carrier takes which requests to it.

It holds no connection. What lies below, a process or HTTP, is the carriers' own.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from mcpgrpc.stream.carrier import Carrier, Inbox


class Connector(Protocol):
    """Makes the carriers of one upstream."""

    @property
    def name(self) -> str:
        """The upstream's name, for messages, logs and prefixes."""
        ...

    @property
    def is_command(self) -> bool:
        """Whether a carrier is a process of its own, which speaks either era on one connection."""
        ...

    def opened(self) -> AbstractAsyncContextManager[None]:
        """What its carriers have in common, for as long as there are any."""
        ...

    def session_carrier(self, inbox: Inbox, *, for_one: bool) -> Carrier:
        """A carrier for a session of the legacy era.

        Args:
            inbox: who hears what comes unasked.
            for_one: one client has the session for itself.

        Raises:
            ConnectError: it cannot be made as the settings say.
        """
        ...

    def request_carrier(self, inbox: Inbox) -> Carrier:
        """A carrier for requests of the modern era, which need no session.

        That of a command begins a legacy session as well, if nothing else went over it. Raises as
        `session_carrier`.
        """
        ...
