"""The page of a door's metrics that Prometheus scrapes, served by a thread of its own.

The text, its formats and their negotiation are `prometheus_client`'s. It answers also while the
event loop is stuck, which is when it is needed most. It counts nothing.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from socketserver import ThreadingMixIn
from typing import Any, Final
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from prometheus_client import CollectorRegistry, GCCollector, ProcessCollector
from prometheus_client.exposition import make_wsgi_app
from prometheus_client.registry import Collector

from mcpgrpc.errors import UsageError

MAX_CONNECTIONS: Final = 16
"""At once. Two Prometheus servers and an operator's browser are three; each has a thread."""

IDLE_SECONDS: Final = 10.0
"""A connection that neither sends nor reads for so long gives its place back."""

POLL_SECONDS: Final = 0.1
"""How soon the thread notices that it shall stop."""

STOP_SECONDS: Final = 5.0
"""How long a stop waits for the thread."""


class MetricsPage:
    """Serves a registry over HTTP at one address.

    Args:
        registry: what is scraped.
        address: `HOST:PORT`; port 0 for a free one.
    """

    def __init__(self, registry: CollectorRegistry, address: str) -> None:
        self._registry = registry
        self._address = address
        self._server: _Server | None = None

    async def start(self) -> str:
        """Listen; gives the `HOST:PORT` that is really bound.

        Raises:
            UsageError: the address is none, or cannot be listened on.
        """
        server = await asyncio.to_thread(_bound, self._address)
        server.set_app(make_wsgi_app(self._registry))
        self._server = server
        self._thread = threading.Thread(
            target=server.serve_forever, args=(POLL_SECONDS,), name="mcpgrpc-metrics", daemon=True
        )
        self._thread.start()
        return f"{self._address.rpartition(':')[0]}:{server.server_port}"

    async def stop(self) -> None:
        """Give the address back. Idempotent."""
        server, self._server = self._server, None
        if server is not None:
            await asyncio.to_thread(server.shutdown)
            server.server_close()
            await asyncio.to_thread(self._thread.join, STOP_SECONDS)


@asynccontextmanager
async def metrics_page(figures: Collector, address: str) -> AsyncIterator[str]:
    """Serve figures, and the process's own, while the context is open; gives what is bound.

    Args:
        figures: what is scraped.
        address: as for `MetricsPage`.

    Raises:
        UsageError: as `MetricsPage.start`.
    """
    registry = CollectorRegistry(auto_describe=False)
    registry.register(figures)
    ProcessCollector(registry=registry)
    GCCollector(registry=registry)
    page = MetricsPage(registry, address)
    bound = await page.start()
    try:
        yield bound
    finally:
        await page.stop()


class _Handler(WSGIRequestHandler):
    timeout = IDLE_SECONDS

    def log_message(self, format: str, *args: Any) -> None:
        """Scrapes are no news."""


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, family: socket.AddressFamily, address: tuple[Any, ...]) -> None:
        self.address_family = family
        self._places = threading.BoundedSemaphore(MAX_CONNECTIONS)
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        """Bind without asking DNS for the host's name, as the base does."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_name, self.server_port = self.socket.getsockname()[:2]
        self.setup_environ()

    def process_request(self, request: Any, client_address: Any) -> None:
        """A thread for the connection, where there is a place for it; else it is closed."""
        if not self._places.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve it, and give the place back."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A scraper that goes away, or is too slow, is no fault of ours."""


def _bound(address: str) -> _Server:
    host, colon, port = address.rpartition(":")
    name = host.removeprefix("[").removesuffix("]")
    if not colon or not name or not port.isdecimal() or int(port) > 65535:
        raise UsageError(f"{address!r} is no address for metrics: write host:port")
    try:
        family, _, _, _, place = socket.getaddrinfo(name, int(port), type=socket.SOCK_STREAM)[0]
        return _Server(family, place)
    except OSError as error:
        why = error.strerror or error
        raise UsageError(f"metrics cannot be served at {address}: {why}") from None
