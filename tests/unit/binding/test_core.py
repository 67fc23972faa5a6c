"""One end of one stream: what a message of the peer means (decisions 2 to 18)."""

from __future__ import annotations

import json
from typing import TypeVar

import pytest

from mcpgrpc.binding import errors, fragments, ids
from mcpgrpc.binding.core import (
    Answer,
    FrameError,
    Ignore,
    Notify,
    Resolve,
    StartRequest,
    StreamCore,
    parse_params,
)
from mcpgrpc.binding.era import PROTOCOL_VERSION_META_KEY, Era, EraGate
from mcpgrpc.binding.in_flight import LISTEN_METHOD
from mcpgrpc.binding.limits import Limits
from mcpgrpc.v1 import envelope_pb2, errors_pb2, session_pb2

Core = StreamCore[str]
MODERN = json.dumps({"_meta": {PROTOCOL_VERSION_META_KEY: "2026-07-28"}})
EffectType = TypeVar("EffectType")


def new_core(limits: Limits | None = None, era: Era = Era.OPEN) -> Core:
    return StreamCore(limits or Limits(), EraGate(era))


def request(
    request_id: ids.Id | None, method: str = "m", params_json: str | None = None
) -> envelope_pb2.Envelope:
    call = envelope_pb2.JsonRpcRequest(method=method, params_json=params_json)
    if request_id is not None:
        call.id.CopyFrom(ids.to_message(request_id))
    return envelope_pb2.Envelope(request=call)


def notification(method: str, params_json: str | None = None) -> envelope_pb2.Envelope:
    return envelope_pb2.Envelope(
        notification=envelope_pb2.JsonRpcNotification(method=method, params_json=params_json)
    )


def result(request_id: ids.Id | None = None, result_json: str = "{}") -> envelope_pb2.Envelope:
    response = envelope_pb2.JsonRpcResponse(result_json=result_json)
    if request_id is not None:
        response.id.CopyFrom(ids.to_message(request_id))
    return envelope_pb2.Envelope(response=response)


def receive(core: Core, envelope: envelope_pb2.Envelope, kind: type[EffectType]) -> EffectType:
    """What the core makes of an envelope, which has to be an effect of this kind."""
    effect = core.receive_envelope(envelope)
    assert isinstance(effect, kind)
    return effect


def answer(core: Core, envelope: envelope_pb2.Envelope) -> envelope_pb2.JsonRpcResponse:
    before = len(core.in_flight)
    response = receive(core, envelope, Answer).response
    assert len(core.in_flight) == before, "what is refused is not in flight"
    return response


def start(core: Core, request_id: ids.Id, method: str = "m") -> StartRequest:
    return receive(core, request(request_id, method), StartRequest)


def is_draining(core: Core) -> bool:
    """Read through a function, since a type checker takes a property for a constant."""
    return core.draining


def era_of(core: Core) -> Era:
    """As `is_draining`."""
    return core.era.era


def test_a_request_is_started_with_its_parsed_params() -> None:
    core = new_core()
    envelope = request(1, "tools/call", '{"name":"add","n":18446744073709551616}')
    started = receive(core, envelope, StartRequest)
    assert started.envelope is envelope
    assert started.params == {"name": "add", "n": 2**64}
    assert (started.request.id, started.request.method) == (1, "tools/call")


def test_decision_3_absent_params_are_none_and_empty_ones_are_an_object() -> None:
    core = new_core()
    assert receive(core, request(1), StartRequest).params is None
    assert receive(core, request(2, "m", "{}"), StartRequest).params == {}


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


def test_decision_7_an_envelope_without_a_known_message_is_ignored() -> None:
    receive(new_core(), envelope_pb2.Envelope(), Ignore)
    unknown = envelope_pb2.Envelope.FromString(bytes.fromhex("a2060101"))
    receive(new_core(), unknown, Ignore)


def test_a_response_wakes_the_waiter_of_its_request() -> None:
    core = new_core()
    own = core.outgoing.submit(1, "m", "waiter")
    core.outgoing.written(own)
    envelope = result(1)
    effect: Resolve[str] = receive(core, envelope, Resolve)
    assert effect.request is own
    assert effect.envelope is envelope


def test_decision_3_a_response_without_an_outcome_wakes_its_waiter_to_fail() -> None:
    core = new_core()
    core.outgoing.written(core.outgoing.submit(1, "m", "waiter"))
    empty = envelope_pb2.JsonRpcResponse(id=ids.to_message(1))
    effect: Resolve[str] = receive(core, envelope_pb2.Envelope(response=empty), Resolve)
    assert effect.envelope is not None
    assert effect.envelope.response.WhichOneof("outcome") is None


def test_a_response_nobody_asked_for_or_without_an_id_is_ignored() -> None:
    core = new_core()
    core.outgoing.written(core.outgoing.submit(1, "m", "waiter"))
    null = result()
    null.response.id.SetInParent()
    for envelope in (result(2), result("1"), result(), null):
        receive(core, envelope, Ignore)
    receive(core, result(1), Resolve)
    receive(core, result(1), Ignore)


def test_request_settled_frees_an_own_request_and_unknown_ones_are_ignored() -> None:
    core = new_core()
    own = core.outgoing.submit(1, "m", "waiter")
    core.outgoing.written(own)
    assert isinstance(core.receive_settled(ids.to_message("1")), Ignore)
    assert isinstance(core.receive_settled(envelope_pb2.RequestId()), Ignore)
    effect = core.receive_settled(ids.to_message(1))
    assert isinstance(effect, Resolve)
    assert effect.request is own
    assert effect.envelope is None
    assert isinstance(core.receive_settled(ids.to_message(1)), Ignore)


def test_decision_11_settings_open_the_window_for_what_waits() -> None:
    core = new_core()
    for number in range(18):
        core.outgoing.submit(number, "m", "waiter")
    core.receive_settings(session_pb2.Settings(max_in_flight=17))
    assert [own.id for own in core.outgoing.sendable()] == [16]
    assert core.peer.max_in_flight == 17


def test_decision_14_an_envelope_byte_by_byte_is_the_same_envelope() -> None:
    core = new_core()
    payload = request(1, "tools/call", '{"name":"add"}').SerializeToString()
    wholes = [core.receive_fragment(piece) for piece in fragments.cut(1, payload, 1)]
    assert wholes[:-1] == [None] * (len(payload) - 1)
    assert wholes[-1] == envelope_pb2.Envelope.FromString(payload)


@pytest.mark.parametrize("payload", [b"\xff\xff", b"\x0a\x10", b"\x0a\x03\x12\x01\xff"])
def test_decision_6_pieces_that_do_not_decode_break_the_stream(payload: bytes) -> None:
    piece = session_pb2.Fragment(fragment_id=1, data=payload, state=fragments.LAST)
    with pytest.raises(FrameError, match="do not decode"):
        new_core().receive_fragment(piece)


def test_decision_14_pieces_are_bounded_by_the_limits() -> None:
    core = new_core(Limits(max_open_fragments=1, max_envelope_bytes=4))
    with pytest.raises(fragments.FragmentError):
        core.receive_fragment(session_pb2.Fragment(fragment_id=1, data=b"12345"))


def test_decision_18_a_request_after_go_away_is_refused_as_not_started() -> None:
    core = new_core()
    running = start(core, 1)
    answer(core, request(None))
    assert is_draining(core) is False
    assert core.begin_drain() == 2, "refused ones are counted"
    assert is_draining(core) is True
    response = answer(core, request(2))
    assert response.reason == errors_pb2.ERROR_REASON_DRAINING
    assert response.execution == errors_pb2.EXECUTION_NOT_STARTED
    assert response.error.code == errors.UNAVAILABLE
    assert core.answered(running.request, result().response)


def test_decision_18_what_is_accepted_does_not_grow_with_what_is_refused_later() -> None:
    core = new_core()
    start(core, 1)
    assert core.begin_drain() == 1
    answer(core, request(2))
    answer(core, request(3))
    assert core.begin_drain() == 1


def test_decision_18_responses_cancellations_and_pieces_are_still_read_after_go_away() -> None:
    core = new_core()
    started = start(core, 1)
    core.outgoing.written(core.outgoing.submit(5, "m", "waiter"))
    payload = result(5).SerializeToString()
    first, last = fragments.cut(1, payload, len(payload) - 1)
    core.receive_fragment(first)
    core.begin_drain()
    whole = core.receive_fragment(last)
    assert whole is not None
    receive(core, whole, Resolve)
    cancelled = notification("notifications/cancelled", '{"requestId":1}')
    assert receive(core, cancelled, Notify).cancels is started.request


def test_decision_9_a_probe_that_fails_leaves_the_stream_to_initialize() -> None:
    core = new_core()
    probe = receive(core, request(1, "server/discover", MODERN), StartRequest)
    assert probe.request.modern
    core.answered(probe.request, errors.failure(-32601, "Method not found"))
    initialize = receive(core, request(2, "initialize", "{}"), StartRequest)
    assert era_of(core) is Era.OPEN
    core.answered(initialize.request, result().response)
    assert era_of(core) is Era.LEGACY
    assert answer(core, request(3, "tools/list", MODERN)).error.code == -32600


def test_decision_9_a_modern_answer_closes_the_stream_to_initialize() -> None:
    core = new_core()
    probe = receive(core, request(1, "server/discover", MODERN), StartRequest)
    core.answered(probe.request, result().response)
    assert era_of(core) is Era.MODERN
    response = answer(core, request(2, "initialize", '{"protocolVersion":"2025-11-25"}'))
    assert (response.error.code, response.id.integer) == (-32022, 2)


def test_decision_9_errors_of_the_service_itself_decide_no_era() -> None:
    core = new_core()
    probe = receive(core, request(1, "server/discover", MODERN), StartRequest)
    refusal = errors.Refusal(errors_pb2.ERROR_REASON_RATE_LIMITED, "slow down").response()
    refusal.error.code = -32022
    core.answered(probe.request, refusal)
    assert era_of(core) is Era.OPEN


def test_decision_9_a_cancelled_request_decides_no_era() -> None:
    core = new_core()
    probe = receive(core, request(1, "server/discover", MODERN), StartRequest)
    core.receive_envelope(notification("notifications/cancelled", '{"requestId":1}'))
    core.answered(probe.request, result().response)
    assert era_of(core) is Era.OPEN


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


def test_a_thousand_messages_of_every_kind_leave_nothing_behind() -> None:
    core = new_core(Limits(max_in_flight=4))
    for number in range(1000):
        started = start(core, number % 3)
        receive(core, notification("notifications/message", "{}"), Notify)
        receive(core, result(number), Ignore)
        core.answered(started.request, result().response)
    assert len(core.in_flight) == 0
    assert len(core.outgoing) == 0
    assert core.begin_drain() == 1000
