"""Which open stream takes the next request: the fewest in flight, and in turn where several are.

It is sans-I/O, and knows of a stream only how much runs on it.
"""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar


class Loaded(Protocol):
    """What a stream tells of itself."""

    @property
    def load(self) -> int:
        """Requests in flight on it."""
        ...


Stream = TypeVar("Stream", bound=Loaded)


class _Group(Generic[Stream]):
    """The open streams to one address."""

    __slots__ = ("address", "streams")

    def __init__(self, address: str) -> None:
        self.address = address
        self.streams: list[Stream] = []

    @property
    def load(self) -> int:
        """Requests in flight at the address."""
        streams = self.streams
        return streams[0].load if len(streams) == 1 else sum(each.load for each in streams)


class Rotation(Generic[Stream]):
    """The open streams, by address.

    An address counts as a whole, so that one with two streams does not get twice the work. Costs
    what looking at each address costs: there are few.
    """

    def __init__(self) -> None:
        self._groups: list[_Group[Stream]] = []

    def __len__(self) -> int:
        return sum(len(group.streams) for group in self._groups)

    def __contains__(self, stream: Stream) -> bool:
        return any(stream in group.streams for group in self._groups)

    def add(self, address: str, stream: Stream) -> None:
        """A stream is open."""
        for group in self._groups:
            if group.address == address:
                group.streams.append(stream)
                return
        group = _Group(address)
        group.streams.append(stream)
        # It is idle, so it is asked first.
        self._groups.insert(0, group)

    def discard(self, stream: Stream) -> None:
        """A stream takes no more requests; one that is not there is no mistake."""
        for group in self._groups:
            if stream in group.streams:
                group.streams.remove(stream)
                if not group.streams:
                    self._groups.remove(group)
                return

    def streams(self) -> list[Stream]:
        """Every open stream."""
        return [stream for group in self._groups for stream in group.streams]

    def to(self, address: str) -> list[Stream]:
        """The open streams to an address."""
        found = [group.streams for group in self._groups if group.address == address]
        return list(found[0]) if found else []

    def pick(self, avoid: str | None = None) -> Stream | None:
        """The stream for the next request, at another address than `avoid` if there is one."""
        groups = self._groups
        if not groups:
            return None
        if avoid is not None:
            groups = [group for group in groups if group.address != avoid] or groups
        group = _next(groups) if len(groups) > 1 else groups[0]
        if len(self._groups) > 1:
            # The one that had its turn goes last, so that of equal ones the next has it.
            self._groups.remove(group)
            self._groups.append(group)
        streams = group.streams
        if len(streams) == 1:
            return streams[0]
        stream = _next(streams)
        streams.remove(stream)
        streams.append(stream)
        return stream


Choice = TypeVar("Choice", bound=Loaded)


def _next(choices: list[Choice]) -> Choice:
    """The first of those with the least; one that is idle ends the search."""
    best = choices[0]
    least = best.load
    for each in choices:
        if not least:
            break
        load = each.load
        if load < least:
            best, least = each, load
    return best
