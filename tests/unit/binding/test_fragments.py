"""Envelopes in pieces (decision 14)."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpgrpc.binding.fragments import ABORTED, LAST, FragmentError, Reassembler, cut
from mcpgrpc.v1 import session_pb2

PAYLOAD = bytes(range(256)) * 3


def piece(
    fragment_id: int, data: bytes, *, last: bool = False, total_bytes: int | None = None
) -> session_pb2.Fragment:
    state = LAST if last else session_pb2.FRAGMENT_STATE_UNSPECIFIED
    return session_pb2.Fragment(
        fragment_id=fragment_id, data=data, state=state, total_bytes=total_bytes
    )


def aborted(fragment_id: int) -> session_pb2.Fragment:
    return session_pb2.Fragment(fragment_id=fragment_id, state=ABORTED)


@pytest.mark.parametrize("piece_bytes", [1, 2, 255, 256, 767, 768, 769, 10_000])
def test_pieces_of_any_size_give_the_same_bytes(piece_bytes: int) -> None:
    pieces = [p.message() for p in cut(5, PAYLOAD, piece_bytes)]
    assert [p.state == LAST for p in pieces] == [False] * (len(pieces) - 1) + [True]
    assert [p.HasField("total_bytes") for p in pieces] == [True] + [False] * (len(pieces) - 1)
    assert pieces[0].total_bytes == len(PAYLOAD)
    assert all(len(p.data) <= piece_bytes for p in pieces)
    reassembler = Reassembler(1, len(PAYLOAD))
    assert [reassembler.add(p) for p in pieces] == [None] * (len(pieces) - 1) + [PAYLOAD]
    assert len(reassembler) == 0


@given(
    st.lists(st.binary(min_size=1, max_size=60), min_size=1, max_size=5),
    st.integers(min_value=1, max_value=20),
    st.randoms(use_true_random=False),
)
def test_pieces_of_several_envelopes_in_any_turns_give_the_same_bytes(
    payloads: list[bytes], piece_bytes: int, chooser: random.Random
) -> None:
    waiting = {
        number: [each.message() for each in cut(number, p, piece_bytes)]
        for number, p in enumerate(payloads)
    }
    reassembler = Reassembler(len(payloads), 150)
    got = {}
    while waiting:
        number = chooser.choice(sorted(waiting))
        whole = reassembler.add(waiting[number].pop(0))
        if whole is not None:
            got[number] = whole
            assert waiting.pop(number) == []
    assert got == dict(enumerate(payloads))
    assert len(reassembler) == 0


def test_more_open_pieces_than_allowed_end_the_stream() -> None:
    reassembler = Reassembler(2, 100)
    reassembler.add(piece(1, b"a"))
    reassembler.add(piece(2, b"a"))
    with pytest.raises(FragmentError, match="more than 2 envelopes in pieces"):
        reassembler.add(piece(3, b"a"))


def test_an_end_that_takes_no_pieces_takes_not_even_one() -> None:
    with pytest.raises(FragmentError, match="more than 0 envelopes"):
        Reassembler(0, 100).add(piece(1, b"a", last=True))


def test_a_finished_or_aborted_envelope_makes_room_for_another() -> None:
    reassembler = Reassembler(1, 4)
    for round_number in range(10):
        assert reassembler.add(piece(round_number, b"abc")) is None
        assert reassembler.add(piece(round_number, b"d", last=True)) == b"abcd"
        assert reassembler.add(piece(round_number, b"abc")) is None
        assert reassembler.add(aborted(round_number)) is None
        assert len(reassembler) == 0


def test_pieces_without_end_are_bounded_by_the_size_of_an_envelope() -> None:
    reassembler = Reassembler(4, 10)
    for _ in range(10):
        reassembler.add(piece(1, b"a"))
    with pytest.raises(FragmentError, match="grew beyond 10 bytes"):
        reassembler.add(piece(1, b"a"))


def test_all_open_pieces_together_hold_at_most_twice_the_size_of_an_envelope() -> None:
    reassembler = Reassembler(4, 10)
    reassembler.add(piece(1, b"a" * 10))
    reassembler.add(piece(2, b"a" * 9))
    with pytest.raises(FragmentError, match="more than 20 bytes"):
        reassembler.add(piece(3, b"aa"))


def test_what_is_whole_or_given_up_is_held_no_more() -> None:
    reassembler = Reassembler(4, 10)
    reassembler.add(piece(1, b"a" * 10))
    reassembler.add(piece(2, b"a" * 10))
    reassembler.add(aborted(1))
    reassembler.add(piece(2, b"", last=True))
    reassembler.add(piece(3, b"a" * 10))
    reassembler.add(piece(4, b"a" * 10))
    with pytest.raises(FragmentError):
        reassembler.add(piece(1, b"a"))


def test_pieces_without_data_hold_nothing_and_end_like_others() -> None:
    reassembler = Reassembler(1, 3)
    for _ in range(1000):
        assert reassembler.add(piece(1, b"")) is None
    assert reassembler.add(piece(1, b"abc", last=True)) == b"abc"


def test_an_announced_size_beyond_the_limit_is_refused_at_the_first_piece() -> None:
    with pytest.raises(FragmentError, match="the limit is 10"):
        Reassembler(1, 10).add(piece(1, b"", total_bytes=11))
    with pytest.raises(FragmentError, match="the limit is 10"):
        Reassembler(1, 10).add(piece(1, b"", total_bytes=2**64 - 1))


@pytest.mark.parametrize("total_bytes", [0, 1, 5, 7, 10])
def test_an_envelope_that_is_not_of_the_announced_size_ends_the_stream(total_bytes: int) -> None:
    reassembler = Reassembler(1, 10)
    pieces = [piece(1, b"abc", total_bytes=total_bytes), piece(1, b"def", last=True)]
    with pytest.raises(FragmentError, match=rf"{total_bytes} were announced"):
        list(map(reassembler.add, pieces))


def test_an_envelope_that_outgrows_the_announced_size_is_refused_before_its_end() -> None:
    reassembler = Reassembler(1, 1000)
    reassembler.add(piece(1, b"abc", total_bytes=4))
    with pytest.raises(FragmentError, match="5 bytes in pieces; 4 were announced"):
        reassembler.add(piece(1, b"de"))


def test_only_the_first_piece_announces_a_size() -> None:
    reassembler = Reassembler(1, 10)
    reassembler.add(piece(1, b"abc"))
    assert reassembler.add(piece(1, b"d", last=True, total_bytes=99)) == b"abcd"


def test_giving_up_what_was_never_begun_is_nothing() -> None:
    reassembler = Reassembler(1, 10)
    assert reassembler.add(aborted(7)) is None
    assert len(reassembler) == 0


def test_small_and_large_pieces_of_one_envelope_join_in_order() -> None:
    parts = [b"a", b"b" * 100, b"c" * 20_000, b"d", b"e" * 16_384, b"f" * 16_383, b"g"]
    reassembler = Reassembler(1, 100_000)
    *first, last = parts
    assert [reassembler.add(piece(1, part)) for part in first] == [None] * len(first)
    assert reassembler.add(piece(1, last, last=True)) == b"".join(parts)


def test_a_piece_that_is_not_copied_is_the_message_that_it_stands_for() -> None:
    first, last = cut(3, PAYLOAD, 700)
    assert first.message() == piece(3, PAYLOAD[:700], total_bytes=len(PAYLOAD))
    assert last.message() == piece(3, PAYLOAD[700:], last=True)
