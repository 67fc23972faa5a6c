"""Small apps to merge: each says its own name, so that who answered shows."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from mcp import types
from mcp.server import Server, ServerRequestContext
from mcp.server.mcpserver import MCPServer
from mcp.server.subscriptions import SubscriptionBus

SHARED_URI = "notes://today"


@dataclass
class Gate:
    """Where a tool waits, so that a test knows that it runs.

    Attributes:
        entered: a tool waits.
        open: it may go on.
        cancelled: it was cancelled while it waited.
    """

    entered: asyncio.Event = field(default_factory=asyncio.Event)
    open: asyncio.Event = field(default_factory=asyncio.Event)
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)

    async def wait(self) -> None:
        self.entered.set()
        try:
            await self.open.wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise


def app(
    name: str, *tools: str, gate: Gate | None = None, bus: SubscriptionBus | None = None
) -> MCPServer:
    """An app with a tool of each name, and a prompt, a resource and a template that all apps have.

    Beside them it has a tool, a prompt, a resource and a template that carry its own name.
    """
    server = MCPServer(name, instructions=f"This is {name}.", subscriptions=bus)
    for tool in (*tools, f"only_{name}"):
        add_tool(server, tool, name)
    if gate is not None:
        server.add_tool(gate.wait, name=f"wait_{name}")
    _add_prompts(server, name)
    _add_resources(server, name)
    return server


def add_tool(server: MCPServer, tool: str, says: str) -> None:
    """Add a tool that says something."""

    def say() -> str:
        return f"{says} says {tool}"

    server.add_tool(say, name=tool, structured_output=False)


def _add_prompts(server: MCPServer, name: str) -> None:
    for prompt in ("plan", f"only_{name}"):

        @server.prompt(name=prompt)
        def plan(city: str) -> str:
            return f"{name} plans {city}"

    async def complete(ref: Any, argument: Any, context: Any) -> types.Completion:
        return types.Completion(values=[f"{name} completes {ref.type} {argument.value}"])

    server.completion()(complete)  # type: ignore[no-untyped-call]  # the SDK leaves it unannotated


def _add_resources(server: MCPServer, name: str) -> None:
    for uri in (SHARED_URI, f"{name}://own"):

        @server.resource(uri)
        def read() -> str:
            return f"{name} reads"

    for template in ("city://{city}", f"{name}://of/{{city}}"):

        @server.resource(template)
        def read_city(city: str) -> str:
            return f"{name} reads of {city}"

    async def link() -> list[types.ResourceLink | types.EmbeddedResource]:
        """Content that names resources."""
        contents = types.TextResourceContents(uri=SHARED_URI, text=name)
        return [
            types.ResourceLink(uri=SHARED_URI, name="shared"),
            types.ResourceLink(uri=f"{name}://own", name="own"),
            types.ResourceLink(uri="city://Oslo", name="of a template"),
            types.EmbeddedResource(resource=contents),
        ]

    server.add_tool(link, name=f"link_{name}", structured_output=False)


def paginated(name: str, *tools: str, page: int = 2) -> Server[Any]:
    """A low-level app whose list of tools has pages."""

    async def list_tools(
        ctx: ServerRequestContext[Any], params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        start = int(params.cursor) if params is not None and params.cursor is not None else 0
        end = start + page
        listed = [types.Tool(name=tool, input_schema={"type": "object"}) for tool in tools]
        cursor = str(end) if end < len(tools) else None
        return types.ListToolsResult(tools=listed[start:end], next_cursor=cursor)

    async def call_tool(
        ctx: ServerRequestContext[Any], params: types.CallToolRequestParams
    ) -> types.CallToolResult:
        text = f"{name} says {params.name}"
        return types.CallToolResult(content=[types.TextContent(text=text)])

    return Server(name, on_list_tools=list_tools, on_call_tool=call_tool)
