"""Members of a merged server under test: apps that can have an outage, and ones written by hand.

Nothing here is a mock of what is tested: apps are real apps behind the SDK's backend, and the
hand-written ones answer what no app can be made to answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, TypeAlias

from mcpgrpc.binding import errors, json_text
from mcpgrpc.binding.errors import Refusal
from mcpgrpc.v1 import envelope_pb2, errors_pb2
from mcpgrpc_server.availability import Availability
from mcpgrpc_server.backend import (
    Backend,
    BackendConnection,
    Client,
    ClientNotification,
    ServerCall,
    Summary,
)
from mcpgrpc_server.caller import Caller
from mcpgrpc_server.identity import ANONYMOUS, Identity
from mcpgrpc_server.sdk.app import SdkApp

Json: TypeAlias = dict[str, Any]
Response: TypeAlias = envelope_pb2.JsonRpcResponse


class Fragile:
    """An app that goes down and comes back when told, as an upstream does.

    What runs when it goes is lost; what comes while it is down has not started.
    """

    def __init__(self, app: object, *, serving: bool = True) -> None:
        self._app: Backend = SdkApp(app)
        self.availability = Availability(serving=serving)
        self._lost = asyncio.Event()
        self.connections = 0

    def go(self) -> None:
        """Go down."""
        self._lost.set()
        self._lost = asyncio.Event()
        self.availability.set(serving=False)

    def come(self) -> None:
        """Come back."""
        self.availability.set(serving=True)

    def lifespan(self) -> AbstractAsyncContextManager[None]:
        return self._app.lifespan()

    def connect(self, client: Client) -> FragileConnection:
        self.connections += 1
        return FragileConnection(self, self._app.connect(client))

    async def summary(self) -> Summary:
        return await self._app.summary()

    async def unless_lost(self, work: Awaitable[Response]) -> Response:
        lost = asyncio.ensure_future(self._lost.wait())
        running = asyncio.ensure_future(work)
        try:
            await asyncio.wait({lost, running}, return_when=asyncio.FIRST_COMPLETED)
            if running.done():
                return running.result()
            return Refusal(errors_pb2.ERROR_REASON_UPSTREAM_LOST, "lost").response()
        finally:
            lost.cancel()
            running.cancel()


class FragileConnection:
    def __init__(self, backend: Fragile, connection: BackendConnection) -> None:
        self._backend = backend
        self._connection = connection

    async def handle_request(self, call: ServerCall) -> Response:
        return await self._backend.unless_lost(self._connection.handle_request(call))

    async def handle_notification(self, notification: ClientNotification) -> None:
        await self._connection.handle_notification(notification)

    def listen_completion(self, call: ServerCall) -> Response:
        return self._connection.listen_completion(call)

    async def aclose(self) -> None:
        await self._connection.aclose()


Answer: TypeAlias = Callable[[ServerCall, Client], Awaitable[Response]]


class Scripted:
    """A backend that answers methods as it is told to; every other method it does not know.

    Attributes:
        asked: every request that it got, in order.
        told: every notification.
    """

    def __init__(self, answers: dict[str, str | Answer]) -> None:
        self.answers = answers
        self.availability = Availability(serving=True)
        self.asked: list[ServerCall] = []
        self.told: list[ClientNotification] = []
        self.callers: list[Any] = []

    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        yield

    def connect(self, client: Client) -> ScriptedConnection:
        self.callers.append(client.caller)
        return ScriptedConnection(self, client)

    async def summary(self) -> Summary:
        return Summary("scripted")

    def methods(self) -> list[str]:
        """The methods that it was asked for, in order."""
        return [call.request.method for call in self.asked]


class ScriptedConnection:
    def __init__(self, backend: Scripted, client: Client) -> None:
        self._backend = backend
        self._client = client

    async def handle_request(self, call: ServerCall) -> Response:
        self._backend.asked.append(call)
        answer = self._backend.answers.get(call.request.method)
        if answer is None:
            return errors.failure(errors.METHOD_NOT_FOUND, "Method not found")
        if isinstance(answer, str):
            return Response(result_json=answer)
        return await answer(call, self._client)

    async def handle_notification(self, notification: ClientNotification) -> None:
        self._backend.told.append(notification)

    def listen_completion(self, call: ServerCall) -> Response:
        raise AssertionError("the merged server completes subscriptions itself")

    async def aclose(self) -> None:
        return None


class Recorder:
    """A client that writes down what it is told.

    Attributes:
        told: request id, method and params of every notification.
        tells: set whenever there is another.
    """

    takes_requests = False

    def __init__(self, identity: Identity = ANONYMOUS) -> None:
        self.caller = Caller("test", identity)
        self.told: list[tuple[Any, str, Any]] = []
        self.tells = asyncio.Event()

    async def notify(self, method: str, params_json: str | None, related_request_id: Any) -> None:
        self.told.append((related_request_id, method, json_text.parse(params_json or "null")))
        self.tells.set()

    def next_request_id(self) -> int:
        raise AssertionError("it takes no requests")

    async def request(self, *args: Any) -> Response:
        raise AssertionError("it takes no requests")

    def close_request_stream(self, request_id: Any) -> None:
        raise AssertionError("it has no such stream")

    def close_standalone_stream(self) -> None:
        raise AssertionError("it has no such stream")

    async def wait_told(self, count: int) -> None:
        """Wait until it was told so many things."""
        async with asyncio.timeout(20):
            while len(self.told) < count:
                self.tells.clear()
                await self.tells.wait()


async def never(call: ServerCall, client: Client) -> Response:
    """An answer that does not come."""
    await asyncio.Event().wait()
    raise AssertionError


def failing(code: int, message: str) -> Answer:
    """An answer that is an error."""

    async def answer(call: ServerCall, client: Client) -> Response:
        return errors.failure(code, message)

    return answer


def result(value: Json) -> Response:
    return Response(result_json=json_text.dump(value))


def initialized_as(version: str, **capabilities: Json) -> str:
    """The text of a result of `initialize`."""
    info = {"name": "scripted", "version": "1"}
    return json_text.dump(
        {"protocolVersion": version, "capabilities": capabilities, "serverInfo": info}
    )


def tools(*names: str) -> str:
    """The text of a result of `tools/list`."""
    return json_text.dump({"tools": [{"name": name, "inputSchema": {}} for name in names]})
