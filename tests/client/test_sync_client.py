"""The synchronous client is the asynchronous one without an event loop of the caller's."""

from __future__ import annotations

import asyncio
import inspect
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.types import SamplingMessage, TextContent

from mcpgrpc import Client, SyncClient
from mcpgrpc.testing import serving
from mcpgrpc_server import Server
from tests.client.app import Ledger, add

MAX_SECONDS = 30
USER = Path(__file__).with_name("sync_user.py")
WITHOUT_THE_LOOP = {"__aenter__": "__enter__", "__aexit__": "__exit__"}


async def begin(scenario: str, address: str, **environment: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        str(USER),
        scenario,
        address,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={
            **os.environ,
            "PYTHONPATH": str(USER.parents[2]),
            "PYTHONWARNINGS": "default",
            **environment,
        },
    )


async def finish(process: asyncio.subprocess.Process) -> tuple[int | None, str]:
    """How the program ended, and what it complained about."""
    try:
        async with asyncio.timeout(MAX_SECONDS):
            _, stderr = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.communicate()
        pytest.fail("the program hangs")
    return process.returncode, stderr.decode()


async def played(scenario: str, address: str) -> tuple[int | None, str]:
    return await finish(await begin(scenario, address))


@pytest.mark.parametrize(
    "scenario", ["every_method", "errors", "many_threads", "beside_a_loop", "callbacks"]
)
async def test_a_program_without_a_loop_of_its_own_has_every(server: Server, scenario: str) -> None:
    assert await played(scenario, server.addresses[0]) == (0, "")


async def test_an_interrupt_cancels_the_call_at_the_server_and_spares_the_client() -> None:
    cancelled = asyncio.Event()

    async def begin_and_wait(ctx: Context) -> str:
        await ctx.report_progress(1)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise
        return "never"

    app = MCPServer("waits")
    app.tool()(add)
    app.tool()(begin_and_wait)
    async with serving(app) as address, asyncio.timeout(MAX_SECONDS):
        process = await begin("interrupted", address)
        assert process.stdout is not None
        assert await process.stdout.readline() == b"waiting\n"
        process.send_signal(signal.SIGINT)
        assert await process.stdout.readline() == b"interrupted\n"
        await cancelled.wait()
        assert await finish(process) == (0, "")


@pytest.mark.filterwarnings("ignore::mcp.MCPDeprecationWarning")
async def test_a_plain_function_answers_the_server_and_may_use_the_client() -> None:
    async def ask(ctx: Context) -> str:
        message = SamplingMessage(role="user", content=TextContent(text="?"))
        result = await ctx.session.create_message([message], max_tokens=5)
        assert isinstance(result.content, TextContent)
        return result.content.text

    app = MCPServer("asks")
    app.tool()(add)
    app.tool()(ask)
    async with serving(app) as address:
        assert await played("requests_of_the_server", address) == (0, "")


async def test_a_subscription_is_an_iterator_that_waits_and_ends() -> None:
    app = MCPServer("changes")

    async def change(ctx: Context) -> str:
        await ctx.notify_tools_changed()
        return "changed"

    app.tool()(change)
    async with Server(app, listen=["127.0.0.1:0"]) as server, asyncio.timeout(MAX_SECONDS):
        process = await begin("subscription", server.addresses[0])
        assert process.stdout is not None
        assert await process.stdout.readline() == b"told\n"
        await server.drain(5)
        assert await finish(process) == (0, "")


async def test_a_forked_process_is_told_to_open_its_own(server: Server) -> None:
    # With gRPC's own handlers around a fork the child crashes now and then, wherever it is.
    process = await begin("forked", server.addresses[0], GRPC_ENABLE_FORK_SUPPORT="0")
    assert await finish(process) == (0, "")


async def test_a_program_may_end_with_a_call_under_way(server: Server, ledger: Ledger) -> None:
    assert await played("never_left", server.addresses[0]) == (0, "")


def public(made: type) -> set[str]:
    return {name for name in vars(made) if not name.startswith("_")}


def shape(function: Any) -> list[inspect.Parameter]:
    return list(inspect.signature(function).parameters.values())


def test_both_clients_have_the_same_methods_and_properties() -> None:
    assert public(SyncClient) == public(Client)
    for name, other in WITHOUT_THE_LOOP.items():
        assert shape(getattr(Client, name)) == shape(getattr(SyncClient, other))


@pytest.mark.parametrize("name", sorted(public(Client)))
def test_a_name_means_the_same_for_both(name: str) -> None:
    here, there = getattr(SyncClient, name), getattr(Client, name)
    if isinstance(there, property):
        assert isinstance(here, property)
        here, there = here.fget, there.fget
    assert inspect.signature(here) == inspect.signature(there)
    assert inspect.getdoc(here) == inspect.getdoc(there)


def test_both_clients_are_made_with_the_same_arguments() -> None:
    """But for `on_request`, which is a plain function for code without an event loop."""
    for here, there in zip(shape(SyncClient.__init__), shape(Client.__init__), strict=True):
        if here.name != "on_request":
            assert here == there
        assert (here.name, here.kind, here.default) == (there.name, there.kind, there.default)
