"""The contract's app, written for `MCPServer`."""

from __future__ import annotations

from typing import Annotated, Any

from mcp import types
from mcp.server import MCPServer
from mcp.server.extension import Extension, MethodBinding
from mcp.server.mcpserver import (
    AcceptedElicitation,
    Context,
    Elicit,
    ElicitationResult,
    ListRoots,
    Resolve,
    Sample,
    UserMessage,
)
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import CallToolResult
from pydantic import BaseModel

from tests.contract import features
from tests.contract.features import CITIES, EVERY_BYTE, INTERNALS, NOTES_URI, Tools, said
from tests.contract.journal import Journal


class Seats(BaseModel):
    """The form of the tool `book`."""

    seats: int


class Jobs(Extension):
    """A method that no revision of the protocol knows."""

    identifier = features.EXTENSION

    def methods(self) -> list[MethodBinding]:
        return [MethodBinding(features.EXTENSION_METHOD, features.JobParams, features.run_job)]


def ask_seats(city: str) -> Elicit[Seats]:
    return Elicit(f"Seats to {city}?", Seats)


def ask_model(topic: str) -> Sample:
    asked = features.sampling(topic)
    return Sample(asked.messages, max_tokens=asked.max_tokens)


def ask_roots() -> ListRoots:
    return ListRoots()


def mcpserver_app(journal: Journal) -> MCPServer:
    """A new app that reports to the journal."""
    app = MCPServer("contract", version="1.2.3", instructions="Call anything.", extensions=[Jobs()])
    tools = Tools(journal)
    _add_plain_tools(app, tools)
    _add_asking_tools(app, tools)
    _add_the_rest(app, journal)
    return app


def _add_plain_tools(app: MCPServer, tools: Tools) -> None:
    @app.tool(title="Add", annotations=types.ToolAnnotations(read_only_hint=True))
    def add(a: int, b: int) -> int:
        """Add two numbers."""
        return a + b

    @app.tool()
    async def meta(ctx: Context) -> CallToolResult:
        return await tools.meta(ctx.request_context.meta)

    @app.tool()
    async def steps(total: int, ctx: Context) -> CallToolResult:
        return await tools.steps(ctx.session, total)

    @app.tool()
    async def log(text: str, ctx: Context) -> CallToolResult:
        return await tools.log(ctx.session, ctx.request_id, text)

    @app.tool()
    async def fail(why: str) -> str:
        raise ToolError(f"failed because {why}")

    @app.tool()
    async def crash() -> str:
        raise RuntimeError(INTERNALS)

    @app.tool()
    async def announce(ctx: Context) -> str:
        await ctx.notify_tools_changed()
        await ctx.notify_resource_updated(NOTES_URI)
        await ctx.session.send_tool_list_changed()
        await ctx.session.send_resource_updated(NOTES_URI)
        return "announced"

    for tool in (tools.echo, tools.contents, tools.refuse, tools.wait, tools.hold, tools.large):
        app.tool()(tool)


def _add_asking_tools(app: MCPServer, tools: Tools) -> None:
    @app.tool()
    async def book(
        city: str, answer: Annotated[ElicitationResult[Seats], Resolve(ask_seats)]
    ) -> CallToolResult:
        if not isinstance(answer, AcceptedElicitation):
            return said(f"not booked: {answer.action}")
        return said(f"{answer.data.seats} seats to {city}")

    @app.tool()
    async def compose(
        topic: str, line: Annotated[types.CreateMessageResult, Resolve(ask_model)]
    ) -> CallToolResult:
        return said(features.text_of(line))

    @app.tool()
    async def roots(
        found: Annotated[types.ListRootsResult, Resolve(ask_roots)],
    ) -> CallToolResult:
        return said(", ".join(str(root.uri) for root in found.roots))

    @app.tool()
    async def ping_client(ctx: Context) -> CallToolResult:
        return await tools.ping_client(ctx.session)

    @app.tool()
    async def ask_patiently(ctx: Context) -> CallToolResult:
        return await tools.ask_patiently(ctx.session, ctx.request_id)

    @app.tool()
    async def ask_impatiently(ctx: Context) -> CallToolResult:
        return await tools.ask_impatiently(ctx.session)


def _add_the_rest(app: MCPServer, journal: Journal) -> None:
    @app.resource("contract://text", mime_type="text/plain")
    def text() -> str:
        """A line of text."""
        return "A line.\n"

    @app.resource("contract://bytes", mime_type="application/octet-stream")
    def every_byte() -> bytes:
        return EVERY_BYTE

    @app.resource(NOTES_URI)
    def notes() -> str:
        return "notes"

    @app.resource("contract://broken")
    def broken() -> str:
        raise RuntimeError(INTERNALS)

    @app.resource("contract://city/{name}", mime_type="text/plain")
    def city(name: str) -> str:
        return f"The city of {name}."

    @app.prompt(title="Plan")
    def plan(city: str, hours: str = "8") -> list[UserMessage]:
        """Plan a day."""
        return [UserMessage(f"Plan {hours} hours in {city}.")]

    async def complete(ref: Any, argument: Any, context: Any) -> types.Completion:
        journal.seen.append((ref.type, context.arguments if context is not None else None))
        found = [name for name in CITIES if name.startswith(argument.value)]
        return types.Completion(values=found, total=len(found), has_more=False)

    app.completion()(complete)  # type: ignore[no-untyped-call]  # the SDK leaves it unannotated
