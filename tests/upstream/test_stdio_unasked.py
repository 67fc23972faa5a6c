"""What a stdio upstream says and asks unasked, and to which request it belongs."""

from __future__ import annotations

import asyncio
import json

import pytest

from mcpgrpc.errors import ConnectionLost
from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server.upstream.stdio.limits import StdioLimits
from tests.upstream.stdio_servers import (
    RESULT,
    TELLING,
    message,
    saying,
    server,
)
from tests.upstream.stdio_upstream import (
    notification,
    result_of,
    soon,
    upstream,
)

SUBSCRIPTION = {"_meta": {"io.modelcontextprotocol/subscriptionId": 2}}


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
