"""Everything that one member lists of one kind: its pages read to the end, within bounds.

It keeps nothing; `catalogue` does.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from mcpgrpc.binding import errors
from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server.merge import answers
from mcpgrpc_server.merge.bounds import MergeBounds
from mcpgrpc_server.merge.kinds import Kind

logger = logging.getLogger(__name__)

AskPage: TypeAlias = Callable[[str | None], Awaitable[envelope_pb2.JsonRpcResponse]]
"""Asks for the page at a cursor; None for the first."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What a member lists of one kind.

    Attributes:
        keys: the names, URIs or templates, in its order.
        is_whole: whether that is all; False beyond the bounds.
        is_supported: whether the member has such a list at all.
        ttl_ms: for how long it says that this holds; 0 when it says nothing.
    """

    keys: tuple[str, ...]
    is_whole: bool = True
    is_supported: bool = True
    ttl_ms: int = 0


NOT_SUPPORTED = Listing((), is_supported=False)


async def fetch_listing(
    kind: Kind, ask_page: AskPage, bounds: MergeBounds
) -> Listing | envelope_pb2.JsonRpcResponse:
    """Read a list; the error that a page is answered instead, if one is."""
    keys: list[str] = []
    ttl_ms: int | None = None
    cursor: str | None = None
    for _ in range(bounds.max_pages):
        response = await ask_page(cursor)
        if answers.is_unknown_method(response) and cursor is None:
            return NOT_SUPPORTED
        page = answers.result_object(response)
        if page is None:
            return response if answers.is_error(response) else _no_list(kind)
        keys += _keys(kind, page)
        ttl_ms = _shorter(ttl_ms, page.get("ttlMs"))
        previous, cursor = cursor, next_cursor(page)
        if cursor is None or cursor == previous or len(keys) > bounds.max_items:
            break
    is_whole = cursor is None and len(keys) <= bounds.max_items
    if not is_whole:
        logger.warning("a list of %ss is longer than the %d read", kind.noun, bounds.max_items)
    return Listing(tuple(keys[: bounds.max_items]), is_whole=is_whole, ttl_ms=ttl_ms or 0)


def next_cursor(page: dict[str, Any]) -> str | None:
    """The cursor of the page behind; an empty one is taken for the end, as clients do."""
    cursor = page.get("nextCursor")
    return cursor if isinstance(cursor, str) and cursor else None


def _keys(kind: Kind, page: dict[str, Any]) -> list[str]:
    items = page.get(kind.items)
    if not isinstance(items, list):
        return []
    keys = (item.get(kind.key) for item in items if isinstance(item, dict))
    return [key for key in keys if isinstance(key, str)]


def _shorter(so_far: int | None, ttl_ms: object) -> int:
    ttl = ttl_ms if isinstance(ttl_ms, int) and ttl_ms > 0 else 0
    return ttl if so_far is None else min(so_far, ttl)


def _no_list(kind: Kind) -> envelope_pb2.JsonRpcResponse:
    return errors.failure(errors.INTERNAL_ERROR, f"the list of {kind.noun}s is no JSON object")
