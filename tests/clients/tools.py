"""The tools of the app that every language's tests call.

They know the call alone; the tools that open and drain servers belong to `server`.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from mcp import MCPError, types
from mcp.server import ServerRequestContext
from mcp.server.subscriptions import InMemorySubscriptionBus, ResourceUpdated, ToolsListChanged

Ctx: TypeAlias = ServerRequestContext[Any]
Params: TypeAlias = types.CallToolRequestParams
Result: TypeAlias = types.CallToolResult | types.InputRequiredResult
Tool: TypeAlias = Callable[[Ctx, dict[str, Any], Params], Awaitable[Result]]

EXAMPLE_URI: Final = "file:///example.txt"
EVERY_BYTE: Final = bytes(range(256))
PIXEL: Final = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
)
ICON: Final = types.Icon(
    src="data:image/svg+xml,<svg/>", mime_type="image/svg+xml", sizes=["any"], theme="dark"
)
EXPLOSION_CODE: Final = -32000
EXPLOSION_CHARACTERS: Final = 20_000
MAX_SECONDS: Final = 60.0
"""How long a tool waits for what another call should do."""

QUESTION_KEY: Final = "answer"
ANSWER_FORM: Final[Any] = {"type": "object", "properties": {"answer": {"type": "string"}}}


def said(text: str, structured: Any = None) -> types.CallToolResult:
    """A result of one line."""
    content: list[types.ContentBlock] = [types.TextContent(text=text)]
    return types.CallToolResult(content=content, structured_content=structured)


def compact(value: Any) -> str:
    """JSON text without white space."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@dataclass
class Waits:
    """Calls of `wait`, by their keys, in every server of the process.

    Attributes:
        begun: how many have begun.
        cancelled: how many were cancelled.
        ended: set when one has ended.
    """

    begun: Counter[str] = field(default_factory=Counter)
    cancelled: Counter[str] = field(default_factory=Counter)
    ended: defaultdict[str, asyncio.Event] = field(
        default_factory=lambda: defaultdict(asyncio.Event)
    )

    async def wait(self, key: str) -> None:
        """Wait until cancelled."""
        self.begun[key] += 1
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled[key] += 1
            raise
        finally:
            self.ended[key].set()


@dataclass
class Shared:
    """What all the servers of the process have in common."""

    waits: Waits = field(default_factory=Waits)
    bus: InMemorySubscriptionBus = field(default_factory=InMemorySubscriptionBus)


class Tools:
    """Everything that a call needs but the call.

    Args:
        shared: with the other servers.
    """

    def __init__(self, shared: Shared) -> None:
        self._waits = shared.waits
        self._bus = shared.bus

    def by_name(self) -> dict[str, Tool]:
        """The tools."""
        named: dict[str, Tool] = {
            "add": self._add,
            "echo": self._echo,
            "contents": self._contents,
            "fail": self._fail,
            "refuse": self._refuse,
            "explode": self._explode,
            "wait": self._wait,
            "waits": self._told_waits,
            "settled": self._settled,
            "steps": self._steps,
            "confirm": self._confirm,
            "change": self._change,
            "large": self._large,
        }
        return named | {f"extra_{number:02}": self._extra for number in range(25)}

    async def _add(self, ctx: Ctx, args: dict[str, Any], params: Params) -> Result:
        total = args["a"] + args["b"]
        return said(str(total), {"result": total})

    async def _echo(self, ctx: Ctx, args: dict[str, Any], params: Params) -> Result:
        return said(compact(args["value"]), {"value": args["value"]})

    async def _contents(self, ctx: Ctx, args: dict[str, Any], params: Params) -> Result:
        blob = base64.b64encode(EVERY_BYTE).decode()
        annotations = types.Annotations(
            audience=["user", "assistant"], priority=0.5, last_modified="2026-07-28T12:00:00Z"
        )
        link = types.ResourceLink(
            uri=EXAMPLE_URI,
            name="example.txt",
            title="Example",
            description="A file of one line.",
            mime_type="text/plain",
            size=8,
            icons=[ICON],
            annotations=annotations,
            _meta={"com.example/link": 1},
        )
        text = types.TextResourceContents(uri=EXAMPLE_URI, text="A line.\n", mime_type="text/plain")
        binary = types.BlobResourceContents(
            uri="file:///pixel.bin", blob=blob, mime_type="application/octet-stream"
        )
        meta = {"com.example/cost": 9007199254740993}
        return types.CallToolResult(
            content=[
                types.TextContent(text="A line.", annotations=annotations, _meta=meta),
                types.ImageContent(data=PIXEL, mime_type="image/png", annotations=annotations),
                types.AudioContent(data=blob, mime_type="audio/wav", _meta=meta),
                link,
                types.EmbeddedResource(resource=text, annotations=annotations),
                types.EmbeddedResource(resource=binary, _meta=meta),
            ],
            _meta={"com.example/blocks": 6},
        )

    async def _fail(self, ctx: Ctx, args: dict[str, Any], params: Params) -> Result:
        text: list[types.ContentBlock] = [types.TextContent(text=args["message"])]
        return types.CallToolResult(content=text, is_error=True)

    async def _refuse(self, ctx: Ctx, args: dict[str, Any], params: Params) -> Result:
        raise MCPError(args["code"], args["message"], args.get("data"))

    async def _explode(self, ctx: Ctx, args: dict[str, Any], params: Params) -> Result:
        raise MCPError(EXPLOSION_CODE, "x" * EXPLOSION_CHARACTERS)

    async def _wait(self, ctx: Ctx, args: dict[str, Any], params: Params) -> Result:
        await ctx.session.report_progress(1, None, "begun")
        await self._waits.wait(args["key"])
        raise AssertionError("it waits until it is cancelled")

    async def _told_waits(self, ctx: Ctx, args: dict[str, Any], params: Params) -> Result:
        waits = self._waits
        told = {"begun": dict(waits.begun), "cancelled": dict(waits.cancelled)}
        return said(compact(told), told)

    async def _settled(self, ctx: Ctx, args: dict[str, Any], params: Params) -> Result:
        await asyncio.wait_for(self._waits.ended[args["key"]].wait(), MAX_SECONDS)
        return said("settled")

    async def _steps(self, ctx: Ctx, args: dict[str, Any], params: Params) -> Result:
        total = args["total"]
        for step in range(1, total + 1):
            await ctx.session.report_progress(step, total, f"step {step}")
            await ctx.session.send_log_message("info", f"step {step}", "steps", ctx.request_id)
        return said("done")

    async def _confirm(self, ctx: Ctx, args: dict[str, Any], params: Params) -> Result:
        state = compact(["confirm", args["question"]])
        answer = (params.input_responses or {}).get(QUESTION_KEY)
        if isinstance(answer, types.ElicitResult) and params.request_state == state:
            return said(f"{answer.action} {compact(answer.content)}")
        form = types.ElicitRequestFormParams(message=args["question"], requested_schema=ANSWER_FORM)
        asked: dict[str, types.InputRequest] = {QUESTION_KEY: types.ElicitRequest(params=form)}
        return types.InputRequiredResult(input_requests=asked, request_state=state)

    async def _change(self, ctx: Ctx, args: dict[str, Any], params: Params) -> Result:
        await self._bus.publish(ToolsListChanged())
        await self._bus.publish(ResourceUpdated(uri=EXAMPLE_URI))
        await ctx.session.send_tool_list_changed()
        await ctx.session.send_resource_updated(EXAMPLE_URI)
        return said("changed")

    async def _large(self, ctx: Ctx, args: dict[str, Any], params: Params) -> Result:
        return said("x" * args["bytes"])

    async def _extra(self, ctx: Ctx, args: dict[str, Any], params: Params) -> Result:
        return said(params.name)
