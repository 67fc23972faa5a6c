"""Decision 9 of the binding: the era of a stream."""

from __future__ import annotations

import asyncio
import json

import grpc
import pytest

from mcpgrpc_server import Server
from tests.wire.raw import INITIALIZE, OpenSession, RawSession, modern, request, tool

INIT = json.dumps(INITIALIZE)


async def test_decision_09_a_probe_with_discover_may_be_followed_by_initialize(
    session: RawSession,
) -> None:
    probed = await session.ask(1, "server/discover", "{}")
    assert probed.HasField("error")
    assert (await session.ask(2, "initialize", INIT)).HasField("result_json")
    assert (await session.ask(3, "tools/list", "{}")).HasField("result_json")


async def test_decision_09_a_modern_answer_decides_for_the_modern_era(session: RawSession) -> None:
    assert (await session.ask(1, "server/discover", modern())).HasField("result_json")
    refused = await session.ask(2, "initialize", INIT)
    assert refused.error.code == -32022
    assert "2026-07-28" in json.loads(refused.error.data_json)["supported"]


async def test_decision_09_an_initialised_stream_takes_no_modern_request(
    session: RawSession,
) -> None:
    await session.initialize()
    refused = await session.call(1, "echo", {"value": 1})
    assert refused.error.code == -32600
    assert (await session.ask(2, "tools/list", "{}")).HasField("result_json")


async def test_decision_09_a_failed_modern_request_leaves_the_stream_open(
    session: RawSession,
) -> None:
    assert (await session.ask(1, "nobody/knows", modern())).error.code == -32601
    assert (await session.ask(2, "initialize", INIT)).HasField("result_json")


async def test_decision_09_an_unsupported_version_decides_for_the_modern_era(
    session: RawSession,
) -> None:
    version = {"io.modelcontextprotocol/protocolVersion": "2099-01-01"}
    assert (await session.ask(1, "tools/list", modern(None, **version))).error.code == -32022
    assert (await session.ask(2, "initialize", INIT)).error.code == -32022


@pytest.mark.parametrize("method", ["tools/list", "tools/call", "resources/list"])
async def test_requests_before_initialize_are_refused_as_the_sdk_does(
    session: RawSession, method: str
) -> None:
    params = json.dumps({"name": "echo", "arguments": {"value": 1}})
    assert (await session.ask(1, method, params)).error.code == -32602
    await session.initialize()


async def test_a_ping_before_initialize_is_answered(session: RawSession) -> None:
    assert (await session.ask(1, "ping")).HasField("result_json")
    await session.initialize()


async def test_a_failed_initialize_may_be_repeated(session: RawSession) -> None:
    assert (await session.ask(1, "initialize", "{}")).HasField("error")
    await session.initialize()


async def test_decision_09_a_door_pins_the_legacy_era(server: Server, opened: OpenSession) -> None:
    session = await opened(server, mcpgrpc_era="legacy")
    assert (await session.call(1, "echo", {"value": 1})).error.code == -32600
    await session.initialize()


async def test_decision_09_a_door_pins_the_modern_era(server: Server, opened: OpenSession) -> None:
    session = await opened(server, mcpgrpc_era="modern")
    assert (await session.ask(1, "initialize", INIT)).error.code == -32022
    assert (await session.call(2, "echo", {"value": 1})).HasField("result_json")


async def test_decision_09_an_unknown_era_fails_the_opening(
    server: Server, opened: OpenSession
) -> None:
    session = await opened(server, mcpgrpc_era="future")
    ended = await session.ending()
    assert (ended.code, ended.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FRAME")
    assert "mcpgrpc-era" in ended.details


@pytest.mark.parametrize("mirror", ["mcp_method", "mcp_name"])
async def test_decision_21_mirrors_are_refused_on_a_session(
    server: Server, opened: OpenSession, mirror: str
) -> None:
    session = await opened(server, **{mirror: "tools/call"})
    ended = await session.ending()
    assert ended.code is grpc.StatusCode.INVALID_ARGUMENT
    assert ended.execution == "NOT_STARTED"
    assert mirror.replace("_", "-") in ended.details


async def test_decision_10_initialize_parks_the_reader_so_that_what_follows_finds_it_done(
    session: RawSession,
) -> None:
    await session.send(
        request(1, "initialize", INIT),
        request(2, "tools/list", "{}"),
        request(3, "tools/list", "{}"),
    )
    for response in await session.responses(3):
        assert response.HasField("result_json"), response


async def test_modern_and_legacy_requests_side_by_side_disturb_nobody(
    session: RawSession, other: RawSession
) -> None:
    await session.send(
        tool(1, "echo", {"value": 1}), request(2, "initialize", INIT), request(3, "ping")
    )
    responses = {each.id.integer: each for each in await session.responses(3)}
    # The era is open until the first of them is answered; from then on it is decided.
    assert sorted(responses) == [1, 2, 3]
    modern_goes_on = (await session.call(4, "echo", {"value": 1})).HasField("result_json")
    legacy_goes_on = (await session.ask(5, "tools/list", "{}")).HasField("result_json")
    assert modern_goes_on != legacy_goes_on
    assert other is not session


async def test_the_app_is_the_same_object_for_every_stream(
    server: Server, opened: OpenSession
) -> None:
    sessions = [await opened(server) for _ in range(3)]
    lists = await asyncio.gather(*(each.ask(1, "tools/list", modern()) for each in sessions))
    assert len({each.result_json for each in lists}) == 1
