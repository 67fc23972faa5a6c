"""Event streams: how they are written, that they end, and where they are taken up again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from starlette.requests import Request
from starlette.responses import Response

from mcpgrpc.errors import ConnectionLost, ServiceError
from mcpgrpc_server.upstream.http import resumption as http_resumption
from mcpgrpc_server.upstream.http.client import open_http_client
from mcpgrpc_server.upstream.http.failures import SessionEnded
from tests.upstream.http_carriers import Heard, call, session, text_of
from tests.upstream.http_servers import (
    SESSION,
    Answer,
    Scripted,
    event,
    events_response,
    json_response,
    no_stream,
    notification,
    result,
    scripted,
    session_answers,
)

SAID = '{"content":[{"type":"text","text":"fine"}]}'
FINE = result(2, SAID)
PROGRESS = notification("notifications/progress", '{"progressToken":1,"progress":1}')
RETRY_MS = 10


@pytest.fixture(scope="module")
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    async with open_http_client() as client:
        yield client


@pytest.fixture(scope="module")
async def served_script() -> AsyncIterator[Scripted]:
    async with scripted() as script:
        yield script


@pytest.fixture
def upstream(served_script: Scripted) -> Scripted:
    served_script.requests.clear()
    return served_script


def always(make: Any) -> Answer:
    async def answer(request: Request, message: dict[str, Any] | None) -> Response:
        response: Response = make()
        return response

    return answer


class Resumed:
    """A server's streams of GET: the standalone one, and those behind an event, in their order."""

    def __init__(self, *responses: Response, standalone: Response | None = None) -> None:
        self._responses = list(responses)
        self._standalone = standalone
        self.after: list[str] = []

    async def __call__(self, request: Request, message: dict[str, Any] | None) -> Response:
        after = request.headers.get("last-event-id")
        if after is None:
            return self._standalone or await no_stream(request, message)
        self.after.append(after)
        return self._responses.pop(0)


@pytest.mark.parametrize(
    "written",
    [
        f"data: {FINE}\n\n",
        f"data:{FINE}\n\n",
        f"data: {FINE}\r\n\r\n",
        f"data: {FINE}\r\r",
        f"\ufeffdata: {FINE}\n\n",
        f": ping\n\n: ping\ndata: {FINE}\n\n",
        f"id\nretry: soon\nevent: message\nother: x\ndata: {FINE}\n\n",
        f"retry: -1\n\nretry: {'9' * 400}\n\ndata: {FINE}\n\n",
        f"event: endpoint\ndata: /messages\n\ndata: {FINE}\n\n",
        f"data\n\ndata: {FINE}\n\n",
        "data: " + FINE.replace(",", ",\ndata: ") + "\n\n",
    ],
)
@pytest.mark.parametrize("slice_bytes", [1, 1 << 20], ids=["byte by byte", "at once"])
async def test_an_event_may_be_written_in_every_way_that_the_standard_has(
    upstream: Scripted, client: httpx2.AsyncClient, written: str, slice_bytes: int
) -> None:
    raw = written.encode()
    parts = [raw[at : at + slice_bytes] for at in range(0, len(raw), slice_bytes)]
    upstream.answer = session_answers(always(lambda: events_response(*parts)))
    async with session(upstream.url, Heard(), client=client) as carrier:
        assert text_of(await carrier.exchange(call(2, "steps"))) == "fine"


async def test_a_stream_that_ends_early_goes_on_where_it_was_left(
    upstream: Scripted, client: httpx2.AsyncClient
) -> None:
    resumed = Resumed(
        events_response(event(PROGRESS, "b")),
        events_response(event("", "c", RETRY_MS)),
        events_response(event(PROGRESS), event(FINE, "d")),
    )
    first = lambda: events_response(event("", "a", RETRY_MS), event(PROGRESS))  # noqa: E731
    upstream.answer = session_answers(always(first), resumed)
    async with session(upstream.url, heard := Heard(), client=client) as carrier:
        assert text_of(await carrier.exchange(call(2, "steps"))) == "fine"
    assert resumed.after == ["a", "b", "c"]
    assert heard.streams_closed == [2, 2, 2]
    assert [heard.notifications.get_nowait()[2] for _ in range(3)] == [2, 2, 2]
    assert heard.notifications.empty()
    again = [fields for fields in upstream.headers if "last-event-id" in fields]
    assert {fields["mcp-session-id"] for fields in again} == {SESSION}
    assert {fields["accept"] for fields in again} == {"text/event-stream"}


async def test_a_stream_that_breaks_goes_on_without_a_word_to_the_door(
    upstream: Scripted, client: httpx2.AsyncClient
) -> None:
    def broken() -> Response:
        # Less than it says it is.
        return events_response(event("", "a", RETRY_MS), content_length="1000")

    resumed = Resumed(
        Response(status_code=503), Response(status_code=409), events_response(event(FINE))
    )
    upstream.answer = session_answers(always(broken), resumed)
    async with session(upstream.url, heard := Heard(), client=client) as carrier:
        assert text_of(await carrier.exchange(call(2, "steps"))) == "fine"
    assert resumed.after == ["a", "a", "a"]
    assert heard.streams_closed == []


async def test_a_stream_that_breaks_behind_the_answer_is_left_alone(
    upstream: Scripted, client: httpx2.AsyncClient
) -> None:
    def broken() -> Response:
        # Less than it says it is.
        return events_response(event(FINE, "a", RETRY_MS), content_length="1000")

    resumed = Resumed(Response(status_code=400))
    upstream.answer = session_answers(always(broken), resumed)
    async with session(upstream.url, Heard(), client=client) as carrier:
        assert text_of(await carrier.exchange(call(2, "steps"))) == "fine"
        reading = [task for task in asyncio.all_tasks() if "tools/call" in task.get_name()]
        await asyncio.gather(*reading)
    assert resumed.after == []


@pytest.mark.parametrize(
    ("responses", "error"),
    [
        ([Response(status_code=400)], ConnectionLost),
        ([Response(status_code=401)], ConnectionLost),
        ([Response(status_code=405)], ConnectionLost),
        ([Response(status_code=404)], SessionEnded),
        ([json_response('{"jsonrpc":"2.0","id":2,"error":{"code":1,"message":""}}', 400)],
         ConnectionLost),
        ([json_response(FINE)] * http_resumption.MAX_FAILURES, ConnectionLost),
        ([Response(status_code=503)] * http_resumption.MAX_FAILURES, ConnectionLost),
    ],
)  # fmt: skip
async def test_a_stream_that_cannot_be_taken_up_again_is_a_loss(
    upstream: Scripted,
    client: httpx2.AsyncClient,
    responses: list[Response],
    error: type[ConnectionLost],
) -> None:
    first = always(lambda: events_response(event("", "a", RETRY_MS)))
    upstream.answer = session_answers(first, Resumed(*responses))
    async with session(upstream.url, heard := Heard(), client=client) as carrier:
        with pytest.raises(error) as lost:
            await carrier.exchange(call(2, "steps"))
    assert lost.value.execution == "MAYBE"
    assert len(heard.over) == (1 if error is SessionEnded else 0)


async def test_streams_that_end_again_and_again_without_an_event_are_given_up(
    upstream: Scripted, client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_resumption, "MAX_EMPTY", 3)
    resumed = Resumed(
        *[events_response(), events_response(), events_response(event("", "b"))],
        *[events_response()] * 3,
    )
    first = always(lambda: events_response(event("", "a", RETRY_MS)))
    upstream.answer = session_answers(first, resumed)
    async with session(upstream.url, Heard(), client=client) as carrier:
        with pytest.raises(ConnectionLost):
            await carrier.exchange(call(2, "steps"))
    assert resumed.after == ["a", "a", "a", "b", "b", "b"]


async def test_a_message_too_large_is_not_fetched_again(
    upstream: Scripted, client: httpx2.AsyncClient
) -> None:
    resumed = Resumed(events_response(event("x" * 20_000)))
    first = always(lambda: events_response(event("", "a", RETRY_MS)))
    upstream.answer = session_answers(first, resumed)
    bounded = session(upstream.url, Heard(), client=client, max_message_bytes=10_000)
    async with bounded as carrier:
        with pytest.raises(ServiceError) as refused:
            await carrier.exchange(call(2, "steps"))
    assert refused.value.reason == "MESSAGE_TOO_LARGE"
    assert resumed.after == ["a"]


async def test_an_event_id_that_no_header_can_hold_is_not_used(
    upstream: Scripted, client: httpx2.AsyncClient
) -> None:
    resumed = Resumed(events_response(event(FINE)))
    first = [event("", "a", RETRY_MS), event(PROGRESS, "b\u20ac"), event(PROGRESS, "c" * 2000)]
    upstream.answer = session_answers(always(lambda: events_response(*first)), resumed)
    async with session(upstream.url, Heard(), client=client) as carrier:
        assert text_of(await carrier.exchange(call(2, "steps"))) == "fine"
    assert resumed.after == ["a"]


async def test_the_standalone_stream_is_opened_again_where_it_was_left(
    upstream: Scripted, client: httpx2.AsyncClient
) -> None:
    changed = notification("notifications/tools/list_changed", "{}")
    others = [
        Response(status_code=503),
        Response(status_code=409),
        events_response(event("x" * 100, "b", RETRY_MS), event(FINE)),
        events_response(event(changed)),
        Response(status_code=400),
    ]
    resumed = Resumed(*others, standalone=events_response(event(changed, "a", RETRY_MS)))
    upstream.answer = session_answers(always(lambda: json_response(FINE)), resumed)
    async with session(upstream.url, heard := Heard(), client=client):
        for _ in range(2):
            assert await heard.next("notifications/tools/list_changed") == ({}, None)
        await heard.standalone_closed.wait()
    assert resumed.after[:4] == ["a", "a", "a", "b"]
    assert heard.over == []


async def test_a_session_that_its_own_stream_finds_forgotten_is_over(
    upstream: Scripted, client: httpx2.AsyncClient
) -> None:
    arrived = asyncio.Event()
    forgotten = asyncio.Event()

    async def hold(request: Request, message: dict[str, Any] | None) -> Response:
        arrived.set()
        await asyncio.Event().wait()
        raise AssertionError("nothing ends the wait")

    async def listen(request: Request, message: dict[str, Any] | None) -> Response:
        await forgotten.wait()
        return Response(status_code=404)

    upstream.answer = session_answers(hold, listen)
    async with session(upstream.url, heard := Heard(), client=client) as carrier:
        held = asyncio.create_task(carrier.exchange(call(2, "hold")))
        await arrived.wait()
        forgotten.set()
        await heard.session_ended.wait()
        with pytest.raises(ConnectionLost) as lost:
            await held
        assert lost.value.execution == "MAYBE"
    assert len(heard.over) == 1


@pytest.mark.parametrize("status", [405, 400, 404, 501])
async def test_a_server_without_a_standalone_stream_is_not_asked_for_it_again(
    upstream: Scripted, client: httpx2.AsyncClient, status: int
) -> None:
    asked = asyncio.Event()

    async def listen(request: Request, message: dict[str, Any] | None) -> Response:
        asked.set()
        return Response(status_code=status)

    answers = session_answers(always(lambda: json_response(FINE)), listen, session_id=None)
    upstream.answer = answers
    async with session(upstream.url, Heard(), client=client) as carrier:
        await asked.wait()
        assert text_of(await carrier.exchange(call(2, "steps"))) == "fine"
        listening = [task for task in asyncio.all_tasks() if "event stream" in task.get_name()]
        # It ends by itself, where it would be asked for again after a pause.
        await asyncio.gather(*listening)
    assert upstream.methods().count("GET") == 1


async def test_an_event_too_large_on_the_standalone_stream_is_left_out(
    upstream: Scripted, client: httpx2.AsyncClient
) -> None:
    changed = notification("notifications/tools/list_changed", "{}")
    streams = [
        events_response(event("", "a", RETRY_MS), event("x" * 20_000)),
        events_response(event(changed)),
    ]

    async def listen(request: Request, message: dict[str, Any] | None) -> Response:
        return streams.pop(0) if streams else Response(status_code=405)

    upstream.answer = session_answers(always(lambda: json_response(FINE)), listen)
    bounded = session(upstream.url, heard := Heard(), client=client, max_message_bytes=10_000)
    async with bounded:
        await heard.next("notifications/tools/list_changed")
    assert not any("last-event-id" in fields for fields in upstream.headers)
