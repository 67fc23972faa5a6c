"""The lean client: MCP over gRPC, typed, without the SDK."""

from mcpgrpc.client.client import Client
from mcpgrpc.client.listening import Notification, Subscription

__all__ = ["Client", "Notification", "Subscription"]
