"""Upstreams over HTTP that do what none should: every request ends, and says how."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any, TypeAlias

import httpx2
import pytest
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from mcpgrpc.errors import ConnectError, ConnectionLost, McpGrpcError, ServiceError
from mcpgrpc.stream.carrier import Carrier, Exchange
from mcpgrpc_server.upstream.http.call_carrier import HttpCallCarrier
from mcpgrpc_server.upstream.http.client import open_http_client
from mcpgrpc_server.upstream.http.failures import HttpFailure, HttpRefusal
from tests.upstream.http_carriers import (
    NAME,
    Heard,
    call,
    call_modern,
    calling,
    text_of,
    unbegun,
)
from tests.upstream.http_servers import (
    Scripted,
    by_hand,
    event,
    events_response,
    free_port,
    json_response,
    notification,
    pour,
    read_request,
    result,
    scripted,
    served,
)

Opening: TypeAlias = Callable[..., AbstractAsyncContextManager[Carrier]]

SECRET = "s3cret"
HEADERS = {"Authorization": f"Bearer {SECRET}"}
MAX_BYTES = 64 * 1024
STREAM_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"
JSON_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n"
NO_UTF8 = b'{"jsonrpc":"2.0","id":2,"result":"\xff"}'
SAID = '{"content":[{"type":"text","text":"fine"}]}'


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
    """A server that does what the test says."""
    served_script.requests.clear()
    return served_script


@pytest.fixture(params=["modern", "legacy"])
def era(request: pytest.FixtureRequest, client: httpx2.AsyncClient) -> tuple[Opening, Exchange]:
    """How a carrier is opened, and a call for it; sessions work without an id as well."""
    if request.param == "modern":
        return partial(calling, client=client), call_modern(2, "steps")
    return partial(unbegun, client=client), call(2, "steps")


Era: TypeAlias = tuple[Opening, Exchange]


async def failure(era: Era, url: str, error: type[McpGrpcError], **bounds: Any) -> McpGrpcError:
    """The error of a call to this upstream."""
    opening, exchange = era
    async with opening(url, Heard(), HEADERS, **bounds) as carrier:
        with pytest.raises(error) as raised:
            await carrier.exchange(exchange)
    assert SECRET not in str(raised.value)
    assert "127.0.0.1" not in str(raised.value)
    assert NAME in str(raised.value)
    return raised.value


@pytest.mark.parametrize(
    "make",
    [
        lambda: events_response(),
        lambda: events_response(": nothing\n\n"),
        lambda: events_response(event(result(2, SAID)).rstrip("\n")),
        lambda: events_response(event(result("2", SAID))),
        lambda: events_response(event(result(3, SAID))),
        lambda: events_response(event("no message")),
        lambda: json_response(result("2", SAID)),
        lambda: json_response(result(3, SAID)),
        lambda: json_response("no message"),
        lambda: json_response(f"[{result(2, SAID)}]"),
        lambda: json_response(notification("notifications/progress")),
        lambda: json_response(""),
        lambda: Response(NO_UTF8, media_type="application/json"),
        lambda: Response(result(2, SAID), media_type="text/plain"),
        lambda: HTMLResponse("<p>Welcome</p>"),
        lambda: Response(status_code=202),
        lambda: Response(status_code=204),
        lambda: Response(
            gzip.compress(result(2, SAID).encode()),
            headers={"content-encoding": "gzip"},
            media_type="application/json",
        ),
        lambda: Response(
            gzip.compress(event(result(2, SAID)).encode()),
            headers={"content-encoding": "gzip"},
            media_type="text/event-stream",
        ),
    ],
    ids=[
        "no event", "a comment", "half an event", "an id of another type in an event",
        "another id in an event", "an event that is no message", "an id of another type",
        "another id", "no JSON", "a batch", "a notification", "nothing", "no UTF-8",
        "a message as text", "a page", "accepted", "no content", "compressed", "compressed events",
    ],
)  # fmt: skip
async def test_what_is_no_answer_is_a_loss(
    era: Era, upstream: Scripted, make: Callable[[], Response]
) -> None:
    upstream.always(make)
    lost = await failure(era, upstream.url, ConnectionLost)
    assert isinstance(lost, ConnectionLost)
    assert lost.execution == "MAYBE"


@pytest.mark.parametrize("status", [302, 307, 308, 401, 403, 404, 405, 406, 413, 415, 421])
async def test_a_status_that_says_nothing_ran_is_a_refusal(
    era: Era, upstream: Scripted, status: int
) -> None:
    upstream.always(lambda: RedirectResponse("/other", status))
    refused = await failure(era, upstream.url, HttpRefusal)
    assert isinstance(refused, HttpRefusal)
    assert refused.status == status
    assert refused.reason == "UPSTREAM_UNAVAILABLE"
    assert refused.execution == "NOT_STARTED"
    assert f"HTTP {status}" in str(refused)


@pytest.mark.parametrize("status", [303, 400, 408, 409, 429, 500, 502, 503, 504])
async def test_a_status_that_proves_nothing_is_a_loss(
    era: Era, upstream: Scripted, status: int
) -> None:
    upstream.always(lambda: HTMLResponse("<p>Bad Gateway</p>", status))
    lost = await failure(era, upstream.url, HttpFailure)
    assert isinstance(lost, HttpFailure)
    assert lost.status == status
    assert lost.execution == "MAYBE"


ERROR = '{"jsonrpc":"2.0","id":%s,"error":{"code":-32050,"message":"no","data":{"n":1e400}}}'


@pytest.mark.parametrize(
    ("status", "answer_id"), [(200, "2"), (200, "null"), (400, "2"), (404, "null"), (500, "2")]
)
async def test_an_error_in_json_rpc_is_the_answer_whatever_the_status(
    era: Era, upstream: Scripted, status: int, answer_id: str
) -> None:
    opening, exchange = era
    upstream.always(lambda: json_response(ERROR % answer_id, status))
    async with opening(upstream.url, Heard()) as carrier:
        answer = await carrier.exchange(exchange)
    assert answer.response.error.code == -32050
    assert answer.response.error.data_json == '{"n":1e400}'
    assert answer.response.id.integer == 2


@pytest.mark.parametrize(("status", "answer_id"), [(503, "null"), (400, "3"), (400, '"2"')])
async def test_an_error_that_may_be_a_proxys_is_no_answer(
    era: Era, upstream: Scripted, status: int, answer_id: str
) -> None:
    upstream.always(lambda: json_response(ERROR % answer_id, status))
    lost = await failure(era, upstream.url, HttpFailure)
    assert isinstance(lost, HttpFailure)
    assert lost.execution == "MAYBE"


async def test_a_redirect_to_another_host_takes_no_credential_there(
    era: Era, upstream: Scripted
) -> None:
    elsewhere = Scripted()
    elsewhere.always(lambda: json_response(result(2, SAID)))
    async with served(elsewhere.app) as other:
        upstream.always(lambda: RedirectResponse(other.replace("127.0.0.1", "localhost")))
        refused = await failure(era, upstream.url, HttpRefusal)
    assert "redirects" in str(refused)
    assert elsewhere.requests == []


@pytest.mark.parametrize(
    ("head", "endless"),
    [
        (STREAM_HEAD, b"data: " + b"x" * 1000 + b"\n"),
        (STREAM_HEAD, b"x" * 1000),
        (JSON_HEAD, b" " * 1000),
    ],
    ids=["an event", "a line", "a body"],
)
async def test_a_message_without_end_is_not_read_to_its_end(
    era: Era, head: bytes, endless: bytes
) -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        await pour(writer, head, endless)

    async with by_hand(handle) as url:
        refused = await failure(era, url, ServiceError, max_message_bytes=MAX_BYTES)
    assert isinstance(refused, ServiceError)
    assert (refused.reason, refused.execution) == ("MESSAGE_TOO_LARGE", "MAYBE")


@pytest.mark.parametrize(
    "written",
    [
        b"",
        b"HTTP/1.1 200 OK\r\ncontent-ty",
        b"SSH-2.0-OpenSSH\r\n\r\n",
        JSON_HEAD.replace(b"\r\n\r\n", b"\r\ncontent-length: 100\r\n\r\n") + b'{"jsonrpc":',
        STREAM_HEAD.replace(b"\r\n\r\n", b"\r\ntransfer-encoding: chunked\r\n\r\n") + b"5\r\ndata:",
    ],
    ids=["at once", "in the head", "in another protocol", "in a body", "in a stream"],
)
async def test_a_connection_that_breaks_is_a_loss(era: Era, written: bytes) -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(written)
        await writer.drain()

    async with by_hand(handle) as url:
        lost = await failure(era, url, ConnectionLost)
    assert isinstance(lost, ConnectionLost)
    assert lost.execution == "MAYBE"


async def test_nobody_who_listens_means_that_nothing_was_sent(era: Era) -> None:
    refused = await failure(era, f"http://127.0.0.1:{free_port()}/mcp", ConnectError)
    assert "Connection refused" in str(refused)


async def test_a_port_that_accepts_and_does_not_go_on_is_not_waited_for_long() -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    async with by_hand(handle) as url, open_http_client(connect_timeout_seconds=0.2) as client:
        # Behind TCP comes TLS, to which this one never answers.
        url = url.replace("http://", "https://")
        carrier = HttpCallCarrier(NAME, url, {}, Heard(), client)
        with pytest.raises(ConnectError, match="took too long"):
            await carrier.exchange(call_modern(1, "steps"))
        await carrier.close()


async def test_the_carrier_works_on_after_all_of_that(era: Era, upstream: Scripted) -> None:
    opening, exchange = era
    responses = iter(
        [
            HTMLResponse("", 502),
            events_response("half"),
            json_response(result(3, SAID)),
            json_response(result(2, SAID)),
        ]
    )
    upstream.always(lambda: next(responses))
    async with opening(upstream.url, Heard()) as carrier:
        for _ in range(3):
            with pytest.raises(ConnectionLost):
                await carrier.exchange(exchange)
        assert text_of(await carrier.exchange(exchange)) == "fine"


async def test_rubbish_before_the_answer_does_not_hide_it(era: Era, upstream: Scripted) -> None:
    opening, exchange = era
    parts = (
        "data\n\nevent: ping\ndata: {}\n\n",
        event("no message"),
        event(result(99, SAID)),
        event(result("2", SAID)),
        event(result(2, SAID)),
        event(result(2, SAID)),
    )
    upstream.always(lambda: events_response(*parts))
    async with opening(upstream.url, Heard()) as carrier:
        assert text_of(await carrier.exchange(exchange)) == "fine"


async def test_a_stream_that_goes_on_after_the_answer_does_not_hold_it_back(era: Era) -> None:
    opening, exchange = era
    left = asyncio.Event()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(STREAM_HEAD + event(result(2, SAID)).encode())
        await writer.drain()
        assert await reader.read() == b""
        left.set()

    async with by_hand(handle) as url, opening(url, Heard()) as carrier:
        assert text_of(await carrier.exchange(exchange)) == "fine"
        assert not left.is_set()
        await left.wait()


async def test_a_flood_waits_for_whoever_is_told(era: Era) -> None:
    opening, exchange = era
    stalled = asyncio.Event()
    flood = event(notification("notifications/message", f'{{"data":"{"x" * 50_000}"}}')).encode()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(STREAM_HEAD)
        for _ in range(1000):
            writer.write(flood)
            try:
                await asyncio.wait_for(writer.drain(), 1)
            except TimeoutError:
                stalled.set()
                break
        await writer.drain()
        writer.write(event(result(2, SAID)).encode())

    heard = Heard()
    heard.room.clear()
    async with by_hand(handle) as url, opening(url, heard) as carrier:
        answer = asyncio.create_task(carrier.exchange(exchange))
        await stalled.wait()
        assert heard.notifications.qsize() == 1
        heard.room.set()
        assert text_of(await answer) == "fine"


async def test_more_exchanges_than_allowed_are_refused(era: Era, upstream: Scripted) -> None:
    opening, exchange = era
    arrived, go_on = asyncio.Event(), asyncio.Event()

    async def answer(request: Request, message: dict[str, Any] | None) -> Response:
        arrived.set()
        await go_on.wait()
        return json_response(result(2, SAID))

    upstream.answer = answer
    async with opening(upstream.url, Heard(), max_exchanges=1) as carrier:
        first = asyncio.create_task(carrier.exchange(exchange))
        await arrived.wait()
        with pytest.raises(ServiceError) as refused:
            await carrier.exchange(exchange)
        assert (refused.value.reason, refused.value.execution) == ("OVERLOADED", "NOT_STARTED")
        go_on.set()
        assert text_of(await first) == "fine"


async def test_a_request_that_finds_no_free_connection_was_not_sent(upstream: Scripted) -> None:
    arrived = asyncio.Event()

    async def answer(request: Request, message: dict[str, Any] | None) -> Response:
        arrived.set()
        await asyncio.Event().wait()
        raise AssertionError("nothing ends the wait")

    upstream.answer = answer
    async with open_http_client(connect_timeout_seconds=0.2, max_connections=1) as client:
        carrier = HttpCallCarrier(NAME, upstream.url, {}, Heard(), client)
        first = asyncio.create_task(carrier.exchange(call_modern(1, "steps")))
        await arrived.wait()
        with pytest.raises(ServiceError) as refused:
            await carrier.exchange(call_modern(2, "steps"))
        assert (refused.value.reason, refused.value.execution) == ("OVERLOADED", "NOT_STARTED")
        await carrier.close()
        with pytest.raises(ConnectionLost):
            await first
