"""An HTTP response made of an event stream: plain JSON where one message is all, else SSE.

It does not know eras or sessions, and cancels nothing: whoever serves the request does when the
response is over.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Final

from starlette.types import Receive, Scope, Send

from mcpgrpc.gateway.event_stream import Event, EventStream, Reader
from mcpgrpc.gateway.replies import OK, json_response

SSE: Final = "text/event-stream"
KEEPALIVE: Final = b": keep-alive\r\n\r\n"
RETRY_MS: Final = 1000
"""How soon a client comes back to a stream that was closed before its end."""

_HEADERS: Final = {
    "content-type": SSE,
    "cache-control": "no-cache, no-transform",
    # Tells nginx not to hold events back.
    "x-accel-buffering": "no",
}


@dataclass(slots=True)
class StreamResponse:
    """Answers one HTTP request from a stream.

    Attributes:
        stream: what is sent.
        keepalive_seconds: a comment is sent when nothing else was for so long.
        wait_seconds: how long the choice between JSON and SSE may wait for the first message.
        json_when_ok: a lone final message is JSON; otherwise only where its status is not 200.
        numbered: events have ids, by which a client takes the stream up again.
        primed: begin with an event that has an id and nothing else (2025-11-25 and later).
        after: begin behind this event, for a client that comes back.
        headers: further fields.
    """

    stream: EventStream
    keepalive_seconds: float
    wait_seconds: float = 0.0
    json_when_ok: bool = False
    numbered: bool = False
    primed: bool = False
    after: int | None = None
    headers: dict[str, str] = field(default_factory=dict)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response, until its end or until the client is gone."""
        reader = self.stream.attach(self.after)
        tasks = {
            asyncio.create_task(self._send(reader, scope, receive, send), name="http response"),
            asyncio.create_task(_disconnected(receive), name="http disconnect"),
        }
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            reader.close()
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    async def _send(self, reader: Reader, scope: Scope, receive: Receive, send: Send) -> None:
        first = await _within(reader, self.wait_seconds) if self.wait_seconds else None
        if first is not None and first.final and (self.json_when_ok or first.status != OK):
            await json_response(first.text, first.status, self.headers)(scope, receive, send)
            return
        fields = [
            (name.encode(), value.encode("latin-1"))
            for name, value in {**_HEADERS, **self.headers}.items()
        ]
        await send({"type": "http.response.start", "status": OK, "headers": fields})
        await _write(send, self._prime())
        await self._send_events(first, reader, send)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _send_events(self, event: Event | None, reader: Reader, send: Send) -> None:
        while True:
            if event is not None:
                await _write(send, self._frame(event))
                if event.final:
                    return
            try:
                async with asyncio.timeout(self.keepalive_seconds):
                    event = await reader.next()
            except TimeoutError:
                event = None
                await _write(send, KEEPALIVE)
            else:
                if event is None:
                    return

    def _prime(self) -> bytes:
        # Something is written in any case: headers alone may wait in a proxy.
        if not self.primed:
            return KEEPALIVE
        return f"id: {self.stream.number}.0\r\nretry: {RETRY_MS}\r\ndata: \r\n\r\n".encode()

    def _frame(self, event: Event) -> bytes:
        number = f"id: {self.stream.number}.{event.number}\r\n" if self.numbered else ""
        return f"{number}event: message\r\ndata: {event.text}\r\n\r\n".encode()


async def _within(reader: Reader, seconds: float) -> Event | None:
    try:
        async with asyncio.timeout(seconds):
            return await reader.next()
    except TimeoutError:
        return None


async def _write(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
