"""`serve`: one app, one process, signals, and the HTTP door where it is asked for.

Blocks until the server has drained. The first SIGTERM or SIGINT drains, the second ends at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeAlias

from mcpgrpc_server.backend import Summary
from mcpgrpc_server.server import Server
from mcpgrpc_server.settings import ServerSettings, SettingsError, check_listeners
from mcpgrpc_server.settings_sources import load_settings
from mcpgrpc_server.stop_signals import first_signal
from mcpgrpc_server.tuning.event_loop import loop_factory
from mcpgrpc_server.tuning.garbage import freeze

OnReady: TypeAlias = Callable[[Server, Summary], None]


def serve(
    app: object,
    *,
    settings: ServerSettings | None = None,
    on_ready: OnReady | None = None,
) -> None:
    """Serve an app until SIGTERM or SIGINT, then drain and return.

    Args:
        app: an SDK `MCPServer` or low-level `Server`; None where the settings name upstreams.
        settings: the defaults overlaid by `MCPGRPC_*` when left out.
        on_ready: called once the server answers, with its addresses bound and what it serves.

    Raises:
        ListenError: an address cannot be bound.
        SettingsError: something that the settings name cannot be had.

    A signal while the app comes up ends the start. A second one ends the process at once, by the
    signal itself.
    """
    if settings is None:
        settings = load_settings(None, {}, os.environ)
    if settings.workers > 1:
        raise SettingsError(
            f"workers is {settings.workers}, but an object cannot be served by several processes:"
            " name the file that makes it, as `mcpgrpc serve FILE.py` does"
        )
    with asyncio.Runner(loop_factory=loop_factory(settings.event_loop)) as runner:
        runner.run(_serve(app, settings, on_ready))


async def _serve(app: object, settings: ServerSettings, on_ready: OnReady | None) -> None:
    stop = first_signal()
    if not settings.http:
        await served(Server(app, settings=settings), stop, on_ready)
        return
    # Who serves no HTTP need not load it.
    from mcpgrpc_server.http_door import door_metrics, http_door, private_address

    check_listeners(settings)
    with private_address() as address:
        figures = door_metrics(settings)
        async with http_door(settings, address, figures) as door:
            server = Server(app, settings=settings, private_address=address)
            server.doors.append(door.url)
            if figures is not None:
                server.collectors.append(figures)
            await served(server, stop, on_ready, door.draining)


async def served(
    server: Server,
    stop: asyncio.Future[int],
    on_ready: OnReady | None,
    draining: Callable[[], AbstractAsyncContextManager[None]] = contextlib.nullcontext,
) -> None:
    """Serve until the future is done, then drain.

    Args:
        server: not started yet.
        stop: a signal; where it comes first, nothing is served.
        on_ready: called once the server answers, with what it serves.
        draining: entered while the server takes no new work.

    Raises:
        ListenError: an address cannot be bound.
        Exception: whatever the app's lifespan raises.
    """
    if not await _started(server, stop):
        return
    if on_ready is not None:
        on_ready(server, await server.summary())
    if server.settings.gc_freeze:
        # After the word that it serves: a first call may meet the pause, but nobody waits for it.
        freeze()
    await stop
    await server.leave()
    async with draining():
        await server.drain()


async def _started(server: Server, stop: asyncio.Future[int]) -> bool:
    """Start the server; False when a signal came first, and nothing is left running then."""
    starting = asyncio.create_task(server.start(), name="starting the server")
    waited: set[asyncio.Future[Any]] = {starting, stop}
    await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
    if not starting.done():
        starting.cancel()
        await asyncio.wait({starting})
    if starting.cancelled():
        return False
    starting.result()
    return True
