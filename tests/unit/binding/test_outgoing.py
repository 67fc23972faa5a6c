"""The ledger of own requests (decisions 4, 11, 17 and 18)."""

from __future__ import annotations

import pytest

from mcpgrpc.binding.ids import Id
from mcpgrpc.binding.in_flight import LISTEN_METHOD
from mcpgrpc.binding.outgoing import OutgoingLedger, OutgoingRequest, State
from mcpgrpc.v1 import errors_pb2

NOT_STARTED = errors_pb2.EXECUTION_NOT_STARTED
MAYBE = errors_pb2.EXECUTION_MAYBE
Ledger = OutgoingLedger[str]
Request = OutgoingRequest[str]


def submit(ledger: Ledger, request_id: Id, method: str = "m") -> Request:
    return ledger.submit(request_id, method, f"waiter of {request_id!r}")


def send(ledger: Ledger, request_id: Id, method: str = "m") -> Request:
    request = submit(ledger, request_id, method)
    ledger.written(request)
    assert request.state is State.SENT
    return request


def test_decision_11_the_window_is_16_until_it_is_announced() -> None:
    ledger = Ledger()
    assert ledger.accepts_requests
    states = [submit(ledger, number).state for number in range(17)]
    assert states == [State.QUEUED] * 16 + [State.WAITING]


def test_decision_11_what_waits_goes_in_order_as_slots_come_free() -> None:
    ledger = Ledger(1)
    send(ledger, 1)
    waiting = [submit(ledger, number) for number in (2, 3, 4)]
    assert ledger.sendable() == []
    ledger.resolve(1)
    assert ledger.sendable() == waiting[:1]
    assert ledger.sendable() == []
    ledger.set_window(3)
    assert ledger.sendable() == waiting[1:]
    assert [request.state for request in waiting] == [State.QUEUED] * 3


def test_decision_11_a_smaller_window_holds_for_what_comes_later() -> None:
    ledger = Ledger(3)
    for number in (1, 2, 3):
        send(ledger, number)
    ledger.set_window(1)
    late = submit(ledger, 4)
    ledger.resolve(1)
    ledger.resolve(2)
    assert ledger.sendable() == []
    ledger.resolve(3)
    assert ledger.sendable() == [late]


def test_decision_11_listens_take_no_slot() -> None:
    ledger = Ledger(1)
    for number in range(10):
        assert submit(ledger, number, LISTEN_METHOD).state is State.QUEUED
    send(ledger, "a")
    waiting = submit(ledger, "b")
    assert waiting.state is State.WAITING


def test_decision_4_a_string_id_and_an_integer_id_are_different() -> None:
    ledger = Ledger()
    number, text = send(ledger, 7), send(ledger, "7")
    assert ledger.resolve("7") is text
    assert ledger.resolve("7") is None
    assert ledger.resolve(7) is number


def test_an_id_in_flight_is_not_taken_twice() -> None:
    ledger = Ledger(1)
    send(ledger, 1)
    submit(ledger, 2)
    for taken in (1, 2):
        with pytest.raises(ValueError, match="in flight"):
            submit(ledger, taken)
    assert len(ledger) == 2


def test_a_response_resolves_its_request_once() -> None:
    ledger = Ledger()
    request = send(ledger, 1)
    assert 1 in ledger
    assert ledger.resolve(1) is request
    assert request.waiter == "waiter of 1"
    assert ledger.resolve(1) is None
    assert 1 not in ledger


def test_a_response_that_nobody_asked_for_or_that_comes_before_its_request_resolves_nothing() -> (
    None
):
    ledger = Ledger(1)
    queued, waiting = submit(ledger, 1), submit(ledger, 2)
    assert ledger.resolve(1) is None
    assert ledger.resolve(2) is None
    assert ledger.resolve(3) is None
    assert ledger.settled(1) is None
    assert ledger.settled(2) is None
    assert ledger.settled(3) is None
    assert (queued.state, waiting.state) == (State.QUEUED, State.WAITING)


def test_a_request_that_waits_is_abandoned_without_a_word_to_the_peer() -> None:
    ledger = Ledger(1)
    send(ledger, 1)
    waiting = submit(ledger, 2)
    assert ledger.abandon(waiting) is False
    assert 2 not in ledger
    ledger.resolve(1)
    assert ledger.sendable() == []


def test_decision_11_an_abandoned_request_keeps_its_id_and_slot_until_the_peer_settles_it() -> None:
    ledger = Ledger(1)
    request = send(ledger, 1)
    assert ledger.abandon(request) is True
    with pytest.raises(ValueError, match="in flight"):
        submit(ledger, 1)
    waiting = submit(ledger, 2)
    assert ledger.sendable() == []
    assert ledger.settled(1) is None
    assert 1 not in ledger
    assert ledger.sendable() == [waiting]


def test_a_response_that_crosses_the_cancellation_frees_the_slot_and_wakes_nobody() -> None:
    ledger = Ledger(1)
    request = send(ledger, 1)
    ledger.abandon(request)
    assert ledger.resolve(1) is None
    assert submit(ledger, 1).state is State.QUEUED


def test_the_peer_is_told_of_a_cancellation_once() -> None:
    ledger = Ledger()
    request = send(ledger, 1)
    assert ledger.abandon(request) is True
    assert ledger.abandon(request) is False
    ledger.settled(1)
    assert ledger.abandon(request) is False


def test_a_queued_request_is_abandoned_and_its_cancellation_follows_it() -> None:
    ledger = Ledger()
    request = submit(ledger, 1)
    assert ledger.abandon(request) is True
    assert request.execution == NOT_STARTED
    ledger.written(request)
    assert request.state is State.ABANDONED
    assert request.execution == MAYBE
    assert ledger.settled(1) is None
    assert len(ledger) == 0


def test_abandoning_an_answered_request_does_not_touch_another_with_its_id() -> None:
    ledger = Ledger()
    first = send(ledger, 1)
    ledger.resolve(1)
    second = send(ledger, 1)
    assert ledger.abandon(first) is False
    assert ledger.resolve(1) is second


def test_a_request_settled_without_a_response_is_given_to_its_waiter() -> None:
    ledger = Ledger(1)
    request = send(ledger, 1)
    assert ledger.settled(1) is request
    assert ledger.settled(1) is None
    assert submit(ledger, 2).state is State.QUEUED


def test_decision_18_what_go_away_did_not_accept_is_given_back_as_not_started() -> None:
    ledger = Ledger(3)
    accepted, beyond, queued = send(ledger, 1), send(ledger, 2), submit(ledger, 3)
    waiting = submit(ledger, 4)
    assert ledger.go_away(1) == [beyond, queued, waiting]
    assert not ledger.accepts_requests
    assert len(ledger) == 1
    assert ledger.resolve(1) is accepted


def test_decision_18_go_away_counts_by_the_order_of_writing() -> None:
    ledger = Ledger()
    large, small = submit(ledger, "large"), submit(ledger, "small")
    ledger.written(small)
    ledger.written(large)
    assert ledger.go_away(1) == [large]
    assert (small.ordinal, large.ordinal) == (1, 2)


def test_decision_18_an_abandoned_request_beyond_go_away_is_forgotten_and_given_to_nobody() -> None:
    ledger = Ledger()
    request = send(ledger, 1)
    ledger.abandon(request)
    assert ledger.go_away(0) == []
    assert len(ledger) == 0


def test_decision_18_a_second_go_away_takes_back_what_is_left() -> None:
    ledger = Ledger()
    first, second = send(ledger, 1), send(ledger, 2)
    assert ledger.go_away(2) == []
    assert ledger.go_away(1) == [second]
    assert ledger.go_away(1) == []
    assert ledger.resolve(1) is first


def test_decision_17_a_lost_stream_says_of_each_request_whether_it_may_have_run() -> None:
    ledger = Ledger(2)
    sent, queued = send(ledger, 1), submit(ledger, 2)
    waiting, abandoned = submit(ledger, 3), send(ledger, "l", LISTEN_METHOD)
    ledger.abandon(abandoned)
    assert ledger.close() == [sent, queued, waiting]
    assert [r.execution for r in (sent, queued, waiting)] == [MAYBE, NOT_STARTED, NOT_STARTED]
    assert len(ledger) == 0
    assert ledger.close() == []


def test_slots_return_after_a_close() -> None:
    ledger = Ledger(2)
    for number in range(5):
        submit(ledger, number)
    ledger.close()
    assert [submit(ledger, number).state for number in range(3)] == [
        State.QUEUED,
        State.QUEUED,
        State.WAITING,
    ]
