"""`serve`: one app, one process, signals. Blocks until the server has drained.

The first SIGTERM or SIGINT drains, the second ends at once.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from typing import Any, Final

from mcpgrpc_server.backend import Summary
from mcpgrpc_server.server import Server
from mcpgrpc_server.settings import ServerSettings
from mcpgrpc_server.settings_sources import load_settings

SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


def serve(
    app: object,
    *,
    settings: ServerSettings | None = None,
    on_ready: Callable[[Server, Summary], None] | None = None,
) -> None:
    """Serve an app until SIGTERM or SIGINT, then drain and return.

    Args:
        app: an SDK `MCPServer` or low-level `Server`.
        settings: the defaults overlaid by `MCPGRPC_*` when left out.
        on_ready: called once the server answers, with its addresses bound and what it serves.

    Raises:
        ListenError: an address cannot be bound.

    A signal while the app comes up ends the start. A second one ends the process at once, by the
    signal itself.
    """
    if settings is None:
        settings = load_settings(None, {}, os.environ)
    asyncio.run(_serve(Server(app, settings=settings), on_ready))


async def _serve(server: Server, on_ready: Callable[[Server, Summary], None] | None) -> None:
    stop = _first_signal()
    if not await _started(server, stop):
        return
    if on_ready is not None:
        on_ready(server, await server.summary())
    await stop
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


def _first_signal() -> asyncio.Future[int]:
    """Resolved by the first signal; the second one ends the process."""
    loop = asyncio.get_running_loop()
    first: asyncio.Future[int] = loop.create_future()

    def received(number: int) -> None:
        if first.done():
            # Not an exception: whatever hangs the drain must not be able to catch it.
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        first.set_result(number)

    for number in SIGNALS:
        loop.add_signal_handler(number, received, number)
    return first
