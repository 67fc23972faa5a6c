"""Large results at the lean client: read with the loop's other work in between."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from mcpgrpc.binding import errors, json_parts, json_text
from mcpgrpc.client.inbox import ServerMessages
from mcpgrpc.client.requests import Requests
from mcpgrpc.errors import RemoteError
from mcpgrpc.stream.carrier import Exchange
from mcpgrpc.stream.turns import SMALL_CALL_TURNS
from mcpgrpc.v1 import envelope_pb2

MAX_SECONDS = 30
LINE = 'A line of "text", and its end.\n'
TEXT = LINE * (3 * json_parts.LARGE_CHARACTERS // len(LINE))


def result_of(text: str) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": text}], "isError": False}


class Ticker:
    """Counts how often the loop turns while it answers, as a carrier, with one text for all."""

    def __init__(self, result_json: str) -> None:
        self._result_json = result_json
        self.ticks = 0
        self.answered = asyncio.Event()

    async def open(self) -> None:
        """It needs no server."""

    async def close(self) -> None:
        """It has none."""

    async def exchange(self, exchange: Exchange) -> envelope_pb2.Envelope:
        """Answer, and count from now on."""
        request_id = exchange.envelope.request.id
        response = envelope_pb2.JsonRpcResponse(id=request_id, result_json=self._result_json)
        self.answered.set()
        asyncio.get_running_loop().call_soon(self._tick)
        return envelope_pb2.Envelope(response=response)

    async def notify(self, envelope: envelope_pb2.Envelope) -> None:
        """Nobody hears it."""

    def _tick(self) -> None:
        if self.answered.is_set():
            self.ticks += 1
            asyncio.get_running_loop().call_soon(self._tick)

    def stop(self) -> None:
        """Count no further."""
        self.answered.clear()


async def asked(requests: Requests) -> dict[str, Any]:
    async with asyncio.timeout(MAX_SECONDS):
        return await requests.request("tools/call", None, timeout_seconds=MAX_SECONDS)


async def ask(result_json: str) -> tuple[dict[str, Any], int]:
    """The result that a client gives, and how often the loop turned while it was read."""
    carrier = Ticker(result_json)
    requests = Requests(carrier, ServerMessages(None, None))
    try:
        return await asked(requests), carrier.ticks
    finally:
        carrier.stop()
        await requests.close()


@pytest.mark.parametrize("text", [TEXT, TEXT.replace("l", "\u00e9")], ids=["ascii", "accents"])
async def test_others_run_between_the_parts_of_a_large_result(text: str) -> None:
    written = json_text.dump(result_of(text))
    result, ticks = await ask(written)
    assert result == result_of(text)
    assert ticks >= SMALL_CALL_TURNS + len(written) // json_parts.PART_CHARACTERS


async def test_a_small_result_is_read_without_a_turn() -> None:
    result, ticks = await ask(json_text.dump(result_of("some text")))
    assert (result, ticks) == (result_of("some text"), 0)


@pytest.mark.parametrize(
    ("text", "code", "why"),
    [
        (json_text.dump([TEXT]), errors.INVALID_REQUEST, "is not an object"),
        (json_text.dump(result_of(TEXT))[:-1], errors.PARSE_ERROR, "is not JSON"),
    ],
    ids=["no object", "no JSON"],
)
async def test_a_large_result_that_is_none_is_an_error(text: str, code: int, why: str) -> None:
    with pytest.raises(RemoteError, match=why) as caught:
        await ask(text)
    assert caught.value.code == code


async def test_large_results_are_read_one_after_the_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    happened: list[str] = []
    parse = json_parts.parse

    def noted(text: str) -> json_parts.Steps[Any]:
        happened.append("begun")
        value = yield from parse(text)
        happened.append("ended")
        return value

    monkeypatch.setattr(json_parts, "parse", noted)
    carrier = Ticker(json_text.dump(result_of(TEXT)))
    requests = Requests(carrier, ServerMessages(None, None))
    results = await asyncio.gather(*(asked(requests) for _ in range(3)))
    carrier.stop()
    await requests.close()
    assert results == [result_of(TEXT)] * 3
    assert happened == ["begun", "ended"] * 3


async def test_a_call_can_be_cancelled_while_its_large_result_is_read() -> None:
    carrier = Ticker(json_text.dump(result_of(TEXT)))
    requests = Requests(carrier, ServerMessages(None, None))
    call = asyncio.create_task(asked(requests))
    await carrier.answered.wait()
    assert not call.done()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    # The next one does not wait for what was given up.
    assert await asked(requests) == result_of(TEXT)
    carrier.stop()
    await requests.close()
