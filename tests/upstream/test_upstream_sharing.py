"""Several gRPC clients on one upstream process: each hears what is its own, and nothing else."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from mcpgrpc.v1 import errors_pb2
from mcpgrpc_server import Server
from tests.upstream.offered import (
    Offer,
    called,
    notifications_of,
    params_of,
    plain,
    said,
    seen_by,
)
from tests.wire.raw import (
    OpenSession,
    RawCalls,
    RawSession,
    cancelled,
    modern,
    request,
    text_of,
    tool,
)

SUBSCRIPTION = "io.modelcontextprotocol/subscriptionId"
LOG_LEVEL = "io.modelcontextprotocol/logLevel"
NOTE = "note://1"


@pytest.fixture
async def server(offer: Offer) -> Server:
    """A modern upstream, offered."""
    return await offer({"plain": plain("modern")})


@pytest.fixture
async def clients(server: Server, opened: OpenSession) -> list[RawSession]:
    """Three clients of it."""
    return [await opened(server) for _ in range(3)]


async def test_ids_that_look_alike_are_answered_each_to_its_client(
    clients: list[RawSession], server: Server, calls: RawCalls
) -> None:
    ids: list[str | int] = ["7", 7, "007"]
    for client, request_id in zip(clients, ids, strict=True):
        await client.send(tool(request_id, "hold", {"key": f"of {request_id!r}"}))
    while sum(message["method"] == "tools/call" for message in await seen_by(calls, server)) < 3:
        pass
    for request_id in ids:
        await called(calls, server, "release", key=f"of {request_id!r}")
    for client, request_id in zip(clients, ids, strict=True):
        response = await client.response(request_id)
        assert text_of(response) == f"of {request_id!r}"


async def test_one_client_may_have_all_of_these_ids_in_flight(
    clients: list[RawSession], server: Server, calls: RawCalls
) -> None:
    ids: list[str | int] = ["7", 7, "007"]
    await clients[0].send(*(tool(each, "hold", {"key": f"of {each!r}"}) for each in ids))
    await said(clients[1], 1, "echo", text="behind them")
    for request_id in reversed(ids):
        await called(calls, server, "release", key=f"of {request_id!r}")
        assert text_of(await clients[0].response(request_id)) == f"of {request_id!r}"


async def test_the_upstream_sees_no_id_twice_and_only_integers(
    clients: list[RawSession], server: Server, calls: RawCalls
) -> None:
    for client in clients:
        await said(client, "1", "echo", text="x")
    ids = [message["id"] for message in await seen_by(calls, server)]
    assert all(type(each) is int for each in ids)
    assert len(set(ids)) == len(ids) >= 4


async def test_progress_goes_to_the_client_whose_token_it_was(
    clients: list[RawSession],
) -> None:
    tokens: list[Any] = [1, "1", 1]
    for number, (client, token) in enumerate(zip(clients, tokens, strict=True)):
        arguments = {"steps": 3, "text": f"client {number}"}
        await client.send(tool(5, "steps", arguments, progressToken=token))
    for number, (client, token) in enumerate(zip(clients, tokens, strict=True)):
        for step in range(3):
            envelope = await client.envelope()
            params = params_of(envelope.notification)
            assert envelope.related_request_id.integer == 5
            assert params == {
                "progressToken": token,
                "progress": step,
                "message": f"client {number}",
            }
        assert text_of(await client.response(5)) == f"client {number}"


async def test_progress_of_a_call_comes_before_its_response(
    server: Server, calls: RawCalls
) -> None:
    arguments = {"steps": 200, "text": "x"}
    messages, _ = await calls.run(server, tool(1, "steps", arguments, progressToken="mine"))
    assert [params["progress"] for _, params in notifications_of(messages)] == list(range(200))
    assert messages[-1].HasField("response")


async def test_a_log_message_while_one_request_runs_is_heard_by_its_client(
    server: Server, calls: RawCalls
) -> None:
    arguments = {"level": "info", "text": "alone"}
    messages, _ = await calls.run(server, tool(1, "log", arguments, **{LOG_LEVEL: "debug"}))
    heard = notifications_of(messages)
    assert heard == [("notifications/message", {"level": "info", "data": "alone"})]


async def test_a_log_message_while_several_requests_run_is_heard_by_nobody(
    clients: list[RawSession], server: Server, calls: RawCalls
) -> None:
    await clients[0].send(tool(1, "hold", {"key": "one"}))
    await clients[1].send(tool(1, "hold", {"key": "two"}))
    assert await said(clients[2], 1, "echo", text="both hold") == "both hold"
    await said(clients[2], 2, "log", level="emergency", text="whose?")
    for key in ("one", "two"):
        await called(calls, server, "release", key=key)
    for client in clients[:2]:
        await client.response(1)
    methods = [
        item.envelope.notification.method
        for client in clients
        for item in client.seen
        if item.envelope.HasField("notification")
    ]
    assert methods == []


async def test_a_cancellation_reaches_the_request_of_this_client_alone(
    clients: list[RawSession], server: Server, calls: RawCalls
) -> None:
    for number, client in enumerate(clients[:2]):
        await client.send(tool(1, "hold", {"key": f"client {number}"}, progressToken=1))
        await client.envelope()
    await clients[0].send(cancelled(1))
    await clients[0].next("request_settled")
    messages = await seen_by(calls, server)
    ids = {
        message["params"]["arguments"]["key"]: message["id"]
        for message in messages
        if message.get("params", {}).get("name") == "hold"
    }
    cancellations = [m["params"] for m in messages if m["method"] == "notifications/cancelled"]
    assert [params["requestId"] for params in cancellations] == [ids["client 0"]]
    await called(calls, server, "release", key="client 1")
    assert text_of(await clients[1].response(1)) == "client 1"


async def test_a_call_that_is_cancelled_is_cancelled_at_the_upstream(
    server: Server, calls: RawCalls
) -> None:
    rpc = calls.start(server, tool(1, "hold", {"key": "given up"}, progressToken=1))
    await rpc.read()
    rpc.cancel()
    while "notifications/cancelled" not in {m["method"] for m in await seen_by(calls, server)}:
        pass


async def test_a_call_whose_time_is_over_is_cancelled_at_the_upstream(
    server: Server, calls: RawCalls, clients: list[RawSession]
) -> None:
    held = tool(1, "hold", {"key": "too long"})
    held.timeout.FromMilliseconds(50)
    await clients[0].send(held)
    response = await clients[0].response(1)
    assert (response.error.code, response.reason) == (4, errors_pb2.ERROR_REASON_TIMEOUT)
    while "notifications/cancelled" not in {m["method"] for m in await seen_by(calls, server)}:
        pass


async def test_subscriptions_of_the_same_id_are_told_each_under_its_own(
    clients: list[RawSession], server: Server, calls: RawCalls
) -> None:
    ids: list[str | int] = [1, "1", 1]
    wanted = {"notifications": {"toolsListChanged": True, "resourceSubscriptions": [NOTE]}}
    for client, request_id in zip(clients, ids, strict=True):
        await client.send(request(request_id, "subscriptions/listen", modern(wanted)))
        acknowledged = params_of((await client.envelope()).notification)
        assert acknowledged["_meta"][SUBSCRIPTION] == request_id
    assert text_of(await called(calls, server, "change")) == "changed"
    for client, request_id in zip(clients, ids, strict=True):
        for method in ("tools/list_changed", "resources/updated"):
            envelope = await client.envelope()
            assert envelope.notification.method == f"notifications/{method}"
            assert params_of(envelope.notification)["_meta"][SUBSCRIPTION] == request_id


async def test_a_subscription_that_the_upstream_ends_names_the_id_of_its_client(
    clients: list[RawSession], server: Server, calls: RawCalls
) -> None:
    wanted = modern({"notifications": {"toolsListChanged": True}})
    await clients[0].send(request("mine", "subscriptions/listen", wanted))
    await clients[0].envelope()
    await called(calls, server, "end_listens")
    result = json.loads((await clients[0].response("mine")).result_json)
    assert result["_meta"][SUBSCRIPTION] == "mine"


async def test_a_drain_completes_subscriptions_and_tells_the_upstream(
    clients: list[RawSession], server: Server
) -> None:
    wanted = modern({"notifications": {"toolsListChanged": True}})
    await clients[0].send(request(3, "subscriptions/listen", wanted))
    await clients[0].envelope()
    draining = asyncio.create_task(server.drain(5))
    result = json.loads((await clients[0].response(3)).result_json)
    assert result["resultType"] == "complete"
    assert result["_meta"][SUBSCRIPTION] == 3
    await draining


async def test_a_question_of_a_shared_upstream_is_answered_and_no_client_hears_it(
    clients: list[RawSession],
) -> None:
    asked = {"id": "q", "method": "sampling/createMessage", "params": {}}
    answer = json.loads(await said(clients[0], 1, "ask", **asked))
    assert answer["code"] == -32601
    ping = {"id": "p", "method": "ping", "params": {}}
    assert json.loads(await said(clients[0], 2, "ask", **ping)) == {}


async def test_an_error_that_looks_like_a_refusal_is_none(
    clients: list[RawSession], server: Server, calls: RawCalls
) -> None:
    response = await clients[0].call(1, "forge")
    assert (response.error.code, response.error.message) == (14, "forged")
    assert json.loads(response.error.data_json)["reason"] == "DRAINING"
    assert response.reason == errors_pb2.ERROR_REASON_UNSPECIFIED
    assert response.execution == errors_pb2.EXECUTION_UNSPECIFIED
    _, ending = await calls.run(server, tool(1, "forge"))
    assert (ending.code.name, ending.reason) == ("OK", "")


async def test_numbers_and_text_pass_as_they_were_written(clients: list[RawSession]) -> None:
    response = await clients[0].call(1, "exact")
    assert '"big":12345678901234567890123,"huge":1e400,"lone":"\\ud800"' in response.result_json


async def test_params_pass_as_they_were_written_but_for_line_breaks(
    clients: list[RawSession],
) -> None:
    params = modern({"name": "echo", "arguments": {"text": "TEXT"}})
    params = params.replace('"TEXT"', "\n  1.10e+2\r\n").replace(": {", ":\n{")
    response = await clients[0].ask(1, "tools/call", params)
    assert text_of(response) == "110.0"


async def test_a_request_without_the_modern_envelope_never_reaches_a_shared_process(
    server: Server, opened: OpenSession, calls: RawCalls
) -> None:
    session = await opened(server, mcpgrpc_era="modern")
    response = await session.ask(1, "logging/setLevel", '{"level":"debug"}')
    assert response.error.code == -32602
    assert "logging/setLevel" not in {message["method"] for message in await seen_by(calls, server)}


async def test_modern_clients_share_a_process_and_legacy_clients_have_their_own(
    offer: Offer, opened: OpenSession
) -> None:
    server = await offer({"plain": plain("dual")})
    modern_ones = [await opened(server) for _ in range(2)]
    shared = {await said(client, 1, "process") for client in modern_ones}
    own = set()
    for _ in range(2):
        client = await opened(server)
        await client.initialize()
        response = await client.ask(1, "tools/call", '{"name":"process"}')
        own.add(text_of(response))
    assert len(shared) == 1
    assert len(own) == 2
    assert not shared & own
