"""Listings in pages: every item, page by page, up to a bound.

It does not know what is listed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final

from mcpgrpc.errors import McpGrpcError

MAX_PAGES: Final = 1000
"""Pages of a listing that are followed; a server that never ends one cannot hang its client."""


async def every_item(
    page: Callable[[dict[str, Any]], Awaitable[dict[str, Any]]], method: str, member: str
) -> AsyncIterator[dict[str, Any]]:
    """The items under `member` of every page; `page` fetches the one that params name.

    Raises:
        McpGrpcError: the listing has more than `MAX_PAGES` pages.
    """
    params: dict[str, Any] = {}
    for _ in range(MAX_PAGES):
        result = await page(params)
        for item in result.get(member) or []:
            yield item
        cursor = result.get("nextCursor")
        if cursor is None:
            return
        params = {"cursor": cursor}
    raise McpGrpcError(f"{method} did not end within {MAX_PAGES} pages")
