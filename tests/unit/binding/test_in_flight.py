"""The table of the peer's requests (decisions 4, 10 and 11)."""

from __future__ import annotations

import pytest

from mcpgrpc.binding.errors import Refusal
from mcpgrpc.binding.ids import Id
from mcpgrpc.binding.in_flight import LISTEN_METHOD, InFlightRequest, InFlightTable
from mcpgrpc.v1 import errors_pb2


def admit(table: InFlightTable, request_id: Id, method: str = "m") -> InFlightRequest:
    admitted = table.admit(request_id, method)
    assert isinstance(admitted, InFlightRequest)
    return admitted


def refusal(table: InFlightTable, request_id: Id, method: str = "m") -> errors_pb2.ErrorReason:
    before = table.all()
    refused = table.admit(request_id, method)
    assert isinstance(refused, Refusal)
    assert refused.what_ran == errors_pb2.EXECUTION_NOT_STARTED
    assert table.all() == before, "a refused request leaves the table as it was"
    return refused.reason


def test_decision_4_a_string_id_and_an_integer_id_are_different() -> None:
    table = InFlightTable(8, 8)
    number, text, padded = admit(table, 7), admit(table, "7"), admit(table, "007")
    assert table.cancel("7") is text
    assert (number.cancelled, text.cancelled, padded.cancelled) == (False, True, False)


def test_decision_11_a_duplicate_id_is_refused_and_the_first_goes_on() -> None:
    table = InFlightTable(8, 8)
    first = admit(table, 1)
    assert refusal(table, 1) == errors_pb2.ERROR_REASON_DUPLICATE_ID
    assert refusal(table, 1, LISTEN_METHOD) == errors_pb2.ERROR_REASON_DUPLICATE_ID
    assert table.all() == [first]
    assert not first.cancelled


def test_decision_11_requests_beyond_the_window_are_refused_until_one_is_settled() -> None:
    table = InFlightTable(2, 0)
    first = admit(table, 1)
    admit(table, 2)
    assert refusal(table, 3) == errors_pb2.ERROR_REASON_WINDOW_EXCEEDED
    table.settle(first)
    admit(table, 3)
    assert refusal(table, 4) == errors_pb2.ERROR_REASON_WINDOW_EXCEEDED


def test_decision_11_a_cancelled_request_keeps_its_id_and_its_slot_until_it_is_settled() -> None:
    table = InFlightTable(1, 0)
    request = admit(table, 1)
    assert table.cancel(1) is request
    assert refusal(table, 1) == errors_pb2.ERROR_REASON_DUPLICATE_ID
    assert refusal(table, 2) == errors_pb2.ERROR_REASON_WINDOW_EXCEEDED
    table.settle(request)
    admit(table, 1)


def test_decision_11_listens_take_no_slot_and_have_a_limit_of_their_own() -> None:
    table = InFlightTable(1, 2)
    listens = [admit(table, "a", LISTEN_METHOD), admit(table, "b", LISTEN_METHOD)]
    assert refusal(table, "c", LISTEN_METHOD) == errors_pb2.ERROR_REASON_LISTEN_LIMIT
    admit(table, 1)
    assert refusal(table, 2) == errors_pb2.ERROR_REASON_WINDOW_EXCEEDED
    assert table.listens() == listens
    table.settle(listens[0])
    admit(table, "c", LISTEN_METHOD)
    assert len(table) == 3


def test_a_cancellation_is_told_once_and_only_of_what_is_in_flight() -> None:
    table = InFlightTable(8, 8)
    request = admit(table, 1)
    assert table.cancel(2) is None
    assert table.cancel(1) is request
    assert table.cancel(1) is None
    table.settle(request)
    assert table.cancel(1) is None


def test_settling_twice_is_a_defect_that_shows() -> None:
    table = InFlightTable(8, 8)
    request = admit(table, 1)
    table.settle(request)
    with pytest.raises(AssertionError, match="settled before"):
        table.settle(request)
    again = admit(table, 1)
    with pytest.raises(AssertionError, match="settled before"):
        table.settle(request)
    assert table.all() == [again]


def test_decision_10_requests_are_listed_in_the_order_of_their_admission() -> None:
    table = InFlightTable(8, 8)
    order: list[Id] = [3, "x", 1, "", 2]
    for request_id in order:
        admit(table, request_id)
    assert [request.id for request in table.all()] == order
