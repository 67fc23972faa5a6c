"""What a client can name, for one caller or one legacy session: kept for a while, then read again.

It does not answer lists: those go to the members. It is what names are told apart and routed by.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server.merge import answers
from mcpgrpc_server.merge.background import Background
from mcpgrpc_server.merge.bounds import MergeBounds
from mcpgrpc_server.merge.kinds import KINDS, Kind
from mcpgrpc_server.merge.listing import Listing
from mcpgrpc_server.merge.member import Member
from mcpgrpc_server.merge.offer import Offer, Target

logger = logging.getLogger(__name__)

LastKnown: TypeAlias = dict[tuple[Kind, int], Listing]
"""What members listed last, whoever of a caller's catalogues read it."""


class Source(Protocol):
    """Where a catalogue reads from."""

    def available(self) -> Sequence[int]:
        """The members that can be asked now."""
        ...

    async def listing(self, member: int, kind: Kind) -> Listing | envelope_pb2.JsonRpcResponse:
        """What a member lists, or the error that it answers."""
        ...


@dataclass(slots=True)
class _Shelf:
    """One kind of a catalogue."""

    offer: Offer
    listings: dict[int, Listing]
    allowance: float
    allowed_at: float
    good_until: float = 0.0
    is_read: bool = False
    invalidations: int = 0
    refusal: envelope_pb2.JsonRpcResponse | None = None
    reading: asyncio.Task[None] | None = field(default=None)


class Catalogue:
    """The names of everything.

    Args:
        members: all of them, in their order.
        source: where their lists are read.
        last_known: what stands for a member that this catalogue has not been able to read.
        bounds: how long it holds, and how often it is renewed.
        background: what reads it; a reader that gives up does not stop others from waiting.
    """

    def __init__(
        self,
        members: Sequence[Member],
        source: Source,
        last_known: LastKnown,
        bounds: MergeBounds,
        background: Background,
    ) -> None:
        self._members = members
        self._source = source
        self._last_known = last_known
        self._bounds = bounds
        self._background = background
        self._loop = asyncio.get_running_loop()
        self._shelves = {kind: self._new_shelf(kind) for kind in KINDS}

    def known(self, kind: Kind) -> Offer:
        """What is known now, however old it is."""
        return self._shelves[kind].offer

    def refusal(self, kind: Kind) -> envelope_pb2.JsonRpcResponse | None:
        """Why nothing is known: what the first member answered when none could be read."""
        return self._shelves[kind].refusal

    async def current(self, kind: Kind) -> Offer:
        """What is offered now; waits, within the bound of a list, where it has to be read."""
        shelf = self._shelves[kind]
        if self._is_stale(shelf):
            await asyncio.shield(self._reading(kind))
        return shelf.offer

    async def read_once(self, kind: Kind) -> Offer:
        """What was offered whenever it was read; waits only where it never was."""
        shelf = self._shelves[kind]
        return shelf.offer if shelf.is_read else await self.current(kind)

    async def renewed(self, kind: Kind) -> Offer:
        """What is offered now, read again: at a bounded rate, beyond it what is known."""
        shelf = self._shelves[kind]
        if self._is_stale(shelf) or self._may_renew(shelf):
            await asyncio.shield(self._reading(kind))
        return shelf.offer

    async def target(self, kind: Kind, offered: str) -> Target | None:
        """Where something is. A name that is known is never waited for."""
        shelf = self._shelves[kind]
        found = shelf.offer.target(offered)
        if found is not None:
            self.freshen(kind)
            return found
        offer = await self.renewed(kind)
        return offer.target(offered) or offer.beyond_bounds(offered)

    def freshen(self, kind: Kind) -> None:
        """Begin to read what is stale; nobody waits for it."""
        if self._is_stale(self._shelves[kind]):
            self._reading(kind)

    def invalidate(self, kinds: Sequence[Kind] = KINDS) -> None:
        """Something has changed: read again before the next list."""
        for kind in kinds:
            shelf = self._shelves[kind]
            shelf.good_until = 0.0
            shelf.invalidations += 1

    def _new_shelf(self, kind: Kind) -> _Shelf:
        listings = {
            member: listing for (each, member), listing in self._last_known.items() if each is kind
        }
        offer = Offer(kind, self._members, listings)
        return _Shelf(offer, listings, self._bounds.renewal_burst, self._loop.time())

    def _is_stale(self, shelf: _Shelf) -> bool:
        return self._loop.time() >= shelf.good_until

    def _may_renew(self, shelf: _Shelf) -> bool:
        now = self._loop.time()
        earned = (now - shelf.allowed_at) * self._bounds.renewals_per_second
        shelf.allowance = min(shelf.allowance + earned, self._bounds.renewal_burst)
        shelf.allowed_at = now
        if shelf.allowance < 1:
            return False
        shelf.allowance -= 1
        return True

    def _reading(self, kind: Kind) -> asyncio.Task[None]:
        shelf = self._shelves[kind]
        if shelf.reading is None or shelf.reading.done():
            reading = self._read(kind, shelf)
            shelf.reading = self._background.spawn(reading, f"reading the lists of {kind.noun}s")
        return shelf.reading

    async def _read(self, kind: Kind, shelf: _Shelf) -> None:
        invalidations = shelf.invalidations
        asked = {member: self._source.listing(member, kind) for member in self._source.available()}
        what = f"listing {kind.noun}s"
        timeout = self._bounds.list_timeout_seconds
        read = await self._background.within(timeout, asked, what)
        listings = {member: each for member, each in read.items() if isinstance(each, Listing)}
        refusals = [self._refused(kind, member, read) for member in asked if member not in listings]
        shelf.listings |= listings
        self._last_known.update({(kind, member): each for member, each in listings.items()})
        shelf.offer = Offer(kind, self._members, shelf.listings)
        shelf.is_read = True
        shelf.refusal = refusals[0] if refusals and not listings else None
        if shelf.invalidations == invalidations:
            shelf.good_until = self._loop.time() + self._lifetime_seconds(listings)

    def _refused(
        self, kind: Kind, member: int, read: dict[int, Listing | envelope_pb2.JsonRpcResponse]
    ) -> envelope_pb2.JsonRpcResponse:
        name = self._members[member].name
        answer = read.get(member)
        if isinstance(answer, envelope_pb2.JsonRpcResponse):
            logger.warning(
                "%s cannot list its %ss: %s", name, kind.noun, answer.error.message[:200]
            )
            return answer
        logger.warning("%s did not list its %ss in time", name, kind.noun)
        return answers.unavailable(name)

    def _lifetime_seconds(self, listings: dict[int, Listing]) -> float:
        shortest = min((listing.ttl_ms for listing in listings.values()), default=0) / 1000
        bounds = self._bounds
        return min(max(shortest, bounds.catalogue_seconds), bounds.max_catalogue_seconds)
