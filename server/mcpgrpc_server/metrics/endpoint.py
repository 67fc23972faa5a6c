"""The page that Prometheus scrapes, where a server's listeners are.

It is the door's own page (`mcpgrpc.gateway.metrics.page`), whose failures are a listener's here.
"""

from __future__ import annotations

from mcpgrpc.errors import UsageError
from mcpgrpc.gateway.metrics.page import MAX_CONNECTIONS, MetricsPage
from mcpgrpc_server.listeners import ListenError

__all__ = ["MAX_CONNECTIONS", "MetricsEndpoint"]


class MetricsEndpoint(MetricsPage):
    """Serves a registry over HTTP at one address."""

    async def start(self) -> str:
        """Listen; gives the `HOST:PORT` that is really bound.

        Raises:
            ListenError: the address cannot be bound.
        """
        try:
            return await super().start()
        except UsageError as error:
            raise ListenError(str(error)) from None
