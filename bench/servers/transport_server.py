"""The service without an SDK: a backend written by hand, so that the wire alone is measured.

It answers `tools/call` of `add` and nothing else, and checks no schema.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server import Server, ServerSettings, serve
from mcpgrpc_server.availability import Availability
from mcpgrpc_server.backend import Backend, Client, ClientNotification, ServerCall, Summary

NOT_FOUND = envelope_pb2.JsonRpcError(code=-32601, message="Method not found")


class Adder:
    """A backend whose one tool adds."""

    def __init__(self) -> None:
        self.availability = Availability(serving=True)

    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """Nothing comes up."""
        yield

    def connect(self, client: Client) -> AdderConnection:
        """Every client has the same."""
        del client
        return AdderConnection()

    async def summary(self) -> Summary:
        """A name for the banner."""
        return Summary("adder")


class AdderConnection:
    """One client."""

    async def handle_request(self, call: ServerCall) -> envelope_pb2.JsonRpcResponse:
        """Add."""
        if call.request.method != "tools/call":
            return envelope_pb2.JsonRpcResponse(error=NOT_FOUND)
        arguments: dict[str, Any] = (call.params or {})["arguments"]
        value = arguments["a"] + arguments["b"]
        text = (
            f'{{"content":[{{"type":"text","text":"{value}"}}],"structuredContent":'
            f'{{"result":{value}}},"isError":false,"resultType":"complete"}}'
        )
        return envelope_pb2.JsonRpcResponse(result_json=text)

    async def handle_notification(self, notification: ClientNotification) -> None:
        """Nothing is noted."""

    def listen_completion(self, call: ServerCall) -> envelope_pb2.JsonRpcResponse:
        """There are no subscriptions to end."""
        return envelope_pb2.JsonRpcResponse(error=NOT_FOUND)

    async def aclose(self) -> None:
        """Nothing is held."""


def announce(server: Server, summary: Summary) -> None:
    """Say where it answers."""
    del summary
    sys.stdout.write(f"address {server.addresses[0]}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    backend: Backend = Adder()
    settings = ServerSettings(listen=["127.0.0.1:0"], event_loop="asyncio")
    serve(backend, settings=settings, on_ready=announce)
