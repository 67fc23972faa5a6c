"""The requests of the peer at one end of a stream, from their message to their answer."""

from __future__ import annotations

import json

import pytest

from mcpgrpc.binding import errors, ids
from mcpgrpc.binding.core import (
    Ignore,
    Notify,
    StartRequest,
    parse_params,
)
from mcpgrpc.binding.in_flight import LISTEN_METHOD
from mcpgrpc.binding.limits import Limits
from mcpgrpc.v1 import envelope_pb2, errors_pb2
from tests.unit.binding.cores import (
    answer,
    new_core,
    notification,
    receive,
    request,
    result,
    start,
)


def test_a_request_is_started_with_its_parsed_params() -> None:
    core = new_core()
    envelope = request(1, "tools/call", '{"name":"add","n":18446744073709551616}')
    started = receive(core, envelope, StartRequest)
    assert started.envelope is envelope
    assert started.params == {"name": "add", "n": 2**64}
    assert started.params_json == '{"name":"add","n":18446744073709551616}'
    assert (started.request.id, started.request.method) == (1, "tools/call")


def test_decision_3_absent_params_are_none_and_empty_ones_are_an_object() -> None:
    core = new_core()
    absent, empty = (
        receive(core, envelope, StartRequest) for envelope in (request(1), request(2, "m", "{}"))
    )
    assert (absent.params, absent.params_json) == (None, None)
    assert (empty.params, empty.params_json) == ({}, "{}")


def test_decision_4_a_request_without_an_id_is_answered_with_a_null_id() -> None:
    no_kind = request(None)
    no_kind.request.id.SetInParent()
    for envelope in (request(None), no_kind):
        response = answer(new_core(), envelope)
        assert response.error.code == -32600
        assert response.HasField("id")
        assert response.id.WhichOneof("value") is None


def test_a_request_without_a_method_is_answered_with_its_id() -> None:
    response = answer(new_core(), request("a", ""))
    assert (response.error.code, response.id.text) == (-32600, "a")


@pytest.mark.parametrize(
    ("params_json", "code"),
    [
        ("", -32700),
        ("{", -32700),
        ("nonsense", -32700),
        ('{"a":NaN}', -32700),
        ('{} {"id":2}', -32700),
        ('{"a":' + "[" * 10_000 + "]" * 10_000 + "}", -32700),
        ("[]", -32602),
        ("null", -32602),
        ('"{}"', -32602),
        ("1", -32602),
    ],
    ids=lambda value: str(value)[:12],
)
def test_decision_3_params_that_are_no_object_are_answered_with_the_known_id(
    params_json: str, code: int
) -> None:
    response = answer(new_core(), request(7, "m", params_json))
    assert (response.error.code, response.id.integer) == (code, 7)
    assert response.reason == errors_pb2.ERROR_REASON_UNSPECIFIED, "an error of JSON-RPC itself"
    assert len(response.error.message) < 100


def test_decision_5_params_with_an_escaped_lone_surrogate_are_taken() -> None:
    started = receive(new_core(), request(1, "m", '{"a":"\\ud800"}'), StartRequest)
    assert started.params == {"a": "\ud800"}


def test_the_depth_of_params_is_bounded_by_the_limits() -> None:
    core = new_core(Limits(max_json_depth=3))
    receive(core, request(1, "m", '{"a":[[]]}'), StartRequest)
    assert "deeper than 3 levels" in answer(core, request(2, "m", '{"a":[[[]]]}')).error.message
    assert isinstance(parse_params("[" * 10, 3), envelope_pb2.JsonRpcResponse)


def test_decision_11_a_duplicate_id_is_refused_with_its_reason_and_the_first_goes_on() -> None:
    core = new_core()
    first = start(core, 7)
    response = answer(core, request(7))
    assert response.reason == errors_pb2.ERROR_REASON_DUPLICATE_ID
    assert response.execution == errors_pb2.EXECUTION_NOT_STARTED
    assert response.id.integer == 7
    start(core, "7")
    assert core.answered(first.request, result().response)


def test_decision_11_requests_beyond_the_window_are_refused_and_do_not_touch_the_others() -> None:
    core = new_core(Limits(max_in_flight=1))
    first = start(core, 1)
    response = answer(core, request(2))
    assert response.reason == errors_pb2.ERROR_REASON_WINDOW_EXCEEDED
    assert (response.error.code, response.id.integer) == (8, 2)
    start(core, "l", LISTEN_METHOD)
    assert core.answered(first.request, result().response)
    start(core, 2)


def test_a_response_gets_the_id_of_its_request_and_frees_it() -> None:
    core = new_core()
    response = result(99).response
    assert core.answered(start(core, "a").request, response)
    assert response.id.text == "a"
    assert len(core.in_flight) == 0
    start(core, "a")


@pytest.mark.parametrize("target", ["7", 7])
def test_decision_4_a_cancellation_finds_the_id_of_its_own_kind(target: ids.Id) -> None:
    core = new_core()
    started = {request_id: start(core, request_id).request for request_id in (7, "7", "007")}
    params_json = json.dumps({"requestId": target})
    effect = receive(core, notification("notifications/cancelled", params_json), Notify)
    assert effect.cancels is started[target]
    assert [r.id for r in started.values() if r.cancelled] == [target]


@pytest.mark.parametrize(
    "params_json",
    [
        None,
        "{}",
        '{"requestId":null}',
        '{"requestId":7.0}',
        '{"requestId":true}',
        '{"requestId":[7]}',
        '{"requestId":{}}',
        '{"requestId":8}',
        '{"requestId":"\\ud800"}',
    ],
)
def test_a_cancellation_of_nothing_in_flight_is_handed_on_and_cancels_nothing(
    params_json: str | None,
) -> None:
    core = new_core()
    started = [start(core, 7), start(core, 1)]
    effect = receive(core, notification("notifications/cancelled", params_json), Notify)
    assert effect.cancels is None
    assert not any(s.request.cancelled for s in started)


def test_decision_11_a_cancelled_request_is_not_answered_and_frees_its_id_when_it_ends() -> None:
    core = new_core(Limits(max_in_flight=1))
    started = start(core, 1)
    core.receive_envelope(notification("notifications/cancelled", '{"requestId":1}'))
    answer(core, request(1))
    answer(core, request(2))
    assert core.answered(started.request, result().response) is False
    start(core, 1)


def test_a_handler_that_ends_without_a_response_is_settled() -> None:
    core = new_core()
    assert core.answered(start(core, 1).request, None) is False
    assert len(core.in_flight) == 0


def test_other_notifications_are_handed_on() -> None:
    envelope = notification("notifications/progress", '{"progressToken":1,"progress":1}')
    effect = receive(new_core(), envelope, Notify)
    assert effect.envelope is envelope
    assert effect.params == {"progressToken": 1, "progress": 1}
    assert effect.cancels is None


@pytest.mark.parametrize(
    "envelope",
    [notification("m", ""), notification("m", "[]"), notification("m", "{"), notification("")],
)
def test_a_malformed_notification_is_ignored_and_never_answered(
    envelope: envelope_pb2.Envelope,
) -> None:
    assert receive(new_core(), envelope, Ignore).what == "a malformed notification"


def test_decision_16_an_application_s_error_keeps_its_code_and_gets_no_reason() -> None:
    core = new_core()
    response = errors.failure(14, "not mine")
    assert core.answered(start(core, 1).request, response)
    assert (response.error.code, response.reason, response.execution) == (14, 0, 0)


def test_decision_2_what_travels_beside_a_request_reaches_its_handler() -> None:
    envelope = request(1)
    envelope.timeout.FromMilliseconds(1500)
    envelope.door.headers.add(name="x-team", value="a")
    envelope.related_request_id.integer = 0
    started = receive(new_core(), envelope, StartRequest)
    assert started.envelope.timeout.ToMilliseconds() == 1500
    assert started.envelope.door.headers[0].value == "a"
    assert started.envelope.HasField("related_request_id")
