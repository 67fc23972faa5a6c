"""What runs before a handler, whichever kind of RPC it serves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest

from mcpgrpc_server.authentication.rpc_interception import (
    RpcInterceptor,
    RpcOpening,
    current_opening,
)
from mcpgrpc_server.identity import ANONYMOUS, Identity, IdentityKind, current_identity
from tests.authentication.matrix import assert_refused
from tests.authentication.served import Metadata, bearer
from tests.wire.raw import LOCAL_CONNECTION, MAX_SECONDS, ending_of

ALICE = Identity("alice", IdentityKind.API_KEY)
WORKLOAD = Identity("workload", IdentityKind.MTLS)


class Proves(RpcInterceptor):
    """Notes each RPC, and says that Alice calls."""

    def __init__(self) -> None:
        self.seen: list[RpcOpening] = []

    async def before(self, rpc: RpcOpening) -> None:
        await asyncio.sleep(0)
        self.seen.append(rpc)
        rpc.by_credential(ALICE)


class Refuses(RpcInterceptor):
    """Refuses every RPC."""

    async def before(self, rpc: RpcOpening) -> None:
        await rpc.refuse("not today")


class Handlers:
    """A handler of each kind; it answers how many messages it got and who calls."""

    def __init__(self) -> None:
        self.served = 0
        self.closed = asyncio.Event()

    def answer(self, count: int) -> bytes:
        self.served += 1
        opening = current_opening.get()
        assert opening is not None
        method = opening.method.rpartition("/")[2]
        return f"{method} {count} {current_identity.get().subject}".encode()

    async def unary_unary(self, request: bytes, context: Any) -> bytes:
        return self.answer(1)

    async def unary_stream(self, request: bytes, context: Any) -> AsyncIterator[bytes]:
        yield self.answer(1)
        yield b"last"

    async def stream_unary(self, requests: AsyncIterator[bytes], context: Any) -> bytes:
        return self.answer(len([each async for each in requests]))

    async def stream_stream(
        self, requests: AsyncIterator[bytes], context: Any
    ) -> AsyncIterator[bytes]:
        yield self.answer(len([each async for each in requests]))

    async def written(self, request: bytes, context: Any) -> None:
        await context.write(self.answer(1))

    async def endless(self, request: bytes, context: Any) -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"more"
        finally:
            self.closed.set()

    def rpcs(self) -> dict[str, grpc.RpcMethodHandler[Any, Any]]:
        make: dict[str, Callable[..., Any]] = {
            "unary_unary": grpc.unary_unary_rpc_method_handler,
            "unary_stream": grpc.unary_stream_rpc_method_handler,
            "stream_unary": grpc.stream_unary_rpc_method_handler,
            "stream_stream": grpc.stream_stream_rpc_method_handler,
            "written": grpc.unary_stream_rpc_method_handler,
            "endless": grpc.unary_stream_rpc_method_handler,
        }
        return {name: wrap(getattr(self, name)) for name, wrap in make.items()}


@asynccontextmanager
async def behind(
    handlers: Handlers, *interceptors: grpc.aio.ServerInterceptor
) -> AsyncIterator[grpc.aio.Channel]:
    """A connection to the handlers behind these interceptors."""
    server = grpc.aio.server(interceptors=interceptors)
    generic = grpc.method_handlers_generic_handler("test.Kinds", handlers.rpcs())
    server.add_generic_rpc_handlers((generic,))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    target = f"127.0.0.1:{port}"
    try:
        async with grpc.aio.insecure_channel(target, options=LOCAL_CONNECTION) as channel:
            yield channel
    finally:
        await server.stop(None)


def begin(channel: grpc.aio.Channel, kind: str, metadata: Metadata = ()) -> Any:
    """An RPC of this kind with one message, or two where there can be more."""
    call = getattr(channel, name_of(kind))(f"/test.Kinds/{kind}")
    message = iter([b"1", b"2"]) if kind.startswith("stream") else b"1"
    return call(message, metadata=metadata, timeout=MAX_SECONDS)


def name_of(kind: str) -> str:
    """GRPC's name of a kind."""
    return {"written": "unary_stream", "endless": "unary_stream"}.get(kind, kind)


async def answers(rpc: Any) -> list[str]:
    """Everything that an RPC answers."""
    if hasattr(rpc, "__aiter__"):
        return [each.decode() async for each in rpc]
    return [(await rpc).decode()]


ANSWERS = {
    "unary_unary": ["unary_unary 1 alice"],
    "unary_stream": ["unary_stream 1 alice", "last"],
    "stream_unary": ["stream_unary 2 alice"],
    "stream_stream": ["stream_stream 2 alice"],
    "written": ["written 1 alice"],
}


@pytest.mark.parametrize("kind", ANSWERS)
async def test_every_kind_of_rpc_is_served_as_if_nobody_stood_before_it(kind: str) -> None:
    first, second = Proves(), Proves()
    async with behind(Handlers(), first, second) as channel:
        assert await answers(begin(channel, kind)) == ANSWERS[kind]
    assert first.seen == second.seen, "they share what they know of the RPC"
    assert first.seen[0].service == "test.Kinds"


@pytest.mark.parametrize("kind", ANSWERS)
async def test_every_kind_of_rpc_can_be_refused_before_its_handler(kind: str) -> None:
    handlers, last = Handlers(), Proves()
    async with behind(handlers, Refuses(), last) as channel:
        # Without a message, which gRPC's client may fail to write into what was refused.
        call: Any = getattr(channel, name_of(kind).replace("unary_", "stream_"))
        rpc = call(f"/test.Kinds/{kind}")(timeout=MAX_SECONDS)
        assert_refused(await ending_of(rpc), "not today")
    assert (handlers.served, last.seen) == (0, [])


async def test_a_malformed_credential_is_refused_before_the_first_interceptor() -> None:
    first = Proves()
    async with behind(Handlers(), first) as channel:
        rpc = begin(channel, "unary_unary", bearer("a") + bearer("b"))
        with pytest.raises(grpc.aio.AioRpcError):
            await rpc
        assert_refused(await ending_of(rpc), "2 credentials are presented")
    assert first.seen == []


async def test_rpcs_at_once_do_not_see_one_another() -> None:
    proves = Proves()
    async with behind(Handlers(), proves) as channel:
        rpcs = [begin(channel, kind) for kind in ANSWERS for _ in range(20)]
        found = await asyncio.gather(*map(answers, rpcs))
    assert found == [ANSWERS[kind] for kind in ANSWERS for _ in range(20)]
    assert len({id(rpc) for rpc in proves.seen}) == len(found)
    assert current_identity.get() is ANONYMOUS


async def test_a_caller_that_leaves_ends_a_handler_that_yields() -> None:
    handlers = Handlers()
    async with behind(handlers, Proves()) as channel:
        rpc = begin(channel, "endless")
        assert await rpc.read() == b"more"
        rpc.cancel()
        await asyncio.wait_for(handlers.closed.wait(), MAX_SECONDS)


async def test_a_caller_that_sends_no_message_is_told_so() -> None:
    handlers = Handlers()
    async with behind(handlers, Proves()) as channel:
        call: Any = channel.stream_stream("/test.Kinds/unary_unary")
        rpc = call(timeout=MAX_SECONDS)
        await rpc.done_writing()
        assert await rpc.code() is grpc.StatusCode.INTERNAL
    assert handlers.served == 0


async def test_what_a_certificate_proves_becomes_the_actor_of_a_credential() -> None:
    class Connects(RpcInterceptor):
        async def before(self, rpc: RpcOpening) -> None:
            rpc.by_certificate(WORKLOAD)
            assert current_identity.get() is WORKLOAD

    proves = Proves()
    async with behind(Handlers(), Connects(), proves) as channel:
        assert await answers(begin(channel, "unary_unary")) == ANSWERS["unary_unary"]
    both = proves.seen[0].together(ALICE)
    assert (both.subject, both.kind, both.actor) == ("alice", IdentityKind.API_KEY, "workload")
