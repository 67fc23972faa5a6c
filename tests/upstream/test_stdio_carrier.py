"""What passes between a stdio upstream and who asks it, message by message."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from mcpgrpc.errors import ConnectError, ConnectionLost
from mcpgrpc.stream.carrier import Exchange
from mcpgrpc.v1 import envelope_pb2, errors_pb2
from mcpgrpc_server.upstream.process import Command
from mcpgrpc_server.upstream.stdio_carrier import StdioCarrier
from mcpgrpc_server.upstream.stdio_limits import StdioLimits
from tests.upstream.stdio_upstream import (
    NAME,
    RESULT,
    RecordingInbox,
    notification,
    python,
    request,
    result_of,
    saying,
    soon,
    upstream,
)

SERVER = """
import json, sys
def write(message): sys.stdout.write(json.dumps({"jsonrpc": "2.0"} | message) + "\\n")
for line in sys.stdin:
    message = json.loads(line)
    SERVE
    sys.stdout.flush()
"""


def server(*statements: str, **how: Any) -> Command:
    """A server that runs these statements for each `message` that it reads."""
    return python(SERVER.replace("SERVE", "\n    ".join(statements)), **how)


REPEATING = server(
    "if 'id' in message: write({'id': message['id'], 'result': {'line': line}})",
)
"""Answers with the line as it read it."""

TELLING = server(
    "if message.get('method') == 'tell':",
    "    for text in message['params']['lines']: sys.stdout.write(text + '\\n')",
    "if message.get('method') in ('tell', 'end'):",
    "    write({'id': message['id'], 'result': {}})",
)
"""Answers `tell`, after writing `params.lines`, and nothing else."""

SUBSCRIPTION = {"_meta": {"io.modelcontextprotocol/subscriptionId": 2}}


def message(method: str, **params: Any) -> str:
    return json.dumps({"jsonrpc": "2.0", "method": method, "params": params})


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


async def test_progress_belongs_to_the_request_that_brought_its_token() -> None:
    async with upstream(TELLING) as up:
        waiting = [
            up.start(1, "wait", {"_meta": {"progressToken": 1}}),
            up.start(2, "wait", {"_meta": {"progressToken": "1"}}),
        ]
        tokens = ["1", 1, 1.0, True, "2", None]
        lines = [message("notifications/progress", progressToken=each) for each in tokens]
        await up.ask(3, "tell", {"lines": lines})
        assert [(await up.told())[1] for _ in tokens] == [2, 1, None, None, None, None]
        waiting[0].cancel()
        await asyncio.wait({waiting[0]})
        await up.ask(4, "tell", {"lines": lines[:2]})
        assert [(await up.told())[1] for _ in range(2)] == [2, None]
        waiting[1].cancel()


async def test_a_token_that_two_requests_bring_belongs_to_the_later_one() -> None:
    token = {"_meta": {"progressToken": "t"}}
    progress = message("notifications/progress", progressToken="t")
    async with upstream(TELLING) as up:
        first = up.start(1, "wait", token)
        second = up.start(2, "wait", token)
        for task, related in ((None, 2), (first, 2), (second, None)):
            if task is not None:
                task.cancel()
                await asyncio.wait({task})
            await up.ask(3, "tell", {"lines": [progress]})
            assert (await up.told())[1] == related


async def test_a_subscriptions_notifications_name_it() -> None:
    async with upstream(TELLING) as up:
        up.start(2, "subscriptions/listen")
        up.start(3, "subscriptions/listen")
        of_two = message("notifications/tools/list_changed", **SUBSCRIPTION)
        of_none = of_two.replace("2}", "5}")
        await up.ask(4, "tell", {"lines": [of_two, of_none]})
        assert (await up.told())[1] == 2
        assert (await up.told())[1] is None


async def test_what_names_nothing_belongs_to_the_only_request_that_there_is() -> None:
    log = message("notifications/message", level="info", data="x")
    changed = message("notifications/tools/list_changed")
    async with upstream(TELLING) as up:
        up.start(1, "subscriptions/listen")
        await up.ask(2, "tell", {"lines": [log, changed]})
        assert (await up.told())[1] == 2
        assert (await up.told())[1] is None
        other = up.start(3, "wait")
        await up.ask(4, "tell", {"lines": [log]})
        assert (await up.told())[1] is None
        other.cancel()


@pytest.mark.parametrize(("settle_seconds", "related"), [(3600.0, None), (0.0, 3)])
async def test_nothing_is_guessed_while_a_cancelled_request_may_still_speak(
    settle_seconds: float, related: int | None
) -> None:
    log = message("notifications/message", level="info", data="x")
    async with upstream(TELLING, StdioLimits(settle_seconds=settle_seconds)) as up:
        cancelled = up.start(1, "wait")
        await up.ask(2, "end")
        cancelled.cancel()
        await asyncio.wait({cancelled})
        await up.ask(3, "tell", {"lines": [log]})
        assert (await up.told())[1] == related


async def test_a_notification_comes_before_the_answer_behind_it() -> None:
    log = '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info"}}'
    async with upstream(saying(log, RESULT)) as up:
        for number in range(20):
            await up.ask(number)
            assert up.inbox.notifications.get_nowait()[1] == number


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


@pytest.mark.parametrize("request_id", [5, "5", "", -1, "Ünï"])
async def test_the_server_gets_the_answer_to_its_question_under_its_own_id(
    request_id: str | int,
) -> None:
    asking = server(
        "if message.get('method') == 'tools/call':",
        "    globals()['call'] = message['id']",
        f"    write({{'id': {request_id!r}, 'method': 'sampling/createMessage', 'params': {{}}}})",
        "else: write({'id': call, 'result': {'line': line}})",
    )
    async with upstream(asking) as up:
        call = up.start(1)
        envelope, reply = await up.asked()
        assert envelope.request.method == "sampling/createMessage"
        assert envelope.related_request_id.integer == 1
        reply(envelope_pb2.JsonRpcResponse(result_json='{ "n":1e400 }'))
        line = result_of(await soon(call))["line"]
        assert '"result":{ "n":1e400 }' in line
        assert json.loads(line)["id"] == request_id


async def test_a_question_that_is_settled_without_an_answer_gets_none() -> None:
    asking = server(
        "if message.get('method') == 'tools/call':",
        "    globals()['call'] = message['id']",
        "    for n in (1, 2): write({'id': n, 'method': 'ping'})",
        "else: write({'id': call, 'result': {'line': line}})",
    )
    async with upstream(asking) as up:
        call = up.start(1)
        _, first = await up.asked()
        _, second = await up.asked()
        first(None)
        second(envelope_pb2.JsonRpcResponse(result_json="{}"))
        assert json.loads(result_of(await soon(call))["line"])["id"] == 2


async def test_an_answer_that_is_none_still_answers_the_server() -> None:
    asking = server(
        "if message.get('method') == 'tools/call':",
        "    globals()['call'] = message['id']",
        "    write({'id': 'q', 'method': 'ping'})",
        "else: write({'id': call, 'result': {'line': line}})",
    )
    async with upstream(asking) as up:
        call = up.start(1)
        _, reply = await up.asked()
        reply(envelope_pb2.JsonRpcResponse(result_json='{}}\n{"forged":'))
        said = json.loads(result_of(await soon(call))["line"])
    assert (said["id"], said["error"]["code"]) == ("q", -32603)


async def test_a_question_that_the_server_takes_back_is_told_and_not_answered() -> None:
    asking = server(
        "if message.get('method') == 'tools/call':",
        "    globals()['call'] = message['id']",
        "    write({'id': 'q', 'method': 'ping'})",
        "    for n in ('x', 'q', 'q', None):",
        "        write({'method': 'notifications/cancelled', 'params': {'requestId': n}})",
        "else: write({'id': call, 'result': {'line': line}})",
    )
    async with upstream(asking) as up:
        call = up.start(1)
        _, reply = await up.asked()
        assert await soon(up.inbox.withdrawn.get()) == "q"
        reply(envelope_pb2.JsonRpcResponse(result_json="{}"))
        await up.carrier.notify(notification("notifications/end"))
        assert "notifications/end" in result_of(await soon(call))["line"]
        assert up.inbox.withdrawn.empty()
        assert up.inbox.notifications.empty()


async def test_questions_beyond_the_bound_are_refused_and_repeated_ids_ignored() -> None:
    asking = server(
        "if message.get('method') == 'tools/call':",
        "    globals()['call'] = message['id']",
        "    for n in (1, 1, 2, 3): write({'id': n, 'method': 'ping'})",
        "else: write({'id': call, 'result': {'line': line}})",
    )
    async with upstream(asking, StdioLimits(max_server_requests=2)) as up:
        said = json.loads(result_of(await up.ask(1))["line"])
        assert (said["id"], said["error"]["code"]) == (3, 8)
        assert up.inbox.requests.qsize() == 2


async def test_a_subscription_that_the_server_ends_is_lost_and_nothing_else() -> None:
    async with upstream(TELLING) as up:
        listening = up.start(2, "subscriptions/listen")
        end = message("notifications/cancelled", requestId=2)
        assert result_of(await up.ask(3, "tell", {"lines": [end]})) == {}
        with pytest.raises(ConnectionLost, match="'files' ended the subscription"):
            await soon(listening)
        assert up.inbox.ends == []
        assert result_of(await up.ask(4, "end")) == {}


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
