"""The pauses between attempts grow, are never quite the same, and have a bound."""

from __future__ import annotations

from mcpgrpc.stream.backoff import PAUSES_SECONDS, pause_seconds


def test_a_pause_lies_between_half_and_the_whole_of_its_step() -> None:
    for attempt, longest in enumerate(PAUSES_SECONDS, start=1):
        pauses = [pause_seconds(attempt) for _ in range(200)]
        assert longest / 2 <= min(pauses) <= max(pauses) <= longest


def test_pauses_grow_up_to_a_bound() -> None:
    assert list(PAUSES_SECONDS) == sorted(PAUSES_SECONDS)
    assert max(pause_seconds(attempt) for attempt in range(3, 1000)) <= PAUSES_SECONDS[-1]


def test_two_clients_do_not_pause_alike() -> None:
    assert len({pause_seconds(3) for _ in range(20)}) > 1
