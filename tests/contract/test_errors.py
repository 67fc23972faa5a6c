"""Errors of every kind: each says what it is, and none shows the app's insides."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from tests.contract.caller import Answered, Caller, Hooks, Json, refusal
from tests.contract.conftest import Connect
from tests.contract.features import BUSY_CODE, INTERNALS
from tests.contract.routes import SERVED
from tests.contract.subjects import Subject

BROKEN_PARAMS: tuple[tuple[str, Json], ...] = (
    ("tools/call", {}),
    ("tools/call", {"name": "add", "arguments": [1, 2]}),
    ("prompts/get", {"name": None}),
    ("resources/read", {}),
    ("completion/complete", {"ref": {"type": "ref/prompt", "name": "plan"}}),
)


async def answer_to(caller: Caller, method: str, params: dict[str, Any] | None = None) -> Answered:
    return await refusal(caller.request(method, params))


async def test_a_tools_own_failure_is_a_result(connect: Connect) -> None:
    async with connect() as caller:
        result = await caller.call_tool("fail", {"why": "of the test"})
    assert result["isError"]
    assert "failed because of the test" in result["content"][0]["text"]


async def test_an_apps_error_keeps_code_message_and_data(connect: Connect) -> None:
    async with connect() as caller:
        error = await refusal(caller.call_tool("refuse"))
    assert (error.code, error.message) == (BUSY_CODE, "busy")
    assert error.data == {"retryAfterMs": 250, "nested": [1, {"two": None}]}


@pytest.mark.wires(*SERVED)
async def test_a_handler_that_raises_shows_no_internals_and_the_log_has_the_traceback(
    connect: Connect, subject: Subject, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        async with connect() as caller:
            if subject.app == "MCPServer":
                result = await caller.call_tool("crash")
                assert result["isError"]
                assert INTERNALS not in str(result)
            else:
                error = await answer_to(caller, "tools/call", {"name": "crash", "arguments": {}})
                assert error.code == -32603
                assert INTERNALS not in f"{error.message}{error.data}"
            assert (await caller.call_tool("add", {"a": 1, "b": 1}))["structuredContent"]
    assert INTERNALS in caplog.text
    assert "Traceback" in caplog.text


@pytest.mark.wires(*SERVED)
async def test_a_resource_that_raises_shows_no_internals(connect: Connect) -> None:
    async with connect() as caller:
        error = await refusal(caller.read_resource("contract://broken"))
    assert error.code == -32603
    assert INTERNALS not in f"{error.message}{error.data}"


async def test_unknown_tools_and_resources_are_named(connect: Connect, subject: Subject) -> None:
    params: Json = {"name": "nope", "arguments": {}}
    async with connect() as caller:
        resource = await answer_to(caller, "resources/read", {"uri": "contract://nope"})
        if subject.app == "MCPServer":
            result = await caller.call_tool("nope")
            assert result["isError"]
            assert result["content"][0]["text"] == "Unknown tool: nope"
        else:
            tool = await answer_to(caller, "tools/call", params)
            assert (tool.code, tool.message) == (-32602, "Unknown tool: nope")
    assert (resource.code, resource.data) == (-32602, {"uri": "contract://nope"})


async def test_unknown_prompts_are_refused(connect: Connect) -> None:
    async with connect() as caller:
        await answer_to(caller, "prompts/get", {"name": "nope"})
        assert await caller.get_prompt("plan", {"city": "Oslo"})


async def test_unknown_methods_are_refused_and_named(connect: Connect) -> None:
    async with connect() as caller:
        error = await answer_to(caller, "tools/juggle")
    assert (error.code, error.data) == (-32601, "tools/juggle")


async def test_params_that_break_the_schema_are_invalid(connect: Connect) -> None:
    async with connect() as caller:
        for method, params in BROKEN_PARAMS:
            assert (await answer_to(caller, method, params)).code == -32602, (method, params)


@pytest.mark.differs("a name that is no text", "http", "modern")
@pytest.mark.differs("a name that is no text", "upstream-http", "modern")
async def test_a_name_that_is_no_text_is_invalid(connect: Connect) -> None:
    async with connect() as caller:
        assert (await answer_to(caller, "tools/call", {"name": 7})).code == -32602


@pytest.mark.apps("MCPServer")
async def test_arguments_that_break_a_tools_schema_are_its_failure(connect: Connect) -> None:
    broken: list[Json] = [{}, {"a": 1}, {"a": "one", "b": 2}, {"a": 1.5, "b": 2}]
    async with connect() as caller:
        for arguments in broken:
            assert (await caller.call_tool("add", arguments))["isError"], arguments
        assert (await caller.call_tool("add", {"a": 1, "b": 1}))["structuredContent"]


@pytest.mark.eras("modern")
@pytest.mark.clients("lean")
async def test_requests_of_a_revision_nobody_knows_are_refused_with_those_that_are(
    connect: Connect,
) -> None:
    """The SDK's client puts its own revision into every request."""
    meta = {"io.modelcontextprotocol/protocolVersion": "2099-01-01"}
    async with connect(Hooks()) as caller:
        error = await answer_to(caller, "tools/list", {"_meta": meta})
    assert error.code == -32022
    assert error.data["supported"] == ["2026-07-28"]
