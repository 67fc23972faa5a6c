"""What one end of a stream goes through: answers, Settings, pieces, a drain, its era."""

from __future__ import annotations

import pytest

from mcpgrpc.binding import errors, fragments, ids
from mcpgrpc.binding.core import (
    FrameError,
    Ignore,
    Notify,
    Resolve,
    StartRequest,
)
from mcpgrpc.binding.era import Era
from mcpgrpc.binding.limits import Limits
from mcpgrpc.v1 import envelope_pb2, errors_pb2, session_pb2
from tests.unit.binding.cores import (
    MODERN,
    answer,
    era_of,
    is_draining,
    new_core,
    notification,
    receive,
    request,
    result,
    start,
)


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
    wholes = [core.receive_fragment(piece.message()) for piece in fragments.cut(1, payload, 1)]
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
    first, last = (piece.message() for piece in fragments.cut(1, payload, len(payload) - 1))
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
