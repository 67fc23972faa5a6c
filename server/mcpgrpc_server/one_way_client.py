"""A client that can be asked nothing: there is no way back for a request of the server.

It is a base for those who can at least be told something; as it is, nobody hears anything.
"""

from __future__ import annotations

from mcpgrpc.binding.ids import Id
from mcpgrpc.stream.writer import StreamClosedError
from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server.caller import Caller


class OneWayClient:
    """Takes no requests of the server and has no streams that a door could end.

    Args:
        caller: who it is, or for whom the server asks something of itself.
    """

    takes_requests = False

    def __init__(self, caller: Caller) -> None:
        self.caller = caller

    async def notify(
        self, method: str, params_json: str | None, related_request_id: Id | None
    ) -> None:
        """Nobody listens."""

    def next_request_id(self) -> int:
        """Never asked: this client takes no requests."""
        return 0

    async def request(
        self,
        request_id: Id,
        method: str,
        params_json: str | None,
        related_request_id: Id | None,
        timeout_seconds: float | None,
    ) -> envelope_pb2.JsonRpcResponse:
        """Never asked: this client takes no requests."""
        raise StreamClosedError(f"there is no way to ask this client for {method}")

    def close_request_stream(self, request_id: Id) -> None:
        """There is no such stream."""

    def close_standalone_stream(self) -> None:
        """There is no such stream."""
