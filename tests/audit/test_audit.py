"""The audit's lines over the wire: who, what, how it ended, and never a secret."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

import mcpgrpc
from mcpgrpc.errors import ServiceError
from mcpgrpc.logs.lines import JsonFormatter
from mcpgrpc_server import Server, ServerSettings
from tests.doors.door import open_door
from tests.rights.app import TokenIsSubject, mcpserver_app

SECONDS = 20
TRACE = "0af7651916cd43dd8448eb211c80319c"
TRACEPARENT = f"00-{TRACE}-b7ad6b7169203331-01"
POLICY = '[[rules]]\nsubjects = ["*"]\ntools = ["open_*"]\n'

Serve = Callable[..., AbstractAsyncContextManager[str]]
Lines = Callable[[str], list[dict[str, Any]]]


@pytest.fixture
def serve(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Serve:
    path = tmp_path / "policy.toml"
    path.write_text(POLICY)
    caplog.set_level(logging.INFO, "mcpgrpc")

    @asynccontextmanager
    async def served(audit: str = "calls", **more: Any) -> AsyncIterator[str]:
        settings = ServerSettings.model_validate(
            {"listen": ["127.0.0.1:0"], "audit": audit, "policy": str(path), **more}
        )
        server = Server(mcpserver_app([]), settings=settings, interceptors=[TokenIsSubject()])
        async with asyncio.timeout(SECONDS), server:
            yield server.addresses[0]

    return served


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Lines:
    """The audit's lines of one event so far."""

    def found(event: str) -> list[dict[str, Any]]:
        records = [each for each in caplog.records if each.name == "mcpgrpc.audit"]
        return [vars(each) for each in records if vars(each)["event"] == event]

    return found


@pytest.mark.parametrize("rpc", ["session", "call"])
async def test_each_request_is_a_line(serve: Serve, lines: Lines, rpc: str) -> None:
    async with (
        serve() as address,
        mcpgrpc.Client(address, token="alice", rpc=rpc, mode="2026-07-28") as client,
    ):
        params = {"name": "open_tool", "arguments": {}, "_meta": {"traceparent": TRACEPARENT}}
        await client.request("tools/call", params)
    (line,) = lines("request")
    assert (line["subject"], line["kind"], line["actor"]) == ("alice", "jwt", None)
    assert (line["method"], line["target"], line["outcome"]) == ("tools/call", "open_tool", "ok")
    assert line["trace_id"] == TRACE
    assert line["peer"].startswith("ipv4:127.0.0.1:")
    assert line["argument_bytes"] > 80
    assert 0 < line["duration_seconds"] < SECONDS
    assert "arguments" not in line


async def test_what_is_hidden_and_what_is_forbidden_is_written_down(
    serve: Serve, lines: Lines
) -> None:
    async with (
        serve() as address,
        mcpgrpc.Client(address, token="alice", mode="2026-07-28") as client,
    ):
        await client.call_tool("secret_tool", {})
        with pytest.raises(ServiceError):
            await client.request("prompts/list", {})
    hidden, forbidden = lines("request")
    assert (hidden["decision"], hidden["outcome"]) == ("hidden", "ok")
    assert (forbidden["outcome"], forbidden["reason"]) == ("refused", "FORBIDDEN")


async def test_arguments_are_written_only_when_asked_for(serve: Serve, lines: Lines) -> None:
    async with (
        serve("arguments") as address,
        mcpgrpc.Client(address, token="alice", mode="2026-07-28") as client,
    ):
        await client.request("tools/call", {"name": "open_tool", "arguments": {"a": "x" * 5000}})
    (line,) = lines("request")
    assert "'a': 'xxx" in line["arguments"]
    assert len(line["arguments"]) == 1024
    assert line["argument_bytes"] > 5000


async def test_bytes_of_arguments_are_those_of_utf_8(serve: Serve, lines: Lines) -> None:
    async with (
        serve() as address,
        mcpgrpc.Client(address, token="alice", mode="2026-07-28") as client,
    ):
        for text in ("xxxx", "éééé"):
            await client.request("tools/call", {"name": "open_tool", "arguments": {"a": text}})
    plain, accented = (each["argument_bytes"] for each in lines("request"))
    assert accented == plain + 4


async def test_filters_and_handlers_of_an_app_get_an_ordinary_record(
    serve: Serve, lines: Lines
) -> None:
    seen: list[logging.LogRecord] = []

    def without_openings(record: logging.LogRecord) -> bool:
        seen.append(record)
        return bool(vars(record)["event"] != "stream_opened")

    audit = logging.getLogger("mcpgrpc.audit")
    audit.addFilter(without_openings)
    try:
        async with serve() as address, mcpgrpc.Client(address, token="alice") as client:
            await client.call_tool("open_tool", {})
    finally:
        audit.removeFilter(without_openings)
    assert lines("stream_opened") == []
    assert lines("request")
    for record in seen:
        assert (record.levelname, record.getMessage(), record.args) == ("INFO", "audit", ())
        assert (record.module, record.funcName) == ("record", "write")
        assert (record.exc_info, record.stack_info) == (None, None)


async def test_streams_and_their_ends_are_lines(serve: Serve, lines: Lines) -> None:
    async with serve() as address, mcpgrpc.Client(address, token="alice"):
        pass
    (opened,), (closed,) = lines("stream_opened"), lines("stream_closed")
    assert (opened["subject"], opened["rpc"]) == ("alice", "Session")
    assert closed["stream_id"] == opened["stream_id"]
    # A client that leaves either half-closes or cancels its stream.
    assert closed["outcome"] in ("ok", "cancelled")


async def test_who_is_turned_away_is_a_line(serve: Serve, lines: Lines) -> None:
    async with serve() as address:
        with pytest.raises(ServiceError):
            async with mcpgrpc.Client(address, token="not:a:credential"):
                pass
    (line,) = lines("refused")
    assert (line["outcome"], line["reason"]) == ("refused", "UNAUTHENTICATED")


async def test_the_trace_of_a_door_is_found(serve: Serve, lines: Lines) -> None:
    async with serve() as address, open_door(address) as door:
        await door.modern("tools/list", {}, traceparent=TRACEPARENT, authorization="Bearer alice")
    (line,) = lines("request")
    assert (line["trace_id"], line["subject"]) == (TRACE, "alice")


async def test_a_cancelled_request_is_a_line(serve: Serve, lines: Lines) -> None:
    async with (
        serve() as address,
        mcpgrpc.Client(address, token="alice", mode="2026-07-28") as client,
        client.listen(tools=True),
    ):
        pass
    assert [line["outcome"] for line in lines("request")] == ["cancelled"]


async def test_no_line_holds_a_credential(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    secret = "very-secret-bearer-token"
    caplog.set_level(logging.DEBUG)
    async with (
        serve("arguments") as address,
        mcpgrpc.Client(address, token=secret + "/scope", rpc="call") as client,
    ):
        await client.call_tool("open_tool", {})
    # The subject of these tests is the token's first part; what follows is its secret here.
    written = [JsonFormatter().format(each) for each in caplog.records]
    assert not [line for line in written if f"{secret}/scope" in line]


async def test_without_an_audit_there_are_no_lines(serve: Serve, lines: Lines) -> None:
    async with serve("off") as address, mcpgrpc.Client(address, token="alice") as client:
        await client.call_tool("open_tool", {})
    assert lines("request") == lines("stream_opened") == []
