"""A server that asks its client: in the result at the newest revision, by a request before it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.contract.caller import Caller, Hooks, Json, refusal
from tests.contract.conftest import Connect
from tests.contract.journal import Journal

ROOTS = {"roots": [{"uri": "file:///work", "name": "work"}, {"uri": "file:///tmp"}]}


def line(text: str) -> Json:
    content = {"type": "text", "text": text}
    return {"role": "assistant", "content": content, "model": "a-model"}


class Answers:
    """Answers every question, and keeps what was asked."""

    def __init__(self, **by_method: Any) -> None:
        self._by_method = by_method
        self.asked: list[tuple[str, Json]] = []

    async def __call__(self, method: str, params: Json) -> Json:
        self.asked.append((method, params))
        answer: Json = self._by_method[method.partition("/")[0]]
        return answer


def text_of(result: Json) -> str:
    [block] = result["content"]
    assert not result.get("isError", False), block
    assert isinstance(block["text"], str)
    return block["text"]


async def test_a_form_is_filled_in(connect: Connect) -> None:
    answers = Answers(elicitation={"action": "accept", "content": {"seats": 2}})
    async with connect(Hooks(answers)) as caller:
        assert text_of(await caller.call_tool("book", {"city": "Oslo"})) == "2 seats to Oslo"
    [(method, params)] = answers.asked
    assert (method, params["message"]) == ("elicitation/create", "Seats to Oslo?")
    assert params["requestedSchema"]["properties"]["seats"]["type"] == "integer"


@pytest.mark.parametrize("action", ["decline", "cancel"])
async def test_a_form_may_be_declined_or_cancelled(connect: Connect, action: str) -> None:
    async with connect(Hooks(Answers(elicitation={"action": action}))) as caller:
        assert text_of(await caller.call_tool("book", {"city": "Oslo"})) == f"not booked: {action}"


async def test_the_clients_model_writes_a_line(connect: Connect) -> None:
    answers = Answers(sampling=line("Rain again, 雨."))
    async with connect(Hooks(answers)) as caller:
        assert text_of(await caller.call_tool("compose", {"topic": "rain"})) == "Rain again, 雨."
    [(method, params)] = answers.asked
    assert (method, params["maxTokens"]) == ("sampling/createMessage", 60)
    assert "rain" in str(params["messages"])


async def test_the_clients_roots_are_listed(connect: Connect) -> None:
    async with connect(Hooks(Answers(roots=ROOTS))) as caller:
        assert text_of(await caller.call_tool("roots")) == "file:///work, file:///tmp"


async def test_many_questions_at_once_get_their_own_answers(connect: Connect) -> None:
    async def answer(method: str, params: Json) -> Json:
        city = params["message"].removeprefix("Seats to ").removesuffix("?")
        return {"action": "accept", "content": {"seats": int(city)}}

    async def book(caller: Caller, number: int) -> str:
        return text_of(await caller.call_tool("book", {"city": str(number)}))

    async with connect(Hooks(answer)) as caller:
        booked = await asyncio.gather(*(book(caller, number) for number in range(16)))
    assert booked == [f"{number} seats to {number}" for number in range(16)]


@pytest.mark.eras("modern")
@pytest.mark.apps("MCPServer")
@pytest.mark.clients("lean")
async def test_state_that_was_tampered_with_is_refused(connect: Connect) -> None:
    """The lean client's raw results show the sealed state; the SDK's client keeps it to itself."""
    async with connect(Hooks(Answers())) as caller:
        asked = await caller.request("tools/call", {"name": "book", "arguments": {"city": "Oslo"}})
        assert asked["resultType"] == "input_required"
        state = asked["requestState"]
        [key] = asked["inputRequests"]
        retry: Json = {
            "name": "book",
            "arguments": {"city": "Oslo"},
            "inputResponses": {key: {"action": "accept", "content": {"seats": 3}}},
        }
        forged = {**retry, "requestState": state[:-4] + "AAAA"}
        error = await refusal(caller.request("tools/call", forged))
        honest = await caller.request("tools/call", {**retry, "requestState": state})
    assert error.code == -32602
    assert text_of(honest) == "3 seats to Oslo"


@pytest.mark.eras("legacy")
async def test_a_legacy_client_answers_the_servers_ping(connect: Connect) -> None:
    async with connect() as caller:
        assert text_of(await caller.call_tool("ping_client")) == "the client answers"


@pytest.mark.eras("legacy")
async def test_a_question_that_takes_too_long_is_given_up(connect: Connect) -> None:
    cancelled = asyncio.Event()

    async def never(method: str, params: Json) -> Json:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise
        return {}

    async with connect(Hooks(never)) as caller:
        assert text_of(await caller.call_tool("ask_impatiently")) == "gave up with -32001"
        async with asyncio.timeout(10):
            await cancelled.wait()


@pytest.mark.eras("legacy")
async def test_the_server_hears_the_clients_progress_on_its_question(
    connect: Connect, journal: Journal
) -> None:
    connected: list[Caller] = []

    async def answer(method: str, params: Json) -> Json:
        token = params["_meta"]["progressToken"]
        report = {"progressToken": token, "progress": 1, "total": 2, "message": "thinking"}
        await connected[0].notify("notifications/progress", report)
        return line("Thought.")

    async with connect(Hooks(answer)) as caller:
        connected.append(caller)
        assert text_of(await caller.call_tool("ask_patiently")) == "Thought."
    assert journal.seen == [(1.0, 2.0, "thinking")]


@pytest.mark.eras("legacy")
async def test_a_client_that_cannot_answer_says_so(connect: Connect) -> None:
    async with connect() as caller:
        error = await refusal(caller.call_tool("ask_patiently"))
    assert error.code in (-32600, -32601)
