"""Which arguments of an upstream's tools are mirrored in `Mcp-Param-*` headers, as far as known.

It lists no tools before it must: an upstream that finds a header missing refuses the call with
-32020 before anything runs, and then its schemas are asked for. It keeps nothing of other tools.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeAlias

from mcpgrpc.binding import json_text
from mcpgrpc.errors import McpGrpcError
from mcpgrpc_server.upstream.bounded_log import BoundedLog
from mcpgrpc_server.upstream.http.headers import ParamHeaders, declared_headers, param_headers

MAX_PAGES: Final = 100
"""Of a tool list, as the SDK's servers read of their own."""

MAX_TOOLS: Final = 4096
"""Tools with mirrored arguments that are remembered; the first ones listed stay."""

LISTING_SECONDS: Final = 10.0
"""How long the whole list may take: a call waits for it."""

ListPage: TypeAlias = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]
"""Sends `tools/list` with the params given; gives the result, and raises McpGrpcError."""

# Who calls, as every modern request must say.
_ENVELOPE_KEYS: Final = (
    "io.modelcontextprotocol/protocolVersion",
    "io.modelcontextprotocol/clientInfo",
    "io.modelcontextprotocol/clientCapabilities",
)


class DeclaredHeaders:
    """What the upstream's schemas declare.

    Args:
        list_page: asks the upstream for a page of its tools.
        log: where failures to list go.
    """

    def __init__(self, list_page: ListPage, log: BoundedLog) -> None:
        self._list_page = list_page
        self._log = log
        self._tools: dict[str, ParamHeaders] = {}
        self._listing: asyncio.Task[None] | None = None

    def headers(self, params: Mapping[str, Any]) -> dict[str, str]:
        """The headers of a `tools/call`'s arguments, by what is known now."""
        name = params.get("name")
        return param_headers(self._tools.get(name, {}), params) if isinstance(name, str) else {}

    def forget(self) -> None:
        """The upstream's tools have changed."""
        self._tools = {}

    async def corrected(
        self, params: Mapping[str, Any], refused: Mapping[str, str]
    ) -> dict[str, str] | None:
        """The headers to send a refused call with again; None when they would be the same.

        Cancelling it leaves the list to others who wait for it.

        Args:
            params: of the call.
            refused: the headers it was refused with.
        """
        if (known := self.headers(params)) != refused:
            # Another call has learned it meanwhile.
            return known
        if self._listing is None:
            self._listing = asyncio.create_task(self._list(params), name="tools of an upstream")
            self._listing.add_done_callback(self._listed)
        await asyncio.wait({self._listing})
        return None if (known := self.headers(params)) == refused else known

    async def close(self) -> None:
        """Stop listing."""
        if self._listing is not None:
            self._listing.cancel()
            await asyncio.wait({self._listing})

    def _listed(self, _listing: asyncio.Task[None]) -> None:
        self._listing = None

    async def _list(self, params: Mapping[str, Any]) -> None:
        self.forget()
        try:
            async with asyncio.timeout(LISTING_SECONDS):
                self._tools = await self._listed_tools(params)
        except TimeoutError:
            self._log.line(f"did not list its tools within {LISTING_SECONDS:g} s")
        except (McpGrpcError, json_text.JsonTextError) as error:
            self._log.line(f"could not list its tools for the headers of a call: {error}")

    async def _listed_tools(self, params: Mapping[str, Any]) -> dict[str, ParamHeaders]:
        meta = params.get("_meta")
        meta = meta if isinstance(meta, dict) else {}
        asked: dict[str, Any] = {"_meta": {key: meta[key] for key in _ENVELOPE_KEYS if key in meta}}
        tools: dict[str, ParamHeaders] = {}
        for _ in range(MAX_PAGES):
            page = await self._list_page(asked)
            for name, declared in _declared(page):
                if len(tools) < MAX_TOOLS:
                    tools[name] = declared
            cursor = page.get("nextCursor")
            if not isinstance(cursor, str) or cursor == asked.get("cursor"):
                break
            asked["cursor"] = cursor
        return tools


def _declared(page: Mapping[str, Any]) -> list[tuple[str, ParamHeaders]]:
    """The tools of a page that have mirrored arguments."""
    listed = page.get("tools")
    tools = [tool for tool in listed if isinstance(tool, dict)] if isinstance(listed, list) else []
    named = ((tool.get("name"), declared_headers(tool.get("inputSchema"))) for tool in tools)
    return [(name, declared) for name, declared in named if isinstance(name, str) and declared]
