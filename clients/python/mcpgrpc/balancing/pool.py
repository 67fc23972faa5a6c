"""The open streams of one client over the addresses of a service: opened, replaced and retired.

It carries no request. What an address is worth, `table` decides; which stream is next, `rotation`.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final

from mcpgrpc.balancing.lanes import Lane, LaneOpener
from mcpgrpc.balancing.resolving import Following
from mcpgrpc.balancing.rotation import Rotation
from mcpgrpc.balancing.table import AddressTable, State
from mcpgrpc.errors import ConnectError, McpGrpcError, ServiceError
from mcpgrpc.rpc_errors import describe
from mcpgrpc.stream.opening import OpeningError
from mcpgrpc.stream.session import SessionStream

logger = logging.getLogger(__name__)

NEXT_ADDRESS_SECONDS: Final = 0.25
"""How long the first stream may take to open before another address is tried beside it."""

REOPEN_JITTER_SECONDS: Final = 0.05
"""Clients that lost a server together do not come to the next one together."""

DRAINED_LOOK_SECONDS: Final = 1.0
"""How often a stream that gets no more requests is looked at, whether it has done what it had."""


class LanePool:
    """Keeps a stream open to each address; belongs to the event loop that opens it.

    Until `spread` it opens one, wherever that succeeds first.

    Args:
        target: the ADDRESS, for messages.
        table: what is known of the addresses.
        connect_timeout_seconds: how long `wait_open` waits.
        on_left: called with a lane that takes no further requests.
    """

    def __init__(
        self,
        target: str,
        table: AddressTable,
        connect_timeout_seconds: float,
        on_left: Callable[[Lane], None],
    ) -> None:
        self._target = target
        self._table = table
        self._connect_timeout_seconds = connect_timeout_seconds
        self._on_left = on_left
        self._opener: LaneOpener
        self._following: Following | None = None
        self._rotation: Rotation[Lane] = Rotation()
        self._lanes: dict[SessionStream, Lane] = {}
        self._kept: SessionStream | None = None
        self._wanted: int | None = 1
        self._openings = 0
        self._at_limit = False
        self._work: set[asyncio.Task[None]] = set()
        self._closings: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._changed: asyncio.Future[None] | None = None
        self._refusal: McpGrpcError | None = None
        self._last_failure = ""
        self._closed = False

    def wire(self, opener: LaneOpener, following: Following | None) -> None:
        """Who opens streams, and who follows the addresses; without one they are the table's."""
        self._opener = opener
        self._following = following

    def __len__(self) -> int:
        """Open streams that take requests."""
        return len(self._rotation)

    @property
    def is_spread(self) -> bool:
        """Whether every address is wanted."""
        return self._wanted is None

    def pick(self, avoid: SessionStream | None = None) -> Lane | None:
        """The lane for the next request; at another address than `avoid`, where there is one."""
        avoided = None if avoid is None else self._lanes.get(avoid)
        lane = self._rotation.pick(None if avoided is None else avoided.address)
        if lane is not None and self._table.streams_per_address > 1 and lane.load:
            self._grow()
        return lane

    async def wait_open(self) -> None:
        """Wait until a stream is open, or the pool is closed.

        Raises:
            ConnectError: none is within the time allowed.
            McpGrpcError: every server refuses this client.
        """
        if self._following is not None:
            self._following.start()
        self._refusal = None
        self._fill()
        try:
            async with asyncio.timeout(self._connect_timeout_seconds):
                while not self._closed and not len(self._rotation):
                    self._check_refusal()
                    await self._wait_changed()
        except TimeoutError:
            raise ConnectError(self._nobody_answers()) from None

    def spread(self) -> None:
        """There is work: open a stream to each address."""
        self._wanted = None
        self._fill()

    def keep_only(self, stream: SessionStream) -> None:
        """One stream is all that is needed: end the others, and open no more."""
        self._kept = stream
        self._stop_following()
        for lane in self._rotation.streams():
            if lane.stream is not stream:
                self._retire(lane)

    def resolved(self, addresses: Sequence[str]) -> None:
        """The service has these addresses now."""
        for name in self._table.update(addresses):
            logger.info("%s has no address %s any more", self._target, name)
            for lane in self._rotation.to(name):
                self._retire(lane)
        self._fill()
        self._announce()

    def drained(self, stream: SessionStream) -> None:
        """The server takes no more requests on a stream."""
        lane = self._lanes.get(stream)
        if lane is not None and lane in self._rotation:
            self._retire(lane)
            self._replace(lane, was_lost=False)

    def ended(self, stream: SessionStream, error: Exception | None) -> None:
        """A stream is over; one that is none of the pool's is no mistake."""
        lane = self._lanes.pop(stream, None)
        if lane is None:
            return
        was_open = lane in self._rotation
        self._leave(lane)
        if self._closed:
            return
        self._run(lane.lease.close(), self._closings)
        if was_open:
            if error is not None:
                logger.info("lost a stream to %s: %s", lane.address, describe(error))
            self._replace(lane, was_lost=error is not None)

    async def close(self) -> None:
        """End every stream and what runs on it."""
        self._closed = True
        self._stop_following()
        for task in self._work:
            task.cancel()
        if self._work:
            await asyncio.wait(self._work)
        self._announce()
        lanes = tuple(self._lanes.values())
        await asyncio.gather(*(lane.close() for lane in lanes), *self._closings)

    def _check_refusal(self) -> None:
        """Raise why there is no stream, if that is more than a matter of time."""
        if self._refusal is not None and not self._openings:
            raise self._refusal

    async def _wait_changed(self) -> None:
        if self._changed is None:
            self._changed = asyncio.get_running_loop().create_future()
        timeout = NEXT_ADDRESS_SECONDS if self._has_others else None
        await asyncio.wait({self._changed}, timeout=timeout)
        if self._wanted is not None and self._has_others:
            self._wanted += 1
            self._fill()

    @property
    def _has_others(self) -> bool:
        """Whether there are addresses beyond those that are wanted."""
        return self._wanted is not None and self._wanted < len(self._table)

    def _nobody_answers(self) -> str:
        why = self._last_failure
        if self._following is not None and not len(self._table):
            why = f"the name cannot be resolved: {self._following.failure or 'no answer yet'}"
        return (
            f"no server answers at {self._target} within {self._connect_timeout_seconds:g} s"
            f" ({why or 'none has answered yet'});"
            " check the address, or start one with: mcpgrpc serve APP"
        )

    def _announce(self) -> None:
        """Something changed for whoever waits for a stream."""
        changed, self._changed = self._changed, None
        if changed is not None:
            changed.set_result(None)

    def _fill(self) -> None:
        """Open what is to be opened now, and come back when something else is due."""
        if self._closed or self._kept is not None or self._at_limit:
            return
        loop = asyncio.get_running_loop()
        now = loop.time()
        for address in self._table.to_open(now, self._wanted):
            self._begin_opening(address)
        self._stop_timer()
        due = self._table.next_due(now)
        if due is not None:
            self._timer = loop.call_at(due, self._fill)

    def _grow(self) -> None:
        """Open a further stream under load, one at a time."""
        if not (self._openings or self._closed or self._at_limit or self._kept is not None):
            address = self._table.to_grow(asyncio.get_running_loop().time())
            if address is not None:
                self._begin_opening(address)

    def _begin_opening(self, address: str) -> None:
        self._table.opening(address)
        self._openings += 1
        self._run(self._open_at(address))

    async def _open_at(self, address: str) -> None:
        """Open a stream; nobody waits for this one, so nobody fails with it alone."""
        lane = None
        try:
            beside = [each.lease.channel for each in self._rotation.to(address)]
            lane = await self._opener.open(address, beside)
        except OpeningError as failed:
            self._not_opened(address, failed.error, is_passing=failed.is_passing)
        except McpGrpcError as error:
            self._not_opened(address, error, is_passing=False)
        except Exception as error:  # noqa: BLE001 - a source of tokens may raise anything
            failure = ConnectError(f"no stream to {address} could be opened: {error}")
            self._not_opened(address, failure, is_passing=False)
        finally:
            self._openings -= 1
            if lane is not None:
                self._take(lane)
            self._announce()
        self._fill()

    def _take(self, lane: Lane) -> None:
        self._lanes[lane.stream] = lane
        if self._kept is not None or lane.address not in self._table:
            self._retire(lane)
        else:
            self._table.opened(lane.address)
            self._rotation.add(lane.address, lane)

    def _not_opened(self, address: str, error: McpGrpcError | None, *, is_passing: bool) -> None:
        self._last_failure = str(error or f"{address} ended the stream at once")
        # The first failure is news; that it is still so is not.
        level = logging.INFO if self._table.state(address) is State.READY else logging.DEBUG
        logger.log(level, "no stream to %s: %s", address, self._last_failure)
        self._table.failed(address, asyncio.get_running_loop().time())
        if not is_passing:
            self._refusal = error
        # Trying again while what counts is open would be refused again.
        is_limit = isinstance(error, ServiceError) and error.reason == "STREAM_LIMIT"
        self._at_limit = is_limit and len(self._rotation) > 0
        if self._following is not None and not len(self._rotation):
            self._following.hurry()

    def _replace(self, lane: Lane, *, was_lost: bool) -> None:
        """A stream takes no more: see whether the addresses have changed, and open another."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        self._table.ended(lane.address, now, now - lane.opened_at, was_lost=was_lost)
        if self._following is not None:
            self._following.hurry()
        loop.call_later(random.uniform(0, REOPEN_JITTER_SECONDS), self._fill)  # noqa: S311  # jitter

    def _leave(self, lane: Lane) -> None:
        self._rotation.discard(lane)
        self._at_limit = False
        self._on_left(lane)

    def _retire(self, lane: Lane) -> None:
        """Give it no more requests; it ends when it has done those it has."""
        self._leave(lane)
        self._end_when_done(lane)

    def _end_when_done(self, lane: Lane) -> None:
        stream = lane.stream
        if stream.is_over or stream is self._kept or self._closed:
            return
        if stream.requests_under_way:
            loop = asyncio.get_running_loop()
            loop.call_later(DRAINED_LOOK_SECONDS, self._end_when_done, lane)
        else:
            self._run(stream.close())

    def _stop_following(self) -> None:
        self._stop_timer()
        if self._following is not None:
            self._following.stop()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _run(
        self, work: Coroutine[Any, Any, None], among: set[asyncio.Task[None]] | None = None
    ) -> None:
        tasks = self._work if among is None else among
        task = asyncio.create_task(work, name=f"balancing {self._target}")
        tasks.add(task)
        task.add_done_callback(tasks.discard)
