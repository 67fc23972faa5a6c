"""The seam between a Session stream and who owns it: what the stream brings.

Above it: whoever decides about further streams (`sending`). Below it: `session`, one stream.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from mcpgrpc.binding.core import Notify, StartRequest
from mcpgrpc.binding.ids import Id

if TYPE_CHECKING:
    from mcpgrpc.stream.session import SessionStream


class SessionListener(Protocol):
    """Who hears what a stream brings; called on the event loop, and must not block."""

    def on_notification(self, effect: Notify) -> None:
        """The server sent a notification, or cancelled a request of its own."""
        ...

    def on_request(self, stream: SessionStream, effect: StartRequest) -> None:
        """The server asks something (legacy era); answer with `SessionStream.answer`."""
        ...

    async def caught_up(self) -> None:
        """Wait until more can be taken; awaited between frames, so it slows the server down."""
        ...

    def on_go_away(self, stream: SessionStream) -> None:
        """The server drains the stream: open another for further requests."""
        ...

    def on_request_stream_close(self, request_id: Id) -> None:
        """The server asks a door to end the HTTP response of a request."""
        ...

    def on_standalone_stream_close(self) -> None:
        """The server asks a door to end its standalone stream."""
        ...

    def on_end(self, stream: SessionStream, error: Exception | None) -> None:
        """The stream is over; None when it ended OK. Every request on it has failed or ended."""
        ...
