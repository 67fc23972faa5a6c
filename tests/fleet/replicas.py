"""Replicas of one service in the test's event loop, and the ways to their tools."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Annotated, Any, TypeAlias

from mcp.server import MCPServer
from mcp.server.mcpserver import AcceptedElicitation, Context, Elicit, ElicitationResult, Resolve
from pydantic import BaseModel

from mcpgrpc import Client
from mcpgrpc.errors import RemoteError, ServiceError
from mcpgrpc_server import Server, ServerSettings
from tests.doors.door import messages_of, open_door

SECONDS = 60
WAYS = ("session", "call", "http")
CAPABILITIES: dict[str, Any] = {"elicitation": {"form": {}}}

Json: TypeAlias = dict[str, Any]
Call: TypeAlias = Callable[[Json], Awaitable[Json]]
"""Calls a tool by the request's params; gives the `result` or the `error` of the response, or why
it was `refused`."""


class Seats(BaseModel):
    """What is asked for."""

    seats: int


def _ask(city: str) -> Elicit[Seats]:
    return Elicit(f"Seats to {city}?", Seats)


def fleet_app(name: str = "fleet", **options: Any) -> MCPServer:
    """The app of one replica: it asks its client something, and publishes changes."""
    app = MCPServer(name, **options)

    @app.tool()
    async def book(city: str, answer: Annotated[ElicitationResult[Seats], Resolve(_ask)]) -> str:
        assert isinstance(answer, AcceptedElicitation)
        return f"{answer.data.seats} seats to {city}"

    @app.tool()
    async def change(what: str, ctx: Context) -> str:
        if what in ("tools", "prompts", "resources"):
            await getattr(ctx, f"notify_{what}_changed")()
        else:
            await ctx.notify_resource_updated(what)
        return what

    return app


@asynccontextmanager
async def replica(app: Any = None, **settings: Any) -> AsyncIterator[Server]:
    """A server of its own app, unless another is given."""
    told = ServerSettings(listen=["127.0.0.1:0"], **settings)
    async with Server(fleet_app() if app is None else app, settings=told) as server:
        yield server


@asynccontextmanager
async def reached(server: Server, way: str) -> AsyncIterator[Call]:
    """A way to the tools of a replica."""
    address = server.addresses[0]
    if way == "http":
        async with open_door(address) as door:

            async def post(params: Json) -> Json:
                meta = {"io.modelcontextprotocol/clientCapabilities": CAPABILITIES}
                answer = await door.modern("tools/call", {**params, "_meta": meta})
                return _outcome(messages_of(answer)[-1])

            yield post
        return
    async with Client(address, rpc=way, capabilities=CAPABILITIES) as client:

        async def call(params: Json) -> Json:
            try:
                return {"result": await client.request("tools/call", params)}
            except ServiceError as refusal:
                return {"refused": refusal.reason}
            except RemoteError as error:
                return {"error": {"code": error.code, "data": error.data}}

        yield call


def _outcome(message: Json) -> Json:
    return {key: message[key] for key in ("result", "error") if key in message}


class Round:
    """A question that the tool `book` has asked, and its answer."""

    def __init__(self, asked: Json) -> None:
        assert asked["result"]["resultType"] == "input_required", asked
        self.state: str = asked["result"]["requestState"]
        [self._key] = asked["result"]["inputRequests"]

    @classmethod
    async def begin(cls, call: Call) -> Round:
        return cls(await call({"name": "book", "arguments": {"city": "Oslo"}}))

    async def answer(self, call: Call, state: str | None = None) -> Json:
        said = {self._key: {"action": "accept", "content": {"seats": 3}}}
        params = {"name": "book", "arguments": {"city": "Oslo"}, "inputResponses": said}
        return await call({**params, "requestState": self.state if state is None else state})


def booked(answer: Json) -> bool:
    """Whether the tool has run; else it was refused as the SDK refuses a state."""
    if "error" in answer:
        assert answer["error"]["code"] == -32602, answer
        assert answer["error"]["data"]["reason"] == "invalid_request_state", answer
        return False
    assert answer["result"]["content"][0]["text"] == "3 seats to Oslo", answer
    return True


class FleetLog(logging.Handler):
    """What servers in this process say about their fleets; belongs to the test's event loop."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self._said: list[str] = []
        self._more = asyncio.Event()

    def emit(self, record: logging.LogRecord) -> None:
        self._said.append(record.getMessage())
        self._more.set()

    def count(self, part: str) -> int:
        """How many lines have it."""
        return sum(part in line for line in self._said)

    async def wait(self, part: str, count: int = 1) -> None:
        """Wait until so many lines have it."""
        while self.count(part) < count:
            self._more.clear()
            await self._more.wait()


@contextmanager
def fleet_log() -> Iterator[FleetLog]:
    """The lines from now on."""
    logger, log = logging.getLogger("mcpgrpc.fleet"), FleetLog()
    level = logger.level
    logger.setLevel(logging.INFO)
    logger.addHandler(log)
    try:
        yield log
    finally:
        logger.removeHandler(log)
        logger.setLevel(level)
