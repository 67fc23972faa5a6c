"""What a host told a legacy server about its session, so that it can be told to another.

It does not send anything. A server that restarts has forgotten its sessions; a host behind a door
that stays up does not know and carries on.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mcpgrpc.binding import ids, json_text
from mcpgrpc.binding.ids import Id
from mcpgrpc.v1 import envelope_pb2

MAX_SUBSCRIPTIONS: Final = 1024
"""Resources whose subscriptions are remembered; the oldest are forgotten first."""


class SessionMemory:
    """Remembers the handshake, the log level and the subscriptions of one host."""

    def __init__(self) -> None:
        self._initialize: envelope_pb2.Envelope | None = None
        self._initialized = False
        self._level: envelope_pb2.Envelope | None = None
        self._subscriptions: dict[str, envelope_pb2.Envelope] = {}

    @property
    def is_legacy(self) -> bool:
        """Whether the host has begun a legacy session."""
        return self._initialize is not None

    def sent(self, envelope: envelope_pb2.Envelope) -> None:
        """The host sent a message."""
        kind = envelope.WhichOneof("message")
        if kind == "notification":
            if envelope.notification.method == "notifications/initialized":
                self._initialized = True
        elif kind == "request":
            self._remember(envelope)

    def replay(self, replay_ids: Iterator[Id]) -> list[envelope_pb2.Envelope]:
        """The requests that tell another server, the handshake first; each takes one of the ids."""
        told = [self._initialize, self._level, *self._subscriptions.values()]
        replayed = []
        for envelope in told:
            if envelope is not None:
                copy = envelope_pb2.Envelope()
                copy.CopyFrom(envelope)
                copy.request.id.CopyFrom(ids.to_message(next(replay_ids)))
                replayed.append(copy)
        return replayed

    def initialized(self) -> envelope_pb2.Envelope | None:
        """The notification that ends the handshake; None when the host had not sent it."""
        if not self._initialized:
            return None
        method = "notifications/initialized"
        return envelope_pb2.Envelope(notification=envelope_pb2.JsonRpcNotification(method=method))

    def _remember(self, envelope: envelope_pb2.Envelope) -> None:
        method = envelope.request.method
        if method == "initialize":
            self._initialize = envelope
        elif method == "logging/setLevel":
            self._level = envelope
        elif method == "resources/subscribe":
            self._subscriptions[_uri(envelope)] = envelope
            if len(self._subscriptions) > MAX_SUBSCRIPTIONS:
                del self._subscriptions[next(iter(self._subscriptions))]
        elif method == "resources/unsubscribe":
            self._subscriptions.pop(_uri(envelope), None)


def _uri(envelope: envelope_pb2.Envelope) -> str:
    try:
        params = json_text.parse_object(envelope.request.params_json) or {}
    except json_text.JsonTextError:
        return ""
    return str(params.get("uri", ""))
