"""Servers that offer little, or answer what nobody expects."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest
from mcp.server import Server as LowLevelServer
from mcp.server import ServerRequestContext
from mcp.types import (
    CallToolRequestParams,
    CallToolResult,
    ElicitRequest,
    ElicitRequestFormParams,
    GetPromptRequestParams,
    GetPromptResult,
    InputRequiredResult,
    TextContent,
)

from mcpgrpc_server import Server, ServerSettings
from tests.cli.conftest import Run

EMPTY: dict[str, object] = {"type": "object", "properties": {}}
FORM = ElicitRequest(params=ElicitRequestFormParams(message="Who?", requested_schema=EMPTY))


async def call_tool(ctx: ServerRequestContext, params: CallToolRequestParams) -> CallToolResult:
    if not params.arguments:
        return CallToolResult(content=[])
    return CallToolResult(content=[TextContent(text=f"{params.name}{params.arguments}")])


async def get_prompt(
    ctx: ServerRequestContext, params: GetPromptRequestParams
) -> GetPromptResult | InputRequiredResult:
    return InputRequiredResult(input_requests={"who": FORM})


@pytest.fixture
async def address() -> AsyncIterator[str]:
    """A server that lists nothing; every call of a tool succeeds and every prompt asks back."""
    app = LowLevelServer("odd", on_call_tool=call_tool, on_get_prompt=get_prompt)
    async with Server(app, listen=["127.0.0.1:0"], settings=ServerSettings()) as server:
        yield server.addresses[0]


@pytest.mark.parametrize("what", ["tools", "resources", "prompts"])
async def test_a_server_without_a_listing_lists_nothing(run: Run, address: str, what: str) -> None:
    done = await run(what, address)
    assert (done.code, done.out) == (0, "")
    assert done.err == f"{what.capitalize()} of {address}: none\n"
    assert json.loads((await run(what, address, "--output", "json")).out)[what] == []


async def test_a_tool_that_is_not_listed_takes_json_or_text(run: Run, address: str) -> None:
    done = await run("call", address, "t", "a=1", "b=x", "c=null")
    assert (done.code, done.out) == (0, "t{'a': 1, 'b': 'x', 'c': None}\n")


async def test_an_empty_result_is_no_output(run: Run, address: str) -> None:
    done = await run("call", address, "t")
    assert (done.code, done.out, done.err) == (0, "", "")


async def test_a_prompt_that_asks_back_is_not_taken_for_an_empty_one(
    run: Run, address: str
) -> None:
    done = await run("prompt", address, "p")
    assert done.code == 1
    assert json.loads(done.out)["inputRequests"]["who"]["params"]["message"] == "Who?"
    assert done.err == "mcpgrpc: p has no result yet: the server answered 'input_required'\n"
