"""The door's cache: what the server answered a caller, given again to the same caller.

It shares nothing between callers with different credentials, not even what the server calls public.
The door cannot tell whether the server would take a credential that it has not seen accepted, nor
what it would let its holder ask; only the server can, so only the server answers the first time.
"""

from __future__ import annotations

import hmac
import secrets
from typing import Final

from mcpgrpc.binding import json_text
from mcpgrpc.caching.circumstances import circumstances
from mcpgrpc.caching.config import CacheConfig, OnCacheEvent
from mcpgrpc.caching.response_cache import Question, ResponseCache
from mcpgrpc.caching.rules import CACHEABLE_METHODS, NEWS
from mcpgrpc.gateway.caller import HttpCaller
from mcpgrpc.v1 import envelope_pb2

_KEY_BYTES: Final = 32


class DoorCache:
    """Answers to modern requests.

    Args:
        max_seconds: the longest that an answer is kept, which is also how long a credential that
            was taken back may still be answered what it was answered before; 0 keeps nothing.
        max_bytes: memory that answers take together.
        on_event: hears of hits, misses, and what comes and goes.
    """

    def __init__(
        self, max_seconds: float, max_bytes: int, on_event: OnCacheEvent | None = None
    ) -> None:
        self._cache: ResponseCache | None = None
        if max_seconds > 0:
            config = CacheConfig(
                max_bytes=max_bytes, max_ttl_seconds=max_seconds, on_event=on_event
            )
            self._cache = ResponseCache(config)
        # Of this process alone: what is kept of a credential is worth nothing elsewhere.
        self._key = secrets.token_bytes(_KEY_BYTES)

    def question(self, envelope: envelope_pb2.Envelope, caller: HttpCaller) -> Question | None:
        """A request before it is carried; None where its answer may not be kept."""
        request = envelope.request
        if self._cache is None or request.method not in CACHEABLE_METHODS:
            return None
        params_json = request.params_json if request.HasField("params_json") else None
        who = self._who(envelope.door, caller)
        # Callers without a credential cannot be told apart: they have no private answers.
        private = who if caller.has_credential else None
        return self._cache.question(request.method, params_json, caller=private, circle=who)

    def answer(self, question: Question | None) -> envelope_pb2.JsonRpcResponse | None:
        """The answer that is fresh now; it has no id yet."""
        if self._cache is None or question is None:
            return None
        kept = self._cache.answer(question)
        return None if kept is None else envelope_pb2.JsonRpcResponse(result_json=kept)

    def keep(self, question: Question | None, response: envelope_pb2.JsonRpcResponse) -> None:
        """Take in the answer to a request; an error is none that is kept."""
        if self._cache is not None and question is not None:
            self._cache.keep(question, response.result_json)

    def heard(self, notification: envelope_pb2.JsonRpcNotification) -> None:
        """The server told a caller something, which makes answers to everybody old."""
        if self._cache is not None and notification.method in NEWS:
            self._cache.heard(notification.method, notification.params_json)

    def _who(self, door: envelope_pb2.DoorContext, caller: HttpCaller) -> bytes:
        """What requests have equal that the server takes for the same caller's, as a digest."""
        headers = circumstances((header.name, header.value) for header in door.headers)
        said = caller.identity + json_text.dump(headers).encode()
        return hmac.digest(self._key, said, "sha256")
