"""Upstreams offered over real gRPC: what starts them, and what clients see of them.

It holds no tests.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeAlias

from mcpgrpc.v1 import envelope_pb2, mcp_service_pb2
from mcpgrpc_server import Server
from tests.wire.raw import RawCalls, RawSession, text_of, tool

Table: TypeAlias = dict[str, Any]
Offer: TypeAlias = Callable[..., Awaitable[Server]]
"""Serves upstreams by name, given as tables of the settings, with further settings under `_`."""

PLAIN = Path(__file__).with_name("plain_upstream.py")
EXAMPLES = Path(__file__).parents[2] / "examples"


def plain(kind: str, name: str = "plain", **more: Any) -> Table:
    """The hand-written upstream of an era."""
    return {"command": [sys.executable, "-S", "-E", str(PLAIN), kind, name], **more}


def everything(**more: Any) -> Table:
    """The SDK's server of either era, as a command."""
    return {"command": [sys.executable, str(EXAMPLES / "everything.py")], **more}


def legacy(name: str, arguments: dict[str, Any] | None = None, token: Any = None) -> str:
    """The params of a legacy `tools/call`."""
    params: dict[str, Any] = {"name": name, "arguments": arguments or {}}
    if token is not None:
        params["_meta"] = {"progressToken": token}
    return json.dumps(params)


async def said(session: RawSession, request_id: str | int, name: str, **arguments: Any) -> str:
    """The text of a modern tool call on a Session."""
    return text_of(await session.call(request_id, name, arguments))


async def called(
    calls: RawCalls, server: Server, name: str, **arguments: Any
) -> envelope_pb2.JsonRpcResponse:
    """The response of a tool call that is a Call of its own."""
    messages, ending = await calls.run(server, tool(1, name, arguments))
    assert messages, ending
    return messages[-1].response


async def seen_by(calls: RawCalls, server: Server) -> list[dict[str, Any]]:
    """Every message that the process of modern requests has received, this question excluded."""
    received: list[dict[str, Any]] = json.loads(text_of(await called(calls, server, "seen")))
    return received[:-1]


def params_of(notification: envelope_pb2.JsonRpcNotification) -> dict[str, Any]:
    params: dict[str, Any] = json.loads(notification.params_json)
    return params


def notifications_of(
    messages: list[mcp_service_pb2.CallResponse],
) -> list[tuple[str, dict[str, Any]]]:
    """The notifications of a Call: methods and params."""
    found = [each.notification for each in messages if each.HasField("notification")]
    return [(each.method, params_of(each)) for each in found]
