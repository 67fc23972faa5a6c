"""The typed services as a server registers them: their names, and handlers once one is called.

It imports none of their messages before somebody asks: most servers are only ever spoken to in
envelopes, and would start later for nothing. Who asks first waits for it, and nobody else does.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Awaitable, Callable
from functools import cached_property
from typing import Any, Final

import grpc
from google.protobuf import descriptor_pool
from grpc_reflection.v1alpha import reflection

from mcpgrpc_server.typed.serve_call import ServeCall

PACKAGE: Final = "mcpgrpc.v1"
SERVICE_NAMES: Final = tuple(
    f"{PACKAGE}.{name}Service"
    for name in ("Completion", "Discovery", "Prompts", "Resources", "Subscriptions", "Tools")
)
"""The full names of the typed services."""

SERVICERS: Final = "mcpgrpc_server.typed.servicers"
"""The module that imports all of them, and their messages."""

ASKING: Final = frozenset({*SERVICE_NAMES, reflection.SERVICE_NAME})
"""The services whose RPCs need it."""


class TypedServices(grpc.GenericRpcHandler):
    """The handlers of every typed RPC.

    Args:
        serve_call: how a Call is answered, which is how every typed RPC is.
    """

    def __init__(self, serve_call: ServeCall) -> None:
        self._serve_call = serve_call

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
        """The handler of a method, the same for every RPC; None for one that is not typed."""
        name = _service_of(handler_call_details)
        handlers = self._handlers.get(name) if name in SERVICE_NAMES else None
        return None if handlers is None else handlers.service(handler_call_details)

    @cached_property
    def _handlers(self) -> dict[str, Any]:
        # Deferred: see the module's first lines. `Loading` has imported it.
        from mcpgrpc_server.typed.servicers import handlers_of

        return handlers_of(self._serve_call)


class Loading(grpc.aio.ServerInterceptor):
    """Imports the messages in a thread when the first RPC needs them.

    Measured: some 45 ms of a core, which every other RPC of the event loop would wait for.
    """

    def __init__(self) -> None:
        self._is_loaded = False
        self._loading: asyncio.Future[Any] | None = None

    def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        """The handler; once everything is imported, for RPCs that need it."""
        if self._is_loaded or _service_of(handler_call_details) not in ASKING:
            return continuation(handler_call_details)
        return self._loaded(continuation, handler_call_details)

    async def _loaded(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        if self._loading is None:
            importing = asyncio.to_thread(importlib.import_module, SERVICERS)
            self._loading = asyncio.ensure_future(importing)
        # Shielded: a caller that gives up takes it from nobody else.
        await asyncio.shield(self._loading)
        self._is_loaded = True
        return await continuation(handler_call_details)


class Descriptors:
    """The descriptor pool for reflection, with the typed services in it once it is asked."""

    def __getattr__(self, name: str) -> Any:
        importlib.import_module(SERVICERS)
        return getattr(descriptor_pool.Default(), name)

    def FindFileContainingSymbol(self, symbol: str) -> Any:  # noqa: N802  # protobuf's name
        """The file of a symbol; ghz asks for that of a method, which the pool does not find.

        Raises:
            KeyError: there is none.
        """
        pool = descriptor_pool.Default()
        importlib.import_module(SERVICERS)
        try:
            return pool.FindFileContainingSymbol(symbol)
        except KeyError:
            return pool.FindMethodByName(symbol).containing_service.file


def _service_of(details: grpc.HandlerCallDetails) -> str:
    """The full name of the service that an RPC is of."""
    path: str = details.method
    return path.rpartition("/")[0].removeprefix("/")
