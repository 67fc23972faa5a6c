"""Tools that differ in what they give, and in how it is declared."""

from __future__ import annotations

import enum
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from mcp import types
from mcp.server import MCPServer
from mcp.server.mcpserver import Image
from mcp.types import CallToolResult, TextContent
from typing_extensions import TypedDict

from tests.dispatch.argument_tools import Point


class Colour(enum.Enum):
    RED = "red"


class Sized(TypedDict):
    width: int


@dataclass
class Pair:
    left: int
    right: str


class Unprintable:
    def __str__(self) -> str:
        return "unprintable, printed"


def add_result_tools(server: MCPServer) -> None:
    _add_constants(server)
    _add_declared(server)
    _add_content(server)


def _add_constants(server: MCPServer) -> None:
    values: dict[str, Any] = {
        "an_int": 2**53 + 1,
        "a_big_int": 2**70,
        "a_float": 1.5,
        "a_nan": float("nan"),
        "an_infinity": float("-inf"),
        "a_bool": True,
        "a_dict": {"a": {"b": None}, "c": [1, 2.0, None]},
        "a_list": ["a", 1, None, {"x": "y"}],
        "an_empty_list": [],
        "a_tuple": (1, "b"),
        "some_bytes": b"bytes",
        "a_dataclass": Pair(1, "r"),
        "a_model": Point.model_validate({"x": 1, "theLabel": "t"}),
        "an_enum": Colour.RED,
        "a_uuid": uuid.UUID(int=7),
        "a_time": datetime(2026, 1, 2, tzinfo=UTC),
        "an_object": Unprintable(),
        "unicode": 'snow ☃, \u0000, \U0001f600, "quotes"',
        "a_lone_surrogate": "lone \ud800 surrogate",
        "int_keys": {1: "one"},
        "deep": _deep(200),
        "very_deep": _deep(300),
    }
    for name, value in values.items():
        _add_constant(server, name, value)


def _add_declared(server: MCPServer) -> None:
    @server.tool()
    async def typed_dict() -> Sized:
        return {"width": 3}

    @server.tool()
    async def a_list_of_ints() -> list[int]:
        return [1, 2]

    @server.tool()
    async def a_dict_of_ints() -> dict[str, int]:
        return {"a": 1}

    @server.tool()
    async def maybe(value: int) -> int | None:
        return value or None

    @server.tool()
    async def wrong_type() -> int:
        return "no number"  # type: ignore[return-value]  # the shape itself

    @server.tool(structured_output=False)
    async def dataclass_unstructured() -> Pair:
        return Pair(1, "r")

    @server.tool()
    async def dataclass_structured() -> Pair:
        return Pair(1, "r")


def _deep(levels: int) -> Any:
    value: Any = 0
    for _ in range(levels):
        value = [value]
    return value


def _add_constant(server: MCPServer, name: str, value: Any) -> None:
    async def constant():  # type: ignore[no-untyped-def]  # a structured result would need a type
        return value

    async def as_structured() -> CallToolResult:
        return CallToolResult(content=[], structured_content=value)

    async def inside() -> CallToolResult:
        return CallToolResult(content=[], structured_content={"inside": value})

    async def as_any() -> dict[str, Any]:
        return {"value": value}

    server.add_tool(constant, name=name)
    server.add_tool(as_structured, name=f"{name}_structured")
    server.add_tool(inside, name=f"{name}_inside")
    server.add_tool(as_any, name=f"{name}_in_a_dict")


def _add_content(server: MCPServer) -> None:
    @server.tool()
    async def image() -> Image:
        return Image(data=b"png", format="png")

    @server.tool()
    async def mixed() -> list[Any]:
        return ["text", Image(data=b"png", format="png"), {"a": 1}]

    built: dict[str, CallToolResult] = {
        "built": CallToolResult(content=[TextContent(type="text", text="t")]),
        "built_error": CallToolResult(content=[TextContent(type="text", text="t")], is_error=True),
        "built_with_meta": CallToolResult(content=[], _meta={"own": 1}),
        "built_with_server_info": CallToolResult(
            content=[], _meta={"io.modelcontextprotocol/serverInfo": {"name": "other"}}
        ),
        "built_with_text_meta": CallToolResult(
            content=[TextContent(type="text", text="t", _meta={"a": 1})]
        ),
        "built_with_annotations": CallToolResult(
            content=[
                TextContent(type="text", text="t", annotations=types.Annotations(audience=["user"]))
            ]
        ),
        "built_of_another_type": CallToolResult(content=[], result_type="org.example/other"),
        "built_with_a_link": CallToolResult(
            content=[types.ResourceLink(type="resource_link", uri="notes://x", name="x")]
        ),
        "built_with_a_resource": CallToolResult(
            content=[
                types.EmbeddedResource(
                    type="resource",
                    resource=types.TextResourceContents(uri="notes://x", text="t"),
                )
            ]
        ),
        "built_badly": CallToolResult.model_construct(
            content=[TextContent.model_construct(type="text", text=7)],
            structured_content=None,
            is_error=False,
            result_type="complete",
            meta=None,
        ),
        "built_with_a_wrong_flag": CallToolResult.model_construct(
            content=[], structured_content=None, is_error="no", result_type="complete", meta=None
        ),
        "built_with_a_list": CallToolResult(content=[], structured_content=[1]),
    }
    for name, result in built.items():
        _add_built(server, name, result)


def _add_built(server: MCPServer, name: str, result: CallToolResult) -> None:
    async def give() -> CallToolResult:
        return result

    server.add_tool(give, name=name)
