"""Tools that differ in what they take."""

from __future__ import annotations

from typing import Annotated, Any

from mcp import types
from mcp.server import MCPServer
from pydantic import BaseModel, Field


class Point(BaseModel):
    x: int
    y: int = 0
    label: Annotated[str | None, Field(alias="theLabel")] = None


def add_argument_tools(server: MCPServer) -> None:
    @server.tool(title="Add", annotations=types.ToolAnnotations(read_only_hint=True))
    async def add(a: int, b: int) -> int:
        """Add two numbers."""
        return a + b

    @server.tool()
    def add_in_a_thread(a: int, b: int) -> int:
        return a + b

    @server.tool()
    async def add_unstructured(a: int, b: int):  # type: ignore[no-untyped-def]  # the shape itself
        return a + b

    @server.tool(meta={"owner": "tests"}, icons=[types.Icon(src="data:,x")])
    async def defaults(count: int = 3, name: str = "nobody", tags: list[str] = ["a"]) -> str:  # noqa: B006  # the shape itself
        return f"{count} {name} {tags}"

    @server.tool()
    async def point(at: Point) -> Point:
        return at

    @server.tool()
    async def anything(value: Any) -> Any:
        return value

    _add_narrow(server)


def _add_narrow(server: MCPServer) -> None:
    @server.tool()
    async def text(value: str) -> str:
        return value

    @server.tool()
    async def bounded(value: Annotated[int, Field(ge=0, le=10)]) -> int:
        return value

    @server.tool()
    async def shadowing(copy: int, json: str) -> str:
        return f"{copy} {json}"

    @server.tool()
    async def nothing() -> None:
        return None
