"""The inbox of the door's own requests: nothing that a server sends unasked is for them.

It answers nothing and keeps nothing.
"""

from __future__ import annotations

from mcpgrpc.binding.ids import Id
from mcpgrpc.stream.carrier import Reply
from mcpgrpc.v1 import envelope_pb2


class Silence:
    """Hears nothing: the door's own requests have no client that would."""

    def notification(self, envelope: envelope_pb2.Envelope, related: Id | None) -> None:
        """Dropped."""

    def request(self, envelope: envelope_pb2.Envelope, reply: Reply) -> None:
        """Never comes on a Call."""

    def request_cancelled(self, request_id: Id) -> None:
        """Never comes on a Call."""

    async def caught_up(self) -> None:
        """Nothing waits."""

    def session_over(self, error: Exception | None) -> None:
        """Never comes on a Call."""

    def request_stream_close(self, request_id: Id) -> None:
        """Never comes on a Call."""

    def standalone_stream_close(self) -> None:
        """Never comes on a Call."""
