"""A legacy upstream under requests of the modern era: what is translated, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server import Server
from tests.upstream.offered import (
    Offer,
    called,
    notifications_of,
    params_of,
    plain,
    seen_by,
)
from tests.wire.raw import (
    META,
    OpenSession,
    RawCalls,
    cancelled,
    modern,
    request,
    text_of,
    tool,
)

SERVER_INFO = "io.modelcontextprotocol/serverInfo"
SUBSCRIPTION = "io.modelcontextprotocol/subscriptionId"
LOG_LEVEL = "io.modelcontextprotocol/logLevel"
CAPABILITIES = "io.modelcontextprotocol/clientCapabilities"
VERSION = "io.modelcontextprotocol/protocolVersion"
NOTE, GONE = "note://1", "note://gone"


@pytest.fixture
async def server(offer: Offer) -> Server:
    """A legacy upstream, offered."""
    return await offer({"plain": plain("legacy")})


async def ask(
    calls: RawCalls, server: Server, method: str, params: dict[str, Any] | None = None
) -> envelope_pb2.JsonRpcResponse:
    messages, ending = await calls.run(server, request(1, method, modern(params)))
    assert messages, ending
    return messages[-1].response


async def result(
    calls: RawCalls, server: Server, method: str, params: dict[str, Any] | None = None
) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((await ask(calls, server, method, params)).result_json)
    return found


async def test_discover_is_answered_from_what_initialize_said(
    server: Server, calls: RawCalls
) -> None:
    found = await result(calls, server, "server/discover")
    assert found == {
        "resultType": "complete",
        "supportedVersions": ["2026-07-28"],
        "capabilities": {
            "tools": {"listChanged": True},
            "resources": {"subscribe": True, "listChanged": True},
            "logging": {},
        },
        "instructions": "Ask.",
        "ttlMs": 0,
        "cacheScope": "private",
        "_meta": {SERVER_INFO: {"name": "plain", "version": "1.0"}},
    }


async def test_lists_and_reads_say_that_they_are_stale_at_once(
    server: Server, calls: RawCalls
) -> None:
    for method, params in (("tools/list", None), ("resources/read", {"uri": NOTE})):
        found = await result(calls, server, method, params)
        assert (found["resultType"], found["ttlMs"], found["cacheScope"]) == (
            "complete",
            0,
            "private",
        )
        assert found["_meta"][SERVER_INFO]["name"] == "plain"


async def test_a_tool_call_is_complete_and_not_cacheable(server: Server, calls: RawCalls) -> None:
    found = json.loads((await called(calls, server, "echo", text="hello")).result_json)
    assert found["content"][0]["text"] == "hello"
    assert found["resultType"] == "complete"
    assert "ttlMs" not in found


async def test_numbers_and_text_of_a_result_pass_as_they_were_written(
    server: Server, calls: RawCalls
) -> None:
    response = await called(calls, server, "exact")
    assert '"big":12345678901234567890123,"huge":1e400,"lone":"\\ud800"' in response.result_json


async def test_the_upstream_sees_no_envelope_of_the_modern_era_and_what_else_meta_held(
    server: Server, calls: RawCalls
) -> None:
    plain_call = tool(1, "echo", {"text": "x", "big": 12345678901234567890123})
    await calls.run(server, plain_call)
    traced = tool(1, "echo", {"text": "x"}, traceparent="00-1-2-03", progressToken="t")
    await calls.run(server, traced)
    bare, with_meta = (m["params"] for m in await seen_by(calls, server) if _calls_echo(m))
    assert bare == {"name": "echo", "arguments": {"text": "x", "big": 12345678901234567890123}}
    assert with_meta["_meta"]["traceparent"] == "00-1-2-03"
    assert set(with_meta["_meta"]) == {"traceparent", "progressToken"}


def _calls_echo(message: dict[str, Any]) -> bool:
    params: dict[str, Any] = message.get("params", {})
    return params.get("name") == "echo"


async def test_the_upstream_is_told_of_no_capability_of_a_client(
    server: Server, calls: RawCalls
) -> None:
    await called(calls, server, "echo", text="x")
    began = [m for m in await seen_by(calls, server) if m["method"] == "initialize"]
    assert [m["params"]["capabilities"] for m in began] == [{}]


async def test_progress_names_the_token_of_the_client(server: Server, calls: RawCalls) -> None:
    call = tool(1, "steps", {"steps": 2, "text": "x"}, progressToken="mine")
    messages, _ = await calls.run(server, call)
    tokens = [params["progressToken"] for _, params in notifications_of(messages)]
    assert tokens == ["mine", "mine"]


@pytest.mark.parametrize(
    "method",
    ["ping", "logging/setLevel", "resources/subscribe", "resources/unsubscribe"],
)
async def test_methods_that_the_modern_era_does_not_have_are_unknown(
    server: Server, calls: RawCalls, method: str
) -> None:
    response = await ask(calls, server, method, {"uri": NOTE, "level": "debug"})
    assert response.error.code == -32601
    assert method not in {m["method"] for m in await seen_by(calls, server)}


async def test_a_method_of_the_upstreams_own_reaches_it(server: Server, calls: RawCalls) -> None:
    response = await ask(calls, server, "vendor/method", {"x": 1})
    assert (response.error.code, response.error.message) == (-32601, "Method not found")
    assert "vendor/method" in {m["method"] for m in await seen_by(calls, server)}


async def test_a_resource_that_is_not_there_is_a_matter_of_the_params(
    server: Server, calls: RawCalls
) -> None:
    response = await ask(calls, server, "resources/read", {"uri": GONE})
    assert response.error.code == -32602
    assert json.loads(response.error.data_json) == {"uri": GONE}


async def test_a_version_that_is_not_known_is_refused_with_those_that_are(
    server: Server, calls: RawCalls
) -> None:
    params = json.dumps({"_meta": {**META, VERSION: "2099-01-01"}})
    messages, _ = await calls.run(server, request(1, "tools/list", params))
    error = messages[-1].response.error
    assert error.code == -32022
    assert json.loads(error.data_json) == {"supported": ["2026-07-28"], "requested": "2099-01-01"}


@pytest.mark.parametrize("missing", [VERSION, CAPABILITIES])
async def test_a_request_without_its_envelope_is_refused(
    server: Server, calls: RawCalls, missing: str
) -> None:
    meta = {key: value for key, value in META.items() if key != missing}
    params = json.dumps({"_meta": meta})
    messages, _ = await calls.run(server, request(1, "tools/list", params))
    assert messages[-1].response.error.code == -32602
    assert missing in messages[-1].response.error.message


async def test_members_that_stand_twice_are_refused_rather_than_guessed(
    server: Server, calls: RawCalls
) -> None:
    params = modern({"name": "echo"}).replace('"name"', '"name": "die", "name"', 1)
    messages, _ = await calls.run(server, request(1, "tools/call", params))
    assert messages[-1].response.error.code == -32602


async def test_log_messages_are_heard_from_the_level_that_a_request_names(
    server: Server, calls: RawCalls
) -> None:
    for asked, sent, heard in (
        ("warning", "warning", True),
        ("warning", "error", True),
        ("warning", "info", False),
        ("debug", "info", True),
        (None, "emergency", False),
    ):
        meta = {} if asked is None else {LOG_LEVEL: asked}
        call = tool(1, "log", {"level": sent, "text": "x"}, **meta)
        messages, _ = await calls.run(server, call)
        methods = [method for method, _ in notifications_of(messages)]
        assert methods == (["notifications/message"] if heard else []), (asked, sent)


async def test_the_upstreams_level_is_the_lowest_that_a_request_has_named(
    server: Server, calls: RawCalls
) -> None:
    for level in ("error", "info", "warning", "info"):
        call = tool(1, "log", {"level": "debug", "text": "x"}, **{LOG_LEVEL: level})
        await calls.run(server, call)
    set_levels = [m for m in await seen_by(calls, server) if m["method"] == "logging/setLevel"]
    assert [m["params"]["level"] for m in set_levels] == ["error", "info"]


async def test_a_subscription_hears_what_it_asked_for_under_its_own_id(
    server: Server, opened: OpenSession, calls: RawCalls
) -> None:
    client = await opened(server)
    wanted = {
        "toolsListChanged": True,
        "promptsListChanged": True,
        "resourceSubscriptions": [NOTE, GONE],
    }
    await client.send(request("l", "subscriptions/listen", modern({"notifications": wanted})))
    acknowledged = (await client.envelope()).notification
    assert acknowledged.method == "notifications/subscriptions/acknowledged"
    # The upstream offers no prompts, and has no such resource.
    assert params_of(acknowledged) == {
        "notifications": {"toolsListChanged": True, "resourceSubscriptions": [NOTE]},
        "_meta": {SUBSCRIPTION: "l"},
    }
    assert text_of(await called(calls, server, "change")) == "changed"
    for method in ("tools/list_changed", "resources/updated"):
        envelope = await client.envelope()
        assert envelope.notification.method == f"notifications/{method}"
        assert envelope.related_request_id.text == "l"
        assert params_of(envelope.notification)["_meta"] == {SUBSCRIPTION: "l"}


async def test_a_subscription_hears_nothing_that_it_did_not_ask_for(
    server: Server, opened: OpenSession, calls: RawCalls
) -> None:
    client = await opened(server)
    wanted = modern({"notifications": {"resourcesListChanged": True}})
    await client.send(request("l", "subscriptions/listen", wanted))
    await client.envelope()
    await called(calls, server, "change")
    await client.call(1, "echo", {"text": "x"})
    heard = [i for i in client.seen if i.envelope.HasField("notification")]
    assert len(heard) == 1


async def test_a_resource_is_subscribed_to_once_and_until_nobody_wants_it(
    server: Server, opened: OpenSession, calls: RawCalls
) -> None:
    client = await opened(server)
    wanted = modern({"notifications": {"resourceSubscriptions": [NOTE]}})
    for request_id in ("a", "b"):
        await client.send(request(request_id, "subscriptions/listen", wanted))
        await client.envelope()

    async def told() -> list[str]:
        methods = [m["method"] for m in await seen_by(calls, server)]
        return [method for method in methods if method.endswith("subscribe")]

    assert await told() == ["resources/subscribe"]
    await client.send(cancelled("a"))
    await client.next("request_settled")
    assert await told() == ["resources/subscribe"]
    await client.send(cancelled("b"))
    await client.next("request_settled")
    while await told() != ["resources/subscribe", "resources/unsubscribe"]:
        pass


@pytest.mark.parametrize("notifications", [None, [], "all"])
async def test_a_subscription_without_a_filter_is_refused(
    server: Server, calls: RawCalls, notifications: object
) -> None:
    response = await ask(calls, server, "subscriptions/listen", {"notifications": notifications})
    assert response.error.code == -32602


async def test_an_upstream_that_does_not_answer_discover_is_a_legacy_one(
    offer: Offer, calls: RawCalls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mcpgrpc_server.upstream.handshake.PROBE_SECONDS", 0.2)
    server = await offer({"plain": plain("silent")})
    assert (await result(calls, server, "server/discover"))["instructions"] == "Ask."


async def test_an_upstream_that_takes_nothing_before_initialize_is_a_legacy_one(
    offer: Offer, calls: RawCalls
) -> None:
    server = await offer({"plain": plain("strict")})
    assert (await result(calls, server, "server/discover"))["instructions"] == "Ask."


@pytest.mark.parametrize(
    ("capabilities", "is_answered"), [({}, True), ({"elicitation": {}}, False)]
)
async def test_a_client_that_can_be_asked_something_is_led_to_a_session_of_its_own(
    server: Server, opened: OpenSession, capabilities: dict[str, Any], is_answered: bool
) -> None:
    client = await opened(server)
    meta = {**META, CAPABILITIES: capabilities}
    response = await client.ask(1, "server/discover", json.dumps({"_meta": meta}))
    if is_answered:
        assert "2026-07-28" in response.result_json
    else:
        assert response.error.code == -32601
        await client.initialize()


async def test_a_call_is_answered_discover_whatever_the_client_can_be_asked(
    server: Server, calls: RawCalls
) -> None:
    meta = {**META, CAPABILITIES: {"sampling": {}}}
    params = json.dumps({"_meta": meta})
    messages, _ = await calls.run(server, request(1, "server/discover", params))
    assert messages[-1].response.HasField("result_json")
