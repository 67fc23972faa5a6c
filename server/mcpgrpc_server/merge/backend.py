"""Several backends as one `Backend`.

It knows neither upstreams nor the SDK: a member is whatever answers requests.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final

from mcpgrpc_server.availability import Availability
from mcpgrpc_server.backend import Client, Summary
from mcpgrpc_server.lifespan import LifespanTask
from mcpgrpc_server.merge.background import Background
from mcpgrpc_server.merge.bounds import MergeBounds
from mcpgrpc_server.merge.capabilities import ServerInfo
from mcpgrpc_server.merge.catalogues import Catalogues
from mcpgrpc_server.merge.connection import MergedConnection
from mcpgrpc_server.merge.host import MergeHost
from mcpgrpc_server.merge.kinds import KINDS, TOOLS
from mcpgrpc_server.merge.listing import Listing
from mcpgrpc_server.merge.member import Member, check_members
from mcpgrpc_server.merge.offer import Offer

logger = logging.getLogger(__name__)

SUMMARY_SECONDS: Final = 1.0
"""How long a member may take to say what it has, for people; below what the server allows all."""


class MergedBackend:
    """Offers members as one server.

    Serves while one member at least does. What a member has goes with it and comes with it; the
    others and their names are not touched by that.

    Args:
        members: in the order in which their things are listed and their names rank.
        name: what the merged server calls itself.
        version: of it; empty when left out, as the SDK leaves an unversioned server.
        bounds: what bounds it.

    Raises:
        ValueError: there is no member, or two that cannot be told apart.
    """

    def __init__(
        self,
        members: Sequence[Member],
        name: str = "mcpgrpc",
        *,
        version: str = "",
        bounds: MergeBounds | None = None,
    ) -> None:
        check_members(members)
        bounds = bounds if bounds is not None else MergeBounds()
        background = Background()
        catalogues = Catalogues(members, bounds, background)
        info = ServerInfo(name, version)
        self._host = MergeHost(tuple(members), info, bounds, background, catalogues)
        self._connections: set[MergedConnection] = set()
        self.availability = Availability(serving=any(member.serving for member in members))
        """Serving while any member is."""
        for at, member in enumerate(members):
            member.backend.availability.watch(partial(self._member_changed, at))

    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """Bring all members up at once, and down again; what one raises on the way is raised."""
        tasks = [LifespanTask(member.backend.lifespan) for member in self._host.members]
        try:
            await _all_of([task.start() for task in tasks])
            yield
        finally:
            await self._host.background.close(self._host.bounds.close_timeout_seconds)
            await _all_of([task.stop() for task in tasks])

    def connect(self, client: Client) -> MergedConnection:
        """A new client."""
        connection = MergedConnection(self._host, client, self._connections.discard)
        self._connections.add(connection)
        return connection

    async def summary(self) -> Summary:
        """The merged server's name, and the tools of all members under the names they have here."""
        members = self._host.members
        asked = {
            at: member.backend.summary() for at, member in enumerate(members) if member.serving
        }
        said = await self._host.background.within(SUMMARY_SECONDS, asked, "summing a member up")
        names = {
            at: Listing(tuple(str(tool.get("name")) for tool in each.tools))
            for at, each in said.items()
        }
        offer = Offer(TOOLS, members, names)
        tools = [
            {**tool, "name": offer.offered(at, str(tool.get("name")))}
            for at in sorted(said)
            for tool in said[at].tools
        ]
        return Summary(self._host.info.name, tuple(tools))

    def _member_changed(self, member: int, serving: bool) -> None:
        name = self._host.members[member].name
        logger.info("%s is %s", name, "back" if serving else "down")
        self._host.catalogues.invalidate(KINDS)
        for connection in tuple(self._connections):
            connection.member_changed(member, serving)
        self.availability.set(serving=any(each.serving for each in self._host.members))


async def _all_of(works: Sequence[Coroutine[Any, Any, None]]) -> None:
    """Do several things to their ends, then raise the first error, and log the others."""
    ended = await asyncio.gather(*works, return_exceptions=True)
    raised = [error for error in ended if isinstance(error, BaseException)]
    for error in raised[1:]:
        logger.error("another member failed as well", exc_info=error)
    if raised:
        raise raised[0]
