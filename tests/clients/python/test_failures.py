"""What goes wrong arrives as what it is, and what is wrong is refused by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import grpc
import pytest

from mcpgrpc.v1 import (
    completion_service_pb2,
    prompts_service_pb2,
    resources_service_pb2,
    tools_service_pb2,
)
from tests.clients.python.stubs import SECONDS, Failure, Stubs, call_of, fails, failure_of, new_key
from tests.clients.tools import EXPLOSION_CHARACTERS

ADD = call_of("add", a=1, b=2)
MAX_TRAILER_BYTES = 4_096


def test_an_error_of_the_application_has_its_code_and_data(stubs: Stubs) -> None:
    with fails() as failures:
        stubs.call("refuse", code=4001, message="busy", data={"retryAfterMs": 250})
    (failure,) = failures
    assert failure.status is grpc.StatusCode.UNKNOWN
    assert failure.message == "busy"
    assert (failure.domain, failure.reason) == ("mcp", "APPLICATION_ERROR")
    assert failure.metadata["code"] == "4001"
    assert json.loads(failure.metadata["data_json"]) == {"retryAfterMs": 250}


def test_a_number_beyond_2_to_the_53_is_not_rounded(stubs: Stubs) -> None:
    result = stubs.call("echo", value=9007199254740993)
    assert result.content[0].text.text == "9007199254740993"
    assert result.structured_content_json == '{"value":9007199254740993}'


def test_no_member_of_a_content_block_is_dropped(stubs: Stubs) -> None:
    result = stubs.call("contents")
    kinds = [block.WhichOneof("block") for block in result.content]
    assert kinds == ["text", "image", "audio", "resource_link", "resource", "resource"]
    text, image, audio, link, embedded, blob = result.content
    assert text.text.annotations.priority == 0.5
    assert json.loads(text.text.meta_json) == {"com.example/cost": 9007199254740993}
    assert image.image.data.startswith(b"\x89PNG")
    assert audio.audio.mime_type == "audio/wav"
    assert link.resource_link.icons[0].sizes == ["any"]
    assert (link.resource_link.size, link.resource_link.title) == (8, "Example")
    assert link.resource_link.description == "A file of one line."
    assert embedded.resource.annotations.last_modified == "2026-07-28T12:00:00Z"
    assert len(blob.resource.resource.blob) == 256
    assert json.loads(result.meta_json)["com.example/blocks"] == 6


def test_a_long_error_keeps_its_status_and_its_trailers_stay_small(stubs: Stubs) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        stubs.call("explode")
    error: Any = caught.value
    assert error.code() is grpc.StatusCode.UNKNOWN
    assert 0 < len(error.details()) < EXPLOSION_CHARACTERS
    trailers = dict(error.trailing_metadata())
    assert trailers["mcpgrpc-error-code"] == "-32000"
    assert sum(len(key) + len(value) for key, value in trailers.items()) < MAX_TRAILER_BYTES


def test_unauthenticated_arrives_as_itself_and_a_key_opens(environment: dict[str, str]) -> None:
    authority = Path(environment["MCPGRPC_TLS_CA"]).read_bytes()
    credentials = grpc.ssl_channel_credentials(authority)
    with grpc.secure_channel(environment["MCPGRPC_TLS_ADDRESS"], credentials) as channel:
        stubs = Stubs(channel)
        with fails() as failures:
            stubs.tools.CallTool(ADD, timeout=SECONDS)
    assert failures[0].status is grpc.StatusCode.UNAUTHENTICATED
    assert (failures[0].domain, failures[0].reason) == ("mcpgrpc", "UNAUTHENTICATED")
    assert failures[0].metadata == {"execution": "NOT_STARTED"}

    bearer = grpc.access_token_call_credentials(environment["MCPGRPC_API_KEY"])
    both = grpc.composite_channel_credentials(credentials, bearer)
    with grpc.secure_channel(environment["MCPGRPC_TLS_ADDRESS"], both) as channel:
        assert Stubs(channel).call("add", a=1, b=2).content[0].text.text == "3"


def test_permission_denied_arrives_as_itself(stubs: Stubs) -> None:
    with stubs.opened(policy=True) as ruled:
        listing = ruled.tools.ListTools(tools_service_pb2.ListToolsRequest(), timeout=SECONDS)
        assert listing.complete.tools
        with fails() as failures:
            ruled.call("fail", message="no")
    assert failures[0].status is grpc.StatusCode.PERMISSION_DENIED
    assert (failures[0].domain, failures[0].reason) == ("mcpgrpc", "FORBIDDEN")


def test_resource_exhausted_arrives_as_itself(stubs: Stubs) -> None:
    with stubs.opened(rate_limit="2/minute") as limited:
        limited.call("add", a=1, b=2)
        limited.call("add", a=1, b=2)
        with fails() as failures:
            limited.call("add", a=1, b=2)
    assert failures[0].status is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert (failures[0].domain, failures[0].reason) == ("mcpgrpc", "RATE_LIMITED")


def test_unavailable_arrives_as_itself_while_what_runs_goes_on(stubs: Stubs) -> None:
    address = stubs.structured("open_server")["address"]
    with grpc.insecure_channel(address) as channel:
        draining = Stubs(channel)
        request = tools_service_pb2.WatchToolRequest(call=call_of("wait", key=new_key()))
        running: Any = draining.tools.WatchTool(request, timeout=SECONDS)
        assert next(running).progress.message == "begun"
        stubs.call("drain_server", address=address)
        failure = first_failure(draining)
        assert running.is_active()
        running.cancel()
    stubs.call("close_server", address=address)
    assert failure.status is grpc.StatusCode.UNAVAILABLE
    assert (failure.domain, failure.reason) == ("mcpgrpc", "DRAINING")
    assert failure.metadata["execution"] == "NOT_STARTED"


def first_failure(stubs: Stubs) -> Failure:
    """How calls fail once the drain has begun; until then they are answered."""
    while True:
        try:
            stubs.call("add", a=1, b=2)
        except grpc.RpcError as error:
            return failure_of(error)


def test_a_server_that_is_gone_is_unavailable_without_a_reason(stubs: Stubs) -> None:
    address = stubs.structured("open_server")["address"]
    stubs.call("close_server", address=address)
    with grpc.insecure_channel(address) as channel, fails() as failures:
        Stubs(channel).call("add", a=1, b=2)
    assert failures[0].status is grpc.StatusCode.UNAVAILABLE
    assert failures[0].reason == ""


BAD: dict[str, tuple[str, str, Any, str]] = {
    "no name": ("tools", "CallTool", tools_service_pb2.CallToolRequest(), "name"),
    "no uri": ("resources", "ReadResource", resources_service_pb2.ReadResourceRequest(), "uri"),
    "no prompt": ("prompts", "GetPrompt", prompts_service_pb2.GetPromptRequest(), "name"),
    "no ref": ("completion", "Complete", completion_service_pb2.CompleteRequest(), "ref"),
    "arguments that are not JSON": (
        "tools",
        "CallTool",
        tools_service_pb2.CallToolRequest(name="add", arguments_json="{"),
        "arguments_json",
    ),
    "arguments that are no object": (
        "tools",
        "CallTool",
        tools_service_pb2.CallToolRequest(name="add", arguments_json="[1]"),
        "arguments_json",
    ),
}


@pytest.mark.parametrize("case", list(BAD), ids=list(BAD))
def test_a_request_that_is_wrong_is_refused_with_the_name_of_the_field(
    stubs: Stubs, case: str
) -> None:
    stub, rpc, request, field = BAD[case]
    with fails() as failures:
        getattr(getattr(stubs, stub), rpc)(request, timeout=SECONDS)
    assert failures[0].status is grpc.StatusCode.INVALID_ARGUMENT
    assert field in failures[0].message


def test_an_enum_value_that_nobody_knows_is_refused(stubs: Stubs) -> None:
    request = tools_service_pb2.CallToolRequest.FromString(ADD.SerializeToString())
    # Field 15, context; in it field 4, log_level, of 99.
    request.MergeFromString(bytes.fromhex("7a022063"))
    with fails() as failures:
        stubs.tools.CallTool(request, timeout=SECONDS)
    assert failures[0].status is grpc.StatusCode.INVALID_ARGUMENT
    assert "log_level" in failures[0].message


def test_a_deadline_that_has_passed_ends_the_call_at_once(stubs: Stubs) -> None:
    # A timeout of 0 is none: grpcio counts on a coarse clock, and a fast server may answer in time.
    with fails() as failures:
        stubs.tools.CallTool(ADD, timeout=-1)
    assert failures[0].status is grpc.StatusCode.DEADLINE_EXCEEDED


def test_a_stream_that_is_not_read_holds_up_no_other_call(stubs: Stubs) -> None:
    request = tools_service_pb2.WatchToolRequest(call=call_of("steps", total=20_000))
    unread: Any = stubs.tools.WatchTool(request, timeout=SECONDS)
    assert next(unread).progress.progress == 1
    assert stubs.call("add", a=1, b=2).content[0].text.text == "3"
    unread.cancel()
