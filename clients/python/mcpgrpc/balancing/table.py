"""The addresses of a service: which may be opened to, which have failed, and where to open next.

It is sans-I/O: it neither opens nor waits, and is told what the time is.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final

FIRST_PROBE_SECONDS: Final = 0.1
"""The pause before an address that failed is tried again for the first time."""

STABLE_SECONDS: Final = 5.0
"""A stream that lived for less counts against its address, as one that did not open does."""

UNSERVED_PROBE_SECONDS: Final = 1.0
"""The longest pause while no address is open at all, since requests wait."""


class State(Enum):
    """What is known of an address."""

    READY = "ready"
    EJECTED = "ejected"
    PROBING = "probing"


@dataclass(slots=True, eq=False)
class Address:
    """One address of the service.

    Attributes:
        name: `IP:PORT`.
        state: EJECTED is not opened to before `retry_at`; PROBING is opened to once, to see.
        failures: in a row.
        streams: open to it, or opening; those that drain are not counted.
        rank: its place in this client's own random order.
    """

    name: str
    rank: float
    state: State = State.READY
    failures: int = 0
    retry_at: float = 0.0
    streams: int = 0


class AddressTable:
    """Every address that the service has now.

    Args:
        max_streams: streams in all.
        max_probe_interval_seconds: the longest pause between two attempts at a failed address.
        streams_per_address: streams to one address at most; those after the first open when asked.
    """

    def __init__(
        self, max_streams: int, max_probe_interval_seconds: float, streams_per_address: int = 1
    ) -> None:
        self._max_streams = max(max_streams, streams_per_address)
        self._max_probe_interval_seconds = max_probe_interval_seconds
        self.streams_per_address = streams_per_address
        self._addresses: dict[str, Address] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._addresses

    def __len__(self) -> int:
        return len(self._addresses)

    def state(self, name: str) -> State | None:
        """What is known of an address; None when the service does not have it."""
        address = self._addresses.get(name)
        return None if address is None else address.state

    def update(self, names: Iterable[str]) -> list[str]:
        """The service has these addresses now; gives those that it has no more."""
        wanted = set(names)
        vanished = [name for name in self._addresses if name not in wanted]
        for name in vanished:
            del self._addresses[name]
        for name in sorted(wanted - self._addresses.keys()):
            # Each client has an order of its own, so that they do not all begin with the same.
            self._addresses[name] = Address(name, random.random())  # noqa: S311  # no secret
        return vanished

    def to_open(self, now: float, wanted: int | None = None) -> list[str]:
        """Where to open a stream now: addresses without one, up to so many streams in all.

        Whoever is given one calls `opening`, and then `opened` or `failed`.
        """
        bound = self._max_streams if wanted is None else min(wanted, self._max_streams)
        room = bound - self._streams
        if room <= 0:
            return []
        idle = [
            each for each in self._addresses.values() if not each.streams and _is_due(each, now)
        ]
        return [each.name for each in sorted(idle, key=_by_health)[:room]]

    def to_grow(self, now: float) -> str | None:
        """Where to open a further stream under load; None when there is no room for one."""
        if self._streams >= self._max_streams:
            return None
        addresses = [
            each
            for each in self._addresses.values()
            if each.streams < self.streams_per_address and _is_due(each, now)
        ]
        fewest = min(addresses, key=lambda each: (each.streams, each.rank), default=None)
        return None if fewest is None else fewest.name

    def next_due(self, now: float) -> float | None:
        """When the next ejected address may be tried again; None where none waits for that.

        One that may be tried already waits for room, and not for a time.
        """
        due = [
            each.retry_at
            for each in self._addresses.values()
            if each.state is State.EJECTED and each.retry_at > now
        ]
        return min(due, default=None)

    def opening(self, name: str) -> None:
        """A stream to the address is being opened."""
        address = self._addresses[name]
        address.streams += 1
        if address.state is State.EJECTED:
            address.state = State.PROBING

    def opened(self, name: str) -> None:
        """It is open."""
        if (address := self._addresses.get(name)) is not None:
            address.state = State.READY

    def failed(self, name: str, now: float) -> None:
        """It did not open: the address is ejected for a while, longer each time."""
        self._end(name, now, is_failure=True)

    def ended(self, name: str, now: float, lived_seconds: float, *, was_lost: bool) -> None:
        """A stream that was open takes no more requests: it was lost, or the server drains it."""
        address = self._addresses.get(name)
        if address is not None and lived_seconds >= STABLE_SECONDS:
            address.failures = 0
        self._end(name, now, is_failure=was_lost or lived_seconds < STABLE_SECONDS)

    @property
    def _streams(self) -> int:
        return sum(each.streams for each in self._addresses.values())

    def _end(self, name: str, now: float, *, is_failure: bool) -> None:
        address = self._addresses.get(name)
        if address is None:
            return
        address.streams = max(0, address.streams - 1)
        if not is_failure:
            return
        address.state = State.EJECTED
        address.retry_at = now + self._pause_seconds(address.failures)
        address.failures += 1

    def _pause_seconds(self, failures: int) -> float:
        """From half to whole of what doubles with each failure."""
        is_served = any(each.state is State.READY for each in self._addresses.values())
        longest = self._max_probe_interval_seconds
        if not is_served:
            longest = min(longest, UNSERVED_PROBE_SECONDS)
        pause = min(FIRST_PROBE_SECONDS * 2.0 ** min(failures, 16), longest)
        return pause * random.uniform(0.5, 1.0)  # noqa: S311  # jitter, not a secret


def _is_due(address: Address, now: float) -> bool:
    return address.state is State.READY or (
        address.state is State.EJECTED and address.retry_at <= now
    )


def _by_health(address: Address) -> tuple[int, float]:
    """Those that have not failed first, else in this client's order."""
    return min(address.failures, 1), address.rank
