"""A client that has half-closed sends nothing more, keep-alives included, and is waited for."""

from __future__ import annotations

import grpc
from google.protobuf import duration_pb2

from mcpgrpc.v1 import session_pb2
from tests.wire.app import Probe
from tests.wire.raw import OpenSession, Serve, text_of, tool, within

PROMISE = session_pb2.Settings(keepalive_interval=duration_pb2.Duration(nanos=100_000_000))
"""Three of them missing end a stream that is open both ways."""

KEEPALIVES_OF_THE_SERVER = 12
"""At 0.05 s each: twice as long as the client may be silent before it half-closes."""


async def test_decision_12_a_half_closed_client_owes_no_keepalives_while_its_request_runs(
    serve: Serve, opened: OpenSession, probe: Probe
) -> None:
    session = await opened(await serve(keepalive_interval_seconds=0.05))
    await session.send(PROMISE, tool(1, "hold", {"key": "running"}))
    await session.half_close()
    await within(probe.began["running"].wait())
    while len(session.frames) < KEEPALIVES_OF_THE_SERVER:
        assert await session.frame() is not None, "the stream was ended"
    probe.gates["running"].set()
    assert text_of(await session.response(1)) == "running"
    ending = await session.ending()
    assert ending.code is grpc.StatusCode.OK
