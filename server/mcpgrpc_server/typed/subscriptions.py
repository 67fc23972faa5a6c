"""`SubscriptionsService`: its request made into MCP's, and its events out of them.

It keeps no subscription: the RPC is one.
"""

from __future__ import annotations

from typing import Any, Final

from mcpgrpc.v1 import (
    mcp_service_pb2,
    subscriptions_service_pb2,
    subscriptions_service_pb2_grpc,
)
from mcpgrpc_server.typed.exchange import TypedCalls
from mcpgrpc_server.typed.params import TypedRequest, assemble
from mcpgrpc_server.typed.results import read_notification, read_result
from mcpgrpc_server.typed.serve_call import Context
from mcpgrpc_server.typed.writing import write

EVENTS: Final = {
    "notifications/subscriptions/acknowledged": "acknowledged",
    "notifications/tools/list_changed": "tools_list_changed",
    "notifications/prompts/list_changed": "prompts_list_changed",
    "notifications/resources/list_changed": "resources_list_changed",
    "notifications/resources/updated": "resource_updated",
}
"""The field of ListenResponse for each notification that has one."""


class SubscriptionsServicer(subscriptions_service_pb2_grpc.SubscriptionsServiceServicer):
    """Serves SubscriptionsService.

    Args:
        calls: how requests are answered.
    """

    def __init__(self, calls: TypedCalls) -> None:
        self._calls = calls

    async def Listen(  # type: ignore[override]  # noqa: N802  # the stub types both sync and aio
        self, request: subscriptions_service_pb2.ListenRequest, context: Context
    ) -> None:
        """Serve a subscription to its end."""
        await self._calls.stream(
            "SubscriptionsService/Listen", context, lambda: listen_of(request), heard
        )


def listen_of(request: subscriptions_service_pb2.ListenRequest) -> TypedRequest:
    """The request of MCP that subscribes.

    Raises:
        BadRequestError: `extra_json` of the filter is no object, a wrong context.
    """
    members = {"notifications": write(request.notifications, "notifications")}
    return assemble("subscriptions/listen", members, request.context)


def heard(message: mcp_service_pb2.CallResponse) -> Any:
    """The event of one message of the subscription."""
    event = subscriptions_service_pb2.ListenResponse()
    if message.HasField("response"):
        read_result(message.response.result_json, event)
    else:
        read_notification(message.notification, event, EVENTS)
    return event
