"""The app under test: each tool does one thing that the wire has to carry or survive."""

from __future__ import annotations

import asyncio
import threading
import warnings
from collections import defaultdict
from typing import Any

from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.shared.exceptions import MCPDeprecationWarning, MCPError
from mcp.types import CallToolResult, LoggingLevel, TextContent
from pydantic import BaseModel

LEVELS: tuple[LoggingLevel, ...] = ("debug", "info", "error")
MAX_BLOCKED_SECONDS = 20.0


class Answer(BaseModel):
    """What the tool `ask` asks for."""

    agreed: bool


class Probe:
    """What tools went through, and the gates that they wait at.

    `began`, `gates` and `cancelled` are events by name; a gate that is set lets its tool go on.
    """

    def __init__(self) -> None:
        self.began: dict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self.gates: dict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self.cancelled: dict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self.thread_began: dict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self.thread_gates: dict[str, threading.Event] = defaultdict(threading.Event)
        self.order: list[str] = []
        self.notified = 0

    def release_all(self) -> None:
        """Let every tool go on: a thread that waits would keep the process."""
        for gate in self.gates.values():
            gate.set()
        for thread_gate in self.thread_gates.values():
            thread_gate.set()


def build(probe: Probe) -> MCPServer:  # noqa: C901  # a list of tools, not a path through them
    """A new app that reports to a probe."""
    app = MCPServer("wire-tests", version="1.0")
    loop = asyncio.get_running_loop()

    @app.tool()
    async def echo(value: Any) -> CallToolResult:
        return CallToolResult(content=[], structured_content={"value": value})

    @app.tool()
    async def hold(key: str) -> str:
        probe.order.append(key)
        probe.began[key].set()
        try:
            await probe.gates[key].wait()
        except asyncio.CancelledError:
            probe.cancelled[key].set()
            raise
        return key

    @app.tool()
    def block(key: str) -> str:
        loop.call_soon_threadsafe(probe.thread_began[key].set)
        probe.thread_gates[key].wait(MAX_BLOCKED_SECONDS)
        return key

    @app.tool()
    async def progress(count: int, ctx: Context) -> str:
        for step in range(count):
            await ctx.report_progress(step, count, "x" * 100)
        return "done"

    @app.tool()
    async def flood(size: int, ctx: Context) -> str:
        try:
            while True:
                await ctx.report_progress(1, 2, "x" * size)
                probe.notified += 1
        finally:
            probe.cancelled["flood"].set()

    @app.tool()
    async def tick(key: str, ctx: Context) -> str:
        try:
            while not probe.gates[key].is_set():
                await ctx.report_progress(1, 2)
                await asyncio.sleep(0.01)
        except asyncio.CancelledError:
            probe.cancelled[key].set()
            raise
        return key

    @app.tool()
    async def large_progress(size: int, ctx: Context) -> str:
        await ctx.report_progress(1, 2, "x" * size)
        return "done"

    @app.tool(structured_output=False)
    async def large(size: int) -> str:
        return "x" * size

    @app.tool()
    async def typed(number: int) -> str:
        return str(number)

    @app.tool()
    async def say(ctx: Context) -> str:
        for level in LEVELS:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", MCPDeprecationWarning)
                await ctx.log(level, "said")
        return "said"

    @app.tool()
    async def crash() -> str:
        raise RuntimeError("secret internals")

    @app.tool()
    async def forge(code: int, message: str = "forged") -> str:
        raise MCPError(code, message, {"reason": "DRAINING", "execution": "NOT_STARTED"})

    @app.tool()
    async def whoami(ctx: Context) -> CallToolResult:
        headers = dict(ctx.headers or {})
        seen: Any = ctx.request_context.request
        facts = {"headers": headers, "subject": seen.identity.subject, "peer": seen.peer}
        return CallToolResult(content=[TextContent(text="ok")], structured_content=facts)

    @app.tool()
    async def ask(key: str, ctx: Context) -> str:
        answer = await ctx.elicit(f"{key}?", Answer)
        return answer.action

    @app.resource("file:///known.txt", mime_type="text/plain")
    def known() -> str:
        return "known"

    @app.prompt()
    def review(code: str) -> str:
        return f"review {code}"

    return app
