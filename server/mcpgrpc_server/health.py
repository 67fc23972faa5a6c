"""`grpc.health.v1`: Check, Watch and List, telling the truth about each service.

Our own servicer because grpcio's aio one has no List, and holds the lock that a status change needs
while it writes to a watcher: a watcher that does not read would hang the drain.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from email.utils import formatdate
from typing import Any, Final

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

SERVING: Final = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING: Final = health_pb2.HealthCheckResponse.NOT_SERVING
SERVICE_UNKNOWN: Final = health_pb2.HealthCheckResponse.SERVICE_UNKNOWN

WHOLE_SERVER: Final = ""
"""The service name under which the server as a whole is asked for."""

STARTUP: Final = "startup"
"""A name for probes: the app has come up. It stays so, whatever happens later."""

LIVENESS: Final = "liveness"
"""A name for probes: the event loop answers. One that is stuck answers nobody, and a probe's time
runs out; a drain or an upstream that is down is no reason to kill the process."""

READINESS: Final = "readiness"
"""A name for probes: new work is wanted. The same as that of the whole server."""


class Health(health_pb2_grpc.HealthServicer):  # type: ignore[misc]  # the base has no types
    """The status of the server, of each of its services and of what probes ask for.

    NOT_SERVING until told otherwise, but for LIVENESS.

    Args:
        services: full names, such as "mcpgrpc.v1.McpService".
    """

    def __init__(self, services: Iterable[str]) -> None:
        self._ready = (WHOLE_SERVER, READINESS, *services)
        self._status: dict[str, int] = dict.fromkeys((*self._ready, STARTUP), NOT_SERVING)
        self._status[LIVENESS] = SERVING
        self._changed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._ending = False

    def set_ready(self, *, ready: bool) -> None:
        """Set everything but STARTUP and LIVENESS, and wake every watcher."""
        self.set_statuses(dict.fromkeys(self._ready, SERVING if ready else NOT_SERVING))

    def set_started(self) -> None:
        """The app has come up."""
        self.set_statuses({STARTUP: SERVING})

    def statuses(self) -> dict[str, int]:
        """The status of each service now, by its name."""
        return dict(self._status)

    def set_statuses(self, statuses: Mapping[str, int]) -> None:
        """Set these services, also such as were not known, and wake every watcher."""
        self._status = {**self._status, **statuses}
        self._wake_watchers()

    def end_watches(self) -> None:
        """Let every watcher go once it was told the last status: the server stops."""
        self._ending = True
        self._wake_watchers()

    def _wake_watchers(self) -> None:
        self._changed.set_result(None)
        self._changed = asyncio.get_running_loop().create_future()

    async def Check(  # noqa: N802  # gRPC's name
        self,
        request: health_pb2.HealthCheckRequest,
        context: grpc.aio.ServicerContext[Any, Any],
    ) -> health_pb2.HealthCheckResponse:
        """The status of one service; NOT_FOUND for a name that is not served.

        The metadata ahead of it tells the time, as HTTP's `date`, so that a client can see how far
        the clocks are apart.
        """
        status = self._status.get(request.service)
        if status is None:
            await context.abort(
                grpc.StatusCode.NOT_FOUND, f"no service {request.service[:200]!r} is served here"
            )
        await context.send_initial_metadata((("date", formatdate(usegmt=True)),))
        return health_pb2.HealthCheckResponse(status=status)

    async def Watch(  # noqa: N802  # gRPC's name
        self,
        request: health_pb2.HealthCheckRequest,
        context: grpc.aio.ServicerContext[Any, Any],  # gRPC's signature
    ) -> AsyncIterator[health_pb2.HealthCheckResponse]:
        """The status of one service, now and whenever it changes, until the server stops."""
        told = None
        while True:
            changed = self._changed
            status = self._status.get(request.service, SERVICE_UNKNOWN)
            if status != told:
                told = status
                yield health_pb2.HealthCheckResponse(status=status)
                # It may have changed while the watcher was told.
                continue
            if self._ending:
                return
            # Shielded: a watcher that leaves must not cancel what the others wait for.
            await asyncio.shield(changed)

    async def List(  # noqa: N802  # gRPC's name
        self,
        request: health_pb2.HealthListRequest,  # gRPC's signature
        context: grpc.aio.ServicerContext[Any, Any],  # gRPC's signature
    ) -> health_pb2.HealthListResponse:
        """The status of every service."""
        statuses = {
            name: health_pb2.HealthCheckResponse(status=status)
            for name, status in self._status.items()
        }
        return health_pb2.HealthListResponse(statuses=statuses)
