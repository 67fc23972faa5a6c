"""grpc.aio by itself: bytes that come back, one message a frame on a stream, or an RPC for each.

It is the measure of what gRPC in Python costs; nothing is parsed.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from typing import Any, Final

import grpc

SERVICE: Final = "bench.Echo"
STREAM: Final = f"/{SERVICE}/Stream"
UNARY: Final = f"/{SERVICE}/Unary"


async def stream(
    requests: AsyncIterator[bytes], context: grpc.aio.ServicerContext[Any, Any]
) -> None:
    """Send each message back as it comes."""
    del requests
    while (message := await context.read()) is not grpc.aio.EOF:
        await context.write(message)


async def unary(request: bytes, context: grpc.aio.ServicerContext[Any, Any]) -> bytes:
    """Send the request back."""
    del context
    return request


async def main() -> None:
    """Serve until the process is ended."""
    server = grpc.aio.server()
    # Without serializers gRPC gives bytes and takes bytes.
    handlers: dict[str, Any] = {
        "Stream": grpc.stream_stream_rpc_method_handler(stream),
        "Unary": grpc.unary_unary_rpc_method_handler(unary),
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    sys.stdout.write(f"address 127.0.0.1:{port}\n")
    sys.stdout.flush()
    await server.wait_for_termination()


if __name__ == "__main__":
    asyncio.run(main())
