"""The messages in an event stream of HTTP, and the place from which it can be taken up again.

It does not open streams, and does not know JSON-RPC. Parsing is the HTTP library's.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from typing import Final, cast

import httpx2

DEFAULT_PAUSE_SECONDS: Final = 1.0
"""Before a stream is taken up again whose server does not say when."""

MIN_PAUSE_MS: Final = 10
MAX_PAUSE_MS: Final = 30_000
"""Between these lies the pause, whatever the server says."""

_FRAMING_BYTES: Final = 1024
"""Of one event beside its message: field names, the id."""

_MAX_ID_CHARACTERS: Final = 1024
"""Of an event id: it goes back as a header field, and servers bound those."""


class EventTooLargeError(Exception):
    """An event is beyond the bound; the stream cannot be read further."""


@dataclass(slots=True)
class Place:
    """How far a stream was read.

    Attributes:
        last_event_id: what `Last-Event-ID` says; "" while there is none.
        pause_seconds: how long the server wants to be left alone before the stream goes on.
        events: how many were read.
    """

    last_event_id: str = ""
    pause_seconds: float = DEFAULT_PAUSE_SECONDS
    events: int = 0

    def note(self, event: httpx2.ServerSentEvent) -> None:
        """An event was read."""
        self.events += 1
        if event.id and _can_be_sent(event.id):
            self.last_event_id = event.id
        if event.retry is not None:
            self.pause_seconds = min(max(event.retry, MIN_PAUSE_MS), MAX_PAUSE_MS) / 1000


async def texts(
    response: httpx2.Response, place: Place, max_message_bytes: int
) -> AsyncIterator[str]:
    """The data of each message event; events without data and half events at the end are none.

    Args:
        response: of the type `text/event-stream`.
        place: is kept up to date; an event counts when it is handed out.
        max_message_bytes: of one event.

    Raises:
        EventTooLargeError: an event is larger.
    """
    # The standard has one coding for event streams, with or without a mark at the beginning.
    response.encoding = "utf-8-sig"
    source = httpx2.EventSource(response, max_event_size=max_message_bytes + _FRAMING_BYTES)
    # A generator, which the library declares as an iterator.
    events = cast("AsyncGenerator[httpx2.ServerSentEvent, None]", aiter(source))
    try:
        async with contextlib.aclosing(events):
            async for event in events:
                place.note(event)
                if event.event == "message" and event.data:
                    yield event.data
    except httpx2.SSEError:
        raise EventTooLargeError from None


def _can_be_sent(event_id: str) -> bool:
    """Whether an event id has a form as a header field."""
    return len(event_id) <= _MAX_ID_CHARACTERS and event_id.isascii() and event_id.isprintable()
