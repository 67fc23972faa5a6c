"""Listening for the HTTP door: a socket, uvicorn on it, and an end without hanging streams.

It does not end by itself: whoever opens it does, on a signal or otherwise.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import uvicorn

from mcpgrpc.connection import ConnectionOptions
from mcpgrpc.errors import UsageError
from mcpgrpc.gateway.app import Gateway
from mcpgrpc.gateway.observing import DoorListener
from mcpgrpc.gateway.settings import GatewaySettings
from mcpgrpc.gateway.tls import DoorCertificate

SHUTDOWN_SECONDS: Final = 5
"""How long responses under way may take when the door ends."""

PING_SECONDS: Final = 20.0
"""A WebSocket that does not answer a ping for so long is closed."""

MAX_QUEUED_MESSAGES: Final = 16
"""Of one WebSocket, read ahead of the relay."""

BACKLOG: Final = 2048

SPARE_CONNECTIONS: Final = 1000
"""Beyond one for each session and each modern request: probes, idle connections, second streams."""


@dataclass(frozen=True, slots=True)
class RunningDoor:
    """A door that listens.

    Attributes:
        url: where, without a path.
        gateway: what answers.
    """

    url: str
    gateway: Gateway

    async def drain(self, grace_seconds: float) -> None:
        """Take no more, and let requests finish within the grace. The door goes on listening."""
        self.gateway.work.begin_drain()
        await self.gateway.work.wait_done(grace_seconds)

    @asynccontextmanager
    async def draining(self) -> AsyncIterator[None]:
        """Take no more while the server behind drains, and then pass on its last answers."""
        self.gateway.work.begin_drain()
        yield
        await self.gateway.work.wait_done(SHUTDOWN_SECONDS)


@asynccontextmanager
async def serving(
    options: ConnectionOptions, settings: GatewaySettings, listen: str
) -> AsyncIterator[str]:
    """Serve the door while the context is open; gives its URL, as `running_door` does."""
    async with running_door(options, settings, listen) as door:
        yield door.url


@asynccontextmanager
async def running_door(
    options: ConnectionOptions,
    settings: GatewaySettings,
    listen: str,
    probe: ConnectionOptions | None = None,
    listener: DoorListener | None = None,
) -> AsyncIterator[RunningDoor]:
    """Serve the door while the context is open.

    Args:
        options: how to reach the server behind it.
        settings: bounds, and who is let in.
        listen: `host:port`; port 0 takes a free one.
        probe: as for `Gateway`.
        listener: as for `Gateway`.

    Raises:
        UsageError: the address cannot be listened on, or the server's is not usable.
    """
    with contextlib.closing(bound(listen)) as place:
        host, port = place.getsockname()[:2]
        certificate = (
            DoorCertificate(settings.tls_cert, settings.tls_key) if settings.tls_cert else None
        )
        door = Gateway(options, settings, probe, listener)
        async with door as gateway, _kept_new(certificate):
            config = _config(gateway, settings)
            config.load()
            config.ssl = None if certificate is None else certificate.context
            server = _Server(config)
            running = asyncio.create_task(server.serve([place]), name="http door")
            scheme = "http" if certificate is None else "https"
            url = f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"
            try:
                yield RunningDoor(url, gateway)
            finally:
                # Streams that stay open by nature would hold the server up.
                await gateway.end_streams()
                server.should_exit = True
                await running


async def until_asked_to_stop() -> None:
    """Wait for SIGTERM or SIGINT; a second one ends the process as it would any other."""
    loop = asyncio.get_running_loop()
    asked = asyncio.Event()
    signals = (signal.SIGTERM, signal.SIGINT)
    for each in signals:
        loop.add_signal_handler(each, asked.set)
    try:
        await asked.wait()
    finally:
        for each in signals:
            loop.remove_signal_handler(each)


@asynccontextmanager
async def _kept_new(certificate: DoorCertificate | None) -> AsyncIterator[None]:
    if certificate is None:
        yield
        return
    keeping = asyncio.create_task(certificate.keep_new(), name="the door's certificate")
    try:
        yield
    finally:
        keeping.cancel()
        await asyncio.wait({keeping})


class _Server(uvicorn.Server):
    """Without uvicorn's own signal handlers, which would take those of the process."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield


def _config(gateway: Gateway, settings: GatewaySettings) -> uvicorn.Config:
    return uvicorn.Config(
        gateway.app,
        lifespan="off",
        log_config=None,
        # It tells about its coming and going; that is for whoever opens the door to say.
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        http="h11",
        ws="websockets-sansio",
        ws_max_size=settings.max_body_bytes,
        ws_max_queue=MAX_QUEUED_MESSAGES,
        ws_ping_interval=PING_SECONDS,
        ws_ping_timeout=PING_SECONDS,
        backlog=BACKLOG,
        limit_concurrency=settings.max_sessions + settings.max_calls + SPARE_CONNECTIONS,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )


def bound(listen: str) -> socket.socket:
    """A socket that listens at `host:port`.

    Raises:
        UsageError: the address is none, or cannot be listened on.
    """
    host, colon, port = listen.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not port.isdecimal() or int(port) > 65535:
        raise UsageError(f"{listen!r} is no address to listen on: write host:port")
    try:
        family = socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM)[0][0]
        listener = socket.create_server((host, int(port)), family=family, backlog=BACKLOG)
    except OSError as error:
        raise UsageError(f"cannot listen on {listen}: {error.strerror or error}") from None
    # Connections inherit it. asyncio sets it only on sockets that name their protocol, which these
    # do not, and without it a message waits 40 ms for the acknowledgement of the one before.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener
