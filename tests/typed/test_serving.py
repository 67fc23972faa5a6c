"""The typed services stand where McpService stands: health, reflection, identity, rights, drain."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from mcpgrpc.v1 import (
    envelope_pb2,
    prompts_service_pb2,
    resources_service_pb2,
    subscriptions_service_pb2,
    tools_service_pb2,
)
from mcpgrpc_server import Server, ServerSettings
from mcpgrpc_server.backend import Client, ServerCall
from mcpgrpc_server.telemetry import NoTelemetry, Outcome, RequestInfo, StreamInfo, Subject
from mcpgrpc_server.typed.services import SERVICE_NAMES
from tests.authentication.key_ring import KeyRing, as_header
from tests.authentication.served import Guarded, serving
from tests.rights.app import SECRETS, TokenIsSubject, mcpserver_app
from tests.typed.methods import METHODS, Method
from tests.typed.served import Scripted, Ways, connected, soon, ways_to
from tests.wire.raw import MAX_SECONDS

BY_RPC = {method.rpc: method for method in METHODS}
CALL = BY_RPC["CallTool"]
POLICY = """
[[rules]]
subjects = ["jwt:user"]
tools = ["open_*"]
prompts = ["open_*"]
resources = ["notes:///open", "items:///public"]
"""
REQUESTS: dict[str, Any] = {
    **{method.rpc: method.request for method in METHODS},
    "WatchTool": tools_service_pb2.WatchToolRequest(call=CALL.request),
    "Listen": subscriptions_service_pb2.ListenRequest(),
}
LAZY = """
import asyncio, sys
from mcpgrpc_server import Server
from mcp.server import MCPServer

async def main():
    async with Server(MCPServer("app"), ["127.0.0.1:0"]):
        print(sorted(name for name in sys.modules if "tools_service" in name))

asyncio.run(main())
"""

AWAY = """
import asyncio, sys, threading
import grpc
from mcpgrpc_server import Server
from mcp.server import MCPServer

threads = set()

class Noting:
    def find_spec(self, name, path=None, target=None):
        if name.endswith("tools_service_pb2"):
            threads.add(threading.current_thread() is threading.main_thread())

async def main():
    sys.meta_path.insert(0, Noting())
    async with Server(MCPServer("app"), ["127.0.0.1:0"]) as server:
        async with grpc.aio.insecure_channel(server.addresses[0]) as channel:
            call = channel.unary_unary("/mcpgrpc.v1.ToolsService/ListTools")
            answers = await asyncio.gather(*(call(b"") for _ in range(3)))
    print(len(answers), *threads)

asyncio.run(main())
"""


async def ask_reflection(ways: Ways, **question: Any) -> Any:
    """The answer to one question of reflection."""
    stub: Any = reflection_pb2_grpc.ServerReflectionStub(ways.channel)
    rpc = stub.ServerReflectionInfo(timeout=MAX_SECONDS)
    await rpc.write(reflection_pb2.ServerReflectionRequest(**question))
    answer = await rpc.read()
    await rpc.done_writing()
    return answer


async def test_reflection_lists_and_describes_every_typed_service(ways: Ways) -> None:
    listed = await ask_reflection(ways, list_services="")
    assert set(SERVICE_NAMES) <= {each.name for each in listed.list_services_response.service}
    for name in SERVICE_NAMES:
        answer = await ask_reflection(ways, file_containing_symbol=name)
        files = [
            descriptor_pb2.FileDescriptorProto.FromString(each)
            for each in answer.file_descriptor_response.file_descriptor_proto
        ]
        services = [f"{file.package}.{service.name}" for file in files for service in file.service]
        assert name in services


async def test_reflection_finds_a_method_by_its_name_and_nothing_by_a_wrong_one(
    ways: Ways,
) -> None:
    for symbol, found in (("ToolsService.CallTool", True), ("ToolsService.DropTool", False)):
        answer = await ask_reflection(ways, file_containing_symbol=f"mcpgrpc.v1.{symbol}")
        assert answer.HasField("file_descriptor_response") is found


def services_by_name() -> dict[str, Any]:
    pool = descriptor_pool.Default()
    return {name: pool.FindServiceByName(name) for name in SERVICE_NAMES}


async def test_health_tells_of_every_typed_service(ways: Ways) -> None:
    stub: Any = health_pb2_grpc.HealthStub(ways.channel)
    for name in SERVICE_NAMES:
        status = await stub.Check(health_pb2.HealthCheckRequest(service=name), timeout=MAX_SECONDS)
        assert status.status == health_pb2.HealthCheckResponse.SERVING


async def test_a_method_that_does_not_exist_is_unimplemented(ways: Ways) -> None:
    for path in ("/mcpgrpc.v1.ToolsService/DropTool", "/mcpgrpc.v1.ToolService/CallTool"):
        raw: Any = ways.channel.unary_unary(path)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await raw(b"", timeout=MAX_SECONDS)
        assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_a_server_that_nobody_calls_typed_loads_no_typed_message() -> None:
    ended = await asyncio.create_subprocess_exec(sys.executable, "-c", LAZY, stdout=subprocess.PIPE)
    written, _ = await asyncio.wait_for(ended.communicate(), 4 * MAX_SECONDS)
    assert written.decode().strip() == "[]"


async def test_the_first_typed_rpcs_load_the_messages_away_from_the_event_loop() -> None:
    ended = await asyncio.create_subprocess_exec(sys.executable, "-c", AWAY, stdout=subprocess.PIPE)
    written, _ = await asyncio.wait_for(ended.communicate(), 4 * MAX_SECONDS)
    assert written.decode().split() == ["3", "False"]


@pytest.mark.parametrize("method", METHODS, ids=str)
async def test_who_has_no_credential_is_let_into_no_typed_rpc(
    tmp_path: Path, method: Method
) -> None:
    ring, app = KeyRing(), Guarded()
    keys = ring.save(tmp_path / "keys.toml")
    async with serving(app, api_keys=keys) as server, connected(server) as ways:
        refused = await ways.refused(method)
        assert refused.code is grpc.StatusCode.UNAUTHENTICATED
        assert (refused.domain, refused.metadata["execution"]) == ("mcpgrpc", "NOT_STARTED")
        assert not app.callers
        await ways.typed(CALL, GREET, metadata=as_header(ring.good))
        assert len(app.callers) == 1


GREET = tools_service_pb2.CallToolRequest(name="greet", arguments_json="{}")


async def test_an_app_sees_the_metadata_of_a_typed_call_and_no_credential(
    ways: Ways, backend: Scripted
) -> None:
    seen: list[Client] = []

    async def answer(call: ServerCall, client: Client) -> envelope_pb2.JsonRpcResponse:
        seen.append(client)
        return envelope_pb2.JsonRpcResponse(result_json='{"content":[]}')

    backend.answer = answer
    await ways.typed(CALL, metadata=(("x-tenant", "blue"), ("cookie", "a=secret")))
    caller = seen[0].caller
    assert caller.headers["x-tenant"] == "blue"
    assert "cookie" not in caller.headers
    assert caller.peer.startswith("ipv4:127.0.0.1")


async def test_rights_hold_for_typed_calls(tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text(POLICY)
    touched: list[str] = []
    user = (("authorization", "Bearer user"),)
    server = Server(
        mcpserver_app(touched),
        ["127.0.0.1:0"],
        settings=ServerSettings.model_validate({"policy": str(policy)}),
        interceptors=(TokenIsSubject(),),
    )
    async with server, connected(server) as ways:
        tool = tools_service_pb2.CallToolRequest(name="open_tool")
        assert (await ways.typed(CALL, tool, metadata=user)).complete.content[0].text.text == "open"
        secret = tools_service_pb2.CallToolRequest(name="secret_tool")
        assert (await ways.typed(CALL, secret, metadata=user)).complete.is_error
        hidden = (
            (BY_RPC["GetPrompt"], prompts_service_pb2.GetPromptRequest(name="secret_prompt")),
            (
                BY_RPC["ReadResource"],
                resources_service_pb2.ReadResourceRequest(uri="notes:///secret"),
            ),
        )
        for method, request in hidden:
            refused = await ways.refused(method, request, metadata=user)
            assert refused.domain == "mcp"
        for rpc in ("ListTools", "ListPrompts", "ListResources"):
            method = BY_RPC[rpc]
            page = await ways.typed(method, type(method.request)(), metadata=user)
            assert page.HasField("complete")
            assert not any(secret in str(page) for secret in SECRETS)
    assert not touched


async def test_a_budget_holds_for_typed_calls_and_says_when_to_try_again(
    backend: Scripted,
) -> None:
    async with ways_to(backend, rate_limit="1/minute") as ways:
        await ways.typed(CALL)
        refused = await ways.refused(CALL)
    assert refused.code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert (refused.domain, refused.reason) == ("mcpgrpc", "RATE_LIMITED")
    assert refused.metadata["execution"] == "NOT_STARTED"
    assert len(backend.seen) == 1


class Finished(NoTelemetry):
    """Notes how requests ended."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str | None, Outcome]] = []
        self.rpcs: list[str] = []
        self.refusals: list[tuple[str, str]] = []

    def request_finished(
        self, request: RequestInfo, outcome: Outcome, duration_seconds: float
    ) -> None:
        self.requests.append((request.method, request.name, outcome))
        self.rpcs.append(request.stream.rpc)

    def refused(self, subject: Subject, reason: str) -> None:
        stream = subject if isinstance(subject, StreamInfo) else subject.stream
        self.refusals.append((stream.rpc, reason))


async def test_telemetry_hears_of_a_typed_call_as_of_any_request(backend: Scripted) -> None:
    finished = Finished()
    server = Server(backend, ["127.0.0.1:0"], telemetry=finished)
    async with server, connected(server) as ways:
        await ways.typed(CALL)
        backend.fails(-32602, "no")
        await ways.refused(CALL)
    assert finished.requests == [
        ("tools/call", "add", Outcome.OK),
        ("tools/call", "add", Outcome.ERROR),
    ]


async def test_every_rpc_is_reported_by_its_own_name(backend: Scripted) -> None:
    finished = Finished()
    server = Server(backend, ["127.0.0.1:0"], telemetry=finished)
    called: list[str] = []
    async with server, connected(server) as ways:
        for service in SERVICE_NAMES:
            for method in services_by_name()[service].methods:
                raw: Any = ways.channel.unary_stream(f"/{service}/{method.name}")
                request = REQUESTS[method.name].SerializeToString()
                async for _ in raw(request, timeout=MAX_SECONDS):
                    pass
                called.append(f"{service.rpartition('.')[2]}/{method.name}")
        await ways.call("tools/list", {})
    assert finished.rpcs == [*called, "Call"]
    assert len(set(called)) == 11


async def test_a_refusal_is_reported_by_the_name_of_the_rpc(
    backend: Scripted, tmp_path: Path
) -> None:
    finished, ring = Finished(), KeyRing()
    settings = ServerSettings.model_validate({"api_keys": ring.save(tmp_path / "keys.toml")})
    server = Server(backend, ["127.0.0.1:0"], settings=settings, telemetry=finished)
    async with server, connected(server) as ways:
        await ways.refused(BY_RPC["Discover"])
    assert finished.refusals == [("DiscoveryService/Discover", "UNAUTHENTICATED")]


async def test_a_typed_call_that_runs_finishes_within_a_drain_and_a_new_one_is_refused(
    backend: Scripted,
) -> None:
    began, gate = asyncio.Event(), asyncio.Event()

    async def answer(call: ServerCall, client: Client) -> envelope_pb2.JsonRpcResponse:
        began.set()
        await gate.wait()
        return envelope_pb2.JsonRpcResponse(result_json='{"content":[]}')

    backend.answer = answer
    server = Server(backend, ["127.0.0.1:0"])
    async with server, connected(server) as ways:
        running = asyncio.create_task(ways.typed(CALL))
        await soon(began)
        drain = asyncio.create_task(server.drain(grace_seconds=MAX_SECONDS))
        refused = await ways.refused(BY_RPC["ListTools"])
        assert (refused.code, refused.reason) == (grpc.StatusCode.UNAVAILABLE, "DRAINING")
        assert refused.metadata["execution"] == "NOT_STARTED"
        gate.set()
        assert (await running).HasField("complete")
        await asyncio.wait_for(drain, MAX_SECONDS)
    assert len(backend.seen) == 1


async def test_what_still_runs_when_the_grace_is_over_may_have_run(backend: Scripted) -> None:
    began = asyncio.Event()

    async def answer(call: ServerCall, client: Client) -> envelope_pb2.JsonRpcResponse:
        began.set()
        await asyncio.Event().wait()
        raise AssertionError

    backend.answer = answer
    server = Server(backend, ["127.0.0.1:0"])
    async with server, connected(server) as ways:
        running = asyncio.create_task(ways.refused(CALL))
        await soon(began)
        await asyncio.wait_for(server.drain(grace_seconds=0), MAX_SECONDS)
        refused = await running
    assert (refused.code, refused.reason) == (grpc.StatusCode.ABORTED, "DRAIN_DEADLINE")
    assert refused.metadata["execution"] == "MAYBE"
