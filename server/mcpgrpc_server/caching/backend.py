"""A backend whose results say how long they hold, and which is not asked for those that are kept.

It stands below every stage, so whoever asks has passed rights and limits, and sees of a kept result
what the rights leave of it. It is no stage itself: only a backend's clients hear its notifications.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

from mcpgrpc.binding.era import Era
from mcpgrpc.caching.config import CacheConfig, OnCacheEvent
from mcpgrpc.caching.response_cache import Question, ResponseCache
from mcpgrpc.caching.rules import params_key
from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server.availability import Availability
from mcpgrpc_server.backend import (
    Backend,
    BackendConnection,
    Client,
    ClientNotification,
    ServerCall,
    Summary,
)
from mcpgrpc_server.caching.announcing import announce
from mcpgrpc_server.caching.hearing import HearingClient
from mcpgrpc_server.caching.settings import CachingSettings, ttls_of
from mcpgrpc_server.caching.whose import whose


def cached(
    backend: Backend, settings: CachingSettings, on_event: OnCacheEvent | None = None
) -> Backend:
    """The backend as the settings have its results announced and kept; itself where they do not."""
    if settings.cache_ttl or settings.cache_results:
        return CachingBackend(backend, settings, on_event)
    return backend


class CachingBackend:
    """Stands before another backend.

    Args:
        backend: what is asked.
        settings: how long results hold, and which are kept.
        on_event: hears of hits, misses, and what comes and goes.
    """

    def __init__(
        self, backend: Backend, settings: CachingSettings, on_event: OnCacheEvent | None = None
    ) -> None:
        self._backend = backend
        self.ttls = ttls_of(settings.cache_ttl)
        self.kept_methods = frozenset(settings.cache_results)
        self.cache = ResponseCache(
            CacheConfig(
                max_entries=settings.max_cache_entries,
                max_bytes=settings.max_cache_bytes,
                on_event=on_event,
            )
        )
        # What comes back after it was gone may offer something else.
        backend.availability.watch(lambda _: self.cache.clear())

    @property
    def availability(self) -> Availability:
        """As the backend says."""
        return self._backend.availability

    def lifespan(self) -> AbstractAsyncContextManager[None]:
        """As the backend's."""
        return self._backend.lifespan()

    def connect(self, client: Client) -> BackendConnection:
        """A new client of the backend."""
        if self.kept_methods:
            client = HearingClient(client, self.cache)
        return CachingConnection(self, self._backend.connect(client), client)

    async def summary(self) -> Summary:
        """As the backend's."""
        return await self._backend.summary()


class CachingConnection:
    """One client's connection to the backend.

    Args:
        house: what is announced, and what is kept.
        connection: to the backend.
        client: whose it is.
    """

    def __init__(
        self, house: CachingBackend, connection: BackendConnection, client: Client
    ) -> None:
        self._house = house
        self._connection = connection
        self._client = client

    async def handle_request(self, call: ServerCall) -> envelope_pb2.JsonRpcResponse:
        """Give what is kept, or execute the request and keep what it gave."""
        question = self._question(call)
        kept = None if question is None else self._house.cache.answer(question)
        if kept is not None:
            return envelope_pb2.JsonRpcResponse(result_json=kept)
        response = await self._connection.handle_request(call)
        if call.request.method in self._house.ttls and _may_hold(call):
            announce(response, call.request.method, self._house.ttls)
        if question is not None:
            self._house.cache.keep(question, response.result_json)
        return response

    async def handle_notification(self, notification: ClientNotification) -> None:
        """The backend takes it."""
        await self._connection.handle_notification(notification)

    def listen_completion(self, call: ServerCall) -> envelope_pb2.JsonRpcResponse:
        """As the backend gives it."""
        return self._connection.listen_completion(call)

    async def aclose(self) -> None:
        """The client is gone."""
        await self._connection.aclose()

    def _question(self, call: ServerCall) -> Question | None:
        method = call.request.method
        if method not in self._house.kept_methods or not _may_hold(call):
            return None
        # Read now: a stream's identity can be renewed while it is open.
        caller = whose(call, self._client.caller)
        return self._house.cache.question(method, call.params_json, caller=caller)


def _may_hold(call: ServerCall) -> bool:
    """Whether the result of a request can say that it holds: a modern one, and no retry of one."""
    if not call.request.modern and call.era is not Era.MODERN:
        return False
    # Params without their text are the server's own, which no client can be told apart by.
    is_whole = call.params is None or call.params_json is not None
    return is_whole and params_key(call.request.method, call.params_json) is not None
