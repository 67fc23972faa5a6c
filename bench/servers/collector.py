"""A collector on loopback that takes spans over OTLP and keeps none: what a traced server sends to.

`python -m bench.servers.collector -- COMMAND …` becomes the command, with the collector as a
process beside it that `OTEL_EXPORTER_OTLP_ENDPOINT` names. It ends with the command's group.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from typing import Any, Final

import grpc

SERVICE: Final = "opentelemetry.proto.collector.trace.v1.TraceService"
_ALONE: Final = "alone"


async def export(request: bytes, context: grpc.aio.ServicerContext[Any, Any]) -> bytes:
    """Take a batch: the empty answer says that every span of it was."""
    del request, context
    return b""


async def main() -> None:
    """Serve until the process is ended."""
    server = grpc.aio.server()
    # Without serializers gRPC gives bytes and takes bytes.
    handlers: dict[str, Any] = {"Export": grpc.unary_unary_rpc_method_handler(export)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    sys.stdout.write(f"http://127.0.0.1:{port}\n")
    sys.stdout.flush()
    await server.wait_for_termination()


def become(command: list[str]) -> None:
    """Start the collector, and be the command from then on: its process is the one measured."""
    collector = subprocess.Popen(  # noqa: S603 - this module
        [sys.executable, "-m", "bench.servers.collector", _ALONE], stdout=subprocess.PIPE, text=True
    )
    assert collector.stdout is not None
    os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.stdout.readline().strip()
    os.execvp(command[0], command)  # noqa: S606 - without a shell


if __name__ == "__main__":
    if sys.argv[1:] == [_ALONE]:
        asyncio.run(main())
    else:
        become(sys.argv[2:])
