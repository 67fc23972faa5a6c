"""An app that counts how often it is asked, says how long answers hold, and tells of changes."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any, TypeAlias

from mcp import MCPError, types
from mcp.server import Server, ServerRequestContext
from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.subscriptions import (
    InMemorySubscriptionBus,
    ListenHandler,
    ResourceUpdated,
    ToolsListChanged,
)

Ctx: TypeAlias = ServerRequestContext[Any]

OBJECT: dict[str, Any] = {"type": "object"}
BOOK = "book:///moby-dick"
OTHER_BOOK = "book:///walden"


class Library:
    """The app and what the test turns.

    Attributes:
        asked: how often each method was answered by a handler.
        tools: the names that are listed, one for each page.
        ttl_ms: how long answers say that they hold; None for nothing said.
        last_page_ttl_ms: the same of the last page of the tools, where it differs.
        scope: who they say may have them.
        gate: handlers wait for it after they have read what they answer.
        reached: set when a handler has.
    """

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.tools = ["first"]
        self.text = "Call me Ishmael."
        self.ttl_ms: int | None = 60_000
        self.last_page_ttl_ms: int | None = None
        self.scope: Any = "private"
        self.gate = asyncio.Event()
        self.gate.set()
        self.reached = asyncio.Event()
        self.generation = 0
        self._bus = InMemorySubscriptionBus()
        self.app: Server[Any] = Server(
            "library",
            on_list_tools=self._list_tools,
            on_call_tool=self._call_tool,
            on_list_resources=self._list_resources,
            on_read_resource=self._read,
            on_subscriptions_listen=ListenHandler(self._bus),
        )

    async def change_tools(self, *names: str) -> None:
        """List other tools from now on, under new cursors, and tell whoever listens."""
        self.tools = list(names)
        self.generation += 1
        await self._bus.publish(ToolsListChanged())

    async def update(self, uri: str) -> None:
        """Tell that a resource has changed."""
        await self._bus.publish(ResourceUpdated(uri))

    async def _list_tools(
        self, _: Ctx, params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        self.asked["tools/list"] += 1
        cursor = params.cursor if params is not None else None
        generation, _colon, page = (cursor or f"{self.generation}:0").partition(":")
        if int(generation) != self.generation:
            raise MCPError(types.INVALID_PARAMS, "the cursor is of an older list")
        at = int(page)
        tool = types.Tool(name=self.tools[at], input_schema=OBJECT)
        following = f"{self.generation}:{at + 1}" if at + 1 < len(self.tools) else None
        hints = self._hints()
        if following is None and self.last_page_ttl_ms is not None:
            hints["ttl_ms"] = self.last_page_ttl_ms
        result = types.ListToolsResult(tools=[tool], next_cursor=following, **hints)
        await self._pass()
        return result

    async def _call_tool(self, _: Ctx, params: types.CallToolRequestParams) -> types.CallToolResult:
        self.asked["tools/call"] += 1
        return types.CallToolResult(content=[types.TextContent(text=params.name)])

    async def _list_resources(
        self, _: Ctx, params: types.PaginatedRequestParams | None
    ) -> types.ListResourcesResult:
        self.asked["resources/list"] += 1
        resource = types.Resource(name="book", uri=BOOK)
        return types.ListResourcesResult(resources=[resource], **self._hints())

    async def _read(
        self, _: Ctx, params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult | types.InputRequiredResult:
        self.asked["resources/read"] += 1
        if params.uri not in (BOOK, OTHER_BOOK):
            raise MCPError(types.INVALID_PARAMS, "there is no such book")
        token = get_access_token()
        who = "" if token is None else f" ({token.subject})"
        contents = types.TextResourceContents(uri=params.uri, text=self.text + who)
        result = types.ReadResourceResult(contents=[contents], **self._hints())
        await self._pass()
        return result

    async def _pass(self) -> None:
        self.reached.set()
        await self.gate.wait()

    def _hints(self) -> dict[str, Any]:
        return {} if self.ttl_ms is None else {"ttl_ms": self.ttl_ms, "cache_scope": self.scope}
