"""Large results: the SDK's answer, written with the loop's other work in between."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from mcp import types
from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.types import CallToolResult, TextContent

from mcpgrpc.binding import json_parts
from mcpgrpc.binding.era import Era
from mcpgrpc.binding.in_flight import InFlightRequest
from mcpgrpc.stream.turns import SMALL_CALL_TURNS
from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server.backend import ServerCall
from mcpgrpc_server.sdk.app import SdkApp
from tests.dispatch.app import SECURITY
from tests.dispatch.sides import ENVELOPE, LEGACY, MODERN, Both, RecordingClient

MAX_SECONDS = 30
LINE = 'A line of "text", and its end.\n'
TEXT = LINE * (3 * json_parts.LARGE_CHARACTERS // len(LINE))


def texts(*several: str, **more: Any) -> CallToolResult:
    return CallToolResult(content=[TextContent(type="text", text=each) for each in several], **more)


RESULTS: dict[str, Any] = {
    "text": TEXT,
    "accents": TEXT.replace("l", "\u00e9"),
    "just large": "x" * json_parts.LARGE_CHARACTERS,
    "surrogate": TEXT + "\ud800",
    "several": texts("a", TEXT, "", "b"),
    "structured": texts(TEXT, structured_content={"result": TEXT, "a": [1, None, 2.5]}),
    "error": texts(TEXT, is_error=True),
    "odd members": texts(TEXT, structured_content={"a": 2**70}),
    "with meta": CallToolResult(content=[TextContent(type="text", text=TEXT)], _meta={"a": 1}),
    "with an image": CallToolResult(
        content=[
            TextContent(type="text", text=TEXT),
            types.ImageContent(type="image", data="AAAA", mime_type="image/png"),
        ]
    ),
}


class Ticker:
    """Counts the turns of the loop from a tool's end on.

    Args:
        wanted: after how many `reached` is set.
    """

    def __init__(self, wanted: int = 0) -> None:
        self.ticks = 0
        self.reached = asyncio.Event()
        self._wanted = wanted
        self._runs = False

    def start(self) -> None:
        self._runs = True
        asyncio.get_running_loop().call_soon(self._tick)

    def stop(self) -> int:
        self._runs = False
        return self.ticks

    def _tick(self) -> None:
        if self._runs:
            self.ticks += 1
            if self.ticks > self._wanted:
                self.reached.set()
            asyncio.get_running_loop().call_soon(self._tick)


def app(value: Any, ticker: Ticker | None = None) -> MCPServer:
    """Tools that give a value: as text, as declared text, and with a context."""
    server = MCPServer("large", request_state_security=SECURITY)

    def ended() -> Any:
        if ticker is not None:
            ticker.start()
        return value

    async def plain():  # type: ignore[no-untyped-def]  # what it gives is what is tested
        return ended()

    async def declared() -> str:
        text: str = ended()
        return text

    async def with_context(ctx: Context):  # type: ignore[no-untyped-def]  # as above
        del ctx
        return ended()

    server.add_tool(plain, structured_output=False)
    server.add_tool(declared)
    server.add_tool(with_context, structured_output=False)
    return server


@pytest.fixture(params=[MODERN, LEGACY])
def revision(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("tool", ["plain", "with_context"])
@pytest.mark.parametrize("name", RESULTS)
async def test_a_large_result_is_what_the_sdk_makes_of_it(
    name: str, tool: str, revision: str
) -> None:
    both = Both(app(RESULTS[name]), revision)
    await both.start()
    await both.call(tool)


@pytest.mark.parametrize("name", ["text", "accents", "just large", "surrogate"])
async def test_a_large_scalar_is_what_the_sdk_makes_of_it(name: str, revision: str) -> None:
    both = Both(app(RESULTS[name]), revision)
    await both.start()
    await both.call("declared")


async def answered(connection: Any, tool: str) -> envelope_pb2.JsonRpcResponse:
    params = {"name": tool, "arguments": {}, "_meta": dict(ENVELOPE)}
    request = InFlightRequest(7, "tools/call", modern=True)
    async with asyncio.timeout(MAX_SECONDS):
        response: envelope_pb2.JsonRpcResponse = await connection.handle_request(
            ServerCall(request, Era.MODERN, params, None, None)
        )
    return response


@pytest.mark.parametrize("tool", ["plain", "declared", "with_context"])
async def test_others_run_between_the_steps_of_a_large_result(tool: str) -> None:
    ticker = Ticker()
    connection = SdkApp(app(TEXT, ticker)).connect(RecordingClient())
    response = await answered(connection, tool)
    ticks = ticker.stop()
    assert len(response.result_json) > len(TEXT)
    # From the tool's end to the writing, in it, from there to the message and behind that.
    assert ticks >= 3 * SMALL_CALL_TURNS + len(TEXT) // json_parts.PART_CHARACTERS


async def test_others_run_after_a_large_result_that_the_sdk_shapes() -> None:
    ticker = Ticker()
    connection = SdkApp(app(RESULTS["with an image"], ticker)).connect(RecordingClient())
    await answered(connection, "plain")
    assert ticker.stop() >= 2 * SMALL_CALL_TURNS


@pytest.mark.parametrize("tool", ["plain", "declared", "with_context"])
async def test_a_small_result_takes_no_turn(tool: str) -> None:
    ticker = Ticker()
    connection = SdkApp(app("some text", ticker)).connect(RecordingClient())
    await answered(connection, tool)
    assert ticker.stop() == 0


async def test_large_results_are_written_one_after_the_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    happened: list[str] = []
    string_parts = json_parts.string_parts

    def noted(text: str) -> json_parts.Steps[list[str]]:
        happened.append("begun")
        parts = yield from string_parts(text)
        happened.append("ended")
        return parts

    monkeypatch.setattr(json_parts, "string_parts", noted)
    connection = SdkApp(app(TEXT)).connect(RecordingClient())
    first, *others = await asyncio.gather(*(answered(connection, "plain") for _ in range(3)))
    assert others == [first] * 2
    assert happened == ["begun", "ended"] * 3


@pytest.mark.parametrize("turns", range(0, 3 * SMALL_CALL_TURNS, 2))
async def test_a_call_can_be_cancelled_at_any_turn_of_its_large_result(turns: int) -> None:
    ticker = Ticker(turns)
    connection = SdkApp(app(TEXT, ticker)).connect(RecordingClient())
    call = asyncio.create_task(answered(connection, "plain"))
    async with asyncio.timeout(MAX_SECONDS):
        await ticker.reached.wait()
    assert not call.done()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    # The next one does not wait for what was given up.
    assert (await answered(connection, "plain")).HasField("result_json")
    ticker.stop()
