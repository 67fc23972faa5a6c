"""The door as the first hop of a request's id: taken over or made, sent on, and answered.

It measures nothing and refuses nothing: an id that is no good is replaced by one of the door's own.
"""

from __future__ import annotations

from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mcpgrpc.logs.correlation import HEADER, Known, current, given_id, new_id, sane
from mcpgrpc.tracing.fields import TRACEPARENT

_FIELD: Final = HEADER.encode()
_TRACEPARENT: Final = TRACEPARENT.encode()
_ANSWERS: Final = frozenset({"http.response.start", "websocket.accept"})


class Correlated:
    """Serves each request under an id, which stands in its fields from here on, exactly once.

    A WebSocket carries many requests: it sends on an id that its client gave it, for all of them;
    where there is none, the service behind makes one for each.

    Args:
        app: what serves.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or WebSocket."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        asked = _only(scope, _FIELD)
        correlation_id = given_id((asked,), (_only(scope, _TRACEPARENT),)) or new_id()
        sent_on = correlation_id if scope["type"] == "http" else sane(asked)
        fields = [pair for pair in scope["headers"] if pair[0] != _FIELD]
        if sent_on:
            fields.append((_FIELD, sent_on.encode()))

        async def send_named(message: Message) -> None:
            await send(_named(message, correlation_id))

        token = current.set(Known(correlation_id))
        try:
            await self._app({**scope, "headers": fields}, receive, send_named)
        finally:
            current.reset(token)


def _only(scope: Scope, name: bytes) -> str:
    """The one field; nothing where there are several, since nobody could say which is meant."""
    values = [value for field, value in scope["headers"] if field == name]
    return values[0].decode("latin-1") if len(values) == 1 else ""


def _named(message: Message, correlation_id: str) -> Message:
    if message["type"] not in _ANSWERS:
        return message
    fields: list[Any] = [*message.get("headers", ()), (_FIELD, correlation_id.encode())]
    return {**message, "headers": fields}
