"""The few RPCs that an examination makes, each once, bounded in time, with nothing retried.

It judges nothing.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any, Final

import grpc
from google.protobuf.wrappers_pb2 import Int32Value, StringValue

from mcpgrpc.binding import json_text
from mcpgrpc.binding.era import MODERN_VERSIONS, PROTOCOL_VERSION_META_KEY
from mcpgrpc.client.handshake import DEFAULT_CLIENT_INFO
from mcpgrpc.client.requests import CLIENT_CAPABILITIES_META_KEY, CLIENT_INFO_META_KEY
from mcpgrpc.v1 import envelope_pb2, mcp_service_pb2, mcp_service_pb2_grpc, session_pb2

HEALTH_STATUSES: Final = ("UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN")
LIST_SERVICES: Final = b"\x3a\x01*"
"""ServerReflectionRequest{list_services: "*"}, so that no client needs the stubs of reflection."""

Metadata = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Told:
    """What an RPC gave, or the status with which it failed.

    Attributes:
        answer: the message; None where it failed.
        error: why it failed; None where it did not.
        took_seconds: from the first byte to the last.
        headers: the initial metadata, text alone.
    """

    answer: Any = None
    error: grpc.aio.AioRpcError | None = None
    took_seconds: float = 0.0
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def code(self) -> grpc.StatusCode:
        """The status; OK where there is an answer."""
        return grpc.StatusCode.OK if self.error is None else self.error.code()

    @property
    def details(self) -> str:
        """The status in words."""
        return "" if self.error is None else (self.error.details() or self.error.code().name)


class Rpcs:
    """Calls one server.

    Args:
        channel: to it.
        timeout_seconds: for each RPC.
    """

    def __init__(self, channel: grpc.aio.Channel, timeout_seconds: float) -> None:
        self._channel = channel
        self._timeout_seconds = timeout_seconds

    async def health(self, service: str, metadata: Metadata) -> Told:
        """`grpc.health.v1`'s Check; the answer is the status's name."""
        # HealthCheckRequest{string service = 1} and HealthCheckResponse{enum status = 1} are these
        # two on the wire.
        check = self._channel.unary_unary(
            "/grpc.health.v1.Health/Check",
            request_serializer=StringValue.SerializeToString,
            response_deserializer=Int32Value.FromString,
        )
        began = time.monotonic()
        call = check(StringValue(value=service), timeout=self._timeout_seconds, metadata=metadata)
        try:
            number = (await call).value
            headers = _text(await call.initial_metadata())
        except grpc.aio.AioRpcError as error:
            return Told(error=error)
        known = range(len(HEALTH_STATUSES))
        status = HEALTH_STATUSES[number] if number in known else "UNKNOWN"
        return Told(status, took_seconds=time.monotonic() - began, headers=headers)

    async def services(self, metadata: Metadata) -> Told:
        """What reflection lists, as the bytes of its answer; of the newer version, or the older."""
        told = Told()
        for version in ("v1", "v1alpha"):
            told = await self._services(version, metadata)
            if told.code is not grpc.StatusCode.UNIMPLEMENTED:
                break
        return told

    async def _services(self, version: str, metadata: Metadata) -> Told:
        # One request is a stream of one. Written by itself it could meet the end of the RPC, which
        # grpc.aio then reports in the place of the status.
        listing: Any = self._channel.unary_stream(
            f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo"
        )
        call = listing(LIST_SERVICES, timeout=self._timeout_seconds, metadata=metadata)
        try:
            return Told(await call.read())
        except grpc.aio.AioRpcError as error:
            return Told(error=error)
        finally:
            call.cancel()

    async def settings(self, metadata: Metadata) -> Told:
        """Open a Session for as long as its server's Settings take to come."""
        stub = mcp_service_pb2_grpc.McpServiceStub(self._channel)
        call = stub.Session(timeout=self._timeout_seconds, metadata=metadata)
        try:
            frame: Any = await call.read()
            if frame is grpc.aio.EOF:
                code = await call.code()
                return Told(error=_error(code, await call.details()))
            items = frame.items
            found = items[0].settings if items and items[0].HasField("settings") else None
            return Told(found if found is not None else session_pb2.Settings())
        except grpc.aio.AioRpcError as error:
            return Told(error=error)
        finally:
            call.cancel()

    async def discover(self, metadata: Metadata, padding_bytes: int = 0) -> Told:
        """Call `server/discover`; the answer is the JsonRpcResponse."""
        meta: dict[str, Any] = {
            PROTOCOL_VERSION_META_KEY: MODERN_VERSIONS[-1],
            CLIENT_INFO_META_KEY: DEFAULT_CLIENT_INFO,
            CLIENT_CAPABILITIES_META_KEY: {},
        }
        if padding_bytes:
            meta["io.github.mcpgrpc/padding"] = "x" * padding_bytes
        request = envelope_pb2.JsonRpcRequest(
            id=envelope_pb2.RequestId(integer=1),
            method="server/discover",
            params_json=json_text.dump({"_meta": meta}),
        )
        stub = mcp_service_pb2_grpc.McpServiceStub(self._channel)
        message = mcp_service_pb2.CallRequest(request=request)
        began = time.monotonic()
        try:
            async for each in stub.Call(message, timeout=self._timeout_seconds, metadata=metadata):
                if each.HasField("response"):
                    return Told(each.response, took_seconds=time.monotonic() - began)
        except grpc.aio.AioRpcError as error:
            return Told(error=error)
        return Told(error=_error(grpc.StatusCode.INTERNAL, "a Call ended without a response"))


def _error(code: grpc.StatusCode, details: str | None) -> grpc.aio.AioRpcError:
    nothing = grpc.aio.Metadata()
    return grpc.aio.AioRpcError(code, nothing, nothing, details)


def _text(metadata: Any) -> dict[str, str]:
    return {key: value for key, value in metadata or () if isinstance(value, str)}
