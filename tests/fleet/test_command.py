"""Replicas as an operator starts them: processes of their own, with the HTTP door beside gRPC."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

from mcpgrpc import Client
from tests.conformance.processes import MCPGRPC, started
from tests.doors.door import http_client, messages_of, modern_request
from tests.fleet.replicas import CAPABILITIES, SECONDS, Call, Json, Round, booked

REPOSITORY = Path(__file__).parents[2]
APP = "tests/fleet/served_app.py"
FREE = "127.0.0.1:0"


async def grpc_way(stack: AsyncExitStack, log: Path, keys: Path) -> Call:
    """A replica over gRPC."""
    words = (MCPGRPC, "serve", APP, "--listen", FREE, "--state-keys", str(keys))
    environment = {"PYTHONPATH": str(REPOSITORY)}
    serving = started(words, r"^ +address +(\S+)$", log, environment)
    address = await stack.enter_async_context(serving)
    client = await stack.enter_async_context(Client(address, capabilities=CAPABILITIES))

    async def call(params: Json) -> Json:
        return {"result": await client.request("tools/call", params)}

    return call


async def http_way(stack: AsyncExitStack, log: Path, keys: Path) -> Call:
    """A replica over its HTTP door; its keys come from the environment."""
    words = (MCPGRPC, "serve", APP, "--listen", FREE, "--http", FREE)
    environment = {"PYTHONPATH": str(REPOSITORY), "MCPGRPC_STATE_KEYS": str(keys)}
    serving = started(words, r"(http://\S+)/mcp", log, environment)
    url = await stack.enter_async_context(serving)
    http = await stack.enter_async_context(http_client())

    async def post(params: Json) -> Json:
        meta = {"io.modelcontextprotocol/clientCapabilities": CAPABILITIES}
        content, fields = modern_request("tools/call", {**params, "_meta": meta})
        answer = await http.post(f"{url}/mcp", content=content, headers=fields)
        message = messages_of(answer)[-1]
        return {key: message[key] for key in ("result", "error") if key in message}

    return post


async def test_trap_15_a_round_goes_on_at_another_process_through_another_door(
    tmp_path: Path,
) -> None:
    keys = tmp_path / "keys"
    keys.write_text("k" * 40 + "\n", encoding="ascii")
    keys.chmod(0o600)
    async with asyncio.timeout(SECONDS), AsyncExitStack() as stack:
        calls = await asyncio.gather(
            grpc_way(stack, tmp_path / "grpc.log", keys),
            http_way(stack, tmp_path / "http.log", keys),
        )
        for begins, ends in (calls, reversed(calls)):
            assert booked(await (await Round.begin(begins)).answer(ends))
