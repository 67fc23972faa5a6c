"""Which services a gRPC server answers: MCP, its typed forms, health and reflection.

It starts nothing, and knows what none of them does.
"""

from __future__ import annotations

from typing import Final

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from mcpgrpc_server.admission.streams import OpenStreams
from mcpgrpc_server.health import Health
from mcpgrpc_server.host import StreamHost
from mcpgrpc_server.servicer import SERVICE_NAME, McpServicer, service_handler
from mcpgrpc_server.settings import ServerSettings
from mcpgrpc_server.typed.services import SERVICE_NAMES as TYPED_SERVICES
from mcpgrpc_server.typed.services import Descriptors, TypedServices

HEALTH_SERVICE: Final = health_pb2.DESCRIPTOR.services_by_name["Health"].full_name

SERVICES: Final = (SERVICE_NAME, *TYPED_SERVICES, HEALTH_SERVICE)
"""Those that health tells of; what reflection does is no service of anybody's."""


def register(
    server: grpc.aio.Server, host: StreamHost, health: Health, settings: ServerSettings
) -> None:
    """Let a server that has not started yet answer them."""
    servicer = McpServicer(host, OpenStreams(settings.max_streams_per_caller))
    server.add_generic_rpc_handlers((service_handler(servicer), TypedServices(servicer.Call)))
    health_pb2_grpc.add_HealthServicer_to_server(health, server)
    if settings.reflection:
        names = (*SERVICES, reflection.SERVICE_NAME)
        reflection.enable_server_reflection(names, server, Descriptors())
