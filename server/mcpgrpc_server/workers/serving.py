"""`serve --workers N`: from the settings to the last worker's end.

It loads no app and no SDK: each worker does. gRPC is loaded for the listener for health alone.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import AsyncExitStack

from mcpgrpc_server.settings import ServerSettings
from mcpgrpc_server.stop_signals import first_signal
from mcpgrpc_server.workers.orders import Orders
from mcpgrpc_server.workers.ports import held_ports
from mcpgrpc_server.workers.refusals import check_workers
from mcpgrpc_server.workers.sealing import new_key
from mcpgrpc_server.workers.supervisor import Supervisor

logger = logging.getLogger("mcpgrpc.workers")


def serve_workers(
    app: str | None, settings: ServerSettings, command: str, on_ready: Callable[[str], None]
) -> None:
    """Serve an app by several processes until SIGTERM or SIGINT, then drain them and return.

    Args:
        app: the APP of the command; None where the settings name upstreams alone.
        settings: checked; `workers` is how many.
        command: what the reader of the banner types for this program.
        on_ready: called once every worker serves, with the banner to print.

    Raises:
        ListenError: an address cannot be bound.
        SettingsError: the settings ask for what several workers cannot keep.
        WorkersError: the workers cannot serve.

    A second signal ends all of them at once, and this process by the signal itself.
    """
    check_workers(settings)
    with held_ports(settings.listen) as listen:
        held = settings.model_copy(update={"listen": listen})
        key = new_key()

        def orders(number: int) -> Orders:
            return Orders(number, app, held, command, key)

        asyncio.run(_serve(orders, settings, on_ready))


async def _serve(
    orders: Callable[[int], Orders], settings: ServerSettings, on_ready: Callable[[str], None]
) -> None:
    supervisor = Supervisor(orders, settings.workers, settings.worker_hang_seconds, on_ready)
    first_signal(supervisor.kill).add_done_callback(lambda _: supervisor.drain())
    async with AsyncExitStack() as stack:
        await _tell_of_all(supervisor, settings, stack)
        await supervisor.run()


async def _tell_of_all(
    supervisor: Supervisor, settings: ServerSettings, stack: AsyncExitStack
) -> None:
    """Open what tells of all workers, as far as the settings ask for it."""
    if settings.health:
        from mcpgrpc_server.workers.health import WorkersHealth

        health = WorkersHealth(supervisor, settings.health)
        logger.info("health of all workers at %s", await health.start())
        stack.push_async_callback(health.stop)
    if settings.metrics:
        from mcpgrpc_server.workers.metrics import WorkersMetrics

        metrics = WorkersMetrics(supervisor, settings.metrics)
        logger.info("metrics of all workers at %s", await metrics.start())
        stack.push_async_callback(metrics.stop)
