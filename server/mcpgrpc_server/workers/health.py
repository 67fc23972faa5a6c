"""The listener for health of all workers: one answer for probes, given by the supervisor.

On the shared ports each worker answers for itself. This one loads gRPC into the supervisor, where
`--health` asks for it: workers are started by exec, so its threads are in nobody's way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from mcpgrpc_server.health import LIVENESS, NOT_SERVING, SERVING, STARTUP, Health
from mcpgrpc_server.health_listener import HealthListener
from mcpgrpc_server.workers.supervisor import Supervisor

LAST_WORD_SECONDS: Final = 1.0
"""How long the last status may take to reach watchers: the drain itself is over by then."""


class WorkersHealth:
    """Tells of each service whether any worker serves it.

    Args:
        supervisor: whose workers; it must be running.
        address: `HOST:PORT` of the listener; port 0 for a free one.
    """

    def __init__(self, supervisor: Supervisor, address: str) -> None:
        self._supervisor = supervisor
        self._health = Health(())
        self._listener = HealthListener(self._health, address)
        self._has_served = False

    async def start(self) -> str:
        """Listen; gives the target that is really bound.

        Raises:
            ListenError: the address cannot be bound.
        """
        address = await self._listener.start()
        self._supervisor.changed.append(self._follow)
        self._follow()
        return address

    async def stop(self) -> None:
        """Let watchers go, and give the address back. Idempotent."""
        self._health.end_watches()
        await self._listener.stop(LAST_WORD_SECONDS)

    def _follow(self) -> None:
        workers = self._supervisor.workers.values()
        told = [each.health for each in workers if each.is_serving]
        self._has_served = self._has_served or bool(told)
        taking = [] if self._supervisor.is_draining else told
        now = joined(taking, self._health.statuses(), has_served=self._has_served)
        if now != self._health.statuses():
            self._health.set_statuses(now)


def joined(
    told: Sequence[Mapping[str, int]], known: Iterable[str], *, has_served: bool
) -> dict[str, int]:
    """What to answer for each service.

    A service is served as long as one worker serves it. The supervisor is alive as long as it
    answers: a worker that is not is its own to replace.

    Args:
        told: what each worker that takes work says of its own services.
        known: services that any has ever told of.
        has_served: whether any has served yet.
    """
    names = {*known, *(name for each in told for name in each)}
    served = {
        name: SERVING if any(each.get(name) == SERVING for each in told) else NOT_SERVING
        for name in names
    }
    return served | {LIVENESS: SERVING, STARTUP: SERVING if has_served else NOT_SERVING}
