"""Whether the server is ready for new work, from everything that this depends on, and who is told.

It finds out nothing: the backend, the count of requests and the drain tell it.
"""

from __future__ import annotations

from mcpgrpc_server.availability import Availability
from mcpgrpc_server.health import Health


class Readiness:
    """Tells health; NOT_SERVING until the server has started.

    Args:
        health: what probes and balancers ask.
        backend: whether what is served can be.
    """

    def __init__(self, health: Health, backend: Availability) -> None:
        self._health = health
        self._backend = backend
        self._is_leaving = False
        self._is_overloaded = False

    def start(self) -> None:
        """The app has come up: follow the backend from now on."""
        self._health.set_started()
        self._backend.watch(self._follow)
        self._tell()

    def leave(self) -> None:
        """The server stops: it is never ready again."""
        self._is_leaving = True
        self._tell()

    def set_overloaded(self, overloaded: bool) -> None:
        """The server has more work than it wants, or no longer."""
        self._is_overloaded = overloaded
        self._tell()

    def _follow(self, serving: bool) -> None:
        self._tell()

    def _tell(self) -> None:
        held_back = self._is_leaving or self._is_overloaded
        self._health.set_ready(ready=self._backend.serving and not held_back)
