"""Lists a server's tools, calls `add` if it has it, and says what the server tells of changes.

It uses the typed stubs alone, not the package's client: `python typed.py [ADDRESS]`.
"""

import sys
from importlib.resources import files

import grpc

from mcpgrpc.v1 import (
    subscriptions_service_pb2,
    subscriptions_service_pb2_grpc,
    tools_service_pb2,
    tools_service_pb2_grpc,
)

SECONDS = 5.0


def list_tools(tools: tools_service_pb2_grpc.ToolsServiceStub) -> list[str]:
    """The names of every tool, page by page."""
    names: list[str] = []
    request = tools_service_pb2.ListToolsRequest()
    while True:
        page = tools.ListTools(request, timeout=SECONDS).complete
        names += [tool.name for tool in page.tools]
        if not page.HasField("next_cursor"):
            return names
        request.cursor = page.next_cursor


def add(tools: tools_service_pb2_grpc.ToolsServiceStub) -> str:
    """What the tool `add` says of 1 and 2."""
    request = tools_service_pb2.CallToolRequest(name="add", arguments_json='{"a": 1, "b": 2}')
    return tools.CallTool(request, timeout=SECONDS).complete.content[0].text.text


def listened(subscriptions: subscriptions_service_pb2_grpc.SubscriptionsServiceStub) -> str:
    """What the server agrees to tell of."""
    wanted = subscriptions_service_pb2.SubscriptionFilter(tools_list_changed=True)
    request = subscriptions_service_pb2.ListenRequest(notifications=wanted)
    for event in subscriptions.Listen(request, timeout=SECONDS):
        return f"it tells of: {event.acknowledged.notifications}".strip()
    return "it tells of nothing"


def main() -> None:
    """Ask the server, and print what it says."""
    address = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:50051"
    config = files("mcpgrpc.v1").joinpath("service_config.json").read_text()
    with grpc.insecure_channel(address, options=[("grpc.service_config", config)]) as channel:
        tools = tools_service_pb2_grpc.ToolsServiceStub(channel)
        names = list_tools(tools)
        print("tools:", ", ".join(names))
        if "add" in names:
            print("1 + 2 =", add(tools))
        print(listened(subscriptions_service_pb2_grpc.SubscriptionsServiceStub(channel)))


if __name__ == "__main__":
    main()
