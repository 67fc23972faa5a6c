"""The one table of errors (decisions 16 and 17)."""

from __future__ import annotations

import json
import re
from pathlib import Path

import grpc
import pytest

from mcpgrpc.binding import errors
from mcpgrpc.v1 import errors_pb2

SCHEMA = Path(__file__).resolve().parents[3] / "proto" / "mcpgrpc" / "v1" / "errors.proto"
REASONS = [number for number in errors_pb2.ErrorReason.values() if number]
EXECUTIONS = {"not started": errors.NOT_STARTED, "maybe": errors.MAYBE}


def documented() -> dict[str, tuple[str, int, str | None]]:
    """What the schema's comments say of each reason: status name, its number, execution."""
    said = {}
    comment = ""
    for line in SCHEMA.read_text(encoding="utf-8").splitlines():
        stripped = line.strip()
        if stripped.startswith("//"):
            comment += stripped.removeprefix("//")
            continue
        value = re.match(r"(ERROR_REASON_\w+) = [1-9]", stripped)
        status = re.search(r"([A-Z_]{3,}) \((\d+)\)(?:, (not started|maybe))?", comment)
        if value is not None and status is not None:
            said[value[1]] = (status[1], int(status[2]), status[3])
        comment = ""
    return said


@pytest.mark.parametrize("reason", REASONS, ids=errors.reason_name)
def test_every_reason_has_the_status_and_execution_that_the_schema_documents(reason: int) -> None:
    name, number, execution = documented()[errors_pb2.ErrorReason.Name(number_of(reason))]
    refusal = errors.Refusal(number_of(reason), "m")
    assert refusal.status == number
    assert grpc.StatusCode[name].value[0] == number
    assert refusal.what_ran in EXECUTIONS.values()
    if execution is not None:
        assert refusal.what_ran == EXECUTIONS[execution]


def test_decision_17_unavailable_on_the_wire_always_means_not_started() -> None:
    for reason in REASONS:
        refusal = errors.Refusal(number_of(reason), "m")
        never_on_the_wire = reason == errors_pb2.ERROR_REASON_CONNECTION_LOST
        if refusal.status == errors.UNAVAILABLE and not never_on_the_wire:
            assert refusal.what_ran == errors.NOT_STARTED


def test_decision_16_a_refusal_carries_its_reason_beside_the_error() -> None:
    refusal = errors.Refusal(errors_pb2.ERROR_REASON_RATE_LIMITED, "slow down", {"retryAfterMs": 5})
    response = refusal.response()
    assert (response.error.code, response.error.message) == (8, "slow down")
    assert json.loads(response.error.data_json) == {"retryAfterMs": 5}
    assert response.reason == errors_pb2.ERROR_REASON_RATE_LIMITED
    assert response.execution == errors.NOT_STARTED
    assert not response.HasField("id")


def test_a_refusal_without_data_has_no_data_member() -> None:
    response = errors.Refusal(errors_pb2.ERROR_REASON_TIMEOUT, "m").response()
    assert not response.error.HasField("data_json")
    assert response.execution == errors.MAYBE


def test_the_execution_of_a_refusal_can_be_said_where_the_reason_leaves_it_open() -> None:
    refusal = errors.Refusal(
        errors_pb2.ERROR_REASON_MESSAGE_TOO_LARGE, "m", execution=errors.NOT_STARTED
    )
    assert refusal.what_ran == errors.NOT_STARTED
    assert refusal.response().execution == errors.NOT_STARTED


def test_decision_16_an_application_s_error_has_neither_reason_nor_execution() -> None:
    response = errors.failure(14, "not mine", {"reason": "DRAINING"})
    assert response.reason == errors_pb2.ERROR_REASON_UNSPECIFIED
    assert response.execution == errors_pb2.EXECUTION_UNSPECIFIED


def test_data_left_out_is_absent_and_none_is_null() -> None:
    assert not errors.failure(1, "m").error.HasField("data_json")
    assert errors.failure(1, "m", None).error.data_json == "null"


@pytest.mark.parametrize("reason", REASONS)
def test_a_reason_has_a_name_on_the_wire_and_back(reason: int) -> None:
    name = errors.reason_name(reason)
    assert not name.startswith("ERROR_REASON")
    assert errors.reason_number(name) == reason


def test_reasons_newer_than_this_schema_are_no_failure() -> None:
    assert errors.reason_name(999) == "999"
    assert errors.reason_number("FROM_THE_FUTURE") == errors_pb2.ERROR_REASON_UNSPECIFIED


def test_decision_16_execution_that_is_not_said_counts_as_maybe() -> None:
    assert errors.execution_name(errors_pb2.EXECUTION_UNSPECIFIED) == "MAYBE"
    assert errors.execution_name(errors_pb2.EXECUTION_MAYBE) == "MAYBE"
    assert errors.execution_name(errors_pb2.EXECUTION_NOT_STARTED) == "NOT_STARTED"
    assert errors.execution_name(99) == "MAYBE"


def number_of(reason: int) -> errors_pb2.ErrorReason:
    return errors.reason_number(errors.reason_name(reason))
