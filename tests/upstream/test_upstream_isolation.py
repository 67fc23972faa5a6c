"""A caller's credential never reaches an upstream, and an upstream's own never reaches a caller."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mcpgrpc_server import Server
from tests.doors.door import messages_of, open_door, tool_call
from tests.upstream.http_app import Told
from tests.upstream.http_servers import served
from tests.upstream.offered import Offer, plain
from tests.wire.raw import OpenSession, RawCalls, text_of, tool

SECRETS = {
    "authorization": "Bearer of-the-caller",
    "x-api-key": "key-of-the-caller",
    "cookie": "session=of-the-caller",
    "proxy-authorization": "Basic of-the-caller",
    "x-tenant": "tenant-of-the-caller",
}
METADATA = {name.replace("-", "_"): value for name, value in SECRETS.items()}
OWN = "Bearer of-the-upstream"


@pytest.fixture
async def url() -> AsyncIterator[str]:
    """An upstream whose tool `headers` tells what HTTP brought it."""
    async with served(Told().app.streamable_http_app()) as url:
        yield url


@pytest.fixture
async def server(offer: Offer, url: str) -> Server:
    """It, offered, with a credential of its own."""
    return await offer({"told": {"url": url, "headers": {"authorization": OWN}}})


def check(headers: str) -> None:
    """The upstream has heard its own credential, and no word of the caller's."""
    assert "of-the-caller" not in headers
    assert json.loads(headers)["authorization"] == OWN


async def test_a_calls_metadata_is_not_forwarded(server: Server, calls: RawCalls) -> None:
    messages, _ = await calls.run(server, tool(1, "headers"), **METADATA)
    check(text_of(messages[-1].response))


async def test_a_sessions_metadata_is_not_forwarded_at_either_era(
    server: Server, opened: OpenSession
) -> None:
    client = await opened(server, **METADATA)
    check(text_of(await client.call(1, "headers")))
    legacy = await opened(server, **METADATA)
    await legacy.initialize()
    check(text_of(await legacy.ask(1, "tools/call", '{"name":"headers"}')))


async def test_the_headers_that_a_door_brings_are_not_forwarded_at_either_era(
    server: Server,
) -> None:
    async with open_door(server.addresses[0]) as door:
        call = {"name": "headers", "arguments": {}}
        modern = await door.modern("tools/call", call, **METADATA)
        check(messages_of(modern)[-1]["result"]["content"][0]["text"])
        session = await door.initialize(**SECRETS)
        legacy = await door.legacy(tool_call(1, "headers"), session, **SECRETS)
        check(messages_of(legacy)[-1]["result"]["content"][0]["text"])


async def test_what_the_upstream_hears_of_a_modern_request_are_mirrors_of_its_body(
    server: Server, calls: RawCalls
) -> None:
    messages, _ = await calls.run(
        server, tool(1, "headers"), mcp_param_region="forged", mcp_protocol_version="forged"
    )
    headers = json.loads(text_of(messages[-1].response))
    assert headers["mcp-method"] == "tools/call"
    assert headers["mcp-name"] == "headers"
    assert headers["mcp-protocol-version"] == "2026-07-28"
    assert "mcp-param-region" not in headers


async def test_a_credential_in_a_file_is_read_again_for_each_request(
    offer: Offer, url: str, calls: RawCalls, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    file.write_text(f"{OWN}\n")
    server = await offer({"told": {"url": url, "header_files": {"authorization": str(file)}}})
    for token in (OWN, "Bearer renewed"):
        file.write_text(f"{token}\n")
        messages, _ = await calls.run(server, tool(1, "headers"))
        assert json.loads(text_of(messages[-1].response))["authorization"] == token


async def test_a_command_sees_none_of_our_variables_but_those_let_through(
    offer: Offer, calls: RawCalls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUR_SECRET", "ours")
    monkeypatch.setenv("LET_THROUGH", "shown")
    monkeypatch.setenv("MCPGRPC_API_KEYS", "ours")
    table = plain("modern", env={"GIVEN": "given"}, env_from=["LET_THROUGH"])
    server = await offer({"plain": table})
    messages, _ = await calls.run(server, tool(1, "environment"), **METADATA)
    said = text_of(messages[-1].response)
    assert "ours" not in said
    assert "of-the-caller" not in said
    variables = json.loads(said)
    assert (variables["GIVEN"], variables["LET_THROUGH"]) == ("given", "shown")


async def test_no_credential_is_logged_when_an_upstream_fails(
    offer: Offer, calls: RawCalls, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    table = {
        "url": "http://127.0.0.1:9/mcp?key=in-the-query",
        "headers": {"authorization": OWN, "x-other": "of-the-upstream"},
    }
    command = plain("modern", env={"TOKEN": "of-the-upstream"}, cwd="/no/such/folder")
    server = await offer({"away": table, "gone": command})
    _, ending = await calls.run(server, tool(1, "x"), **METADATA)
    for text in (ending.details, caplog.text):
        assert "of-the-upstream" not in text
        assert "of-the-caller" not in text
        assert "in-the-query" not in text
