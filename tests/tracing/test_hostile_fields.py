"""`traceparent`, `tracestate` and `baggage` of strangers: bounded, and never quoted."""

from __future__ import annotations

import json
import logging
from typing import Any

import grpc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry import propagate

from mcpgrpc.testing import serving
from mcpgrpc.tracing import fields, propagation
from mcpgrpc.tracing.fields import bounded
from mcpgrpc.v1 import envelope_pb2, mcp_service_pb2, mcp_service_pb2_grpc
from tests.doors.door import META, messages_of, open_door
from tests.tracing.app import adding
from tests.tracing.collected import Collected, attributes

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
MEGABYTE = 1024 * 1024
SECONDS = 20
BAD_PARENTS: dict[str, Any] = {
    "empty": "",
    "words": "not a trace",
    "version ff": "ff" + PARENT[2:],
    "a trace of zeros": PARENT.replace("0af7651916cd43dd8448eb211c80319c", "0" * 32),
    "a span of zeros": PARENT.replace("b7ad6b7169203331", "0" * 16),
    "upper case": PARENT.upper(),
    "version 00 with more": PARENT + "-more",
    "two of them": f"{PARENT}, {PARENT}",
    "a line break": PARENT + "\n",
    "a megabyte": PARENT + "-" + "x" * MEGABYTE,
    "a number": 7,
    "a list": [PARENT],
    "nothing": None,
    "a surrogate": "\ud800",
}
OUT_OF_BOUNDS: dict[str, tuple[str, str]] = {
    "a megabyte of state": ("tracestate", "a=" + "b" * MEGABYTE),
    "33 states": ("tracestate", ",".join(f"k{n}=v" for n in range(33))),
    "no state": ("tracestate", "no state"),
    "a megabyte of baggage": ("baggage", "a=" + "b" * MEGABYTE),
    "65 members of baggage": ("baggage", ",".join(f"k{n}=v" for n in range(65))),
    "no baggage": ("baggage", 'a="b"'),
    "baggage with a line break": ("baggage", "a=b\r\nx: y"),
}
each_bad_parent = pytest.mark.parametrize("bad", BAD_PARENTS.values(), ids=list(BAD_PARENTS))
each_excess = pytest.mark.parametrize(
    ("field", "value"), OUT_OF_BOUNDS.values(), ids=list(OUT_OF_BOUNDS)
)


@each_bad_parent
def test_a_bad_traceparent_counts_as_none(bad: Any) -> None:
    assert bounded({"traceparent": bad, "tracestate": "a=b"}) == {}
    assert propagation.parent_of({"traceparent": bad}, None, {}) is None


def test_a_later_version_may_say_more() -> None:
    later = {"traceparent": "01" + PARENT[2:] + "-more"}
    assert bounded(later) == later
    assert propagation.parent_of(later) is not None


@each_excess
def test_what_is_out_of_bounds_is_dropped_whole(field: str, value: str) -> None:
    assert bounded({"traceparent": PARENT, field: value}) == {"traceparent": PARENT}


def test_what_everyone_has_to_pass_on_is_passed_on() -> None:
    state = ",".join(f"k{n}=v" for n in range(fields.MAX_TRACESTATE_MEMBERS))
    baggage = ",".join(f"k{n}=v;p=1" for n in range(fields.MAX_BAGGAGE_MEMBERS))
    said = {"traceparent": PARENT, "tracestate": state, "baggage": baggage}
    assert bounded(said) == said


def test_blanks_around_members_are_no_fault() -> None:
    found = bounded(
        {"traceparent": PARENT, "tracestate": " a=b ,\tc=d", "baggage": "a = b ; c , d=e"}
    )
    assert found["tracestate"] == "a=b,c=d"
    assert found["baggage"] == "a=b;c,d=e"


NEARLY = r"[a-z0-9@]{1,5}=[ -~]{0,10}(,[a-z]=[!-~]{0,5}(;[a-z](=[a-z])?)?){0,4}"
TEXTS = st.one_of(
    st.text(max_size=40),
    st.text(alphabet='ab=,;% \t"\\0-@_*/', max_size=60),
    st.from_regex(
        r"[a-z0-9@]{1,5}=[ -~]{0,10}(,[a-z]=[!-~]{0,5}(;[a-z](=[a-z])?)?){0,4}", fullmatch=True
    ),
)


@given(state=TEXTS, baggage=TEXTS)
@settings(max_examples=300, derandomize=True, database=None, deadline=None)
def test_opentelemetrys_readers_find_nothing_to_quote_in_a_log(state: str, baggage: str) -> None:
    heard: list[str] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            heard.append(record.getMessage())

    handler = Handler()
    root = logging.getLogger("opentelemetry")
    root.addHandler(handler)
    try:
        carrier = bounded({"traceparent": PARENT, "tracestate": state, "baggage": baggage})
        propagate.inject({}, propagate.extract(carrier))
    finally:
        root.removeHandler(handler)
    assert heard == []


async def called(address: str, meta: Any) -> envelope_pb2.JsonRpcResponse:
    """The answer to a call with a `_meta` of the test's own."""
    params = {"name": "add", "arguments": {"a": 1, "b": 2}, "_meta": META | meta}
    request = envelope_pb2.JsonRpcRequest(method="tools/call", params_json=json.dumps(params))
    request.id.integer = 1
    async with grpc.aio.insecure_channel(address) as channel:
        stub: Any = mcp_service_pb2_grpc.McpServiceStub(channel)
        call = stub.Call(mcp_service_pb2.CallRequest(request=request), timeout=SECONDS)
        [answer] = [each async for each in call]
    response: envelope_pb2.JsonRpcResponse = answer.response
    return response


@each_bad_parent
async def test_a_call_with_a_bad_traceparent_is_answered_in_a_trace_of_its_own(
    spans: Collected, bad: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(adding()) as address:
        response = await called(address, {"traceparent": bad})
    assert '"result":3' in response.result_json.replace(" ", "")
    assert spans.one("SERVER tools/call add").parent is None
    assert spans.tree("INTERNAL adding") == ["SERVER tools/call add", "  INTERNAL adding"]
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


@each_excess
async def test_a_call_with_too_much_beside_its_trace_keeps_the_trace(
    spans: Collected, field: str, value: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(adding()) as address:
        response = await called(address, {"traceparent": PARENT, field: value})
    assert '"result":3' in response.result_json.replace(" ", "")
    parent = spans.one("SERVER tools/call add").parent
    assert parent is not None
    assert f"{parent.span_id:016x}" == PARENT[36:52]
    assert not parent.trace_state
    assert value[:40] not in caplog.text


@each_excess
async def test_a_door_passes_nothing_on_beyond_the_bounds(
    spans: Collected, field: str, value: str
) -> None:
    params = {"name": "sent", "_meta": {"traceparent": PARENT, field: value}}
    async with serving(adding()) as address, open_door(address) as door:
        [message] = messages_of(await door.modern("tools/call", params))
    told = json.loads(message["result"]["content"][0]["text"])
    assert told["meta"].keys() == {"traceparent"}
    assert spans.named("SERVER tools/call sent")


async def test_a_header_of_a_megabyte_is_refused_at_the_door(spans: Collected) -> None:
    async with serving(adding()) as address, open_door(address) as door:
        params = {"name": "add", "arguments": {"a": 1, "b": 2}}
        fits = await door.modern(
            "tools/call", params, traceparent=PARENT, baggage="a=" + "b" * 5000
        )
        too_large = await door.modern("tools/call", params, baggage="a=" + "b" * 7000)
    assert (fits.status_code, too_large.status_code) == (200, 431)


async def test_names_that_strangers_choose_are_cut_and_can_be_written(spans: Collected) -> None:
    params = {"name": "\ud800" + "x" * MEGABYTE, "_meta": META}
    request = envelope_pb2.JsonRpcRequest(
        method="tools/call", params_json=json.dumps(params, ensure_ascii=True)
    )
    request.id.text = "i" * MEGABYTE
    async with serving(adding()) as address, grpc.aio.insecure_channel(address) as channel:
        stub: Any = mcp_service_pb2_grpc.McpServiceStub(channel)
        call = stub.Call(mcp_service_pb2.CallRequest(request=request), timeout=SECONDS)
        _ = [each async for each in call]
    [span] = [each for each in spans.spans if each.name.startswith("tools/call")]
    said = attributes(span)
    assert all(len(str(value)) <= 1024 for value in (span.name, *said.values()))
    assert all(str(value).encode() for value in (span.name, *said.values()))
