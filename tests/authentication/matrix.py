"""The ways into a server, and what each must answer to whom it does not let in.

A row is what a caller presents and why that is refused; a column is one of `WAYS`. Rows for another
kind of credential are a `Rows` of their own, given to `assert_shut`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeAlias

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from tests.authentication.served import Guarded, Metadata, Peer
from tests.wire.raw import MAX_SECONDS, Ending, ending_of

Way: TypeAlias = Callable[[Peer, Metadata], Awaitable[Ending]]

Rows: TypeAlias = dict[str, tuple[Metadata, str]]
"""What is presented and a part of the reason why not, by what is wrong with it."""

MIN_SECRET_CHARACTERS: Final = 12
"""Shorter parts of what is presented are words of English as well."""


async def check(peer: Peer, metadata: Metadata) -> Ending:
    """Ask for the health of the server."""
    stub = health_pb2_grpc.HealthStub(peer.channel)
    return await _ended(
        stub.Check(health_pb2.HealthCheckRequest(), metadata=metadata, timeout=MAX_SECONDS)
    )


async def health_list(peer: Peer, metadata: Metadata) -> Ending:
    """Ask for the health of every service."""
    stub = health_pb2_grpc.HealthStub(peer.channel)
    return await _ended(
        stub.List(health_pb2.HealthListRequest(), metadata=metadata, timeout=MAX_SECONDS)
    )


async def watch(peer: Peer, metadata: Metadata) -> Ending:
    """Hear the first word of a watch, and cancel it."""
    stub = health_pb2_grpc.HealthStub(peer.channel)
    rpc = stub.Watch(health_pb2.HealthCheckRequest(), metadata=metadata, timeout=MAX_SECONDS)
    try:
        if await rpc.read() is not grpc.aio.EOF:
            rpc.cancel()
            return Ending(grpc.StatusCode.OK, "", "", "")
    except grpc.aio.AioRpcError:
        pass
    return await ending_of(rpc)


async def reflection(peer: Peer, metadata: Metadata) -> Ending:
    """Ask which services there are."""
    ending = await _reflected(peer, metadata)
    # gRPC's client takes a refusal that meets its message for an error of its own.
    while ending.code is grpc.StatusCode.INTERNAL:
        ending = await _reflected(peer, metadata)
    return ending


async def _reflected(peer: Peer, metadata: Metadata) -> Ending:
    stub = reflection_pb2_grpc.ServerReflectionStub(peer.channel)
    question = reflection_pb2.ServerReflectionRequest(list_services="")
    rpc = stub.ServerReflectionInfo(iter([question]), metadata=metadata, timeout=MAX_SECONDS)
    with contextlib.suppress(grpc.aio.AioRpcError):
        async for _ in rpc:
            pass
    return await ending_of(rpc)


HEALTH: Final[dict[str, Way]] = {
    "health Check": check,
    "health Watch": watch,
    "health List": health_list,
}
WAYS: Final[dict[str, Way]] = {
    "Session": Peer.call_session,
    "Call": Peer.call,
    "reflection": reflection,
    **HEALTH,
}
"""Every RPC that a server answers."""


def assert_refused(ending: Ending, why: str) -> None:
    """Refused for this reason, and nothing has run; `|` separates reasons of which one is given."""
    assert ending.code is grpc.StatusCode.UNAUTHENTICATED, ending
    assert (ending.reason, ending.execution) == ("UNAUTHENTICATED", "NOT_STARTED")
    assert any(each in ending.details for each in why.split("|")), ending.details


def assert_hides(metadata: Metadata, shown: str) -> None:
    """No part of what was presented is there to be read."""
    words = (word for _, value in metadata for word in value.replace(".", " ").split())
    assert not [word for word in words if len(word) > MIN_SECRET_CHARACTERS and word in shown]


async def assert_shut(way: Way, peer: Peer, app: Guarded, metadata: Metadata, why: str) -> None:
    """This way in is shut to who presents this, and the app has not heard of it."""
    before = len(app.callers)
    ending = await way(peer, metadata)
    assert_refused(ending, why)
    assert_hides(metadata, ending.details)
    assert len(app.callers) == before


async def _ended(call: Any) -> Ending:
    with contextlib.suppress(grpc.aio.AioRpcError):
        await call
    return await ending_of(call)
