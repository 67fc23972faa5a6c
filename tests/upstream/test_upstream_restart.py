"""An upstream that ends, and comes back: who is told what, and what works again."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections import Counter
from pathlib import Path

import pytest

import mcpgrpc
from mcpgrpc.errors import ServiceError
from mcpgrpc_server import Server
from tests.upstream.offered import (
    PLAIN,
    Offer,
    called,
    health_of,
    legacy,
    params_of,
    plain,
    said,
)
from tests.wire.raw import INITIALIZE, OpenSession, RawCalls, modern, request, text_of, tool

NOTE = "note://1"
SOURCE = PLAIN.read_text(encoding="utf-8")


@pytest.fixture(params=["modern", "legacy"])
async def server(request: pytest.FixtureRequest, offer: Offer) -> Server:
    """An upstream of either era, offered."""
    return await offer({"plain": plain(request.param)})


async def test_of_a_hundred_calls_under_a_kill_each_has_its_own_result_or_a_clear_error(
    server: Server, calls: RawCalls
) -> None:
    pid = int(text_of(await called(calls, server, "process")))
    held = 0
    all_hold = asyncio.Event()

    def one_more(*_: object) -> None:
        nonlocal held
        held += 1
        if held == 50:
            all_hold.set()

    async def call(client: mcpgrpc.Client, number: int) -> str:
        try:
            if number % 2:
                arguments = {"key": f"{id(client)} {number}"}
                await client.call_tool("hold", arguments, on_progress=one_more)
                return "an answer that nobody gave"
            result = await client.call_tool("echo", {"text": f"my {number}"})
        except ServiceError as error:
            return f"{error.reason} {error.execution}"
        return "own" if result.content[0].text == f"my {number}" else "another's"

    address = server.addresses[0]
    async with (
        asyncio.timeout(30),
        health_of(server) as until,
        mcpgrpc.Client(address) as one,
        mcpgrpc.Client(address) as two,
        mcpgrpc.Client(address, rpc="call") as three,
        mcpgrpc.Client(address, rpc="call") as four,
        mcpgrpc.Client(address, rpc="call") as five,
    ):
        await until(True)
        clients = (one, two, three, four, five)
        tasks = [asyncio.create_task(call(clients[n % 5], n)) for n in range(100)]
        await all_hold.wait()
        os.kill(pid, signal.SIGKILL)
        outcomes = Counter(await asyncio.gather(*tasks))
        await until(False)
        await until(True)
        for client in clients:
            assert (await client.call_tool("echo", {"text": "after"})).content[0].text == "after"
    assert set(outcomes) <= {"own", "UPSTREAM_LOST MAYBE", "UPSTREAM_UNAVAILABLE NOT_STARTED"}
    assert outcomes["UPSTREAM_LOST MAYBE"] >= 50
    assert int(text_of(await called(calls, server, "process"))) != pid


async def test_a_request_while_the_upstream_is_down_has_certainly_not_run(
    offer: Offer, calls: RawCalls, opened: OpenSession
) -> None:
    server = await offer({"gone": {"command": ["/no/such/program"]}})
    messages, ending = await calls.run(server, tool(1, "echo", {"text": "x"}))
    assert not messages
    assert (ending.code.name, ending.reason, ending.execution) == (
        "UNAVAILABLE",
        "UPSTREAM_UNAVAILABLE",
        "NOT_STARTED",
    )
    assert "'gone'" in ending.details
    assert "/no/such/program" in ending.details
    client = await opened(server)
    response = await client.ask(1, "initialize", json.dumps(INITIALIZE))
    assert (response.error.code, response.execution) == (14, 1)


async def test_a_server_comes_up_without_its_upstream_and_serves_when_that_does(
    offer: Offer, calls: RawCalls, tmp_path: Path
) -> None:
    program = tmp_path / "program"
    server = await offer({"late": {"command": [str(program), "modern"]}})
    async with health_of(server) as until:
        await until(False)
        program.write_text(f"#!{sys.executable} -S\n" + SOURCE)
        program.chmod(0o700)
        await until(True)
    assert text_of(await called(calls, server, "echo", text="here now")) == "here now"


async def test_a_command_that_ends_at_once_is_started_again(offer: Offer) -> None:
    starts: asyncio.Queue[None] = asyncio.Queue()

    async def started(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        starts.put_nowait(None)
        writer.close()

    lifeline = await asyncio.start_server(started, "127.0.0.1", 0)
    async with lifeline:
        port = lifeline.sockets[0].getsockname()[1]
        brief = f"import socket; socket.create_connection(('127.0.0.1', {port})); raise SystemExit"
        server = await offer({"brief": {"command": [sys.executable, "-S", "-c", brief]}})
        assert (await server.summary()).name == "brief (an upstream that is down)"
        async with asyncio.timeout(30):
            for _ in range(3):
                await starts.get()


async def test_the_legacy_client_of_an_upstream_that_restarts_carries_on(
    offer: Offer, opened: OpenSession
) -> None:
    server = await offer({"plain": plain("legacy")})
    client = await opened(server)
    await client.initialize()
    await client.ask("s", "resources/subscribe", json.dumps({"uri": NOTE}))
    await client.ask("v", "logging/setLevel", '{"level":"error"}')
    await client.send(request("held", "tools/call", legacy("hold", {"key": "k"})))
    await client.send(request("die", "tools/call", legacy("die")))
    lost = await client.response("held")
    assert (lost.error.code, lost.execution) == (10, 2)
    assert (await client.response("die")).error.code == 10

    received = json.loads(text_of(await client.ask("n", "tools/call", legacy("seen"))))
    told = [(m["method"], m.get("params")) for m in received]
    assert told[:4] == [
        ("initialize", INITIALIZE),
        ("notifications/initialized", None),
        ("logging/setLevel", {"level": "error"}),
        ("resources/subscribe", {"uri": NOTE}),
    ]


async def test_other_legacy_clients_do_not_notice_that_one_process_has_ended(
    offer: Offer, opened: OpenSession, calls: RawCalls
) -> None:
    server = await offer({"plain": plain("legacy")})
    clients = [await opened(server) for _ in range(2)]
    for client in clients:
        await client.initialize()
    await clients[1].send(request(1, "tools/call", legacy("hold", {"key": "k"})))
    assert (await clients[0].ask(1, "tools/call", legacy("die"))).error.code == 10
    assert text_of(await called(calls, server, "echo", text="shared")) == "shared"
    await clients[1].send(request(2, "tools/call", legacy("release", {"key": "k"})))
    assert text_of(await clients[1].response(1)) == "k"


async def test_a_subscription_ends_with_its_upstream_and_can_be_made_again(
    server: Server, opened: OpenSession
) -> None:
    client = await opened(server)
    wanted = modern({"notifications": {"toolsListChanged": True}})
    async with health_of(server) as until:
        await until(True)
        await client.send(request("l", "subscriptions/listen", wanted))
        await client.envelope()
        await client.send(tool(1, "die"))
        for response in await client.responses(2):
            assert (response.error.code, response.execution) == (10, 2)
        await until(False)
        await until(True)
    await client.send(request("l", "subscriptions/listen", wanted))
    assert params_of((await client.envelope()).notification)["_meta"]
    assert await said(client, 2, "echo", text="again") == "again"
