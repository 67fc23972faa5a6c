"""A carrier that does what the test says, and what makes such carriers: the seam, not a mock of it.

It holds no tests.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

from mcpgrpc.binding.ids import Id
from mcpgrpc.errors import ConnectionLost, McpGrpcError
from mcpgrpc.stream.carrier import Carrier, Exchange, Inbox
from mcpgrpc.v1 import envelope_pb2

Answer: TypeAlias = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]
"""Gives the result of a request; raises what a carrier raises, or `RpcError`."""

INITIALIZED = {
    "protocolVersion": "2025-11-25",
    "capabilities": {"tools": {}},
    "serverInfo": {"name": "scripted", "version": "1"},
}
DISCOVERED = {"resultType": "complete", "supportedVersions": ["2026-07-28"], "capabilities": {}}


class RpcError(Exception):
    """An error that the upstream answers."""

    def __init__(self, code: int, data: Any = None) -> None:
        super().__init__(code)
        self.error = envelope_pb2.JsonRpcError(code=code, message=f"error {code}")
        if data is not None:
            self.error.data_json = json.dumps(data)


class ScriptedCarrier:
    """A `Carrier` whose answers the test decides.

    Attributes:
        sent: methods and params of what it carried, in order.
        ids: ids of the requests.
        opened: how often it was opened.
        closed: whether it was closed.
    """

    def __init__(self, inbox: Inbox, answer: Answer, refusal: McpGrpcError | None = None) -> None:
        self.inbox = inbox
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.ids: list[Id] = []
        self.opened = 0
        self.closed = False
        self._answer = answer
        self._refusal = refusal
        self._over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def open(self) -> None:
        self.opened += 1
        if self._refusal is not None:
            raise self._refusal

    async def exchange(self, exchange: Exchange) -> envelope_pb2.Envelope:
        request = exchange.envelope.request
        if self._over.done():
            raise ConnectionLost("it is over", execution="NOT_STARTED")
        self.ids.append(request.id.integer or request.id.text)
        params = self._note(request.method, request.params_json)
        answering = asyncio.ensure_future(self._answer(request.method, params))
        try:
            waited: set[asyncio.Future[Any]] = {answering, self._over}
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            if not answering.done():
                raise ConnectionLost(f"lost under {request.method}", execution="MAYBE")
            response = envelope_pb2.JsonRpcResponse(result_json=json.dumps(answering.result()))
        except RpcError as error:
            response = envelope_pb2.JsonRpcResponse(error=error.error)
        finally:
            answering.cancel()
        response.id.CopyFrom(request.id)
        return envelope_pb2.Envelope(response=response)

    async def notify(self, envelope: envelope_pb2.Envelope) -> None:
        self._note(envelope.notification.method, envelope.notification.params_json)

    async def close(self) -> None:
        self.closed = True
        if not self._over.done():
            self._over.set_result(None)

    def lose(self, why: str = "it vanished") -> None:
        """The connection breaks."""
        self._over.set_result(None)
        self.inbox.session_over(ConnectionLost(why, execution="MAYBE"))

    def say(self, method: str, params: dict[str, Any], related: Id | None = None) -> None:
        """The upstream sends a notification."""
        notification = envelope_pb2.JsonRpcNotification(
            method=method, params_json=json.dumps(params)
        )
        self.inbox.notification(envelope_pb2.Envelope(notification=notification), related)

    def methods(self) -> list[str]:
        return [method for method, _ in self.sent]

    def _note(self, method: str, params_json: str) -> dict[str, Any]:
        params: dict[str, Any] = json.loads(params_json or "{}")
        self.sent.append((method, params))
        return params


class ScriptedConnector:
    """A `Connector` of such carriers.

    Attributes:
        answer: what each carrier answers from now on.
        refusal: what opening one raises.
        carriers: those made, in order.
        made: set whenever there is one more.
        reached: methods as they come to be answered.
    """

    def __init__(self, answer: Answer, *, is_command: bool = True) -> None:
        self.name = "scripted"
        self.is_command = is_command
        self.answer = answer
        self.refusal: McpGrpcError | None = None
        self.carriers: list[ScriptedCarrier] = []
        self.made = asyncio.Event()
        self.reached: asyncio.Queue[str] = asyncio.Queue()

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        yield

    def session_carrier(self, inbox: Inbox, *, for_one: bool = False) -> Carrier:
        return self._made(inbox)

    def request_carrier(self, inbox: Inbox) -> Carrier:
        return self._made(inbox)

    def _made(self, inbox: Inbox) -> Carrier:
        carrier = ScriptedCarrier(inbox, self._current, self.refusal)
        self.carriers.append(carrier)
        self.made.set()
        return carrier

    async def _current(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        answer = self.answer
        self.reached.put_nowait(method)
        return await answer(method, params)

    async def until(self, method: str) -> None:
        """Wait until a request of this method is being answered."""
        async with asyncio.timeout(10):
            while await self.reached.get() != method:
                pass


async def modern(method: str, params: dict[str, Any]) -> dict[str, Any]:
    """An upstream of the modern era."""
    if method == "initialize":
        raise RpcError(-32022, {"supported": ["2026-07-28"]})
    return DISCOVERED if method == "server/discover" else {"resultType": "complete", **params}


async def legacy(method: str, params: dict[str, Any]) -> dict[str, Any]:
    """An upstream of the legacy era."""
    if method == "server/discover":
        raise RpcError(-32601)
    return INITIALIZED if method == "initialize" else {}


async def never(method: str, params: dict[str, Any]) -> dict[str, Any]:
    """An upstream that does not answer."""
    await asyncio.get_running_loop().create_future()
    return {}
