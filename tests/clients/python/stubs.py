"""Every typed stub of one channel, and a call and its failure in a line.

It uses nothing of the package but the generated stubs.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import grpc
from google.rpc import error_details_pb2, status_pb2

from mcpgrpc.v1 import (
    completion_service_pb2_grpc,
    discovery_service_pb2_grpc,
    prompts_service_pb2_grpc,
    resources_service_pb2_grpc,
    subscriptions_service_pb2_grpc,
    tools_service_pb2,
    tools_service_pb2_grpc,
)

SECONDS: Final = 30.0
"""The deadline of calls that should succeed."""


class Stubs:
    """The stubs.

    Args:
        channel: to the server.
    """

    def __init__(self, channel: grpc.Channel) -> None:
        self.channel = channel
        self.tools = tools_service_pb2_grpc.ToolsServiceStub(channel)
        self.resources = resources_service_pb2_grpc.ResourcesServiceStub(channel)
        self.prompts = prompts_service_pb2_grpc.PromptsServiceStub(channel)
        self.completion = completion_service_pb2_grpc.CompletionServiceStub(channel)
        self.discovery = discovery_service_pb2_grpc.DiscoveryServiceStub(channel)
        self.subscriptions = subscriptions_service_pb2_grpc.SubscriptionsServiceStub(channel)

    def call(self, tool: str, **arguments: Any) -> tools_service_pb2.CallToolResult:
        """The result of a tool that needs no input."""
        response = self.tools.CallTool(call_of(tool, **arguments), timeout=SECONDS)
        assert response.WhichOneof("result") == "complete"
        return response.complete

    def structured(self, tool: str, **arguments: Any) -> Any:
        """What a tool gives beside its content."""
        return json.loads(self.call(tool, **arguments).structured_content_json)

    @contextmanager
    def opened(self, **settings: Any) -> Iterator[Stubs]:
        """Stubs of a further server of the app, which is closed in the end."""
        address = self.structured("open_server", **settings)["address"]
        try:
            with grpc.insecure_channel(address) as channel:
                yield Stubs(channel)
        finally:
            self.call("close_server", address=address)


def call_of(tool: str, **arguments: Any) -> tools_service_pb2.CallToolRequest:
    """The request for a call."""
    return tools_service_pb2.CallToolRequest(name=tool, arguments_json=json.dumps(arguments))


def new_key() -> str:
    """A key that no other test waits by."""
    return uuid.uuid4().hex


@dataclass(frozen=True)
class Failure:
    """How an RPC failed.

    Attributes:
        status: of gRPC.
        message: a sentence.
        domain: whose error it is, "mcpgrpc" or "mcp"; empty where a proxy or gRPC itself failed it.
        reason: the name of why.
        metadata: what stands beside it.
    """

    status: grpc.StatusCode
    message: str
    domain: str
    reason: str
    metadata: dict[str, str]


def failure_of(error: Any) -> Failure:
    """What a failed RPC says of itself."""
    info = error_details_pb2.ErrorInfo()
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            status_pb2.Status.FromString(value).details[0].Unpack(info)
    metadata = dict(info.metadata)
    return Failure(error.code(), error.details(), info.domain, info.reason, metadata)


@contextmanager
def fails() -> Iterator[list[Failure]]:
    """Expect an RPC to fail; the list holds how, afterwards."""
    failures: list[Failure] = []
    try:
        yield failures
    except grpc.RpcError as error:
        failures.append(failure_of(error))
    else:
        raise AssertionError("it did not fail")
