"""What a result says about being kept, read from its text and written into it."""

from __future__ import annotations

import json

import pytest

from mcpgrpc.caching.hints import hints_of, may_be_fresh, with_ttl
from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server.caching.announcing import announce, make_private

TTLS = {"tools/list": 5_000}


def announced(result_json: str, method: str = "tools/list") -> str:
    response = envelope_pb2.JsonRpcResponse(result_json=result_json)
    announce(response, method, TTLS)
    return response.result_json


def private(result_json: str) -> str:
    response = envelope_pb2.JsonRpcResponse(result_json=result_json)
    make_private(response)
    return response.result_json


@pytest.mark.parametrize(
    "text",
    [
        '{"ttlMs":7}',
        ' {\n"resultType" : "complete" , "ttlMs"\t:\r\n7 }',
        '{"tools":[{"ttlMs":60000}],"ttlMs":7}',
        '{"text":"\\"ttlMs\\":60000","ttlMs":7}',
        '{"text":"an end \\"ttlMs","ttlMs":7}',
        '{"ttlMs":7,"text":"an end \\\\"}',
        '{"text":"ttlMs","ttlMs":7}',
        '{"ttlMs":60000,"ttlMs":7}',
        '{"a":{"ttlMs":60000},"ttl\\u004ds":7,"ttlMs":7}',
    ],
)
def test_the_time_is_read_and_found_where_the_result_itself_says_it(text: str) -> None:
    hints = hints_of(text)
    assert hints is not None
    assert hints.ttl is not None
    assert hints.ttl_ms == 7
    assert may_be_fresh(text)
    start, end = hints.ttl
    assert text[start:end] == "7"
    assert json.loads(with_ttl(text, hints, 9))["ttlMs"] == 9


@pytest.mark.parametrize(
    "text", ['{"tools":[]}', '{"text":"ttlMs"}', '{"ttlMs":0,"text":"\\"ttlMs\\":5"}', "", "[]"]
)
def test_a_text_that_says_no_time_cannot_look_fresh(text: str) -> None:
    assert not may_be_fresh(text)


def test_what_nobody_said_is_added_and_nothing_else_is_touched() -> None:
    before = '{"tools": [ 1e400, 12345678901234567890123, "\\u2028" ] }'
    after = announced(before)
    assert after == '{"ttlMs":5000,"cacheScope":"private",' + before[1:]
    assert announced("{ }") == '{"ttlMs":5000,"cacheScope":"private" }'


def test_a_zero_is_nothing_said_and_a_scope_stays() -> None:
    before = '{"cacheScope":"public","tools":[],"ttlMs":0}'
    assert announced(before) == '{"cacheScope":"public","tools":[],"ttlMs":5000}'


@pytest.mark.parametrize(
    "text",
    [
        '{"ttlMs":1,"tools":[]}',
        '{"resultType":"input_required","inputRequests":{}}',
        '{"resultType":7}',
        "[]",
        "{",
    ],
)
def test_what_has_a_time_and_what_can_have_none_stays_as_it_is(text: str) -> None:
    assert announced(text) == text


def test_an_error_and_another_method_get_no_time() -> None:
    assert announced("{}", "prompts/list") == "{}"
    error = envelope_pb2.JsonRpcResponse(error=envelope_pb2.JsonRpcError(code=-32602))
    announce(error, "tools/list", TTLS)
    assert error.WhichOneof("outcome") == "error"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('{"cacheScope":"public","ttlMs":5}', '{"cacheScope":"private","ttlMs":5}'),
        (
            '{"tools":[{"cacheScope":"public"}],"cacheScope" : "public"}',
            '{"tools":[{"cacheScope":"public"}],"cacheScope" : "private"}',
        ),
        ('{"text":"public","cacheScope":"private"}', '{"text":"public","cacheScope":"private"}'),
        ("", ""),
    ],
)
def test_a_public_result_is_made_private_where_it_says_so_itself(before: str, after: str) -> None:
    assert private(before) == after
