"""The HTTP door of `serve`: in the server's own process, in front of its own gRPC.

It knows no HTTP: `mcpgrpc.gateway` does. It reaches the server as any client would, through a Unix
socket of their own, so that it does not matter how the public listeners are secured.
"""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mcpgrpc.connection import ConnectionOptions
from mcpgrpc.errors import UsageError
from mcpgrpc.gateway.observing import DoorListener
from mcpgrpc.gateway.serving import RunningDoor, running_door
from mcpgrpc.gateway.settings import DEFAULT_STREAMS_PER_CONNECTION, GatewaySettings
from mcpgrpc_server.health_listener import private_health
from mcpgrpc_server.listen_targets import MAX_SOCKET_PATH_BYTES, Security, split_security
from mcpgrpc_server.listeners import UNIX_PREFIX, ListenError
from mcpgrpc_server.settings import ServerSettings

if TYPE_CHECKING:
    from mcpgrpc.gateway.metrics.figures import DoorMetrics

SOCKET_NAME: Final = "grpc.sock"


@contextmanager
def private_address() -> Iterator[str]:
    """An address in a directory that nobody else can enter; it goes with the context.

    Raises:
        ListenError: the path of a temporary directory leaves no room for a socket's name.
    """
    with tempfile.TemporaryDirectory(prefix="mcpgrpc-") as folder:
        path = Path(folder, SOCKET_NAME)
        if len(private_health(str(path)).encode()) > MAX_SOCKET_PATH_BYTES:
            raise ListenError(
                f"the HTTP door's own socket cannot be at {path}: a path has at most"
                f" {MAX_SOCKET_PATH_BYTES} bytes; let TMPDIR name a shorter directory"
            )
        yield f"{UNIX_PREFIX}{path}"


def door_metrics(settings: ServerSettings) -> DoorMetrics | None:
    """Who counts what happens at the door, for the page of the server; None without one."""
    if not settings.metrics:
        return None
    # Who has no metrics need not load what counts them.
    from mcpgrpc.gateway.metrics.figures import DoorMetrics

    return DoorMetrics()


@asynccontextmanager
async def http_door(
    settings: ServerSettings, address: str, listener: DoorListener | None = None
) -> AsyncIterator[RunningDoor]:
    """Listen for HTTP as the settings say; ready once a server serves at the address.

    Args:
        settings: the server's.
        address: where the server serves the door.
        listener: counts what happens; nobody does when left out.

    Raises:
        ListenError: the place to listen at cannot be bound.
    """
    if settings.http_security is Security.TLS and not settings.tls_cert:
        raise ListenError(f"{settings.http} needs a certificate: give --tls-cert and --tls-key")
    options = ConnectionOptions(target=address)
    async with AsyncExitStack() as stack:
        try:
            _, listen = split_security(settings.http)
            door = running_door(
                options, _door_settings(settings), listen, _probe(settings, address), listener
            )
            opened = await stack.enter_async_context(door)
        except UsageError as error:
            hint = "stop what uses it or choose another with --http"
            raise ListenError(f"{error}; {hint}") from None
        yield opened


def _probe(settings: ServerSettings, address: str) -> ConnectionOptions | None:
    """The door is a part of the server and has no credential to ask for its health with."""
    if not settings.authenticate_health:
        return None
    return ConnectionOptions(target=private_health(address))


def _door_settings(settings: ServerSettings) -> GatewaySettings:
    speaks_tls = settings.http_security is not Security.PLAINTEXT
    streams = min(settings.max_concurrent_streams, DEFAULT_STREAMS_PER_CONNECTION)
    return GatewaySettings(
        allow_hosts=tuple(settings.http_allow_host),
        allow_origins=tuple(settings.http_allow_origin),
        max_body_bytes=settings.http_max_body_bytes,
        max_sessions=settings.http_max_sessions,
        streams_per_connection=streams,
        # What the door answers by itself no audit of the server sees.
        cache_seconds=settings.http_cache_seconds if settings.audit == "off" else 0,
        authorization_servers=_urls([settings.jwt_issuer]),
        # The first audience that is a URL: the name under which tokens are asked for.
        resource=next(iter(_urls(settings.jwt_audience)), ""),
        tls_cert=settings.tls_cert if speaks_tls else "",
        tls_key=settings.tls_key if speaks_tls else "",
    )


def _urls(names: Iterable[str]) -> tuple[str, ...]:
    """Those that a client can go to."""
    return tuple(name for name in names if name.startswith(("https://", "http://")))
