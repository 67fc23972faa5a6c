"""The collector that a traced server of the bench sends to: it takes spans, and goes with it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

from tests.wire.raw import within

PROGRAM = """
import os
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

class Told(OTLPSpanExporter):
    def export(self, spans):
        print(os.getpid(), super().export(spans).name, flush=True)

provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(Told()))
provider.get_tracer("test").start_span("a call").end()
"""


async def test_the_command_is_the_process_that_was_started_and_its_spans_are_taken() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.servers.collector", "--", sys.executable, "-c", PROGRAM),
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None
    try:
        line = await within(process.stdout.readline())
        await within(process.wait())
    finally:
        os.killpg(process.pid, signal.SIGKILL)
    assert line.decode().split() == [str(process.pid), "SUCCESS"]
    assert process.returncode == 0
