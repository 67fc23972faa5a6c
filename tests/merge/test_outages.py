"""A member that is down takes away what is its own, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from mcpgrpc import Client
from mcpgrpc.errors import RemoteError, ServiceError
from mcpgrpc.testing import serving
from mcpgrpc_server import Server
from mcpgrpc_server.merge.bounds import MergeBounds
from tests.merge.apps import Gate, add_tool, app
from tests.merge.conftest import MODERN_SESSION, Wire, merged
from tests.merge.members import Fragile, Scripted, failing, initialized_as, tools

UNAVAILABLE = ("UPSTREAM_UNAVAILABLE", "NOT_STARTED", 14)


async def names(client: Client) -> list[str]:
    return [tool.name for tool in await client.list_tools()]


def facts(error: ServiceError) -> tuple[str, str, int]:
    return error.reason, error.execution, error.code


async def test_names_of_the_others_do_not_change_while_a_member_is_down(wire: Wire) -> None:
    fragile = Fragile(app("b", "search"))
    async with wire.connect(merged(a=app("a", "search"), b=fragile)) as client:
        before = await names(client)
        assert before == ["a_search", "only_a", "link_a", "b_search", "only_b", "link_b"]
        fragile.go()
        assert await names(client) == ["a_search", "only_a", "link_a"]
        assert (await client.call_tool("a_search")).content[0].text == "a says search"
        fragile.come()
        assert await names(client) == before


async def test_what_a_member_has_is_unavailable_while_it_is_down(wire: Wire) -> None:
    fragile = Fragile(app("b"))
    async with wire.connect(merged(a=app("a"), b=fragile)) as client:
        for listing in (
            client.list_tools,
            client.list_prompts,
            client.list_resources,
            client.list_resource_templates,
        ):
            await listing()
        fragile.go()
        for method, params in [
            ("tools/call", {"name": "only_b"}),
            ("prompts/get", {"name": "b_plan"}),
            ("resources/read", {"uri": "b+notes://today"}),
            ("resources/read", {"uri": "b://of/Oslo"}),
            ("resources/read", {"uri": "nobody://lists/this"}),
        ]:
            with pytest.raises(ServiceError) as caught:
                await client.request(method, params)
            assert facts(caught.value) == UNAVAILABLE
            assert "b is not available" in caught.value.message


async def test_another_client_of_the_same_caller_finds_the_same_names_in_an_outage(
    wire: Wire,
) -> None:
    fragile = Fragile(app("b", "search"))
    async with serving(merged(a=app("a", "search"), b=fragile)) as address:
        async with wire.client(address) as client:
            await client.list_tools()
        fragile.go()
        async with wire.client(address) as client:
            assert await names(client) == ["a_search", "only_a", "link_a"]
            with pytest.raises(ServiceError) as caught:
                await client.call_tool("b_search")
            assert facts(caught.value) == UNAVAILABLE


async def test_what_nobody_has_seen_may_be_of_a_member_that_is_down(wire: Wire) -> None:
    fragile = Fragile(app("b"), serving=False)
    changed = asyncio.Event()
    backend = merged(a=app("a"), b=fragile)
    async with wire.connect(backend, on_notification=lambda *_: changed.set()) as client:
        with pytest.raises(ServiceError) as caught:
            await client.call_tool("only_b")
        assert facts(caught.value) == UNAVAILABLE
        # Once everybody has been seen, what is not there is unknown.
        fragile.come()
        if wire.is_legacy:
            await asyncio.wait_for(changed.wait(), 20)
        with pytest.raises(RemoteError, match="Unknown tool: only_c"):
            await client.call_tool("only_c")


async def test_calls_that_run_at_a_member_that_goes_are_lost_and_no_others(wire: Wire) -> None:
    lost, going_on = Gate(), Gate()
    fragile = Fragile(app("b", gate=lost))
    async with wire.connect(merged(a=app("a", gate=going_on), b=fragile)) as client:
        first = asyncio.create_task(client.call_tool("wait_b"))
        second = asyncio.create_task(client.call_tool("wait_a"))
        await lost.entered.wait()
        await going_on.entered.wait()
        fragile.go()
        with pytest.raises(ServiceError) as caught:
            await first
        assert (caught.value.reason, caught.value.execution) == ("UPSTREAM_LOST", "MAYBE")
        going_on.open.set()
        await second


async def test_calls_work_again_as_soon_as_the_member_is_back(wire: Wire) -> None:
    fragile = Fragile(app("b"))
    async with wire.connect(merged(a=app("a"), b=fragile)) as client:
        await client.call_tool("only_b")
        fragile.go()
        fragile.come()
        assert (await client.call_tool("only_b")).content[0].text == "b says only_b"


async def test_what_changed_in_an_outage_is_seen_after_it(wire: Wire) -> None:
    inner = app("b")
    fragile = Fragile(inner)
    async with wire.connect(merged(a=app("a", "search"), b=fragile)) as client:
        await client.list_tools()
        fragile.go()
        add_tool(inner, "search", "b")
        fragile.come()
        assert {"a_search", "b_search"} < set(await names(client))


async def test_without_any_member_everything_is_unavailable(wire: Wire) -> None:
    members = [Fragile(app("a")), Fragile(app("b"))]
    async with wire.connect(merged(a=members[0], b=members[1])) as client:
        await client.list_tools()
        for member in members:
            member.go()
        requests: list[tuple[str, dict[str, Any]]] = [
            ("tools/list", {}),
            ("tools/call", {"name": "only_a"}),
            ("resources/read", {"uri": "a://own"}),
            ("com.example/run", {}),
            *([] if wire.is_legacy else [("server/discover", {}), ("subscriptions/listen", {})]),
        ]
        for method, params in requests:
            with pytest.raises(ServiceError) as caught:
                await client.request(method, params)
            assert facts(caught.value) == UNAVAILABLE, method


async def test_a_list_that_only_a_member_had_is_empty_while_it_is_down(wire: Wire) -> None:
    fragile = Fragile(app("b"))
    without = Scripted({"initialize": initialized_as("2025-11-25"), "tools/list": tools("x")})
    async with wire.connect(merged(a=without, b=fragile)) as client:
        assert len(await client.list_prompts()) == 2
        fragile.go()
        assert await client.list_prompts() == []


async def test_a_member_that_fails_to_list_keeps_the_names_it_had() -> None:
    member = Scripted({"tools/list": tools("search")})
    bounds = MergeBounds(catalogue_seconds=0)
    async with MODERN_SESSION.connect(
        merged(a=app("a", "search"), b=member, bounds=bounds)
    ) as client:
        assert await names(client) == ["a_search", "only_a", "link_a", "b_search"]
        member.answers["tools/list"] = failing(-32603, "no database")
        assert await names(client) == ["a_search", "only_a", "link_a"]


async def test_a_member_that_goes_while_others_are_asked_is_not_asked_any_more(wire: Wire) -> None:
    going = Scripted(
        {"initialize": initialized_as("2025-11-25"), "com.example/run": '{"ran":"late"}'}
    )

    async def unknown(call: Any, client: Any) -> Any:
        going.availability.set(serving=False)
        return await failing(-32601, "Method not found")(call, client)

    first = Scripted({"initialize": initialized_as("2025-11-25"), "com.example/run": unknown})
    async with wire.connect(merged(a=first, b=going)) as client:
        with pytest.raises(ServiceError) as caught:
            await client.request("com.example/run")
    assert facts(caught.value) == UNAVAILABLE
    assert "com.example/run" not in going.methods()


@asynccontextmanager
async def health(address: str) -> AsyncIterator[health_pb2_grpc.HealthStub]:
    async with grpc.aio.insecure_channel(address) as channel:
        yield health_pb2_grpc.HealthStub(channel)


async def test_health_is_serving_while_one_member_is() -> None:
    first, second = Fragile(app("a")), Fragile(app("b"), serving=False)
    async with (
        Server(merged(a=first, b=second), ["127.0.0.1:0"]) as server,
        health(server.addresses[0]) as stub,
    ):
        watch = stub.Watch(health_pb2.HealthCheckRequest(service=""))
        statuses = [(await watch.read()).status]
        first.go()
        statuses.append((await watch.read()).status)
        second.come()
        statuses.append((await watch.read()).status)
        watch.cancel()
    names = [health_pb2.HealthCheckResponse.ServingStatus.Name(status) for status in statuses]
    assert names == ["SERVING", "NOT_SERVING", "SERVING"]


async def test_a_merged_server_without_any_member_up_starts_and_is_not_serving() -> None:
    fragile = Fragile(app("a"), serving=False)
    backend = merged(a=fragile, b=Fragile(app("b"), serving=False))
    assert not backend.availability.serving
    async with serving(backend) as address, health(address) as stub:
        found = await stub.Check(health_pb2.HealthCheckRequest(service=""))
        assert found.status == health_pb2.HealthCheckResponse.NOT_SERVING
        fragile.come()
        found = await stub.Check(health_pb2.HealthCheckRequest(service=""))
        assert found.status == health_pb2.HealthCheckResponse.SERVING
