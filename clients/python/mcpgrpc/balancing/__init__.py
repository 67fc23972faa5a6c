"""Balance over streams: Sessions spread over the addresses of a service, requests over Sessions.

It knows no MCP method but `initialize` and subscriptions, and no server but by its address.
"""

from mcpgrpc.balancing.config import BalancingConfig
from mcpgrpc.balancing.resolving import Resolver

__all__ = ["BalancingConfig", "Resolver"]
