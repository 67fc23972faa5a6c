"""A listener for health alone: plaintext, without identity, for probes that have neither.

It serves nothing that a stranger could use: the status of a service is what a load balancer sees
anyway.
"""

from __future__ import annotations

from typing import Final

import grpc
from grpc_health.v1 import health_pb2_grpc

from mcpgrpc_server.health import Health
from mcpgrpc_server.listeners import bind

MAX_STREAMS: Final = 100
"""Of one connection. A probe opens one; a load balancer watches with one."""

MAX_MESSAGE_BYTES: Final = 4096
"""A request holds the name of a service."""


def private_health(address: str) -> str:
    """Where a door in the server's process asks for health: beside the socket of its own."""
    return f"{address}.health"


class HealthListener:
    """Serves `grpc.health.v1` on an address of its own.

    Args:
        health: what the server tells everywhere.
        address: `HOST:PORT`, port 0 for a free one, or `unix:PATH`.
    """

    def __init__(self, health: Health, address: str) -> None:
        self._address = address
        self._grpc = grpc.aio.server(
            options=[
                ("grpc.max_concurrent_streams", MAX_STREAMS),
                ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
                ("grpc.so_reuseport", 0),
            ]
        )
        health_pb2_grpc.add_HealthServicer_to_server(health, self._grpc)

    async def start(self) -> str:
        """Listen; gives the target that is really bound.

        Raises:
            ListenError: the address cannot be bound.
        """
        try:
            bound = bind(self._grpc, self._address)
        finally:
            # Also after a failure: gRPC gives up only what it has started.
            await self._grpc.start()
        return bound

    async def stop(self, grace_seconds: float | None = None) -> None:
        """Give the address back; watchers are let go by `Health.end_watches` before.

        Args:
            grace_seconds: how long the last status may take to reach them.
        """
        await self._grpc.stop(grace_seconds)
