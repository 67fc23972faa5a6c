"""`Mcp-Param-*` headers against the tool that a request calls.

It judges by the tool list that the same caller gets, kept for seconds and for a bounded number of
callers. Where no list can be had the headers are not checked: no call that works breaks by it.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from starlette.datastructures import Headers

from mcpgrpc.binding import ids, json_text
from mcpgrpc.binding.era import PROTOCOL_VERSION_META_KEY
from mcpgrpc.errors import McpGrpcError
from mcpgrpc.gateway import sdk_framing
from mcpgrpc.gateway.replies import HttpRefusalError
from mcpgrpc.stream.carrier import Carrier, Exchange
from mcpgrpc.v1 import envelope_pb2

logger = logging.getLogger(__name__)

MAX_CALLERS: Final = 256
MAX_PAGES: Final = 20
LISTING_SECONDS: Final = 5.0
"""How long one page of a tool list may take."""

_CAPABILITIES_META_KEY: Final = "io.modelcontextprotocol/clientCapabilities"
_PREFIX: Final = sdk_framing.MCP_PARAM_HEADER_PREFIX.lower()

_NO_LIST: Final = (
    McpGrpcError,
    HttpRefusalError,
    json_text.JsonTextError,
    TypeError,
    KeyError,
    AttributeError,
)

Carrying: TypeAlias = Callable[[], AbstractContextManager[Carrier]]
"""A carrier for as long as a list takes, which may be longer than the request that asked for it."""

Rejection = sdk_framing.InboundLadderRejection
Schemas = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Listing:
    listing: asyncio.Task[Schemas | None]
    expires: float


class ToolSchemas:
    """The input schemas of tools, as each caller sees them.

    Args:
        kept_seconds: how long a list is used.
    """

    def __init__(self, kept_seconds: float) -> None:
        self._kept_seconds = kept_seconds
        self._listings: OrderedDict[bytes, _Listing] = OrderedDict()

    async def rejection(
        self, carrying: Carrying, identity: bytes, params: Mapping[str, Any], headers: Headers
    ) -> Rejection | None:
        """Why the headers of a `tools/call` contradict its arguments; None when they do not.

        Args:
            carrying: carries `tools/list` for this caller.
            identity: who calls.
            params: of the call.
            headers: of the HTTP request.
        """
        name, arguments = params.get("name"), params.get("arguments") or {}
        if not isinstance(name, str) or not isinstance(arguments, dict):
            return None
        if not arguments and not any(header.startswith(_PREFIX) for header in headers):
            return None
        listed_now, schemas = await self._of(carrying, identity, params)
        rejection = _judge(schemas, name, arguments, headers)
        if rejection is not None and not listed_now:
            # The tool may have changed since: nobody is refused by an old list.
            self._listings.pop(identity, None)
            _, schemas = await self._of(carrying, identity, params)
            rejection = _judge(schemas, name, arguments, headers)
        return rejection

    async def close(self) -> None:
        """Stop what is being listed."""
        listings = [kept.listing for kept in self._listings.values()]
        for listing in listings:
            listing.cancel()
        if listings:
            await asyncio.wait(listings)

    async def _of(
        self, carrying: Carrying, identity: bytes, params: Mapping[str, Any]
    ) -> tuple[bool, Schemas | None]:
        now = asyncio.get_running_loop().time()
        kept = self._listings.get(identity)
        is_new = kept is None or (kept.listing.done() and kept.expires < now)
        if kept is None or is_new:
            listing = asyncio.create_task(_list(carrying, params), name="tools/list of the door")
            kept = _Listing(listing, now + self._kept_seconds)
            self._listings[identity] = kept
            self._forget_oldest()
        # Others may wait for the same list: one that goes away does not take it with it.
        return is_new, await asyncio.shield(kept.listing)

    def _forget_oldest(self) -> None:
        while len(self._listings) > MAX_CALLERS:
            _, oldest = self._listings.popitem(last=False)
            oldest.listing.cancel()


def _judge(
    schemas: Schemas | None, name: str, arguments: dict[str, Any], headers: Headers
) -> Rejection | None:
    schema = (schemas or {}).get(name)
    if schema is None:
        return None
    return sdk_framing.validate_mcp_param_headers(schema, arguments, headers)


async def _list(carrying: Carrying, params: Mapping[str, Any]) -> Schemas | None:
    """Every page of the caller's tool list; None when there is none to be had."""
    meta = params.get("_meta", {})
    kept = (PROTOCOL_VERSION_META_KEY, _CAPABILITIES_META_KEY)
    asked: dict[str, Any] = {"_meta": {key: meta[key] for key in kept if key in meta}}
    try:
        with carrying() as carrier:
            return await _schemas(carrier, asked)
    except _NO_LIST as error:
        logger.warning(
            "Mcp-Param headers are not checked, the tools could not be listed: %s", error
        )
        return None


async def _schemas(carrier: Carrier, asked: dict[str, Any]) -> Schemas:
    schemas: Schemas = {}
    for page in range(MAX_PAGES):
        listed = await _page(carrier, page, asked)
        for tool in listed.get("tools", []):
            schemas[tool["name"]] = tool.get("inputSchema")
        if not isinstance(cursor := listed.get("nextCursor"), str):
            break
        asked["cursor"] = cursor
    return schemas


async def _page(carrier: Carrier, page: int, params: dict[str, Any]) -> dict[str, Any]:
    request = envelope_pb2.JsonRpcRequest(
        id=ids.to_message(page), method="tools/list", params_json=json_text.dump(params)
    )
    exchange = Exchange(envelope_pb2.Envelope(request=request), LISTING_SECONDS)
    answer = await carrier.exchange(exchange)
    return json_text.parse_object(answer.response.result_json or "{}") or {}
