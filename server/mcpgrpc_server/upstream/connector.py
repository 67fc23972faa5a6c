"""How one upstream is reached: which carrier takes which requests to it.

It holds no connection. What lies below, a process or HTTP, is the carriers' own.
"""

from __future__ import annotations

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
        """Whether a carrier is a process of its own: one connection for either era, which does not
        say what belongs to which request."""
        ...

    def session_carrier(self, inbox: Inbox) -> Carrier:
        """A carrier for a session of the legacy era, or for a command that has not said its era."""
        ...

    def request_carrier(self, inbox: Inbox) -> Carrier:
        """A carrier for requests of the modern era, which need no session."""
        ...
