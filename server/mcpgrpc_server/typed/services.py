"""The typed services as a server registers them: their names, and handlers once one is called.

It imports none of their messages before somebody asks: most servers are only ever spoken to in
envelopes, and would start later for nothing.
"""

from __future__ import annotations

import importlib
from functools import cached_property
from typing import Any, Final

import grpc
from google.protobuf import descriptor_pool

from mcpgrpc_server.typed.serve_call import ServeCall

PACKAGE: Final = "mcpgrpc.v1"
SERVICE_NAMES: Final = tuple(
    f"{PACKAGE}.{name}Service"
    for name in ("Completion", "Discovery", "Prompts", "Resources", "Subscriptions", "Tools")
)
"""The full names of the typed services."""


class TypedServices(grpc.GenericRpcHandler):
    """The handlers of every typed RPC.

    Args:
        serve_call: how a Call is answered, which is how every typed RPC is.
    """

    def __init__(self, serve_call: ServeCall) -> None:
        self._serve_call = serve_call

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
        """The handler of a method, the same for every RPC; None for one that is not typed."""
        name = handler_call_details.method.rpartition("/")[0].removeprefix("/")
        handlers = self._handlers.get(name) if name in SERVICE_NAMES else None
        return None if handlers is None else handlers.service(handler_call_details)

    @cached_property
    def _handlers(self) -> dict[str, Any]:
        # Deferred: see the module's first lines.
        from mcpgrpc_server.typed.servicers import handlers_of

        return handlers_of(self._serve_call)


class Descriptors:
    """The descriptor pool for reflection, with the typed services in it once it is asked."""

    def __getattr__(self, name: str) -> Any:
        importlib.import_module("mcpgrpc_server.typed.servicers")
        return getattr(descriptor_pool.Default(), name)
