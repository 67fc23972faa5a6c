"""An SDK app as a backend: its lifespan once, its handlers for every request of every client.

It does not reimplement MCP: the SDK's own kernel (`ServerRunner`) validates, runs middleware and
extensions, and shapes results at every revision; `direct` leaves out of that what would do nothing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from mcpgrpc.binding import json_text
from mcpgrpc.binding.era import PROTOCOL_VERSION_META_KEY, Era
from mcpgrpc.binding.in_flight import InFlightRequest
from mcpgrpc_server.availability import Availability
from mcpgrpc_server.backend import Client, ServerCall, Summary
from mcpgrpc_server.caller import Caller
from mcpgrpc_server.one_way_client import OneWayClient
from mcpgrpc_server.sdk import internals
from mcpgrpc_server.sdk.connection import SdkConnection

if TYPE_CHECKING:
    from mcpgrpc_server.sdk.direct.ways import Ways


class SdkApp:
    """The backend of an `MCPServer` or a low-level `Server`.

    Args:
        app: the server object. Raises TypeError for anything else.
        direct_dispatch: whether requests may go past the SDK's kernel where that changes nothing.
            With a release of the SDK that this was not verified with, none does.
    """

    def __init__(self, app: object, *, direct_dispatch: bool = True) -> None:
        self._server = internals.lowlevel_server(app)
        self._lifespan_state: Any = None
        self._ways = _ways_into(self._server) if direct_dispatch else None
        self.availability = Availability(serving=True)
        """An app in this process serves for as long as the process does."""

    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """Enter the app's lifespan, once for the process."""
        async with self._server.lifespan(self._server) as state:
            self._lifespan_state = state
            yield

    def connect(self, client: Client) -> SdkConnection:
        """A new client of the app."""
        return SdkConnection(self._server, self._lifespan_state, client, self._ways)

    async def summary(self) -> Summary:
        """The app's name, and the tools of the first page of its list."""
        if self._server.get_request_handler("tools/list") is None:
            return Summary(self._server.name)
        connection = self.connect(OneWayClient(Caller(peer="in-process")))
        meta = {
            PROTOCOL_VERSION_META_KEY: internals.LATEST_MODERN_VERSION,
            "io.modelcontextprotocol/clientCapabilities": {},
        }
        call = ServerCall(
            InFlightRequest("summary", "tools/list"), Era.MODERN, {"_meta": meta}, None, None
        )
        response = await connection.handle_request(call)
        await connection.aclose()
        if response.WhichOneof("outcome") == "error":
            return Summary(self._server.name)
        return Summary(
            self._server.name, tuple(json_text.parse(response.result_json).get("tools", ()))
        )


def _ways_into(server: internals.LowlevelServer) -> Ways | None:
    if not internals.is_verified_release():
        return None
    # They name steps of the SDK that another release may not have.
    from mcpgrpc_server.sdk.direct.ways import Ways

    return Ways(server)
