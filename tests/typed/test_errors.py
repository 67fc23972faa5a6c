"""Errors of typed calls: whose they are, their statuses, and trailers that gRPC always takes."""

from __future__ import annotations

from urllib.parse import quote

import grpc
import pytest

from mcpgrpc.binding.errors import Refusal, reason_number
from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server.backend import Client, ServerCall
from tests.typed.methods import METHODS
from tests.typed.served import Failed, Scripted, Ways, ways_to

LIST, CALL = METHODS[0], METHODS[1]
TRAILER_LIMIT = 4096
LONG = ("x" * 20_000, "ü" * 20_000, "%\n" * 20_000, '"' * 700)
DATA = ('"' + "y" * 500 + '"', '"' + "y" * 3_000 + '"', '"' + "ü" * 50_000 + '"', None)


def on_the_wire(refused: Failed) -> int:
    """What the trailers of an error take: binary ones in base64, the message percent-encoded."""
    size = len("grpc-message") + len(quote(refused.message))
    for key, value in refused.trailers:
        size += len(key) + (len(value) * 4 // 3 if isinstance(value, bytes) else len(value))
    return size


def refuses(backend: Scripted, refusal: Refusal) -> None:
    """Let the backend refuse, as a stage or an upstream does."""

    async def answer(call: ServerCall, client: Client) -> envelope_pb2.JsonRpcResponse:
        return refusal.response()

    backend.answer = answer


@pytest.mark.parametrize("message", LONG, ids=["letters", "two bytes", "escaped", "quotes"])
@pytest.mark.parametrize("data", DATA, ids=["small", "medium", "large", "none"])
async def test_trap_03_whatever_an_app_says_its_error_arrives_in_bounded_trailers(
    ways: Ways, backend: Scripted, message: str, data: str | None
) -> None:
    backend.fails(-32602, message, data)
    refused = await ways.refused(CALL)
    assert refused.code is grpc.StatusCode.INVALID_ARGUMENT
    assert on_the_wire(refused) < TRAILER_LIMIT
    assert refused.message[:100] == message[:100]
    told = refused.metadata.get("data_json"), refused.metadata.get("data_bytes")
    if data is None:
        assert told == (None, None)
    else:
        assert told in ((data, None), (None, str(len(data.encode()))))


async def test_trap_02_the_data_of_an_error_travels_with_it(ways: Ways, backend: Scripted) -> None:
    backend.fails(-32602, "short", DATA[0])
    assert (await ways.refused(CALL)).metadata["data_json"] == DATA[0]


REFUSALS = {
    "RATE_LIMITED": grpc.StatusCode.RESOURCE_EXHAUSTED,
    "FORBIDDEN": grpc.StatusCode.PERMISSION_DENIED,
    "UPSTREAM_LOST": grpc.StatusCode.ABORTED,
    "UPSTREAM_UNAVAILABLE": grpc.StatusCode.UNAVAILABLE,
    "OVERLOADED": grpc.StatusCode.UNAVAILABLE,
    "TOKEN_EXPIRED": grpc.StatusCode.UNAUTHENTICATED,
}


@pytest.mark.parametrize("reason", list(REFUSALS))
async def test_trap_04_a_refusal_of_the_service_has_the_status_of_its_reason(
    ways: Ways, backend: Scripted, reason: str
) -> None:
    refusal = Refusal(reason_number(reason), "not now")
    refuses(backend, refusal)
    refused = await ways.refused(LIST)
    assert refused.code is REFUSALS[reason]
    assert (refused.domain, refused.reason, refused.message) == ("mcpgrpc", reason, "not now")
    assert refused.metadata["execution"] in ("NOT_STARTED", "MAYBE")
    assert not refused.error_code


@pytest.mark.parametrize("code", [0, 1, 8, 14, 16])
async def test_decision_16_an_app_cannot_forge_a_refusal(
    ways: Ways, backend: Scripted, code: int
) -> None:
    backend.fails(code, "forged", '{"reason":"DRAINING","execution":"NOT_STARTED"}')
    refused = await ways.refused(CALL)
    assert refused.code is grpc.StatusCode.UNKNOWN
    assert (refused.domain, refused.reason) == ("mcp", "APPLICATION_ERROR")
    assert "execution" not in refused.metadata


async def test_trap_04_nothing_internal_reaches_a_typed_client(
    ways: Ways, backend: Scripted
) -> None:
    async def answer(call: ServerCall, client: Client) -> envelope_pb2.JsonRpcResponse:
        raise RuntimeError("secret internals")

    backend.answer = answer
    refused = await ways.refused(CALL)
    assert refused.code is grpc.StatusCode.INTERNAL
    assert "secret" not in f"{refused.message}{refused.trailers}"


async def test_a_result_beyond_the_message_limit_is_refused(backend: Scripted) -> None:
    backend.says('{"content":[{"type":"text","text":"' + "x" * 500_000 + '"}]}')
    async with ways_to(backend, max_message_bytes=400_000) as ways:
        refused = await ways.refused(CALL)
    assert (refused.code, refused.reason) == (
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        "MESSAGE_TOO_LARGE",
    )


async def test_a_request_beyond_the_message_limit_is_refused(backend: Scripted) -> None:
    request = type(CALL.request)(name="x", arguments_json='{"a":"' + "x" * 500_000 + '"}')
    async with ways_to(backend, max_message_bytes=400_000) as ways:
        refused = await ways.refused(CALL, request)
    assert refused.code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert not backend.seen
