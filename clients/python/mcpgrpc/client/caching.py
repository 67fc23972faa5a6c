"""The lean client's cache: between its methods with names and the requests that they make.

It decides nothing about freshness, which `mcpgrpc.caching` does, and only serves the modern era: no
other result says how long it holds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeAlias

from mcpgrpc.binding import errors, json_text
from mcpgrpc.binding.era import MODERN_VERSIONS
from mcpgrpc.binding.ids import Id
from mcpgrpc.caching.config import CacheConfig, checked_cache_mode
from mcpgrpc.caching.response_cache import Question, ResponseCache
from mcpgrpc.caching.rules import NEWS
from mcpgrpc.client.inbox import NotificationCallback, RequestCallback, ServerMessages
from mcpgrpc.client.pages import every_item
from mcpgrpc.errors import RemoteError
from mcpgrpc.v1 import envelope_pb2

DEFAULT_CACHE: Final = CacheConfig()
"""On, as in the official SDK's client; what a server gives no `ttlMs` is fetched every time."""

Fetch: TypeAlias = Callable[[dict[str, Any] | None], Awaitable[dict[str, Any]]]
"""Sends a request of one method with such params; gives its result."""

_ONLY_CALLER: Final = ""
"""A client is one caller for as long as it lives, and shares its cache with nobody."""


class Answers:
    """Results from the cache where they are fresh, else from the server.

    Args:
        config: the cache's bounds; None for no cache.
    """

    def __init__(self, config: CacheConfig | None) -> None:
        self._cache = None if config is None else ResponseCache(config)
        self._is_modern = False

    def speak(self, protocol_version: str) -> None:
        """The revision is agreed on."""
        self._is_modern = protocol_version in MODERN_VERSIONS

    def heard(self, notification: envelope_pb2.JsonRpcNotification) -> None:
        """The server told something: what that makes old is given no more."""
        if self._cache is not None and notification.method in NEWS:
            self._cache.heard(notification.method, notification.params_json)

    async def one(
        self, method: str, params: dict[str, Any] | None, mode: str, fetch: Fetch
    ) -> dict[str, Any]:
        """The result of one request. Raises as `fetch`, and UsageError for an unknown mode."""
        result, _ = await self._one(method, params, mode, fetch)
        return result

    async def items(
        self, method: str, member: str, mode: str, fetch: Fetch
    ) -> list[dict[str, Any]]:
        """The items of every page of a list. Raises as `fetch`, and UsageError for a mode.

        Where the server refuses the cursor of a page that was kept, the list has changed under it
        and is read again from its beginning.
        """
        used_kept = False

        async def page(params: dict[str, Any]) -> dict[str, Any]:
            nonlocal used_kept
            result, is_kept = await self._one(method, params, mode, fetch)
            used_kept = used_kept or is_kept
            return result

        try:
            return [item async for item in every_item(page, method, member)]
        except RemoteError as error:
            if not used_kept or error.code != errors.INVALID_PARAMS:
                raise
        if self._cache is not None:
            self._cache.drop(method)
        mode = "refresh"
        return [item async for item in every_item(page, method, member)]

    async def _one(
        self, method: str, params: dict[str, Any] | None, mode: str, fetch: Fetch
    ) -> tuple[dict[str, Any], bool]:
        checked_cache_mode(mode)
        cache, question = self._cache, None
        if cache is not None and self._is_modern and mode != "bypass":
            question = cache.question(method, _text(params), caller=_ONLY_CALLER)
        if cache is None or question is None:
            return await fetch(params), False
        kept = cache.answer(question) if mode == "use" else None
        if kept is not None:
            # Who asks in a loop lets others run, as with an answer from the server.
            await asyncio.sleep(0)
            return json_text.parse(kept), True
        result = await fetch(params)
        _keep(cache, question, result)
        return result, False


class HeardMessages(ServerMessages):
    """What the server sends unasked, of which the cache hears before anybody else.

    Args:
        answers: where results are kept.
        on_notification: as `ServerMessages` has it.
        on_request: as `ServerMessages` has it.
    """

    def __init__(
        self,
        answers: Answers,
        on_notification: NotificationCallback | None,
        on_request: RequestCallback | None,
    ) -> None:
        super().__init__(on_notification, on_request)
        self._answers = answers

    def notification(self, envelope: envelope_pb2.Envelope, related: Id | None) -> None:
        """A notification of the server."""
        self._answers.heard(envelope.notification)
        super().notification(envelope, related)


def _keep(cache: ResponseCache, question: Question, result: dict[str, Any]) -> None:
    # Written as text for those alone that say they may be kept; the others only supersede.
    ttl_ms = result.get("ttlMs")
    is_kept = isinstance(ttl_ms, int) and ttl_ms > 0
    cache.keep(question, json_text.dump(result) if is_kept else "{}")


def _text(params: dict[str, Any] | None) -> str | None:
    return None if params is None else json_text.dump(params)
