"""Several Sessions to one server, each on a connection of its own: more than one core can carry.

It does not reconnect or send again, which each `SessionCarrier` does for itself, and it does not
choose between servers. What belongs to one stream stays on the first: a legacy session, requests of
the server, subscriptions and notifications. A request without a state goes where least is in
flight.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import grpc

from mcpgrpc.stream.carrier import Exchange
from mcpgrpc.stream.session_carrier import SessionCarrier
from mcpgrpc.v1 import envelope_pb2

logger = logging.getLogger(__name__)

MAX_STREAMS: Final = 64
"""Streams of one client at most."""

PAUSE_SECONDS: Final = 5.0
"""How long no further stream is tried after one could not be opened; the others go on."""


@dataclass(slots=True, eq=False)
class Lane:
    """One Session with its channel, and how many requests are in flight on it.

    `channel` is closed with the lane; None when it is somebody else's.
    """

    carrier: SessionCarrier
    channel: grpc.aio.Channel | None = None
    in_flight: int = 0

    async def close(self) -> None:
        """End the Session and what runs on it."""
        await self.carrier.close()
        if self.channel is not None:
            await self.channel.close()


class SpreadCarrier:
    """Carries requests on up to so many Sessions; the second and later ones open under load.

    Args:
        first: the Session that is always there.
        make_lane: makes another with a connection of its own; it is not open yet.
        max_streams: Sessions in all.
    """

    def __init__(
        self, first: SessionCarrier, make_lane: Callable[[], Lane], max_streams: int
    ) -> None:
        self._first = Lane(first)
        self._lanes = [self._first]
        self._make_lane = make_lane
        self._max_streams = max_streams
        self._opening: asyncio.Task[None] | None = None
        self._not_before = 0.0
        self._closed = False

    async def open(self) -> None:
        """Open the first stream."""
        await self._first.carrier.open()

    async def exchange(self, exchange: Exchange) -> envelope_pb2.Envelope:
        """Carry a request; see `Carrier.exchange`."""
        lane = self._least_used() if exchange.is_stateless else self._first
        lane.in_flight += 1
        try:
            return await lane.carrier.exchange(exchange)
        finally:
            lane.in_flight -= 1

    async def notify(self, envelope: envelope_pb2.Envelope) -> None:
        """Send a notification on the first stream."""
        await self._first.carrier.notify(envelope)

    async def close(self) -> None:
        """End every stream; what is under way is cancelled."""
        self._closed = True
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.wait({self._opening})
        await asyncio.gather(*(lane.close() for lane in self._lanes))

    @property
    def _open_streams(self) -> int:
        return sum(lane.carrier.is_open for lane in self._lanes)

    def _least_used(self) -> Lane:
        """The open lane with the least in flight; asks for another when none is idle."""
        lanes = [lane for lane in self._lanes if lane.carrier.is_open]
        lane = min(lanes, key=_in_flight, default=self._first)
        if lane.in_flight and len(lanes) < self._max_streams:
            self._want_another()
        return lane

    def _want_another(self) -> None:
        is_due = asyncio.get_running_loop().time() >= self._not_before
        if self._opening is None and is_due and not self._closed:
            self._opening = asyncio.create_task(self._open_another(), name="opening a stream")

    async def _open_another(self) -> None:
        """Open a lane, or one that was lost again; nobody waits for it, so nobody fails with it."""
        lane = next((each for each in self._lanes if not each.carrier.is_open), None)
        if lane is None:
            lane = self._make_lane()
            self._lanes.append(lane)
        try:
            await lane.carrier.open()
        except Exception as error:  # noqa: BLE001 - a source of tokens may raise anything
            self._not_before = asyncio.get_running_loop().time() + PAUSE_SECONDS
            logger.warning("no further stream, %d are open: %s", self._open_streams, error)
        finally:
            self._opening = None


def _in_flight(lane: Lane) -> int:
    return lane.in_flight
