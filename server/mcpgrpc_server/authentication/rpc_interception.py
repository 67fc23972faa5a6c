"""What runs before the handler of an RPC, whichever of gRPC's four kinds it has.

It decides nothing. An interceptor derives from `RpcInterceptor` and has one method,
`async def before(self, rpc: RpcOpening) -> None`: it returns to let the RPC go on to the next
interceptor and then to the handler, or ends it with `await rpc.refuse(message)`, which raises. The
interceptors of one RPC share one `RpcOpening`, whose credential is parsed once; malformed or
doubled credentials are refused before the first `before`. An interceptor that proves something
says so by `rpc.by_certificate(identity)` or `rpc.by_credential(identity)`, and nothing else sets
`current_identity`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from contextvars import ContextVar
from dataclasses import replace
from functools import cached_property
from typing import Any, Final, NoReturn, TypeAlias

import grpc

from mcpgrpc.binding.errors import Refusal
from mcpgrpc.v1 import errors_pb2
from mcpgrpc_server.authentication.presented import (
    MalformedCredentialError,
    Presented,
    presented_credential,
)
from mcpgrpc_server.identity import Identity, current_identity
from mcpgrpc_server.status import abort

Context: TypeAlias = grpc.aio.ServicerContext[Any, Any]
Metadata: TypeAlias = tuple[tuple[str, str | bytes], ...]


class RpcOpening:
    """One RPC on its way to its handler.

    Attributes:
        method: its full name, "/mcpgrpc.v1.McpService/Session".
        context: gRPC's side of it: `peer()`, `auth_context()`.
        metadata: what it opens with; credentials are in it.
        presented: the one credential in the metadata, proven or not; None when there is none.
        certificate: who connects, by the connection's certificate; None without one.
        is_proven: whether an interceptor has proven what is presented.
    """

    def __init__(self, method: str, context: Context) -> None:
        self.method = method
        self.context = context
        self.metadata: Metadata = tuple(context.invocation_metadata() or ())
        self.presented: Presented | None = None
        self.certificate: Identity | None = None
        self.is_proven = False

    @property
    def service(self) -> str:
        """The full name of the service that has the method."""
        return self.method.rpartition("/")[0].removeprefix("/")

    def by_certificate(self, identity: Identity) -> None:
        """The connection's certificate proves this caller."""
        self.certificate = identity
        current_identity.set(identity)

    def by_credential(self, identity: Identity) -> None:
        """What is presented proves this caller; a certificate's becomes its actor."""
        self.is_proven = True
        current_identity.set(self.together(identity))

    def together(self, credential: Identity) -> Identity:
        """A credential's identity as it is on this connection: who connects is the actor."""
        if self.certificate is None:
            return credential
        ends = [end for end in (credential.expires_at, self.certificate.expires_at) if end]
        return replace(
            credential, actor=self.certificate.subject, expires_at=min(ends, default=None)
        )

    async def refuse(self, message: str) -> NoReturn:
        """End the RPC UNAUTHENTICATED, NOT_STARTED; raises what gRPC raises to end it.

        Args:
            message: for the caller, in one line. It never holds any part of a credential.
        """
        refusal_listener.get()(self, message)
        await abort(self.context, Refusal(errors_pb2.ERROR_REASON_UNAUTHENTICATED, message))


def _nobody_listens(rpc: RpcOpening, message: str) -> None:
    """The refusal is told to the caller alone."""


refusal_listener: Final[ContextVar[Callable[[RpcOpening, str], None]]] = ContextVar(
    "refusal_listener", default=_nobody_listens
)
"""Hears of each refusal before the caller does; an interceptor in front sets it."""

current_opening: Final[ContextVar[RpcOpening | None]] = ContextVar("current_opening", default=None)
"""The RPC being served, in its handler and in what the handler starts."""


class RpcInterceptor(grpc.aio.ServerInterceptor):
    """Sees every RPC before its handler does; one object serves them all at once."""

    @cached_property
    def _guarded(self) -> dict[str, tuple[Any, Any]]:
        """The handlers of methods as they are and as they are wrapped; methods are few."""
        return {}

    @abstractmethod
    async def before(self, rpc: RpcOpening) -> None:
        """Return to let the RPC go on, or `await rpc.refuse(message)`."""

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        """Put `before` in front of the handler; a method without one stays UNIMPLEMENTED."""
        handler = await continuation(handler_call_details)
        if handler is None:
            return None
        method = handler_call_details.method
        known = self._guarded.get(method)
        # A method has one handler, which is wrapped once and not for every RPC.
        if known is None or known[0] is not handler:
            known = self._guarded[method] = (handler, _guarded(handler, method, self.before))
        return known[1]


class InOrder(RpcInterceptor):
    """Several interceptors as one, so that a handler is wrapped once."""

    def __init__(self, *interceptors: RpcInterceptor) -> None:
        self._interceptors = interceptors

    async def before(self, rpc: RpcOpening) -> None:
        """Let each see the RPC; who refuses it is the last that does."""
        for interceptor in self._interceptors:
            await interceptor.before(rpc)


def _guarded(handler: Any, method: str, before: Callable[[RpcOpening], Awaitable[None]]) -> Any:
    """The handler that first waits for `before`, and only then for a message of the caller.

    To gRPC a single request becomes a stream of one, since it would read it first: whoever is
    refused would have made this process hold and parse the largest message there is.
    """
    serve = (
        handler.stream_stream or handler.stream_unary or handler.unary_stream or handler.unary_unary
    )

    async def begun(requests: Any, context: Context) -> Any:
        await before(await _opening(method, context))
        return serve(requests if handler.request_streaming else await _only(context), context)

    async def one(requests: Any, context: Context) -> Any:
        return await (await begun(requests, context))

    async def many(requests: Any, context: Context) -> None:
        answers = await begun(requests, context)
        if isinstance(answers, AsyncGenerator):
            async with aclosing(answers):
                async for answer in answers:
                    await context.write(answer)
        else:
            await answers

    if handler.response_streaming:
        wrap, guarded = grpc.stream_stream_rpc_method_handler, many
    else:
        wrap, guarded = grpc.stream_unary_rpc_method_handler, one
    return wrap(guarded, handler.request_deserializer, handler.response_serializer)


async def _only(context: Context) -> Any:
    """The one message of a caller that sends one."""
    request = await context.read()
    if request is grpc.aio.EOF:
        await context.abort(grpc.StatusCode.INTERNAL, "the RPC ended without its message")
    return request


async def _opening(method: str, context: Context) -> RpcOpening:
    """What the interceptors of this RPC share; made by the first of them."""
    rpc = current_opening.get()
    if rpc is None or rpc.context is not context:
        rpc = RpcOpening(method, context)
        current_opening.set(rpc)
        try:
            rpc.presented = presented_credential(rpc.metadata)
        except MalformedCredentialError as error:
            await rpc.refuse(str(error))
    return rpc
