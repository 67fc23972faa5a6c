"""The table of addresses and the rotation by themselves: no clock, no stream."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import pytest

from mcpgrpc.balancing.rotation import Rotation
from mcpgrpc.balancing.table import STABLE_SECONDS, UNSERVED_PROBE_SECONDS, AddressTable, State

LONG = 2 * STABLE_SECONDS


def table(*names: str, max_streams: int = 8, per_address: int = 1) -> AddressTable:
    made = AddressTable(max_streams, 5.0, per_address)
    made.update(names)
    return made


def opened(addresses: AddressTable, *names: str) -> None:
    for name in names:
        addresses.opening(name)
        addresses.opened(name)


def test_each_address_gets_one_stream_up_to_the_bound() -> None:
    addresses = table("a", "b", "c", max_streams=2)
    first = addresses.to_open(0.0)
    assert len(set(first)) == 2
    opened(addresses, *first)
    assert addresses.to_open(0.0) == []


def test_clients_do_not_begin_with_the_same_address() -> None:
    firsts = {table(*"abcdefgh").to_open(0.0, 1)[0] for _ in range(200)}
    assert len(firsts) > 1


def test_an_address_that_failed_is_tried_again_later_each_time_and_no_later_than_the_bound() -> (
    None
):
    addresses = table("a", "b")
    opened(addresses, "b")
    now, pauses = 0.0, []
    for _ in range(12):
        addresses.opening("a")
        addresses.failed("a", now)
        assert addresses.state("a") is State.EJECTED
        assert addresses.to_open(now) == []
        due = addresses.next_due(now)
        assert due is not None
        pauses.append(due - now)
        now = due
        assert addresses.to_open(now) == ["a"]
    for number, pause in enumerate(pauses):
        longest = min(0.1 * 2**number, 5.0)
        assert longest / 2 <= pause <= longest


def test_while_nothing_is_open_a_failed_address_is_tried_more_often() -> None:
    addresses = table("a")
    for _ in range(12):
        addresses.opening("a")
        addresses.failed("a", 0.0)
    due = addresses.next_due(0.0)
    assert due is not None
    assert due <= UNSERVED_PROBE_SECONDS


def test_a_probe_is_one_stream_and_readmits_its_address() -> None:
    addresses = table("a")
    addresses.opening("a")
    addresses.failed("a", 0.0)
    addresses.opening("a")
    assert addresses.state("a") is State.PROBING
    assert addresses.to_open(1e9) == []
    addresses.opened("a")
    assert addresses.state("a") is State.READY


@pytest.mark.parametrize(
    ("lived", "was_lost", "state"),
    [(LONG, False, State.READY), (LONG, True, State.EJECTED), (0.1, False, State.EJECTED)],
    ids=["drained", "lost", "drained as soon as it was open"],
)
def test_how_a_stream_ended_says_whether_its_address_is_opened_to_at_once(
    lived: float, was_lost: bool, state: State
) -> None:
    addresses = table("a")
    opened(addresses, "a")
    addresses.ended("a", 100.0, lived, was_lost=was_lost)
    assert addresses.state("a") is state
    assert addresses.to_open(100.0) == (["a"] if state is State.READY else [])


def test_a_healthy_address_is_opened_to_before_one_that_failed() -> None:
    addresses = table("a", "b", max_streams=1)
    addresses.opening("a")
    addresses.failed("a", 0.0)
    assert addresses.to_open(1e9) == ["b"]


def test_an_address_that_vanished_is_forgotten_and_its_end_is_nobodys() -> None:
    addresses = table("a", "b")
    opened(addresses, "a", "b")
    assert addresses.update(["b", "c"]) == ["a"]
    addresses.ended("a", 0.0, LONG, was_lost=True)
    addresses.failed("a", 0.0)
    assert "a" not in addresses
    assert addresses.to_open(0.0) == ["c"]


def test_growth_goes_where_the_fewest_streams_are_up_to_the_bounds() -> None:
    addresses = table("a", "b", per_address=2)
    opened(addresses, "a", "b", "a")
    assert addresses.to_grow(0.0) == "b"
    opened(addresses, "b")
    assert addresses.to_grow(0.0) is None


@dataclass(eq=False)
class Stream:
    name: str
    load: int = 0


def rotation(*streams: Stream) -> Rotation[Stream]:
    made: Rotation[Stream] = Rotation()
    for stream in streams:
        made.add(stream.name[0], stream)
    return made


def picked(streams: Rotation[Stream], times: int, avoid: str | None = None) -> Counter[str]:
    found = [streams.pick(avoid) for _ in range(times)]
    return Counter(each.name for each in found if each is not None)


def test_of_equal_streams_each_has_its_turn() -> None:
    assert picked(rotation(Stream("a"), Stream("b"), Stream("c")), 9) == {"a": 3, "b": 3, "c": 3}


def test_the_stream_with_the_fewest_in_flight_is_next() -> None:
    assert picked(rotation(Stream("a", 2), Stream("b", 1), Stream("c", 3)), 5) == {"b": 5}


def test_an_address_with_two_streams_does_not_get_twice_the_work() -> None:
    streams = [Stream("a1"), Stream("a2"), Stream("b1")]
    rotating = rotation(*streams)
    for _ in range(100):
        stream = rotating.pick()
        assert stream is not None
        stream.load += 1
    assert sorted(each.load for each in streams) == [25, 25, 50]


def test_another_address_is_picked_where_there_is_one() -> None:
    assert picked(rotation(Stream("a"), Stream("b", 9)), 3, avoid="a") == {"b": 3}
    assert picked(rotation(Stream("a")), 3, avoid="a") == {"a": 3}


def test_nothing_is_picked_where_nothing_is_open() -> None:
    only = Stream("a")
    rotating = rotation(only)
    rotating.discard(only)
    rotating.discard(only)
    assert rotating.pick() is None
    assert len(rotating) == 0
