"""Which ids are taken over from a caller, and which are not."""

from __future__ import annotations

import logging

import pytest

from mcpgrpc.logs.correlation import (
    CorrelationFilter,
    Known,
    current_id,
    given_id,
    handling,
    new_id,
    sane,
    trace_id,
)

TRACE = "0af7651916cd43dd8448eb211c80319c"
TRACEPARENT = f"00-{TRACE}-b7ad6b7169203331-01"

GOOD = {
    "a word": "order-4711",
    "a UUID": "6f1d9c1e-1f0e-4b5c-9d1d-0d8a5f3d2c11",
    "base64": "AbC+/9==",
    "the longest": "x" * 128,
    "a path": "web/7:3~a@b",
}
BAD = {
    "nothing": "",
    "no text": 7,
    "too long": "x" * 129,
    "a megabyte": "x" * 1_000_000,
    "a blank": "two words",
    "a quote": 'a"b',
    "a line": "a\nforged",
    "a line's end": "a\n",
    "an escape": "a\x1b[2J",
    "not ASCII": "é",
    "a mark first": "-rf",
    "a field": "a,b",
    "a token": "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.c2ln",
    "an API key": "mcpgrpc_ab12_c2VjcmV0",
}


@pytest.mark.parametrize("value", GOOD.values(), ids=GOOD)
def test_a_sane_id_is_taken_as_it_is(value: str) -> None:
    assert sane(value) == value


@pytest.mark.parametrize("value", BAD.values(), ids=BAD)
def test_an_id_that_would_harm_a_log_or_give_a_secret_away_is_not_taken(value: object) -> None:
    assert sane(value) == ""


def test_an_id_of_our_own_is_sane_and_new_each_time() -> None:
    assert sane(new_id()) != sane(new_id()) != ""


NO_TRACES = {
    "nothing": None,
    "a word": "trace",
    "upper case": TRACEPARENT.upper(),
    "no trace": f"00-{'0' * 32}-b7ad6b7169203331-01",
    "no parent": f"00-{TRACE}-{'0' * 16}-01",
    "no version": f"ff-{TRACE}-b7ad6b7169203331-01",
    "more in version 0": f"{TRACEPARENT}-more",
    "a line more": f"{TRACEPARENT}\n",
    "a megabyte": f"01-{TRACE}-b7ad6b7169203331-01-{'x' * 1_000_000}",
}


@pytest.mark.parametrize("value", NO_TRACES.values(), ids=NO_TRACES)
def test_what_is_no_traceparent_has_no_trace(value: object) -> None:
    assert trace_id(value) == ""


def test_a_trace_is_found_in_this_version_and_later_ones() -> None:
    assert trace_id(TRACEPARENT) == TRACE
    assert trace_id(f"01{TRACEPARENT[2:]}-more") == TRACE


def test_an_id_goes_before_a_trace_and_the_first_of_each_counts() -> None:
    assert given_id([None, "two words", "b", "c"], [TRACEPARENT]) == "b"
    assert given_id([None, "two words"], ["rubbish", TRACEPARENT]) == TRACE
    assert given_id([None], [None]) == ""


def test_records_outside_of_any_request_have_no_id() -> None:
    assert current_id() == ""
    record = logging.makeLogRecord({})
    assert CorrelationFilter().filter(record)
    assert "correlation_id" not in vars(record)


def test_who_logs_may_say_whose_a_record_is() -> None:
    record = logging.makeLogRecord({"correlation_id": "said"})
    with handling(Known("around")):
        CorrelationFilter().filter(record)
        assert current_id() == "around"
        with handling(None):
            assert current_id() == ""
    assert vars(record)["correlation_id"] == "said"
