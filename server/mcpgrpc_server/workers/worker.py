"""A worker from its orders to its end: a server like any other, that tells its supervisor of it.

It takes no signal but SIGTERM, which drains it; a second one changes nothing, since a terminal's
group and the supervisor may both send one.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import sys
from typing import TYPE_CHECKING, Final

from mcpgrpc.logs.redaction import clip, escape_controls
from mcpgrpc.tracing.process import TRACING
from mcpgrpc_server.lifecycle.pause import pause_seconds_of
from mcpgrpc_server.settings import ServerSettings, SettingsError
from mcpgrpc_server.structured_log import log_as
from mcpgrpc_server.tuning.garbage import collector_at_rest
from mcpgrpc_server.tuning.process import prepare_process
from mcpgrpc_server.workers.link import Link
from mcpgrpc_server.workers.orders import Orders
from mcpgrpc_server.workers.sealing import share

# gRPC is imported once the process is prepared for it, and the application before its loop runs.
if TYPE_CHECKING:
    from mcpgrpc_server.backend import Summary
    from mcpgrpc_server.server import Server

logger = logging.getLogger("mcpgrpc.server")

FAILED: Final = 1
USED_WRONGLY: Final = 2

MAX_REASON_CHARACTERS: Final = 2_000

ORPHAN_SECONDS: Final = 30.0
"""Beyond what the settings give a drain: for the pause "auto", and for what the app does last."""

WORKER_METRICS: Final = "127.0.0.1:0"
"""Where a worker's own figures can be read, by this machine alone; the supervisor adds them up."""


class CannotStartError(Exception):
    """The worker cannot serve, nor could another one; the message says why in one line.

    Attributes:
        code: what the command exits with.
    """

    def __init__(self, message: str, code: int = FAILED) -> None:
        super().__init__(message)
        self.code = code


def run(orders: Orders, connection: socket.socket) -> int:
    """Serve until SIGTERM, or until the supervisor is gone; gives the exit code."""
    sys.path[:] = orders.search_path
    link = Link(connection, _orphan_seconds(orders.settings))
    link.start()
    share(orders.sealing_key)
    try:
        _prepare(orders)
        TRACING.begin(logger.warning)
        _serve(orders, link)
    except Exception as error:  # noqa: BLE001 - whatever it is, the supervisor is to say it
        refused = _refusal(error, orders)
        link.last_words({"kind": "failed", "message": str(refused), "code": refused.code})
        return refused.code
    finally:
        TRACING.end(logger.warning)
    return 0


def _orphan_seconds(settings: ServerSettings) -> float:
    """How long a drain of its own may take at most."""
    drain = pause_seconds_of(settings) + settings.drain_grace_seconds
    return drain + settings.drain_flush_seconds + ORPHAN_SECONDS


def _refusal(error: Exception, orders: Orders) -> CannotStartError:
    """What the supervisor is told; of what nobody expected also the log, where it happened."""
    if isinstance(error, CannotStartError):
        return error
    logger.error("the server ended", exc_info=error)
    said = clip(escape_controls(f"{type(error).__name__}: {error}"), MAX_REASON_CHARACTERS)
    return CannotStartError(f"{orders.app or 'the server'} failed: {said}")


def _prepare(orders: Orders) -> None:
    settings = orders.settings
    log_as(settings)
    _number_records(orders.number)
    try:
        prepare_process(settings)
    except SettingsError as error:
        raise CannotStartError(str(error), USED_WRONGLY) from None


def _number_records(number: int) -> None:
    """Let each line of the log say which worker wrote it."""
    made = logging.getLogRecordFactory()

    def numbered(*args: object, **kwargs: object) -> logging.LogRecord:
        record = made(*args, **kwargs)
        record.worker = number
        return record

    logging.setLogRecordFactory(numbered)


def _loaded(app: str | None) -> object:
    if app is None:
        return None
    with collector_at_rest():
        # With the SDK, which who serves upstreams alone need not load.
        from mcpgrpc_server.app_loader import AppLoadError, load_app
    try:
        return load_app(app)
    except AppLoadError as error:
        raise CannotStartError(str(error)) from None


def _serve(orders: Orders, link: Link) -> None:
    with collector_at_rest():
        from mcpgrpc_server.listeners import ListenError
        from mcpgrpc_server.tuning.event_loop import loop_factory

    app = _loaded(orders.app)
    try:
        with asyncio.Runner(loop_factory=loop_factory(orders.settings.event_loop)) as runner:
            runner.run(_until_stopped(app, orders, link))
    except SettingsError as error:
        raise CannotStartError(str(error), USED_WRONGLY) from None
    except ListenError as error:
        raise CannotStartError(str(error)) from None


async def _until_stopped(app: object, orders: Orders, link: Link) -> None:
    from mcpgrpc_server.server import Server
    from mcpgrpc_server.serving import served

    loop = asyncio.get_running_loop()
    stop: asyncio.Future[int] = loop.create_future()

    def end() -> None:
        if not stop.done():
            stop.set_result(signal.SIGTERM)

    loop.add_signal_handler(signal.SIGTERM, end)
    loop.add_signal_handler(signal.SIGINT, lambda: None)
    server = Server(app, settings=_own(orders.settings), shares_ports=True)

    def ready(server: Server, summary: Summary) -> None:
        from mcpgrpc_server.startup_banner import startup_banner

        # Of the supervisor's settings, which name the listeners as the reader did.
        shown = startup_banner(summary, server.addresses, orders.settings, orders.command)
        link.watch(end, server.health_statuses)
        link.tell({"kind": "serving", "banner": shown, "metrics": server.metrics_address})

    await served(server, stop, ready)


def _own(settings: ServerSettings) -> ServerSettings:
    """What the worker does itself: the listener for health and the page of metrics are not."""
    metrics = WORKER_METRICS if settings.metrics else ""
    return settings.model_copy(update={"health": "", "metrics": metrics})
