"""Every RPC that a server says it has, whichever those are: nobody is let in unproven."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from google.protobuf import descriptor_pb2
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from tests.authentication.every_method import BAD, BY_HEADER, Everything, everything
from tests.authentication.matrix import assert_hides
from tests.authentication.raw_http2 import ending_of_rpc
from tests.authentication.served import Metadata, Peer
from tests.wire.raw import MAX_SECONDS

OPEN = "grpc.health.v1.Health"
"""Whoever presents nothing may ask for health."""


@dataclass(frozen=True)
class Reflected:
    """A server, and the path of each RPC that it reflects."""

    server: Everything
    rpcs: list[str]


async def answers(peer: Peer, questions: list[Any]) -> list[Any]:
    """What reflection says."""
    stub = reflection_pb2_grpc.ServerReflectionStub(peer.channel)
    metadata = next(iter(BY_HEADER.values())).metadata
    asked = stub.ServerReflectionInfo(iter(questions), metadata=metadata, timeout=MAX_SECONDS)
    return [answer async for answer in asked]


async def rpcs_of(server: Everything) -> list[str]:
    """The path of each RPC of each service that reflection lists."""
    ask = reflection_pb2.ServerReflectionRequest
    async with Peer(server.target) as peer:
        (listed,) = await answers(peer, [ask(list_services="")])
        names = [service.name for service in listed.list_services_response.service]
        files = await answers(peer, [ask(file_containing_symbol=name) for name in names])
    paths = set()
    for answer in files:
        for serialized in answer.file_descriptor_response.file_descriptor_proto:
            file = descriptor_pb2.FileDescriptorProto.FromString(serialized)
            for service in file.service:
                name = f"{file.package}.{service.name}"
                paths |= {f"/{name}/{method.name}" for method in service.method}
    assert {path.split("/")[1] for path in paths} == set(names)
    return sorted(paths)


@pytest.fixture(scope="module")
async def reflected(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Reflected]:
    async with everything(tmp_path_factory.mktemp("everything")) as server:
        yield Reflected(server, await rpcs_of(server))


def test_the_rpcs_of_the_envelope_are_among_them(reflected: Reflected) -> None:
    service = "mcpgrpc.v1.McpService"
    assert {f"/{service}/Session", f"/{service}/Call"} <= set(reflected.rpcs)


@pytest.mark.parametrize(("metadata", "why"), BAD.values(), ids=BAD)
async def test_no_rpc_is_let_in_with_what_proves_nobody(
    reflected: Reflected, metadata: Metadata, why: str
) -> None:
    app = reflected.server.app
    app.forget()
    raw = [(name.encode(), value.encode()) for name, value in metadata]
    for rpc in reflected.rpcs:
        if metadata or OPEN not in rpc:
            status, said = await ending_of_rpc(reflected.server.target, rpc, *raw)
            assert status == 16, (rpc, said)
            assert any(each in said for each in why.split("|")), (rpc, said)
            assert_hides(metadata, said)
    assert (app.clients, app.heard) == ([], [])
