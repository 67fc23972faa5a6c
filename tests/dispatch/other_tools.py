"""Tools that fail, look at their context, speak to the client or ask it something."""

from __future__ import annotations

from typing import Annotated, Any

from mcp import types
from mcp.server import MCPServer
from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.mcpserver import Context, Elicit, Resolve
from mcp.server.mcpserver.exceptions import ResourceError, ToolError
from mcp.shared.exceptions import MCPError
from pydantic import BaseModel

from tests.dispatch.argument_tools import Point

PRIVATE = "private text of an exception"


class Seats(BaseModel):
    seats: int


def add_failing_tools(server: MCPServer) -> None:
    failures: dict[str, Exception] = {
        "tool_error": ToolError("the tool says so"),
        "resource_error": ResourceError("no such thing"),
        "mcp_error": MCPError(-32099, "of its own", {"why": "so"}),
        "mcp_error_without_data": MCPError(-32099, "of its own"),
        "value_error": ValueError(PRIVATE),
        "key_error": KeyError(PRIVATE),
        "timeout": TimeoutError(PRIVATE),
    }
    for name, failure in failures.items():
        _add_failure(server, name, failure)

    @server.tool()
    async def validates_inside() -> int:
        return Point.model_validate({"x": PRIVATE}).x

    @server.tool()
    async def caused() -> None:
        try:
            raise ValueError(PRIVATE)
        except ValueError as error:
            raise ToolError("said on purpose") from error


def _add_failure(server: MCPServer, name: str, failure: Exception) -> None:
    async def fail() -> None:
        raise type(failure)(*failure.args)

    def fail_in_a_thread() -> None:
        raise type(failure)(*failure.args)

    async def fail_with_a_context(ctx: Context) -> None:
        raise type(failure)(*failure.args)

    server.add_tool(fail, name=name)
    server.add_tool(fail_in_a_thread, name=f"{name}_in_a_thread")
    server.add_tool(fail_with_a_context, name=f"{name}_with_a_context")


def ask_seats(city: str) -> Elicit[Seats]:
    return Elicit(f"Seats to {city}?", Seats)


def half(count: int) -> int:
    return count // 2


def add_asking_tools(server: MCPServer) -> None:
    _add_looking(server)
    _add_questions(server)


def _add_looking(server: MCPServer) -> None:
    @server.tool()
    async def look(ctx: Context) -> dict[str, Any]:
        return seen(ctx)

    @server.tool()
    async def steps(total: int, ctx: Context) -> str:
        for step in range(total):
            await ctx.report_progress(step, total, f"step {step}")
        return "done"

    @server.tool()
    async def speak(ctx: Context) -> str:
        await ctx.session.send_log_message("info", {"said": 1}, "speaker")
        await ctx.session.send_log_message("debug", "quietly", related_request_id=ctx.request_id)
        await ctx.session.send_tool_list_changed()
        return "spoken"

    @server.tool()
    async def caller() -> str:
        token = get_access_token()
        return "nobody" if token is None else token.client_id


def _add_questions(server: MCPServer) -> None:
    @server.tool()
    async def elicit(ctx: Context) -> str:
        answer = await ctx.elicit("Seats?", Seats)
        return f"{answer.action}"

    @server.tool()
    async def book(city: str, seats: Annotated[Seats, Resolve(ask_seats)]) -> str:
        return f"{seats.seats} to {city}"

    @server.tool()
    async def resolved(count: int, of: Annotated[int, Resolve(half)]) -> int:
        return of

    @server.tool()
    async def asks_by_hand() -> types.InputRequiredResult:
        return types.InputRequiredResult(request_state="state of the tool")

    @server.tool()
    async def asks_with_a_context(ctx: Context) -> types.InputRequiredResult | str:
        if ctx.request_state is not None:
            return f"back with {ctx.request_state}"
        return types.InputRequiredResult(request_state="state of the tool")


def seen(ctx: Context) -> dict[str, Any]:
    """Everything that a handler can look at, as JSON."""
    request: Any = ctx.request_context
    session = request.session
    connection = session._connection
    return {
        "method": request.method,
        "params": request.params,
        "meta": request.meta,
        "id": [type(request.request_id).__name__, request.request_id],
        "version": [request.protocol_version, session.protocol_version, ctx.protocol_version],
        "headers": dict(ctx.headers or {}),
        "peer": request.request.peer,
        "client": repr(session.client_params),
        "capabilities": repr(ctx.client_capabilities),
        "can_send": session.can_send_request,
        "state": connection.state,
        "initialized": connection.initialize_accepted,
        "standalone": connection.has_standalone_channel,
        "session_id": connection.session_id,
        "lifespan": repr(request.lifespan_context),
        "closers": [request.close_sse_stream is None, request.close_standalone_sse_stream is None],
        "input": [repr(ctx.input_responses), ctx.request_state],
    }
