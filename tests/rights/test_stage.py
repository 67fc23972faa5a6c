"""A policy in force, over the wire: what is refused, hidden and left out, in both eras."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

import mcpgrpc
from mcpgrpc.errors import RemoteError, ServiceError
from mcpgrpc_server import Server, ServerSettings, SettingsError
from tests.rights.app import SECRETS, TokenIsSubject, lowlevel_app, mcpserver_app

SECONDS = 20
APPS = {"MCPServer": mcpserver_app, "Server": lowlevel_app}
POLICY = """
[[rules]]
subjects = ["jwt:user"]
tools = ["open_*"]
prompts = ["open_*"]
resources = ["notes:///open", "items:///public"]

[[rules]]
subjects = ["jwt:admin"]
tools = ["*"]
prompts = ["*"]
resources = ["*"]

[[rules]]
scopes = ["tools.use"]
tools = ["*"]
"""

Connect = Callable[..., AbstractAsyncContextManager[mcpgrpc.Client]]


@pytest.fixture
def touched() -> list[str]:
    """What handlers were reached."""
    return []


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "policy.toml"
    path.write_text(POLICY)
    return path


@pytest.fixture(
    params=[("session", "2026-07-28"), ("session", "legacy"), ("call", "2026-07-28")], ids=str
)
def connect(request: Any, policy: Path, touched: list[str]) -> Connect:
    """Connects as a subject to an app under the policy, over each RPC and era."""
    rpc, mode = request.param

    @asynccontextmanager
    async def connected(subject: str, kind: str = "MCPServer") -> AsyncIterator[mcpgrpc.Client]:
        settings = ServerSettings(listen=["127.0.0.1:0"], policy=str(policy))
        server = Server(APPS[kind](touched), settings=settings, interceptors=[TokenIsSubject()])
        async with (
            asyncio.timeout(SECONDS),
            server,
            mcpgrpc.Client(server.addresses[0], token=subject, rpc=rpc, mode=mode) as client,
        ):
            yield client

    return connected


async def failure(client: mcpgrpc.Client, method: str, **params: Any) -> Any:
    """How a request ended: its error, or its result."""
    try:
        return await client.request(method, params)
    except (RemoteError, ServiceError) as error:
        return type(error), error.code, str(error)


async def test_lists_leave_out_what_is_hidden(connect: Connect) -> None:
    async with connect("user") as client:
        tools = await client.request("tools/list", {})
        prompts = await client.request("prompts/list", {})
        resources = await client.request("resources/list", {})
        templates = await client.request("resources/templates/list", {})
    assert [each["name"] for each in tools["tools"]] == ["open_tool"]
    assert [each["name"] for each in prompts["prompts"]] == ["open_prompt"]
    assert [each["uri"] for each in resources["resources"]] == ["notes:///open"]
    assert [each["uriTemplate"] for each in templates["resourceTemplates"]] == ["items:///{name}"]


async def test_who_may_everything_sees_everything(connect: Connect) -> None:
    async with connect("admin") as client:
        tools = await client.request("tools/list", {})
        result = await client.call_tool("secret_tool", {})
    assert [each["name"] for each in tools["tools"]] == ["open_tool", "secret_tool"]
    assert result.content[0].text == "secret"


@pytest.mark.parametrize("kind", APPS)
async def test_a_hidden_tool_answers_exactly_as_one_that_does_not_exist(
    connect: Connect, touched: list[str], kind: str
) -> None:
    async with connect("user", kind) as user:
        hidden = await failure(user, "tools/call", name="secret_tool", arguments={})
    async with connect("admin", kind) as admin:
        absent = await failure(admin, "tools/call", name="no_such_tool", arguments={})
    assert str(hidden).replace("secret_tool", "no_such_tool") == str(absent)
    assert touched == []


@pytest.mark.parametrize(
    ("method", "member", "name"),
    [("prompts/get", "name", "secret_prompt"), ("resources/read", "uri", "notes:///secret")],
)
async def test_a_hidden_prompt_or_resource_answers_exactly_as_an_absent_one(
    connect: Connect, touched: list[str], method: str, member: str, name: str
) -> None:
    nothing = name.replace("secret", "absent")
    async with connect("user") as user:
        hidden = await failure(user, method, **{member: name})
    async with connect("admin") as admin:
        absent = await failure(admin, method, **{member: nothing})
    assert str(hidden).replace(name, nothing) == str(absent)
    assert touched == []


async def test_a_uri_of_a_template_is_judged_as_a_uri(connect: Connect, touched: list[str]) -> None:
    async with connect("user") as client:
        given = await client.request("resources/read", {"uri": "items:///public"})
        await failure(client, "resources/read", uri="items:///private")
    assert given["contents"][0]["text"] == "public"
    assert touched == ["items:///public"]


async def test_completion_shows_no_hidden_values_and_no_hidden_prompt(connect: Connect) -> None:
    async with connect("user") as client:
        ref = {"type": "ref/resource", "uri": "items:///{name}"}
        argument = {"name": "name", "value": "p"}
        completed = await client.request("completion/complete", {"ref": ref, "argument": argument})
    assert completed["completion"]["values"] == ["public"]
    assert "total" not in completed["completion"]


async def test_a_caller_without_any_rule_is_forbidden_everything(
    connect: Connect, touched: list[str]
) -> None:
    with pytest.raises((ServiceError, ExceptionGroup)) as refused:
        async with connect("stranger") as client:
            await client.call_tool("open_tool", {})
    error = refused.value
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, ServiceError)
    assert (error.reason, error.execution) == ("FORBIDDEN", "NOT_STARTED")
    assert touched == []


async def test_a_missing_scope_is_permission_denied_and_named(connect: Connect) -> None:
    async with connect("user") as client:
        # The rule with the scope gives the method to its holders; this caller has it from another.
        assert (await client.call_tool("open_tool", {})).content[0].text == "open"
    async with connect("other/tools.use") as client:
        assert (await client.call_tool("secret_tool", {})).content[0].text == "secret"
        refused = await failure(client, "prompts/list")
    assert refused[0] is ServiceError
    assert "no rule gives prompts/list to jwt:other" in refused[2]


async def test_a_page_that_comes_out_empty_keeps_its_cursor(connect: Connect) -> None:
    async with connect("user", "Server") as client:
        first = await client.request("tools/list", {})
        second = await client.request("tools/list", {"cursor": first["nextCursor"]})
    assert [each["name"] for each in first["tools"]] == ["open_tool"]
    assert second["tools"] == []


async def test_a_changed_policy_counts_for_the_next_request_of_an_open_stream(
    connect: Connect, policy: Path
) -> None:
    async with connect("user") as client:
        replace(policy, POLICY.replace('"open_*"', '"*"'))

        async def given() -> None:
            # The file is looked at once a second.
            while (await client.call_tool("secret_tool", {})).is_error:
                pass

        await asyncio.wait_for(given(), SECONDS)


async def test_a_broken_policy_keeps_the_old_one_in_force_and_says_so(
    connect: Connect, policy: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with connect("user") as client:
        replace(policy, '[[rules]]\nsubjects = ["*"]\ntoolz = ["*"]\n')

        async def noticed() -> None:
            while not any("stays in force" in each for each in caplog.messages):
                assert (await client.call_tool("secret_tool", {})).is_error

        await asyncio.wait_for(noticed(), SECONDS)
        assert (await client.call_tool("secret_tool", {})).is_error
    said = [each for each in caplog.messages if "stays in force" in each]
    assert len(said) == 1
    assert "rule 1: 'toolz' means nothing" in said[0]


async def test_no_list_tells_what_is_hidden(connect: Connect) -> None:
    lists = ("tools/list", "prompts/list", "resources/list", "resources/templates/list")
    async with connect("user") as client:
        told = "".join([str(await client.request(method, {})) for method in lists])
    assert not [name for name in SECRETS if name in told]


def test_a_server_does_not_start_with_a_policy_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="policy"):
        Server(mcpserver_app([]), settings=ServerSettings(policy=str(tmp_path / "missing.toml")))


def replace(path: Path, text: str) -> None:
    """As Kubernetes and editors do: another file in its place."""
    fresh = path.with_suffix(".new")
    fresh.write_text(text)
    os.replace(fresh, path)
