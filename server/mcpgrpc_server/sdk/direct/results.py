"""Results of handlers as JSON text: plain ones encoded at once, all others by the SDK's models.

It calls no handler. A plain result is one that the SDK's two passes of dumping and validating would
give back as it is.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

import orjson

from mcpgrpc.binding import json_parts, json_text
from mcpgrpc.binding.json_parts import LARGE_CHARACTERS
from mcpgrpc.stream.turns import let_small_pass, take
from mcpgrpc_server.sdk import internals
from mcpgrpc_server.sdk.direct.scalars import text_of

_STRICT: Final = (
    orjson.OPT_PASSTHROUGH_DATACLASS
    | orjson.OPT_PASSTHROUGH_DATETIME
    | orjson.OPT_PASSTHROUGH_SUBCLASS
)
"""What pydantic writes in its own way is not written in orjson's, but refused."""

_STAMP: Final = internals.LowlevelServer.server_info_stamp
_INFO: Final = internals.LowlevelServer.server_info


class Results:
    """Turns results of one server's handlers into text.

    Args:
        server: whose name stands in results of the modern era.
    """

    def __init__(self, server: internals.LowlevelServer) -> None:
        self._server = server
        # Only asked to shape results, which takes the server alone.
        self._shaping: internals.ServerRunner[Any] = internals.ServerRunner(
            server,
            None,  # type: ignore[arg-type]  # no connection takes part in it
            None,
        )
        self._stamped: object = None
        self._stamp = orjson.Fragment(b"")
        # Written side by side, large results would all be held twice.
        self._one_large = asyncio.Lock()

    def stamp(self) -> orjson.Fragment | None:
        """`_meta` with the server's name; None when a subclass says it in a way of its own."""
        kind = type(self._server)
        if kind.server_info_stamp is not _STAMP or kind.server_info is not _INFO:
            return None
        source = self._server._server_info_stamp_source
        if source is not self._stamped:
            self._stamp = orjson.Fragment(json_text.dump({internals.SERVER_INFO_META_KEY: source}))
            self._stamped = source
        return self._stamp

    def plain_call(self, result: object, version: str) -> str | None:
        """The text of a tool's result that holds texts and JSON alone; None for any other.

        None also for a large one, which `shaped` writes.
        """
        members = _plain_call(result, version)
        if members is None or _is_large(members):
            return None
        return self._written(members, version)

    def scalar(self, value: Any, version: str) -> str | None:
        """The text of a tool's result that is one scalar; None when the SDK has to shape it.

        None also for a large one.
        """
        text = text_of(value)
        if len(text) >= LARGE_CHARACTERS:
            return None
        content = [{"type": "text", "text": text}]
        members = {"content": content, "isError": False, "structuredContent": {"result": value}}
        return self._written(members, version)

    def _written(self, members: dict[str, Any], version: str) -> str | None:
        if version in internals.MODERN_PROTOCOL_VERSIONS:
            stamp = self.stamp()
            if stamp is None:
                return None
            members["resultType"] = "complete"
            members["_meta"] = stamp
        try:
            return orjson.dumps(members, option=_STRICT).decode()
        except TypeError:
            return None

    async def _written_in_parts(self, members: dict[str, Any], version: str) -> str | None:
        """What `_written` gives, with turns of the event loop in between."""
        async with self._one_large:
            await let_small_pass()
            try:
                parts = await take(_content_parts(members.pop("content")))
            except TypeError:
                return None
            rest = self._written(members, version)
            return None if rest is None else "".join((*parts, rest[1:]))

    async def shaped(
        self,
        result: Any,
        context: internals.ServerRequestContext[Any, Any],
        boundary: internals.RequestStateBoundary | None,
    ) -> str:
        """The text of any result, shaped by the SDK unless plain, sealed where it asks for input.

        Raises:
            MCPError: the result does not fit its method.
            JsonTextError: it cannot be written as JSON.
        """
        version = context.protocol_version
        if context.method == "tools/call" and (members := _plain_call(result, version)):
            if _is_large(members):
                text = await self._written_in_parts(members, version)
            else:
                text = self._written(members, version)
            if text is not None:
                return text
        shaped: Any = self._shaping._serialize(context.method, version, result)
        if boundary is not None and internals.is_input_required(shaped):
            shaped = await boundary(context, _Answering(shaped))
        return json_text.dump(shaped)


class _Answering:
    """The rest of a chain of middleware: the answer is there already."""

    def __init__(self, result: Any) -> None:
        self._result = result

    async def __call__(self, _: internals.ServerRequestContext[Any, Any]) -> Any:
        return self._result


def _plain_call(result: object, version: str) -> dict[str, Any] | None:
    """The members of a tool's result of texts and JSON alone, where the revision has such."""
    if type(result) is not internals.CallToolResult:
        return None
    members = _plain_members(result.__dict__)
    if members is None:
        return None
    structured = members.get("structuredContent")
    is_object = structured is None or type(structured) is dict
    if not is_object and version not in internals.MODERN_PROTOCOL_VERSIONS:
        return None
    return members


def _is_large(members: dict[str, Any]) -> bool:
    # Structured content stands in the texts as well.
    for block in members["content"]:  # noqa: SIM110  # a generator costs every result more
        if len(block["text"]) >= LARGE_CHARACTERS:
            return True
    return False


def _content_parts(blocks: list[dict[str, str]]) -> json_parts.Steps[list[str]]:
    """How the object of a result begins, up to the comma behind its content."""
    parts = ['{"content":[']
    for block in blocks:
        parts.append('{"type":"text","text":"')
        parts += yield from json_parts.string_parts(block["text"])
        parts.append('"},')
    parts[-1] = '"}],'
    return parts


def _plain_members(fields: dict[str, Any]) -> dict[str, Any] | None:
    """The members of a `CallToolResult` of texts; None when it has more than that to say."""
    is_error, blocks = fields["is_error"], fields["content"]
    if (
        fields["meta"] is not None
        or type(is_error) is not bool
        or type(blocks) is not list
        or fields["result_type"] != "complete"
    ):
        return None
    content = []
    for block in blocks:
        if type(block) is not internals.TextContent:
            return None
        text = block.__dict__
        if text["meta"] is not None or text["annotations"] is not None or text["type"] != "text":
            return None
        if type(text["text"]) is not str:
            return None
        content.append({"type": "text", "text": text["text"]})
    members: dict[str, Any] = {"content": content, "isError": is_error}
    structured = fields["structured_content"]
    if type(structured) is float:
        # What is no number to JSON becomes null, and a member that is null is left out.
        return None
    if structured is not None:
        members["structuredContent"] = structured
    return members
