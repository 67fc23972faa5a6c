"""Every typed service with its handlers, for `services` to import when the first is called.

It registers nothing by itself.
"""

from __future__ import annotations

from typing import Any

from mcpgrpc.v1 import (
    completion_service_pb2_grpc,
    discovery_service_pb2_grpc,
    prompts_service_pb2_grpc,
    resources_service_pb2_grpc,
    subscriptions_service_pb2_grpc,
    tools_service_pb2_grpc,
)
from mcpgrpc_server.typed.completion import CompletionServicer
from mcpgrpc_server.typed.discovery import DiscoveryServicer
from mcpgrpc_server.typed.exchange import TypedCalls
from mcpgrpc_server.typed.prompts import PromptsServicer
from mcpgrpc_server.typed.resources import ResourcesServicer
from mcpgrpc_server.typed.serve_call import ServeCall
from mcpgrpc_server.typed.subscriptions import SubscriptionsServicer
from mcpgrpc_server.typed.tools import ToolsServicer


class _Registered:
    """What the generated functions register, kept instead of being put into a server."""

    def __init__(self) -> None:
        self.handlers: dict[str, Any] = {}

    def add_generic_rpc_handlers(self, handlers: tuple[Any, ...]) -> None:
        """Keep them by the name of their service."""
        self.handlers.update((each.service_name(), each) for each in handlers)

    def add_registered_method_handlers(self, service: str, handlers: dict[str, Any]) -> None:
        """The same handlers once more, for a server that looks them up in its core."""


def handlers_of(serve_call: ServeCall) -> dict[str, Any]:
    """The generic handler of each typed service, by its full name."""
    calls = TypedCalls(serve_call)
    server: Any = _Registered()
    completion_service_pb2_grpc.add_CompletionServiceServicer_to_server(
        CompletionServicer(calls), server
    )
    discovery_service_pb2_grpc.add_DiscoveryServiceServicer_to_server(
        DiscoveryServicer(calls), server
    )
    prompts_service_pb2_grpc.add_PromptsServiceServicer_to_server(PromptsServicer(calls), server)
    resources_service_pb2_grpc.add_ResourcesServiceServicer_to_server(
        ResourcesServicer(calls), server
    )
    subscriptions_service_pb2_grpc.add_SubscriptionsServiceServicer_to_server(
        SubscriptionsServicer(calls), server
    )
    tools_service_pb2_grpc.add_ToolsServiceServicer_to_server(ToolsServicer(calls), server)
    handlers: dict[str, Any] = server.handlers
    return handlers
