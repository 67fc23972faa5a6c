"""What the lean client's requests say on the wire, with and without the modern envelope."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mcpgrpc.client.inbox import ServerMessages
from mcpgrpc.client.requests import Requests
from mcpgrpc.stream.carrier import Exchange
from mcpgrpc.v1 import envelope_pb2

ENVELOPE = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}
HUGE = 2**80
"""An integer that the fast encoder does not write."""


class Recorder:
    """A carrier that keeps what it is given, and answers it with nothing."""

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []

    async def open(self) -> None:
        """It needs no server."""

    async def close(self) -> None:
        """It has none."""

    async def exchange(self, exchange: Exchange) -> envelope_pb2.Envelope:
        """Keep a request."""
        self.exchanges.append(exchange)
        response = envelope_pb2.JsonRpcResponse(id=exchange.envelope.request.id, result_json="{}")
        return envelope_pb2.Envelope(response=response)

    async def notify(self, envelope: envelope_pb2.Envelope) -> None:
        """Nobody hears it."""


async def params_of(
    params: dict[str, Any] | None, *, modern: bool, progress: bool = False
) -> dict[str, Any] | None:
    """The params of a request as a server reads them."""
    carrier = Recorder()
    requests = Requests(carrier, ServerMessages(None, None))
    if modern:
        requests.speak_modern("2026-07-28", {"name": "test", "version": "1"}, {})
    on_progress = (lambda *report: None) if progress else None
    await requests.request("m", params, timeout_seconds=5, on_progress=on_progress)
    await requests.close()
    [exchange] = carrier.exchanges
    request = exchange.envelope.request
    if not request.HasField("params_json"):
        return None
    parsed = json.loads(request.params_json)
    assert isinstance(parsed, dict)
    return parsed


@pytest.mark.parametrize(
    "params",
    [{"name": "add", "arguments": {"a": 1}}, {"a": HUGE}, {"": {}}, {"text": "}"}],
    ids=["call", "huge", "empty key", "brace"],
)
async def test_a_modern_request_says_its_envelope_beside_its_params(params: dict[str, Any]) -> None:
    assert await params_of(params, modern=True) == {**params, "_meta": ENVELOPE}
    assert await params_of(params, modern=False) == params


@pytest.mark.parametrize("params", [None, {}], ids=["none", "empty"])
async def test_a_request_without_params_says_its_envelope_alone(
    params: dict[str, Any] | None,
) -> None:
    assert await params_of(params, modern=True) == {"_meta": ENVELOPE}
    assert await params_of(params, modern=False) is None


async def test_the_callers_meta_and_the_progress_token_join_the_envelope() -> None:
    params = {"name": "add", "_meta": {"mine": 1, "progressToken": "forged"}}
    joined = {**ENVELOPE, "mine": 1, "progressToken": 1}
    assert await params_of(params, modern=True, progress=True) == {"name": "add", "_meta": joined}
    assert await params_of({"_meta": None}, modern=True) == {"_meta": ENVELOPE}
    assert await params_of(None, modern=False, progress=True) == {"_meta": {"progressToken": 1}}
    assert params["_meta"] == {"mine": 1, "progressToken": "forged"}
