"""The service config: what gRPC itself sends again, and what it never does."""

from __future__ import annotations

import importlib.resources
import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from google.protobuf import descriptor_pool
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.descriptor_pb2 import MethodOptions

from mcpgrpc.v1 import (
    completion_service_pb2,
    discovery_service_pb2,
    mcp_service_pb2,
    prompts_service_pb2,
    resources_service_pb2,
    subscriptions_service_pb2,
    tools_service_pb2,
)
from tests.clients.languages import ROOT
from tests.clients.python.stubs import SECONDS, Stubs, call_of

FILES = (
    completion_service_pb2,
    discovery_service_pb2,
    mcp_service_pb2,
    prompts_service_pb2,
    resources_service_pb2,
    subscriptions_service_pb2,
    tools_service_pb2,
)
CONFIG = (ROOT / "clients" / "service_config.json").read_text()


class FailsFirst(grpc.GenericRpcHandler):
    """Answers the first attempt of each RPC UNAVAILABLE, and the next ones with nothing.

    Attributes:
        attempts: by the path of the RPC.
    """

    def __init__(self) -> None:
        self.attempts: Counter[str] = Counter()

    def service(self, details: Any) -> Any:
        self.attempts[details.method] += 1
        first = self.attempts[details.method] == 1

        def answer(request: bytes, context: grpc.ServicerContext) -> bytes:
            if first:
                context.abort(grpc.StatusCode.UNAVAILABLE, "try again")
            return b""

        return grpc.unary_unary_rpc_method_handler(answer)


@pytest.fixture
def failing() -> Iterator[tuple[FailsFirst, Stubs]]:
    handler = FailsFirst()
    with ThreadPoolExecutor(2) as threads:
        server = grpc.server(threads, handlers=[handler])
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        options = [("grpc.service_config", CONFIG)]
        with grpc.insecure_channel(f"127.0.0.1:{port}", options=options) as channel:
            yield handler, Stubs(channel)
        server.stop(None).wait()


def configured() -> set[str]:
    """The methods that the config has retried, by full names."""
    (policy,) = json.loads(CONFIG)["methodConfig"]
    return {f"{name['service']}.{name['method']}" for name in policy["name"]}


def methods() -> list[MethodDescriptor]:
    services = [each for file in FILES for each in file.DESCRIPTOR.services_by_name.values()]
    return [method for service in services for method in service.methods]


def test_a_read_is_sent_again(failing: tuple[FailsFirst, Stubs]) -> None:
    handler, stubs = failing
    stubs.tools.ListTools(tools_service_pb2.ListToolsRequest(), timeout=SECONDS)
    assert handler.attempts["/mcpgrpc.v1.ToolsService/ListTools"] == 2


def test_a_tool_call_is_never_sent_again(failing: tuple[FailsFirst, Stubs]) -> None:
    handler, stubs = failing
    with pytest.raises(grpc.RpcError) as caught:
        stubs.tools.CallTool(call_of("add", a=1, b=2), timeout=SECONDS)
    error: Any = caught.value
    assert error.code() is grpc.StatusCode.UNAVAILABLE
    assert handler.attempts["/mcpgrpc.v1.ToolsService/CallTool"] == 1


def test_the_config_retries_what_the_schema_says_has_no_effect_and_nothing_else() -> None:
    without_effect = {
        method.full_name
        for method in methods()
        if method.GetOptions().idempotency_level == MethodOptions.NO_SIDE_EFFECTS
    }
    assert configured() == without_effect


def test_the_config_names_methods_that_exist() -> None:
    for name in configured():
        assert descriptor_pool.Default().FindMethodByName(name).full_name == name


def test_the_installed_package_holds_the_config() -> None:
    kept = importlib.resources.files("mcpgrpc.v1") / "service_config.json"
    assert kept.read_text() == CONFIG


def test_the_config_spreads_calls_over_every_address() -> None:
    assert json.loads(CONFIG)["loadBalancingConfig"] == [{"round_robin": {}}]
