"""What passes between a stdio upstream and who asks it: requests, answers, cancellations."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from mcpgrpc.errors import ConnectError, ConnectionLost
from mcpgrpc.stream.carrier import Exchange
from mcpgrpc.v1 import envelope_pb2, errors_pb2
from mcpgrpc_server.upstream.stdio.carrier import StdioCarrier
from mcpgrpc_server.upstream.stdio.limits import StdioLimits
from mcpgrpc_server.upstream.stdio.process import Command
from tests.upstream.stdio_servers import (
    REPEATING,
    RESULT,
    TELLING,
    saying,
    server,
)
from tests.upstream.stdio_upstream import (
    NAME,
    RecordingInbox,
    notification,
    request,
    result_of,
    soon,
    upstream,
)


async def test_text_passes_verbatim_both_ways_on_one_line() -> None:
    result = '{ "n":90071992547409931234, "x":1e400,\\t"s":"\\\\ud800 \\u2028é" }'
    answer = f'{{"result":{result},"id":ID,"jsonrpc":"2.0"}}'.encode().decode("unicode_escape")
    async with upstream(saying(answer)) as up:
        envelope = await up.ask(7)
        assert envelope.response.id.integer == 7
        assert envelope.response.result_json == result.encode().decode("unicode_escape")
    async with upstream(REPEATING) as up:
        params = '{\n "n": 90071992547409931234,\r\n "s": "a\\nb \u2028é"}'
        line = result_of(await up.ask(1, "tools/call", params))["line"]
        sent = params.replace("\n", " ").replace("\r", " ")
        assert line == f'{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{sent}}}\n'


async def test_an_error_of_the_upstream_is_an_answer_without_a_reason_of_ours() -> None:
    error = '{"code":-32050,"message":"no","data":{"reason":"FORBIDDEN","n":1e400}}'
    async with upstream(saying(f'{{"jsonrpc":"2.0","id":ID,"error":{error}}}')) as up:
        response = (await up.ask(1)).response
    assert (response.error.code, response.error.message) == (-32050, "no")
    assert response.error.data_json == '{"reason":"FORBIDDEN","n":1e400}'
    assert response.reason == errors_pb2.ERROR_REASON_UNSPECIFIED


async def test_answers_in_any_order_find_their_requests() -> None:
    backwards = server(
        "held = globals().setdefault('held', []); held.append(message['id'])",
        "if len(held) == 50:",
        "    for each in reversed(held): write({'id': each, 'result': {'id': each}})",
    )
    async with upstream(backwards) as up:
        asked = [up.start(number) for number in range(50)]
        answers = [result_of(await soon(each))["id"] for each in asked]
    assert answers == list(range(50))


async def test_notifications_are_written_in_their_place_between_requests() -> None:
    remembering = server(
        "seen = globals().setdefault('seen', []); seen.append(message['method'])",
        "if 'id' in message: write({'id': message['id'], 'result': {'seen': seen}})",
    )
    async with upstream(remembering) as up:
        await up.ask(1, "initialize")
        await up.carrier.notify(notification("notifications/initialized"))
        seen = result_of(await up.ask(2, "tools/list"))["seen"]
    assert seen == ["initialize", "notifications/initialized", "tools/list"]


@pytest.mark.parametrize("given", ["7", 7.0, 7.5, True, None, [7], 77])
async def test_an_answer_to_another_id_is_nobodys(given: Any) -> None:
    wrong = json.dumps({"jsonrpc": "2.0", "id": given, "result": {"wrong": True}})
    async with upstream(saying(wrong, RESULT)) as up:
        assert result_of(await up.ask(7)) == {"ok": True}


async def test_a_second_answer_is_nobodys() -> None:
    async with upstream(saying(RESULT, RESULT)) as up:
        for number in range(3):
            assert result_of(await up.ask(number)) == {"ok": True}
        assert up.inbox.ends == []


async def test_ids_that_are_under_way_are_not_used_twice() -> None:
    async with upstream(TELLING) as up:
        first = up.start(1, "wait")
        await asyncio.sleep(0)
        with pytest.raises(ValueError, match="id 1 is under way"):
            await up.ask(1, "end")
        first.cancel()
        assert result_of(await up.ask(1, "end")) == {}


async def test_what_is_no_request_is_refused_before_anything_is_sent() -> None:
    async with upstream(REPEATING) as up:
        for envelope in (
            envelope_pb2.Envelope(),
            envelope_pb2.Envelope(request=envelope_pb2.JsonRpcRequest(method="ping")),
            request(1, "ping", "not JSON"),
            request(1, "ping", "[]"),
            notification("ping"),
        ):
            with pytest.raises(ValueError, match=r"."):
                await up.carrier.exchange(Exchange(envelope))
        assert '"id":2,' in result_of(await up.ask(2))["line"]


async def test_a_cancelled_request_is_cancelled_at_the_upstream_with_the_reason() -> None:
    cancellation = '{"requestId":"7","reason":"enough","_meta":{"n":1e400}}'
    reporting = server(
        "if message['method'] == 'notifications/cancelled':",
        "    write({'method': 'notifications/message', 'params': {'line': line}})",
        "else: write({'method': 'notifications/message', 'params': {'started': 1}})",
    )
    async with upstream(reporting) as up:
        for number, given, expected in (
            (1, cancellation, cancellation.replace('"7"', "1")),
            (2, None, '{"reason":"the client stopped waiting","requestId":2}'),
            (3, "[]", '{"reason":"the client stopped waiting","requestId":3}'),
            (4, "not JSON", '{"reason":"the client stopped waiting","requestId":4}'),
        ):
            task = up.start(number, "tools/call", None, given)
            await up.told()
            task.cancel()
            line = json.loads((await up.told())[0].params_json)["line"]
            assert line == (
                '{"jsonrpc":"2.0","method":"notifications/cancelled","params":' + expected + "}\n"
            )
            await asyncio.wait({task})
            assert task.cancelled()


async def test_the_late_answer_to_a_cancelled_request_is_nobodys() -> None:
    late = server(
        "if message['method'] == 'notifications/cancelled':",
        "    write({'id': message['params']['requestId'], 'result': {'late': True}})",
        "elif message['method'] == 'end': write({'id': message['id'], 'result': {}})",
        "else: write({'method': 'notifications/message', 'params': {}})",
    )
    async with upstream(late) as up:
        task = up.start(1)
        await up.told()
        task.cancel()
        assert result_of(await up.ask(2, "end")) == {}
        assert up.inbox.ends == []


async def test_initialize_is_never_cancelled_at_the_upstream() -> None:
    remembering = server(
        "seen = globals().setdefault('seen', []); seen.append(message['method'])",
        "write({'method': 'notifications/message', 'params': {}})",
        "if message['method'] == 'end':",
        "    write({'id': message['id'], 'result': {'seen': seen}})",
    )
    async with upstream(remembering) as up:
        task = up.start(1, "initialize")
        await up.told()
        task.cancel()
        await asyncio.wait({task})
        assert result_of(await up.ask(2, "end"))["seen"] == ["initialize", "end"]


async def test_requests_beyond_the_bound_are_refused_as_not_started() -> None:
    async with upstream(TELLING, StdioLimits(max_exchanges=2)) as up:
        waiting = up.start(1, "wait")
        assert result_of(await up.ask(2, "end")) == {}
        up.start(3, "wait")
        response = (await up.ask(4, "end")).response
        assert response.id.integer == 4
        assert response.reason == errors_pb2.ERROR_REASON_OVERLOADED
        assert response.execution == errors_pb2.EXECUTION_NOT_STARTED
        waiting.cancel()
        await asyncio.wait({waiting})
        assert result_of(await up.ask(5, "end")) == {}


async def test_a_command_that_cannot_be_started_is_a_connect_error() -> None:
    carrier = StdioCarrier(NAME, Command(("no-such-command",), {}), RecordingInbox())
    with pytest.raises(ConnectError, match="no command 'no-such-command' on PATH"):
        await carrier.open()
    await carrier.close()


async def test_nothing_is_sent_before_the_start_and_after_the_end() -> None:
    inbox = RecordingInbox()
    carrier = StdioCarrier(NAME, REPEATING, inbox)
    with pytest.raises(ConnectionLost, match="not started") as early:
        await carrier.exchange(Exchange(request(1, "ping")))
    await carrier.notify(notification("notifications/early"))
    await carrier.open()
    await carrier.open()
    line = (await soon(carrier.exchange(Exchange(request(1, "ping"))))).response.result_json
    assert "ping" in line
    await soon(carrier.close())
    with pytest.raises(ConnectionLost, match="'files' was closed; nothing was sent") as late:
        await carrier.exchange(Exchange(request(2, "ping")))
    with pytest.raises(ConnectionLost, match="'files' was closed"):
        await carrier.open()
    await carrier.notify(notification("notifications/late"))
    assert early.value.execution == late.value.execution == "NOT_STARTED"
    assert inbox.ends == []


async def test_closing_fails_what_is_under_way_and_can_be_done_by_many() -> None:
    async with upstream(TELLING) as up:
        waiting = up.start(1, "wait")
        await up.ask(2, "end")
        await soon(asyncio.gather(up.carrier.close(), up.carrier.close()))
        with pytest.raises(ConnectionLost, match="was closed under wait") as lost:
            await waiting
        assert lost.value.execution == "MAYBE"
        await soon(up.carrier.close())
        assert up.inbox.ends == []


async def test_closing_while_the_command_starts_ends_it() -> None:
    inbox = RecordingInbox()
    carrier = StdioCarrier(NAME, REPEATING, inbox)
    opening = asyncio.create_task(carrier.open())
    await asyncio.sleep(0)
    await soon(carrier.close())
    assert opening.done()
    with pytest.raises(ConnectionLost, match="was closed"):
        await soon(opening)
