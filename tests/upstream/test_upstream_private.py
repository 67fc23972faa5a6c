"""A legacy gRPC client has an upstream session of its own, relayed as it is."""

from __future__ import annotations

import json

import pytest

from mcpgrpc.v1 import envelope_pb2, errors_pb2
from mcpgrpc_server import Server
from tests.upstream.offered import Offer, ended, legacy, params_of, plain
from tests.wire.raw import (
    INITIALIZE,
    OpenSession,
    RawSession,
    cancelled,
    notification,
    request,
    text_of,
)


@pytest.fixture
async def server(offer: Offer) -> Server:
    """A legacy upstream, offered."""
    return await offer({"plain": plain("legacy")})


@pytest.fixture
async def session(server: Server, opened: OpenSession) -> RawSession:
    """A legacy client of it, initialised."""
    client = await opened(server)
    await client.initialize()
    return client


async def call(session: RawSession, request_id: str | int, name: str, **arguments: object) -> str:
    response = await session.ask(request_id, "tools/call", legacy(name, arguments))
    return text_of(response)


async def test_the_handshake_is_the_upstreams_own(server: Server, opened: OpenSession) -> None:
    client = await opened(server)
    response = await client.ask(1, "initialize", json.dumps(INITIALIZE))
    result = json.loads(response.result_json)
    assert (result["serverInfo"]["name"], result["instructions"]) == ("plain", "Ask.")
    assert result["capabilities"]["tasks"] == {"list": {}}


async def test_the_upstream_sees_what_the_client_said_of_itself(session: RawSession) -> None:
    received = json.loads(await call(session, 1, "seen"))
    assert received[0]["params"] == INITIALIZE
    assert [message["method"] for message in received[:2]] == [
        "initialize",
        "notifications/initialized",
    ]


async def test_each_client_is_asked_by_its_own_upstream_and_its_answer_goes_there(
    server: Server, opened: OpenSession
) -> None:
    clients = [await opened(server) for _ in range(3)]
    for number, client in enumerate(clients):
        await client.initialize()
        asked = {"id": "same", "method": "elicitation/create", "params": {"client": number}}
        await client.send(request(1, "tools/call", legacy("ask", asked)))
    for number, client in reversed(list(enumerate(clients))):
        question = await client.question()
        assert question.request.method == "elicitation/create"
        assert json.loads(question.request.params_json) == {"client": number}
        assert question.related_request_id.integer == 1
        await client.answer(question, {"action": "accept", "content": {"of": number}})
        answered = json.loads(text_of(await client.response(1)))
        assert answered == {"action": "accept", "content": {"of": number}}


async def test_ids_of_the_upstreams_questions_are_its_own_whatever_they_are(
    session: RawSession,
) -> None:
    for request_id, question_id in enumerate(("text", "7", 7, 2**63 - 1)):
        asked = {"id": question_id, "method": "roots/list", "params": {}}
        await session.send(request(request_id, "tools/call", legacy("ask", asked)))
        await session.answer(await session.question(), {"roots": []})
        assert json.loads(text_of(await session.response(request_id))) == {"roots": []}


async def test_a_question_that_the_upstream_withdraws_is_withdrawn_from_the_client(
    session: RawSession,
) -> None:
    asked = {"id": "q", "method": "elicitation/create", "params": {}}
    await session.send(request(1, "tools/call", legacy("ask", asked)))
    question = await session.question()
    await session.send(request(2, "tools/call", legacy("withdraw", {"id": "q"})))
    withdrawn = (await session.envelope()).notification
    assert withdrawn.method == "notifications/cancelled"
    assert params_of(withdrawn)["requestId"] == question.request.id.integer
    assert text_of(await session.response(1)) == "withdrawn"


async def test_an_answer_that_is_no_json_reaches_the_upstream_as_an_error(
    session: RawSession,
) -> None:
    asked = {"id": "q", "method": "roots/list", "params": {}}
    await session.send(request(1, "tools/call", legacy("ask", asked)))
    question = await session.question()
    bad = envelope_pb2.JsonRpcResponse(id=question.request.id, result_json="[1")
    await session.send(envelope_pb2.Envelope(response=bad))
    assert json.loads(text_of(await session.response(1)))["code"] == -32603


async def test_a_client_that_half_closes_answers_nothing_and_the_upstream_hears_so(
    session: RawSession,
) -> None:
    asked = {"id": "q", "method": "roots/list", "params": {}}
    await session.send(request(1, "tools/call", legacy("ask", asked)))
    await session.question()
    await session.half_close()
    answered = json.loads(text_of(await session.response(1)))
    assert answered["code"] == -32603
    assert (await session.ending()).code.name == "OK"


async def test_progress_of_a_question_goes_back_to_the_upstream(session: RawSession) -> None:
    progress = {"progressToken": "of the upstream", "progress": 0.5}
    await session.send(notification("notifications/progress", progress))
    received = json.loads(await call(session, 1, "seen"))
    assert progress in [message.get("params") for message in received]


async def test_a_cancellation_names_the_id_that_the_upstream_knows(session: RawSession) -> None:
    held = legacy("hold", {"key": "k"}, token="t")
    await session.send(request("mine", "tools/call", held))
    await session.envelope()
    await session.send(cancelled("mine"))
    await session.next("request_settled")
    received = json.loads(await call(session, 1, "seen"))
    ids = [m["id"] for m in received if m.get("params", {}).get("name") == "hold"]
    cancellations = [m for m in received if m["method"] == "notifications/cancelled"]
    assert [m["params"]["requestId"] for m in cancellations] == ids


async def test_ids_that_look_alike_stay_apart(session: RawSession) -> None:
    ids: list[str | int] = ["7", 7, "007"]
    for each in ids:
        await session.send(request(each, "tools/call", legacy("hold", {"key": repr(each)})))
    for each in reversed(ids):
        await session.send(
            request(f"free {each!r}", "tools/call", legacy("release", {"key": repr(each)}))
        )
        assert text_of(await session.response(each)) == repr(each)


async def test_what_the_upstream_says_unasked_is_heard(session: RawSession) -> None:
    await session.send(request(1, "tools/call", legacy("change")))
    methods = [(await session.envelope()).notification.method for _ in range(2)]
    assert methods == ["notifications/tools/list_changed", "notifications/resources/updated"]
    assert text_of(await session.response(1)) == "changed"


async def test_log_messages_are_related_to_the_only_request_that_runs(session: RawSession) -> None:
    shout = legacy("log", {"level": "info", "text": "hello"})
    await session.send(request("r", "tools/call", shout))
    envelope = await session.envelope()
    assert params_of(envelope.notification)["data"] == "hello"
    assert envelope.related_request_id.text == "r"


async def test_a_flood_is_heard_whole_and_in_order(session: RawSession) -> None:
    await session.send(request(1, "tools/call", legacy("flood", {"count": 5000})))
    for number in range(5000):
        assert params_of((await session.envelope()).notification)["data"] == f"flood {number}"
    assert text_of(await session.response(1)) == "flooded"


async def test_errors_of_the_upstream_are_its_own(session: RawSession) -> None:
    response = await session.ask(1, "no/such", None)
    assert response.error.code == -32601
    response = await session.ask(2, "tools/call", legacy("forge"))
    assert response.error.code == 14
    assert response.reason == errors_pb2.ERROR_REASON_UNSPECIFIED


async def test_an_answer_that_is_no_response_fails_its_request_alone(session: RawSession) -> None:
    await session.send(request(1, "tools/call", legacy("hold", {"key": "k"})))
    response = await session.ask(2, "tools/call", legacy("bad_result"))
    assert response.error.code == -32603
    await session.send(request(3, "tools/call", legacy("release", {"key": "k"})))
    assert text_of(await session.response(1)) == "k"


async def test_a_legacy_client_of_a_modern_upstream_hears_that_from_the_upstream(
    offer: Offer, opened: OpenSession
) -> None:
    server = await offer({"plain": plain("modern")})
    client = await opened(server)
    response = await client.ask(1, "initialize", json.dumps(INITIALIZE))
    assert (response.error.code, response.error.message) == (-32022, "modern alone")


async def test_the_session_of_the_upstream_ends_with_that_of_the_client(
    server: Server, opened: OpenSession
) -> None:
    client = await opened(server)
    await client.initialize()
    pid = int(await call(client, 1, "process"))
    client.cancel()
    await ended(pid)
