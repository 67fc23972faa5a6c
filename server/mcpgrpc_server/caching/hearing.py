"""The client of a backend whose results are kept: what it is told makes some of them old first.

It changes nothing of what passes.
"""

from __future__ import annotations

from mcpgrpc.binding.ids import Id
from mcpgrpc.caching.response_cache import ResponseCache
from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server.backend import Client
from mcpgrpc_server.caller import Caller


class HearingClient:
    """Lets the cache hear of every notification before the client does.

    So a client that asks again because of one is never answered what was kept before it.

    Args:
        client: what it stands for.
        cache: what hears along.
    """

    def __init__(self, client: Client, cache: ResponseCache) -> None:
        self._client = client
        self._cache = cache

    @property
    def caller(self) -> Caller:
        """Who the client is."""
        return self._client.caller

    @property
    def takes_requests(self) -> bool:
        """Whether it can be asked something."""
        return self._client.takes_requests

    async def notify(
        self, method: str, params_json: str | None, related_request_id: Id | None
    ) -> None:
        """Send a notification. Raises as the client does."""
        self._cache.heard(method, params_json)
        await self._client.notify(method, params_json, related_request_id)

    def next_request_id(self) -> int:
        """As the client says."""
        return self._client.next_request_id()

    async def request(
        self,
        request_id: Id,
        method: str,
        params_json: str | None,
        related_request_id: Id | None,
        timeout_seconds: float | None,
    ) -> envelope_pb2.JsonRpcResponse:
        """Ask the client. Raises as it does."""
        return await self._client.request(
            request_id, method, params_json, related_request_id, timeout_seconds
        )

    def close_request_stream(self, request_id: Id) -> None:
        """As the client does."""
        self._client.close_request_stream(request_id)

    def close_standalone_stream(self) -> None:
        """As the client does."""
        self._client.close_standalone_stream()
