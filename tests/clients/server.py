"""The servers that every language's tests talk to, as a process: `python -m tests.clients.server`.

It prints the environment of the tests as one line of JSON, serves until its stdin ends or SIGTERM,
and then prints how many RPCs and envelopes it has seen. It runs no test.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import grpc
from mcp import MCPError, types

from mcpgrpc_server import Server, ServerSettings
from mcpgrpc_server.telemetry import NoTelemetry, RequestInfo, StreamInfo, Subject
from tests.authentication.key_ring import KeyRing
from tests.clients.app import App
from tests.clients.tools import Ctx, Params, Result, Shared, Tool, Tools, said
from tests.transport_security.authority import FilingAuthority

VECTORS: Final = Path(__file__).resolve().parent.parent.parent / "proto" / "vectors"
LOOPBACK: Final = "127.0.0.1:0"
DRAIN_GRACE_SECONDS: Final = 20.0
MAX_SERVERS: Final = 64
"""Opened by tests and not closed; more are refused, so that a loop cannot take every port."""

SERVER_TOOLS: Final = ("open_server", "drain_server", "close_server")
POLICY: Final = """\
[[rules]]
subjects = ["*"]
methods = ["tools/list", "resources/*", "prompts/*"]
tools = ["*"]
resources = ["*"]
prompts = ["*"]
"""


@dataclass
class Counted(grpc.aio.ServerInterceptor, NoTelemetry):
    """How much was asked of the servers.

    Attributes:
        rpcs: RPCs of any kind, refused ones as well.
        envelopes: requests on Sessions, refused ones as well.
    """

    rpcs: int = 0
    envelopes: int = 0

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        self.rpcs += 1
        return await continuation(handler_call_details)

    def request_started(self, request: RequestInfo) -> None:
        self._count(request.stream)

    def refused(self, subject: Subject, reason: str) -> None:
        if isinstance(subject, RequestInfo):
            self._count(subject.stream)

    def _count(self, stream: StreamInfo) -> None:
        if stream.rpc == "Session":
            self.envelopes += 1


class Servers:
    """Every server of the process; the app's own tools open, drain and close some.

    Args:
        folder: where files of settings are put.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._shared = Shared()
        self._opened: dict[str, Server] = {}
        self._draining: set[asyncio.Task[None]] = set()
        self._keys = KeyRing()
        self._key_file = self._keys.save(folder / "keys.toml")
        self.counted = Counted()

    @property
    def api_key(self) -> str:
        """A good one."""
        return self._keys.good

    async def open(self, listen: str = LOOPBACK, **settings: Any) -> Server:
        """A further server of the app."""
        options = ServerSettings.model_validate(
            {"drain_grace_seconds": DRAIN_GRACE_SECONDS, **settings}
        )
        app = App(self._tools(), self._shared).server
        server = Server(
            app,
            [listen],
            settings=options,
            telemetry=self.counted,
            interceptors=(self.counted,),
        )
        await server.start()
        self._opened[server.addresses[0]] = server
        return server

    async def open_with_keys(self, **settings: Any) -> Server:
        """One that asks for an API key."""
        return await self.open(api_keys=self._key_file, **settings)

    async def close(self) -> None:
        """Stop every server."""
        for task in self._draining:
            task.cancel()
        await asyncio.gather(*self._draining, return_exceptions=True)
        await asyncio.gather(*(server.stop() for server in self._opened.values()))

    def _tools(self) -> dict[str, Tool]:
        about_servers = (self._open_server, self._drain_server, self._close_server)
        return Tools(self._shared).by_name() | dict(zip(SERVER_TOOLS, about_servers, strict=True))

    async def _open_server(self, ctx: Ctx, args: dict[str, Any], params: Params) -> Result:
        if len(self._opened) >= MAX_SERVERS:
            raise MCPError(types.INVALID_PARAMS, f"{MAX_SERVERS} servers are open: close some")
        server = await self.open(**self._settings(args))
        address = server.addresses[0]
        return said(address, {"address": address})

    async def _drain_server(self, ctx: Ctx, args: dict[str, Any], params: Params) -> Result:
        server = self._named(args, keep=True)
        draining = asyncio.create_task(server.drain())
        self._draining.add(draining)
        draining.add_done_callback(self._draining.discard)
        return said("draining")

    async def _close_server(self, ctx: Ctx, args: dict[str, Any], params: Params) -> Result:
        await self._named(args, keep=False).stop()
        return said("closed")

    def _named(self, args: dict[str, Any], *, keep: bool) -> Server:
        address = args["address"]
        server = self._opened.get(address) if keep else self._opened.pop(address, None)
        if server is None:
            raise MCPError(types.INVALID_PARAMS, f"no server was opened at {address}")
        return server

    def _settings(self, args: dict[str, Any]) -> dict[str, Any]:
        settings: dict[str, Any] = {}
        if "window" in args:
            settings["max_in_flight"] = args["window"]
        if args.get("api_keys"):
            settings["api_keys"] = self._key_file
        if "rate_limit" in args:
            settings["rate_limit"] = args["rate_limit"]
        if args.get("policy"):
            settings["policy"] = self._policy()
        if "max_message_bytes" in args:
            settings |= bounded_messages(args["max_message_bytes"])
        return settings

    def _policy(self) -> str:
        """The file of a policy that lets everybody list and read, and nobody call a tool."""
        path = self._folder / "policy.toml"
        path.write_text(POLICY)
        return str(path)


def bounded_messages(max_message_bytes: int) -> dict[str, int]:
    """Settings of a server whose gRPC messages are no larger than this, in both directions."""
    quarter = max_message_bytes // 4
    return {
        "max_message_bytes": max_message_bytes,
        "fragment_bytes": min(256 * 1024, quarter),
        "max_coalesced_frame_bytes": min(64 * 1024, quarter),
    }


async def serve() -> None:
    """Serve until stdin ends or SIGTERM."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        servers = Servers(folder)
        stack.push_async_callback(servers.close)
        tell(await opened(servers, folder))
        follow_stdin(lambda: loop.call_soon_threadsafe(ended.set))
        await ended.wait()
    tell({"rpcs": servers.counted.rpcs, "envelopes": servers.counted.envelopes})


def follow_stdin(ended: Callable[[], object]) -> None:
    """Say when stdin has ended, whatever it is: the event loop can wait for no plain file."""

    def read() -> None:
        while os.read(sys.stdin.fileno(), 4_096):
            pass
        ended()

    threading.Thread(target=read, name="stdin", daemon=True).start()


def tell(facts: dict[str, Any]) -> None:
    """Print facts as one line of JSON."""
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


async def opened(servers: Servers, folder: Path) -> dict[str, str]:
    """Open the two servers that every language has; gives the environment of its tests."""
    authority = FilingAuthority(folder)
    pair = authority.issue("localhost")
    anonymous = await servers.open()
    secured = await servers.open_with_keys(tls_cert=str(pair.certificate), tls_key=str(pair.key))
    _, _, port = secured.addresses[0].rpartition(":")
    return {
        "MCPGRPC_ADDRESS": anonymous.addresses[0],
        "MCPGRPC_TLS_ADDRESS": f"localhost:{port}",
        "MCPGRPC_TLS_CA": str(authority.certificate),
        "MCPGRPC_API_KEY": servers.api_key,
        "MCPGRPC_VECTORS": str(VECTORS),
    }


if __name__ == "__main__":
    asyncio.run(serve())
