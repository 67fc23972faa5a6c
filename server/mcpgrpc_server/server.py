"""The server: an app, its listeners, health and reflection, from start to drain.

It has no signals and no command line; `serve` has.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

import grpc

from mcpgrpc_server.admission.overload import overload_watch
from mcpgrpc_server.audit.streams import AuditTelemetry
from mcpgrpc_server.authentication.refusal_reports import RefusalReports
from mcpgrpc_server.authentication.revocation import watch_revocations
from mcpgrpc_server.authentication.unreadable_metadata import hide_unreadable_metadata
from mcpgrpc_server.authentication.wiring import Authentication
from mcpgrpc_server.backend import Backend, Summary
from mcpgrpc_server.caching.backend import cached
from mcpgrpc_server.fleet.backend import joined
from mcpgrpc_server.health import Health
from mcpgrpc_server.health_listener import HealthListener, private_health
from mcpgrpc_server.host import StreamHost
from mcpgrpc_server.identity import Renew
from mcpgrpc_server.lifecycle.draining import Drain
from mcpgrpc_server.lifecycle.pause import pause_seconds_of
from mcpgrpc_server.lifecycle.readiness import Readiness
from mcpgrpc_server.lifespan import LifespanTask
from mcpgrpc_server.listen_targets import split_security
from mcpgrpc_server.listeners import bind
from mcpgrpc_server.offering import offering_of
from mcpgrpc_server.pipeline import ClosableStage, Stage
from mcpgrpc_server.registration import SERVICES, register
from mcpgrpc_server.settings import ServerSettings, check_listeners
from mcpgrpc_server.stages import guarded, stages_of
from mcpgrpc_server.stream_settings import bounds_of, channel_options, limits_of
from mcpgrpc_server.telemetry import LoggingTelemetry, Telemetry
from mcpgrpc_server.telemetry.fanout import Fanout
from mcpgrpc_server.tracing import tracing_stages
from mcpgrpc_server.transport_security.listener_credentials import listener_credentials
from mcpgrpc_server.tuning.event_loop import check_running
from mcpgrpc_server.tuning.process import prepare_process
from mcpgrpc_server.typed.services import Loading

if TYPE_CHECKING:
    from prometheus_client.registry import Collector

    from mcpgrpc_server.metrics.metrics import Metrics

SUMMARY_SECONDS: Final = 2.0
"""How long the app may take to list its tools for the banner, which serves without waiting."""

TEARDOWN_SECONDS: Final = 5.0
"""How long handlers that do not heed their cancellation are waited for at a stop."""


class Server:
    """Serves one app over gRPC.

    Use it as `async with Server(app) as server:`, or call `start`, `drain` and `stop`. It belongs
    to the event loop that starts it and starts once.

    Args:
        app: an SDK `MCPServer` or low-level `Server`, or a `Backend`; None where the settings name
            upstreams, which are offered beside it otherwise.
        listen: addresses, `HOST:PORT` (port 0 for a free one) or `unix:PATH`; the settings' when
            left out.
        settings: everything else; the defaults when left out.
        telemetry: who hears about requests; the log when left out.
        interceptors: see every RPC before those that the settings ask for; one that proves who
            calls sets `current_identity`, or derives from `RpcInterceptor`.
        renew: proves the fresh credential of a stream that is open, in the place of what the
            settings take.
        stages: see every request after those that the settings ask for.
        shares_ports: other processes listen on the same ports, as the workers of `serve` do; they
            must be held by whoever started them. The app comes up before they are bound then,
            since what connected before would be refused while others serve.
        private_address: a further `unix:PATH` for doors in this process, in a directory that nobody
            else can enter: always plaintext, and not among `addresses`.
    """

    def __init__(
        self,
        app: object,
        listen: Sequence[str] | None = None,
        *,
        settings: ServerSettings | None = None,
        telemetry: Telemetry | None = None,
        interceptors: Sequence[grpc.aio.ServerInterceptor] = (),
        renew: Renew | None = None,
        stages: Sequence[Stage] = (),
        shares_ports: bool = False,
        private_address: str | None = None,
    ) -> None:
        settings = settings if settings is not None else ServerSettings()
        if listen is not None:
            settings = settings.model_copy(update={"listen": list(listen)})
        check_listeners(settings)
        prepare_process(settings)
        self.settings = settings
        self.addresses: list[str] = []
        """The targets that are really bound, once started, without what secures them."""
        self.health_address = ""
        """The target of the listener for health alone, once started; empty without one."""
        self.metrics_address = ""
        """The `HOST:PORT` of the metrics, once started; empty without them."""
        self.doors: list[str] = []
        """URLs of the doors in front; whoever opens one adds it."""
        self.collectors: list[Collector] = []
        """What they count, for the page of the metrics; added before the start."""
        self._metrics = _metrics(settings)
        on_event = None if self._metrics is None else self._metrics.cache_event
        offering = offering_of(app, settings)
        self._backend: Backend = cached(offering.backend, settings, on_event)
        self._backend = joined(self._backend, app, settings)
        heard: list[Telemetry] = [telemetry if telemetry is not None else LoggingTelemetry()]
        if settings.audit != "off":
            heard.append(AuditTelemetry())
        if self._metrics is not None:
            heard.append(self._metrics.listen_to(self._backend, offering.upstreams))
        self._telemetry = heard[0] if len(heard) == 1 else Fanout(*heard)
        self._interceptors = tuple(interceptors)
        hide_unreadable_metadata()
        self._authentication = Authentication(settings)
        self._renew = renew if renew is not None else self._authentication.renewal
        self._stages = (*stages_of(settings), *stages)
        self._backend = guarded(self._backend, settings, self._stages)
        self._shares_ports = shares_ports
        self._private_address = private_address
        self._health_listeners: list[HealthListener] = []
        self._closed: asyncio.Event | None = None
        self._revocations: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop(grace_seconds=0)

    async def start(self) -> None:
        """Bind every listener, bring the app up, and then answer SERVING.

        Health answers NOT_SERVING, and nothing else answers, until the app's lifespan has come up.
        From then on it follows the backend's availability.

        Raises:
            ListenError: an address cannot be bound; nothing is left running.
            SettingsError: the running event loop is not the one that the settings name.
            Exception: whatever the app's lifespan raises; nothing is left running.
        """
        check_running(self.settings.event_loop)
        self._closed = asyncio.Event()
        self._host = StreamHost(
            self._backend,
            limits_of(self.settings),
            bounds_of(self.settings),
            self._telemetry,
            stages=(*tracing_stages(), *self._stages),
            renew=self._renew,
        )
        self._health = Health(SERVICES)
        self._readiness = Readiness(self._health, self._backend.availability)
        self._drain = Drain(self._host, self._readiness)
        self._overload = overload_watch(self.settings, self._stages, self._readiness.set_overloaded)
        self._grpc = grpc.aio.server(
            interceptors=(
                *self._interceptors,
                RefusalReports(self._host),
                *self._authentication.interceptors,
                Loading(),
            ),
            options=channel_options(self.settings, shares_ports=self._shares_ports),
        )
        # Requests that arrive before the app is up are refused as in a drain: they have not run.
        self._host.draining = True
        register(self._grpc, self._host, self._health, self.settings)
        self._lifespan = LifespanTask(self._backend.lifespan)
        try:
            if self._shares_ports:
                await self._lifespan.start()
            self.addresses = [self._bind(listen) for listen in self.settings.listen]
            if self._private_address is not None:
                bind(self._grpc, self._private_address)
            await self._grpc.start()
            if self.settings.health:
                self.health_address = await self._tell_health_at(self.settings.health)
            if self._private_address is not None and self.settings.authenticate_health:
                await self._tell_health_at(private_health(self._private_address))
            self._authentication.start()
            if not self._shares_ports:
                await self._lifespan.start()
            if self._metrics is not None:
                self.metrics_address = await self._metrics.start(
                    self._host.open_streams, self.collectors
                )
        except BaseException:
            with contextlib.suppress(grpc.aio.UsageError):
                # gRPC gives a port back only when it stops what it has started.
                await self._grpc.start()
            await self._stop_listening(None)
            await self._authentication.close()
            await self._lifespan.stop()
            self._closed.set()
            raise
        self._host.draining = False
        self._revocations = asyncio.create_task(
            watch_revocations(self._host, self._authentication.holds), name="revocations"
        )
        self._readiness.start()
        self._overload.start()

    async def summary(self, timeout_seconds: float = SUMMARY_SECONDS) -> Summary:
        """What is served, asked of the app now; no tools when it does not say so in time."""
        try:
            return await asyncio.wait_for(self._backend.summary(), timeout_seconds)
        except TimeoutError:
            return Summary("the app")

    async def leave(self, pause_seconds: float | None = None) -> None:
        """Be ready no more, and serve on until balancers know; the first part of `drain`.

        Args:
            pause_seconds: the setting `drain_pause_seconds` when left out.
        """
        if pause_seconds is None:
            pause_seconds = pause_seconds_of(self.settings)
        await self._drain.leave(pause_seconds)

    async def drain(
        self, grace_seconds: float | None = None, pause_seconds: float | None = None
    ) -> None:
        """Leave, take no new work, let running requests finish within the grace, then stop.

        Args:
            grace_seconds: the setting `drain_grace_seconds` when left out. What still runs then is
                answered ABORTED with Execution MAYBE.
            pause_seconds: as for `leave`; no pause where that was called before.
        """
        await self.leave(pause_seconds)
        grace = self.settings.drain_grace_seconds if grace_seconds is None else grace_seconds
        began = time.monotonic()
        self._telemetry.drain_started(grace)
        self._drain.begin(grace)
        ended = await self._drain.finish(grace)
        await self.stop(grace_seconds=self.settings.drain_flush_seconds)
        self._telemetry.drain_finished(time.monotonic() - began, ended)

    async def stop(self, grace_seconds: float = 0) -> None:
        """End every RPC after `grace_seconds` at most, then the app's lifespan. Idempotent."""
        if self._closed is None or self._closed.is_set():
            return
        self._drain.begin(grace_seconds)
        if self._revocations is not None:
            self._revocations.cancel()
        self._overload.stop()
        self._health.end_watches()
        await self._stop_listening(grace_seconds or None)
        await self._authentication.close()
        try:
            await asyncio.wait_for(self._host.wait_over(), TEARDOWN_SECONDS)
        except TimeoutError:
            self._host.cancel_background()
        try:
            await self._lifespan.stop()
        finally:
            for stage in self._stages:
                if isinstance(stage, ClosableStage):
                    await stage.close()
            if self._metrics is not None:
                await self._metrics.stop()
            self._closed.set()

    def health_statuses(self) -> dict[str, int]:
        """What health says of each service now; the server must have been started."""
        return self._health.statuses()

    async def wait_closed(self) -> None:
        """Wait until the server has stopped."""
        if self._closed is not None:
            await self._closed.wait()

    async def _stop_listening(self, grace_seconds: float | None) -> None:
        await self._grpc.stop(grace_seconds)
        for listener in self._health_listeners:
            await listener.stop(grace_seconds)

    async def _tell_health_at(self, address: str) -> str:
        listener = HealthListener(self._health, address)
        self._health_listeners.append(listener)
        return await listener.start()

    def _bind(self, listen: str) -> str:
        _, target = split_security(listen)
        credentials = listener_credentials(self.settings, listen)
        return bind(self._grpc, target, credentials, shares_port=self._shares_ports)


def _metrics(settings: ServerSettings) -> Metrics | None:
    if not settings.metrics:
        return None
    # Who has no metrics need not load what counts them.
    from mcpgrpc_server.metrics.metrics import Metrics

    return Metrics(settings)
