"""The synchronous facade of the lean client."""

from mcpgrpc.sync.client import SyncClient
from mcpgrpc.sync.subscription import SyncSubscription

__all__ = ["SyncClient", "SyncSubscription"]
