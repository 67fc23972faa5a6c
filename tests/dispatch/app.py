"""An app with a tool, resource or prompt of every shape that an answer can depend on.

Its functions keep no state, so that it answers the same request twice with the same.
"""

from __future__ import annotations

from collections.abc import Collection
from copy import deepcopy
from functools import cache
from typing import Any

from mcp import types
from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ResourceError
from mcp.server.mcpserver.tools import Tool
from mcp.server.request_state import RequestStateSecurity

from tests.dispatch.argument_tools import add_argument_tools
from tests.dispatch.other_tools import PRIVATE, add_asking_tools, add_failing_tools
from tests.dispatch.result_tools import add_result_tools

SECURITY = RequestStateSecurity(keys=[b"0123456789abcdef0123456789abcdef"])

FEW = frozenset(
    {
        *("add", "add_in_a_thread", "text", "bounded", "defaults", "anything", "value_error"),
        *("look", "resolved", "asks_by_hand"),
    }
)
"""Tools that are enough to change an app by."""


def app(only: Collection[str] | None = None, **options: Any) -> MCPServer:
    """A new one, whose tools can be changed without changing another's.

    Args:
        only: the tools that it has; every one by default.
        options: of the `MCPServer`.
    """
    server = MCPServer(
        "dispatch",
        version="1.0",
        request_state_security=SECURITY,
        tools=[_own(tool) for tool in _every_tool() if only is None or tool.name in only],
        **options,
    )
    _add_the_rest(server)
    return server


@cache
def _every_tool() -> list[Tool]:
    # Once: it is slow to make a tool of a function.
    server = MCPServer("tools")
    for add in (add_argument_tools, add_result_tools, add_failing_tools, add_asking_tools):
        add(server)
    return server._tool_manager.list_tools()


def _own(tool: Tool) -> Tool:
    names = ("parameters", "annotations", "icons", "meta")
    metadata = tool.fn_metadata
    own = metadata.model_copy(update={"output_schema": deepcopy(metadata.output_schema)})
    members = {name: deepcopy(getattr(tool, name)) for name in names}
    return tool.model_copy(update={**members, "fn_metadata": own})


def _add_the_rest(server: MCPServer) -> None:
    @server.resource("notes://today", title="Today", meta={"a": 1})
    def today() -> str:
        return "the note"

    @server.resource("notes://bytes", mime_type="image/png")
    async def some_bytes() -> bytes:
        return b"\x00\xff"

    @server.resource("notes://broken")
    async def broken() -> str:
        raise ValueError(PRIVATE)

    @server.resource("notes://of/{name}")
    async def of(name: str) -> str:
        if name == "error":
            raise ResourceError("no such note")
        return f"note of {name}"

    @server.prompt(title="Greet")
    def greet(name: str, tone: str = "kind") -> str:
        """Greet somebody."""
        return f"greet {name}, {tone}"

    @server.prompt()
    async def failing() -> str:
        raise ValueError("said by a prompt")

    @server.completion()  # type: ignore[no-untyped-call, untyped-decorator]  # the SDK's own
    async def complete(ref: Any, argument: Any, context: Any) -> types.Completion | None:
        if argument.value == "fail":
            raise ValueError(PRIVATE)
        return types.Completion(values=[f"{argument.value}!"]) if argument.value else None
