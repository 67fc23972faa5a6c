"""A backend as a member of a fleet: up while its app is one, ready when it has what it shares.

It answers no request: the backend that it stands before does, and a client's connection is that
backend's own. Upstreams are no business of a fleet: each replica has its own sessions with them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING

from mcpgrpc_server.availability import Availability
from mcpgrpc_server.backend import Backend, BackendConnection, Client, Summary
from mcpgrpc_server.fleet.redis_client import redis_url
from mcpgrpc_server.settings import ServerSettings
from mcpgrpc_server.workers.sealing import shared_key

# Who serves no app, or is of no fleet, need not load the SDK or what speaks to Redis.
if TYPE_CHECKING:
    from mcpgrpc_server.fleet.membership import Membership


def joined(backend: Backend, app: object, settings: ServerSettings) -> Backend:
    """The backend as a member of the fleet that the settings name; itself where they name none.

    Args:
        backend: answers the requests, of the app among others.
        app: what is served; only an app of the SDK has something to share.
        settings: where it is shared.

    Raises:
        SettingsError: the file of keys cannot be used, or the address of Redis.
    """
    url = redis_url(settings)
    if app is None or not (url or settings.state_keys or shared_key()):
        return backend
    from mcpgrpc_server.sdk.internals import is_server, lowlevel_server

    if not is_server(app):
        return backend
    from mcpgrpc_server.fleet.membership import Membership

    return FleetBackend(backend, Membership(backend, lowlevel_server(app), settings, url))


class FleetBackend:
    """Stands before another backend.

    Args:
        backend: what answers.
        membership: of its app.
    """

    def __init__(self, backend: Backend, membership: Membership) -> None:
        self._backend = backend
        self.membership = membership
        """What is shared, and what is counted of it."""
        self.availability = Availability(serving=self._may_serve())
        backend.availability.watch(lambda _: self._follow())
        membership.on_ready(self._follow)

    def connect(self, client: Client) -> BackendConnection:
        """A new client of the backend."""
        return self._backend.connect(client)

    def lifespan(self) -> AbstractAsyncContextManager[None]:
        """The backend's, within the membership."""
        return self._lifespan()

    async def summary(self) -> Summary:
        """As the backend's."""
        return await self._backend.summary()

    @asynccontextmanager
    async def _lifespan(self) -> AsyncIterator[None]:
        async with self.membership.attended(), self._backend.lifespan():
            yield

    def _may_serve(self) -> bool:
        return self._backend.availability.serving and self.membership.is_ready

    def _follow(self) -> None:
        self.availability.set(serving=self._may_serve())
