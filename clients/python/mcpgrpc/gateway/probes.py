"""`/health` and `/ready`: whether the door runs, and whether the server behind it serves.

They tell a status and nothing else, and ask nobody for a credential. Where the server wants one for
its health, the door has its own for that question alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import grpc
from google.protobuf.wrappers_pb2 import Int32Value, StringValue
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from mcpgrpc.connection import ConnectionOptions
from mcpgrpc.errors import McpGrpcError
from mcpgrpc.gateway.replies import OK, SERVICE_UNAVAILABLE
from mcpgrpc.gateway.work import Work

SERVICE: Final = "mcpgrpc.v1.McpService"
TIMEOUT_SECONDS: Final = 2.0

_STATUSES: Final = ("UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN")
_NO_STORE: Final = {"cache-control": "no-store"}


async def health(request: Request) -> Response:
    """The door answers."""
    return JSONResponse({"status": "SERVING"}, headers=_NO_STORE)


@dataclass(slots=True)
class Readiness:
    """Asks `grpc.health.v1` of the server.

    Attributes:
        options: how to reach the server, and with which credential.
        channel: the channel to it.
        work: whether the door takes any.
    """

    options: ConnectionOptions
    channel: grpc.aio.Channel
    work: Work

    async def answer(self, request: Request) -> Response:
        """200 while the server is SERVING and the door is not stopping, else 503."""
        status = "NOT_SERVING" if self.work.draining else await self._status()
        code = OK if status == "SERVING" else SERVICE_UNAVAILABLE
        return JSONResponse({"status": status}, code, headers=_NO_STORE)

    async def _status(self) -> str:
        # HealthCheckRequest{string service = 1} and HealthCheckResponse{enum status = 1} are these
        # two on the wire, so the door does not need the stubs of the health service.
        check = self.channel.unary_unary(
            "/grpc.health.v1.Health/Check",
            request_serializer=StringValue.SerializeToString,
            response_deserializer=Int32Value.FromString,
        )
        try:
            metadata = await self.options.rpc_metadata()
            reply = await check(
                StringValue(value=SERVICE),
                timeout=TIMEOUT_SECONDS,
                metadata=metadata,
                wait_for_ready=True,
            )
        except grpc.aio.AioRpcError as error:
            unreachable = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)
            return "UNREACHABLE" if error.code() in unreachable else error.code().name
        except McpGrpcError:
            return "CREDENTIAL_UNREADABLE"
        return _STATUSES[reply.value] if reply.value in range(len(_STATUSES)) else "UNKNOWN"
