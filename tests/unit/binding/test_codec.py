"""JSON-RPC text and envelopes, both ways (decisions 2 to 7). The golden vectors hold the rest."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpgrpc.binding import codec, ids
from mcpgrpc.v1 import envelope_pb2, errors_pb2
from tests.unit.binding.strategies import (
    exactly,
    json_values,
    object_texts,
    request_ids,
    separators,
    texts_of,
    utf8_strings,
)

PING = '{"jsonrpc":"2.0","id":1,"method":"ping"}'
methods = utf8_strings.filter(bool)
codes = st.integers(min_value=-(2**63), max_value=2**63 - 1)


@st.composite
def messages(draw: st.DrawFn) -> dict[str, str]:
    """The members of a JSON-RPC message, each as text."""
    kind = draw(st.sampled_from(["request", "notification", "result", "error"]))
    members = {"jsonrpc": '"2.0"'}
    if kind in ("request", "result") or (kind == "error" and draw(st.booleans())):
        members["id"] = json.dumps(draw(request_ids))
    elif kind == "error" and draw(st.booleans()):
        members["id"] = "null"
    if kind in ("request", "notification"):
        members["method"] = json.dumps(draw(methods))
        if draw(st.booleans()):
            members["params"] = draw(object_texts())
    elif kind == "result":
        members["result"] = draw(object_texts())
    else:
        error = {"code": str(draw(codes)), "message": json.dumps(draw(utf8_strings))}
        if draw(st.booleans()):
            error["data"] = draw(texts_of(json_values))
        members["error"] = "{" + ",".join(f'"{key}":{text}' for key, text in error.items()) + "}"
    return members


@given(messages(), separators, st.randoms(use_true_random=False))
def test_decision_5_any_message_survives_text_envelope_bytes_and_text_again(
    members: dict[str, str], separator: tuple[str, str], shuffler: random.Random
) -> None:
    comma, colon = separator
    shuffled = list(members.items())
    shuffler.shuffle(shuffled)
    text = " {" + comma.join(f'"{key}"{colon}{value}' for key, value in shuffled) + "}\n"
    wire = codec.envelope_from_text(text).SerializeToString()
    back = codec.text_from_envelope(envelope_pb2.Envelope.FromString(wire))
    assert dict(exactly(back)) == dict(exactly(text))
    assert codec.envelope_from_text(back).SerializeToString() == wire


@given(object_texts())
def test_decision_5_params_and_results_stay_verbatim_character_by_character(value: str) -> None:
    request = codec.envelope_from_text(f'{{"jsonrpc":"2.0","id":1,"method":"m","params":{value}}}')
    assert request.request.params_json == value
    assert f'"params":{value}}}' in codec.text_from_envelope(request)
    response = codec.envelope_from_text(f'{{"jsonrpc":"2.0","id":1,"result":{value} }}')
    assert response.response.result_json == value
    assert f'"result":{value}}}' in codec.text_from_envelope(response)


@given(texts_of(json_values))
def test_decision_5_error_data_of_any_type_stays_verbatim(value: str) -> None:
    text = f'{{"jsonrpc":"2.0","error":{{"code":1,"message":"","data":{value}}}}}'
    envelope = codec.envelope_from_text(text)
    assert envelope.response.error.data_json == value
    assert codec.text_from_envelope(envelope) == text


@given(texts_of(json_values))
def test_any_json_that_is_no_message_is_refused_and_nothing_else_is_raised(text: str) -> None:
    with pytest.raises(codec.InvalidMessageError) as caught:
        codec.envelope_from_text(text)
    assert caught.value.code == -32600


@given(messages(), st.text(st.characters(exclude_categories=()), min_size=1, max_size=6), st.data())
def test_any_damage_to_a_text_gives_an_envelope_or_invalid_message_error(
    members: dict[str, str], junk: str, data: st.DataObject
) -> None:
    text = "{" + ",".join(f'"{key}":{value}' for key, value in members.items()) + "}"
    at = data.draw(st.integers(min_value=0, max_value=len(text)))
    damaged = text[:at] + junk + text[at + data.draw(st.integers(min_value=0, max_value=3)) :]
    read = read_or_error(damaged)
    if isinstance(read, codec.InvalidMessageError):
        assert read.code in (-32700, -32600, -32602)
        assert read.request_id is None or ids.is_id(read.request_id)
    else:
        assert codec.envelope_from_text(codec.text_from_envelope(read)) == read


def test_every_text_that_was_cut_off_is_not_json() -> None:
    for end in range(len(PING)):
        with pytest.raises(codec.InvalidMessageError) as caught:
            codec.envelope_from_text(PING[:end])
        assert caught.value.code == -32700


@pytest.mark.parametrize(
    "junk", ["x", "}", "{", ",", "]", PING, "\n" + PING, "\x00", "\ufeff", "1"]
)
def test_trailing_junk_is_not_json(junk: str) -> None:
    with pytest.raises(codec.InvalidMessageError) as caught:
        codec.envelope_from_text(PING + junk)
    assert caught.value.code == -32700


@pytest.mark.parametrize("space", ["", " ", "\n", "\r\n\t ", " " * 1000])
def test_white_space_around_a_message_means_nothing(space: str) -> None:
    assert codec.envelope_from_text(space + PING + space) == codec.envelope_from_text(PING)


def test_decision_4_the_keys_that_are_present_say_what_a_message_is() -> None:
    def kind(members: str) -> object:
        return codec.envelope_from_text('{"jsonrpc":"2.0",' + members + "}").WhichOneof("message")

    assert kind('"method":"m","id":0') == "request"
    assert kind('"method":"m"') == "notification"
    assert kind('"id":0,"result":{}') == "response"
    assert kind('"error":{"code":0,"message":""}') == "response"


def test_decision_4_a_request_with_an_odd_id_is_never_a_notification() -> None:
    for odd in ("null", "1.5", "1.0", "true", "false", "[]", "{}", str(2**63), '"\\ud800"'):
        with pytest.raises(codec.InvalidMessageError) as caught:
            codec.envelope_from_text(f'{{"jsonrpc":"2.0","id":{odd},"method":"m"}}')
        assert caught.value.code == -32600
        assert caught.value.request_id is None


def test_decision_4_an_absent_id_and_a_null_id_of_a_response_are_different() -> None:
    error = '"error":{"code":-32700,"message":"Parse error"}}'
    absent = codec.envelope_from_text('{"jsonrpc":"2.0",' + error)
    null = codec.envelope_from_text('{"jsonrpc":"2.0","id":null,' + error)
    assert not absent.response.HasField("id")
    assert null.response.HasField("id")
    assert null.response.id.WhichOneof("value") is None
    assert absent.SerializeToString() != null.SerializeToString()


def test_decision_7_batches_are_refused_and_the_refusal_says_so() -> None:
    with pytest.raises(codec.InvalidMessageError, match="batch; send one message at a time"):
        codec.envelope_from_text(f"[{PING}]")


def test_the_refusal_of_a_member_that_stands_twice_does_not_repeat_the_peer_s_text() -> None:
    key = "secret" * 1000
    with pytest.raises(codec.InvalidMessageError) as caught:
        codec.envelope_from_text(f'{{"jsonrpc":"2.0","method":"m","{key}":1,"{key}":1}}')
    assert len(str(caught.value)) < 100


@pytest.mark.parametrize(
    "members",
    [
        '"id":5,"result":{}',
        '"jsonrpc":"1.0","id":5,"error":{"code":1,"message":"m"}',
        '"jsonrpc":"2.0","id":5,"result":[]',
        '"jsonrpc":"2.0","id":5,"result":{},"error":{"code":1,"message":"m"}',
        '"jsonrpc":"2.0","id":5,"error":{"code":1}',
        '"jsonrpc":"2.0","id":"\\ud800","error":{"code":1,"message":"m"}',
    ],
)
def test_no_error_about_a_response_names_an_id_for_it_is_owed_no_answer(members: str) -> None:
    with pytest.raises(codec.InvalidMessageError) as caught:
        codec.envelope_from_text("{" + members + "}")
    assert caught.value.request_id is None


def test_nesting_is_bounded_by_the_caller() -> None:
    text = '{"jsonrpc":"2.0","method":"m","params":{"a":[[]]}}'
    codec.envelope_from_text(text, max_depth=4)
    with pytest.raises(codec.InvalidMessageError) as caught:
        codec.envelope_from_text(text, max_depth=3)
    assert caught.value.code == -32700


def test_nesting_of_10_000_levels_is_refused_on_both_ways() -> None:
    deep = '{"a":' + "[" * 10_000 + "]" * 10_000 + "}"
    with pytest.raises(codec.InvalidMessageError) as caught:
        codec.envelope_from_text(f'{{"jsonrpc":"2.0","id":1,"method":"m","params":{deep}}}')
    assert caught.value.code == -32700
    with pytest.raises(codec.InvalidMessageError) as caught:
        codec.text_from_envelope(request(params_json=deep))
    assert (caught.value.code, caught.value.request_id) == (-32700, 1)


def test_an_envelope_without_a_message_has_no_text() -> None:
    with pytest.raises(codec.InvalidMessageError, match="without a message"):
        codec.text_from_envelope(envelope_pb2.Envelope())


def test_decision_3_a_response_without_an_outcome_has_no_text() -> None:
    envelope = response()
    with pytest.raises(codec.InvalidMessageError, match="without an outcome"):
        codec.text_from_envelope(envelope)


@pytest.mark.parametrize("forged", ["", "{", "{}x", '{},"id":2', "}", '{}}{"jsonrpc":"2.0"', "NaN"])
def test_decision_3_json_members_that_are_not_json_never_become_part_of_a_text(forged: str) -> None:
    error = envelope_pb2.JsonRpcError(code=1, message="m", data_json=forged)
    notification = envelope_pb2.JsonRpcNotification(method="m", params_json=forged)
    for envelope, answer_id in (
        (request(params_json=forged), 1),
        (envelope_pb2.Envelope(notification=notification), None),
        (response(result_json=forged), None),
        (response(error=error), None),
    ):
        with pytest.raises(codec.InvalidMessageError) as caught:
            codec.text_from_envelope(envelope)
        assert (caught.value.code, caught.value.request_id) == (-32700, answer_id)


@pytest.mark.parametrize("value", ["[]", "null", '"{}"', "0", "true"])
def test_decision_3_params_and_results_that_are_no_objects_have_no_text(value: str) -> None:
    with pytest.raises(codec.InvalidMessageError) as caught:
        codec.text_from_envelope(request(params_json=value))
    assert (caught.value.code, caught.value.request_id) == (-32602, 1)
    with pytest.raises(codec.InvalidMessageError) as caught:
        codec.text_from_envelope(response(result_json=value))
    assert caught.value.code == -32600


def test_a_request_or_a_result_without_an_id_has_no_text() -> None:
    calls = (
        envelope_pb2.JsonRpcRequest(method="m"),
        envelope_pb2.JsonRpcRequest(id=envelope_pb2.RequestId(), method="m"),
    )
    for call in calls:
        with pytest.raises(codec.InvalidMessageError, match="needs an id"):
            codec.text_from_envelope(envelope_pb2.Envelope(request=call))
    for answer_id in (None, envelope_pb2.RequestId()):
        answer = envelope_pb2.JsonRpcResponse(id=answer_id, result_json="{}")
        with pytest.raises(codec.InvalidMessageError, match="needs the request's id"):
            codec.text_from_envelope(envelope_pb2.Envelope(response=answer))


def test_a_call_without_a_method_has_no_text() -> None:
    nameless = envelope_pb2.JsonRpcRequest(id=ids.to_message(1))
    for envelope in (
        envelope_pb2.Envelope(request=nameless),
        envelope_pb2.Envelope(notification=envelope_pb2.JsonRpcNotification()),
    ):
        with pytest.raises(codec.InvalidMessageError, match="needs a method"):
            codec.text_from_envelope(envelope)


def test_decision_2_what_the_transport_says_beside_a_message_is_not_in_its_text() -> None:
    bare = response(error=envelope_pb2.JsonRpcError(code=14, message="m"))
    full = envelope_pb2.Envelope()
    full.CopyFrom(bare)
    full.response.reason = errors_pb2.ERROR_REASON_DRAINING
    full.response.execution = errors_pb2.EXECUTION_NOT_STARTED
    full.related_request_id.integer = 3
    full.timeout.FromSeconds(1)
    full.door.headers.add(name="a", value="b")
    assert codec.text_from_envelope(full) == codec.text_from_envelope(bare)


def test_decision_16_no_text_can_forge_a_reason() -> None:
    text = (
        '{"jsonrpc":"2.0","id":1,"reason":1,"execution":1,"error":{"code":14,"message":"m",'
        '"reason":1,"data":{"reason":"DRAINING","execution":"NOT_STARTED"}}}'
    )
    read = codec.envelope_from_text(text).response
    assert read.reason == errors_pb2.ERROR_REASON_UNSPECIFIED
    assert read.execution == errors_pb2.EXECUTION_UNSPECIFIED


def request(**members: Any) -> envelope_pb2.Envelope:
    call = envelope_pb2.JsonRpcRequest(id=ids.to_message(1), method="m", **members)
    return envelope_pb2.Envelope(request=call)


def response(**members: Any) -> envelope_pb2.Envelope:
    answer = envelope_pb2.JsonRpcResponse(id=ids.to_message(1), **members)
    return envelope_pb2.Envelope(response=answer)


def read_or_error(text: str) -> envelope_pb2.Envelope | codec.InvalidMessageError:
    try:
        return codec.envelope_from_text(text)
    except codec.InvalidMessageError as error:
        return error
