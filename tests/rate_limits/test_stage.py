"""Rate limits over the wire: whose, of what, and how a refusal says when to try again."""

from __future__ import annotations

from typing import Any

import grpc
import httpx2
import pytest
from google.rpc import error_details_pb2, status_pb2

import mcpgrpc
from mcpgrpc.v1 import envelope_pb2, mcp_service_pb2, mcp_service_pb2_grpc
from tests.doors.door import META, modern_request, open_door
from tests.rate_limits.limited import SECONDS, calls_until_refused, limited

RPCS = pytest.mark.parametrize(
    ("rpc", "mode"), [("session", "2026-07-28"), ("session", "legacy"), ("call", "2026-07-28")]
)


@pytest.fixture
def called() -> list[str]:
    return []


@RPCS
async def test_beyond_its_budget_a_caller_is_refused_and_told_when(
    called: list[str], rpc: str, mode: str
) -> None:
    async with (
        limited(called, rate_limit="5/minute") as address,
        mcpgrpc.Client(address, token="alice", rpc=rpc, mode=mode) as client,
    ):
        let_through, refused = await calls_until_refused(client)
    assert (let_through, len(called)) == (5, 5)
    assert (refused.code, refused.reason, refused.execution) == (8, "RATE_LIMITED", "NOT_STARTED")
    assert refused.retry_after_seconds is not None
    assert 50 < refused.retry_after_seconds <= 60


@RPCS
async def test_a_budget_opens_again(called: list[str], rpc: str, mode: str) -> None:
    async with (
        limited(called, rate_limit="3/second") as address,
        mcpgrpc.Client(address, token="alice", rpc=rpc, mode=mode) as client,
    ):
        await calls_until_refused(client)
        await _let_through_again(client)


async def _let_through_again(client: mcpgrpc.Client) -> None:
    """However many refusals fit into a second; the time of `limited` bounds it."""
    let_through = 0
    while not let_through:
        let_through, refused = await calls_until_refused(client)
        assert refused.reason == "RATE_LIMITED"


async def test_trap_10_each_caller_has_a_budget_of_its_own(called: list[str]) -> None:
    async with (
        limited(called, rate_limit="3/minute") as address,
        mcpgrpc.Client(address, token="alice") as alice,
        mcpgrpc.Client(address, token="bob") as bob,
    ):
        assert (await calls_until_refused(alice))[0] == 3
        assert (await calls_until_refused(bob))[0] == 3


async def test_all_streams_of_a_caller_share_its_budget(called: list[str]) -> None:
    async with (
        limited(called, rate_limit="4/minute") as address,
        mcpgrpc.Client(address, token="alice") as one,
        mcpgrpc.Client(address, token="alice", rpc="call") as other,
    ):
        await one.call_tool("echo", {})
        await other.call_tool("echo", {})
        assert (await calls_until_refused(one))[0] == 2
        assert (await calls_until_refused(other))[0] == 0


@RPCS
async def test_trap_10_discovery_the_handshake_and_ping_are_not_throttled(
    called: list[str], rpc: str, mode: str
) -> None:
    async with limited(called, rate_limit="1/minute") as address:
        for _ in range(5):
            async with mcpgrpc.Client(address, token="alice", rpc=rpc, mode=mode) as client:
                if mode == "legacy":
                    await client.request("ping", {})
                else:
                    await client.request("server/discover", {})
        async with mcpgrpc.Client(address, token="alice", rpc=rpc, mode=mode) as client:
            assert (await calls_until_refused(client))[0] == 1


async def test_a_tool_has_a_budget_beside_that_of_all_requests(called: list[str]) -> None:
    async with (
        limited(called, rate_limit="6/minute", rate_limit_tool=["search=2/minute"]) as address,
        mcpgrpc.Client(address, token="alice") as client,
    ):
        let_through, refused = await calls_until_refused(client, "search")
        assert let_through == 2
        assert "for the tool 'search'" in refused.message
        # What the tool's budget refused did not count for the other.
        assert (await calls_until_refused(client, "echo"))[0] == 4


async def test_a_star_is_a_budget_for_each_tool(called: list[str]) -> None:
    async with (
        limited(called, rate_limit_tool=["*=2/minute"]) as address,
        mcpgrpc.Client(address, token="alice") as client,
    ):
        assert (await calls_until_refused(client, "search"))[0] == 2
        assert (await calls_until_refused(client, "echo"))[0] == 2


async def test_a_refused_call_carries_retry_info(called: list[str]) -> None:
    async with (
        limited(called, rate_limit="1/minute") as address,
        grpc.aio.insecure_channel(address) as channel,
    ):
        stub: Any = mcp_service_pb2_grpc.McpServiceStub(channel)
        params = envelope_pb2.JsonRpcRequest(method="tools/list", params_json=_params())
        params.id.integer = 1
        request = mcp_service_pb2.CallRequest(request=params)
        async for _ in stub.Call(request, timeout=SECONDS):
            pass
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            async for _ in stub.Call(request, timeout=SECONDS):
                pass
    assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    trailers = dict(refused.value.trailing_metadata() or ())
    status = status_pb2.Status.FromString(trailers["grpc-status-details-bin"])
    retry = error_details_pb2.RetryInfo()
    assert status.details[1].Unpack(retry)
    assert 50 < retry.retry_delay.ToSeconds() <= 60


async def test_the_http_door_answers_429_with_retry_after(called: list[str]) -> None:
    async with limited(called, rate_limit="1/minute") as address, open_door(address) as door:
        await door.modern("tools/list")
        refused: httpx2.Response = await door.modern("tools/list")
    assert refused.status_code == 429
    assert 50 < int(refused.headers["retry-after"]) <= 60
    assert refused.json()["error"]["data"]["reason"] == "RATE_LIMITED"


def _params() -> str:
    content, _ = modern_request("tools/list", {"_meta": META})
    begin = content.index('"params": ') + len('"params": ')
    return content[begin:-1]
