"""What a host behind the stdio door or a WebSocket may have under way at once."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from mcpgrpc.connection import ConnectionOptions
from mcpgrpc.relay import host as relay_host
from mcpgrpc.relay.host import TextHost
from mcpgrpc.testing import serving
from tests.doors.door import ANSWER_SECONDS, META, initialize_request, tool_call
from tests.doors.door_app import Watched

AT_ONCE = 3


async def read(host: TextHost) -> dict[str, Any]:
    text = await host.next_text()
    assert text is not None
    message: dict[str, Any] = json.loads(text)
    return message


async def send(host: TextHost, message: dict[str, Any]) -> None:
    await host.receive(json.dumps({"jsonrpc": "2.0", **message}))


async def test_requests_beyond_the_bound_are_refused_and_what_runs_can_be_cancelled(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_host, "MAX_UNDER_WAY", AT_ONCE)
    async with serving(watched.app) as address, asyncio.timeout(ANSWER_SECONDS):
        options = ConnectionOptions(target=address)
        channel = options.open_door_channel()
        host = TextHost(options, channel)
        await send(host, initialize_request())
        assert (await read(host))["id"] == 0
        for number in range(AT_ONCE):
            await send(host, tool_call(f"held {number}", "gated"))
        await send(host, tool_call("beyond", "echo", text="x"))
        refused = await read(host)
        assert refused["id"] == "beyond"
        assert refused["error"]["data"] == {
            "reason": "WINDOW_EXCEEDED",
            "execution": "NOT_STARTED",
        }
        await watched.waiting(AT_ONCE)
        cancellation = {"requestId": "held 0"}
        await send(host, {"method": "notifications/cancelled", "params": cancellation})
        # A cancelled request gets no answer, and makes room.
        await watched.cancelled.wait()
        await send(host, tool_call("after", "echo", text="x"))
        answer = await read(host)
        assert answer["id"] == "after"
        assert answer["result"]["structuredContent"] == {"result": "x"}
        await host.close()
        await channel.close()


async def test_a_second_initialize_is_the_servers_to_answer(watched: Watched) -> None:
    async with serving(watched.app) as address, asyncio.timeout(ANSWER_SECONDS):
        options = ConnectionOptions(target=address)
        channel = options.open_door_channel()
        host = TextHost(options, channel)
        for number in range(2):
            await send(host, initialize_request() | {"id": number})
            assert (await read(host))["id"] == number
        await send(host, tool_call("after", "echo", text="x"))
        assert (await read(host))["result"]["structuredContent"] == {"result": "x"}
        modern = tool_call("modern", "echo", text="x")
        modern["params"]["_meta"] = META
        await send(host, modern)
        assert (await read(host))["error"]["code"] == -32600
        await host.close()
        await channel.close()
