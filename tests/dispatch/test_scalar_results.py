"""Tools whose result is one whole number, text or truth value: the SDK's answer, whatever they do.

Where such a tool gives something else, or what becomes of it is changed, the SDK converts it.
"""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from mcp import types
from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.utilities import func_metadata as tool_metadata
from mcp.server.mcpserver.utilities.func_metadata import FuncMetadata
from mcp.shared.exceptions import MCPError
from mcp.types import CallToolResult, TextContent
from pydantic import BaseModel, BeforeValidator, Field, field_validator

from mcpgrpc_server.sdk import internals
from mcpgrpc_server.sdk.direct import scalars
from tests.dispatch.app import SECURITY
from tests.dispatch.sides import LEGACY, MODERN, Both, Outcome

pytestmark = pytest.mark.filterwarnings("ignore::mcp.MCPDeprecationWarning")


class Number(int):
    """A whole number of a class of its own."""


VALUES: dict[str, Any] = {
    "number": 3,
    "zero": 0,
    "large": 2**53 + 1,
    "huge": 2**70,
    "derived": Number(4),
    "true": True,
    "text": "some text",
    "empty": "",
    "unicode": 'snow ☃, \u0000, \U0001f600, "quotes"',
    "digits": "12",
    "surrogate": "lone \ud800 surrogate",
    "nothing": None,
    "fraction": 1.5,
    "whole": 2.0,
    "list": [1],
    "built": CallToolResult(content=[], structured_content={"result": 3}),
    "built_error": CallToolResult(content=[TextContent(type="text", text="t")], is_error=True),
    "asks": types.InputRequiredResult(request_state="state of the tool"),
    "tool_error": ToolError("on purpose"),
    "mcp_error": MCPError(-32099, "of its own", {"why": "so"}),
    "crash": ValueError("private"),
}
LARGE = Annotated[int, Field(gt=5)]
DOUBLED = Annotated[int, BeforeValidator(lambda value: value * 2)]
DECLARED: dict[str, Any] = {"int": int, "str": str, "bool": bool, "large": LARGE, "twice": DOUBLED}


@pytest.fixture(params=[MODERN, LEGACY])
def revision(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def app(value: Any, declared: Any) -> MCPServer:
    server = MCPServer("scalars", request_state_security=SECURITY)

    async def give():  # type: ignore[no-untyped-def]  # its annotation is what is tested
        if isinstance(value, Exception):
            raise value
        return value

    give.__annotations__["return"] = declared
    server.add_tool(give)
    return server


async def asked(server: MCPServer, revision: str = MODERN) -> Outcome:
    both = Both(server, revision)
    await both.start()
    return await both.call("give")


def kind_of(server: MCPServer) -> type[Any] | None:
    (tool,) = server._tool_manager.list_tools()
    return scalars.Scalars().kind_of(tool)


@pytest.mark.parametrize("declared", DECLARED)
@pytest.mark.parametrize("name", VALUES)
async def test_a_result_is_what_the_sdk_makes_of_it(
    name: str, declared: str, revision: str
) -> None:
    found = await asked(app(VALUES[name], DECLARED[declared]), revision)
    assert found.ways == ["tool"]


@pytest.mark.parametrize("declared", [int, str, bool], ids=lambda kind: kind.__name__)
def test_a_tool_that_declares_a_scalar_is_known(declared: type[Any]) -> None:
    assert kind_of(app(3, declared)) is declared


OTHERS: dict[str, Any] = {
    "float": float,
    "nothing": None,
    "large": LARGE,
    "twice": DOUBLED,
    "maybe": int | None,
    "object": dict[str, int],
}


@pytest.mark.parametrize("declared", OTHERS)
def test_any_other_is_the_sdks(declared: str) -> None:
    assert kind_of(app(3, OTHERS[declared])) is None


class Own(BaseModel):
    result: int

    @field_validator("result")
    @classmethod
    def _one_more(cls, value: int) -> int:
        return value + 1


class Loud(BaseModel):
    result: int

    def model_dump(self, **_: Any) -> dict[str, Any]:
        return {"result": "loud"}


@pytest.mark.parametrize("model", [Own, Loud])
async def test_a_model_put_in_its_place_is_heard(model: type[BaseModel], revision: str) -> None:
    server = app(3, int)
    both = Both(server, revision)
    await both.start()
    before = await both.call("give")
    server._tool_manager.list_tools()[0].fn_metadata.output_model = model
    assert (await both.call("give")).answer != before.answer


async def test_a_schema_taken_away_is_heard(revision: str) -> None:
    server = app(3, int)
    both = Both(server, revision)
    await both.start()
    assert "structuredContent" in (await both.call("give")).answer
    server._tool_manager.list_tools()[0].fn_metadata.output_schema = None
    assert "structuredContent" not in (await both.call("give")).answer


def replaced(self: Any, result: Any) -> CallToolResult:
    return CallToolResult(content=[TextContent(type="text", text=f"replaced {result}")])


async def test_a_conversion_replaced_for_every_tool_is_heard(
    revision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = Both(app(3, int), revision)
    await both.start()
    assert "replaced" not in (await both.call("give")).answer
    monkeypatch.setattr(FuncMetadata, "convert_result", replaced)
    assert "replaced 3" in (await both.call("give")).answer


async def test_content_made_in_another_way_is_heard(
    revision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = Both(app(3, int), revision)
    await both.start()
    await both.call("give")
    content = [TextContent(type="text", text="other")]
    monkeypatch.setattr(tool_metadata, "_convert_to_content", lambda _: content)
    assert '"other"' in (await both.call("give")).answer


async def test_a_tool_that_changes_its_own_conversion_is_heard(
    revision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = MCPServer("scalars")

    @server.tool()
    async def give() -> int:
        monkeypatch.setattr(internals.FuncMetadata, "convert_result", replaced)
        return 3

    both = Both(server, revision)
    await both.start()
    assert "replaced 3" in (await both.call("give")).answer
