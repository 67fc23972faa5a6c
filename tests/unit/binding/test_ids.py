"""Ids (decision 4)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from mcpgrpc.binding import ids
from mcpgrpc.v1 import envelope_pb2
from tests.unit.binding.strategies import json_values, request_ids


@given(request_ids)
def test_any_id_survives_both_ways_with_its_kind(value: ids.Id) -> None:
    assert ids.is_id(value)
    wire = ids.to_message(value).SerializeToString()
    back = ids.from_message(envelope_pb2.RequestId.FromString(wire))
    assert (type(back), back) == (type(value), value)


def test_decision_4_a_string_id_and_an_integer_id_are_different() -> None:
    messages = [ids.to_message(value) for value in (7, "7", "007")]
    assert len({message.SerializeToString() for message in messages}) == 3
    assert len({ids.from_message(message) for message in messages}) == 3


@pytest.mark.parametrize("value", [0, "", -1, "null", "1.5", 2**63 - 1, -(2**63), "\u0000", "é"])
def test_what_looks_empty_or_odd_is_an_id_all_the_same(value: ids.Id) -> None:
    message = ids.to_message(value)
    assert message.WhichOneof("value") is not None
    assert ids.from_message(message) == value


def test_a_message_without_a_member_is_json_null() -> None:
    assert ids.from_message(envelope_pb2.RequestId()) is None


@pytest.mark.parametrize(
    "value", [None, True, False, 1.5, 7.0, 2**63, -(2**63) - 1, [], {}, "\ud800", "a\udfff"]
)
def test_decision_4_null_fractions_booleans_and_larger_numbers_are_no_ids(value: Any) -> None:
    assert not ids.is_id(value)


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, "\ud800"])
def test_what_no_message_can_hold_raises_value_error(value: ids.Id) -> None:
    with pytest.raises(ValueError, match=r"out of range|surrogates"):
        ids.to_message(value)


@given(json_values)
def test_a_json_value_is_an_id_exactly_when_a_message_holds_it(value: Any) -> None:
    assert ids.is_id(value) == holds(value)


def holds(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return False
    try:
        return ids.from_message(ids.to_message(value)) == value
    except ValueError:
        return False
