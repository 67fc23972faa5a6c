"""The traps that others fell into, one test and more for each; trap 7 has a file of its own."""

from __future__ import annotations

import ast
import asyncio
import importlib
import json
import logging
import time
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import pytest
from mcp.server import MCPServer
from mcp.server.lowlevel import Server as LowlevelServer
from mcp.types import PaginatedRequestParams

from mcpgrpc_server import Server
from mcpgrpc_server.sdk import internals
from tests.wire.app import Probe
from tests.wire.raw import (
    OpenSession,
    RawCalls,
    RawSession,
    Serve,
    cancelled,
    modern,
    request,
    text_of,
    tool,
)

BIG = 9007199254740993
REPOSITORY = Path(__file__).parents[2]


async def on(event: asyncio.Event) -> None:
    await asyncio.wait_for(event.wait(), 10)


async def test_trap_01_large_integers_are_not_rounded_on_the_way(
    server: Server, session: RawSession, calls: RawCalls
) -> None:
    response = await session.call(BIG, "echo", {"value": BIG})
    assert response.id.integer == BIG
    assert f'"value":{BIG}' in response.result_json
    assert text_of(await session.call(2, "typed", {"number": BIG})) == str(BIG)
    messages, _ = await calls.run(server, tool(1, "echo", {"value": [BIG, {"a": -BIG}]}))
    assert f"[{BIG}," in messages[-1].response.result_json


async def test_trap_04_an_apps_error_keeps_its_code_message_and_data(session: RawSession) -> None:
    response = await session.call(1, "forge", {"code": 1234, "message": "mine"})
    assert (response.error.code, response.error.message) == (1234, "mine")
    assert json.loads(response.error.data_json)["reason"] == "DRAINING"


async def test_trap_04_raw_exceptions_reach_the_log_and_never_the_client(
    serve: Serve, opened: OpenSession, calls: RawCalls, caplog: pytest.LogCaptureFixture
) -> None:
    server = await serve(broken_app())
    session = await opened(server)
    with caplog.at_level(logging.ERROR):
        response = await session.ask(1, "prompts/list", modern())
        messages, _ = await calls.run(server, request(1, "prompts/list", modern()))
    for each in (response, messages[-1].response):
        assert (each.error.code, each.error.message) == (-32603, "Internal server error")
        assert not each.error.HasField("data_json")
    assert caplog.text.count("RuntimeError: secret internals") == 2
    assert (await session.ask(2, "server/discover", modern())).HasField("result_json")


async def test_trap_04_a_crashed_tool_shows_no_internals(session: RawSession) -> None:
    response = await session.call(1, "crash")
    assert "secret" not in response.result_json
    assert json.loads(response.result_json)["isError"]


async def test_trap_04_a_handler_that_raises_a_cancellation_of_its_own_is_an_internal_error(
    serve: Serve, opened: OpenSession, calls: RawCalls
) -> None:
    server = await serve(broken_app(asyncio.CancelledError()))
    session = await opened(server)
    assert (await session.ask(1, "prompts/list", modern())).error.code == -32603
    messages, _ = await calls.run(server, request(1, "prompts/list", modern()))
    assert messages[-1].response.error.code == -32603
    assert (await session.ask(2, "server/discover", modern())).HasField("result_json")


def broken_app(error: BaseException | None = None) -> LowlevelServer[Any]:
    """An app whose `prompts/list` raises."""

    async def list_prompts(ctx: Any, params: PaginatedRequestParams | None) -> Any:
        raise error or RuntimeError("secret internals")

    return LowlevelServer("broken", on_list_prompts=list_prompts)


async def test_trap_05_head_of_line_blocking_does_not_happen(
    session: RawSession, probe: Probe
) -> None:
    # A handler that waits, a thread that waits, and a question nobody answers.
    await session.send(tool("slow", "hold", {"key": "a"}), tool("thread", "block", {"key": "b"}))
    await on(probe.began["a"])
    await on(probe.thread_began["b"])
    for number in range(50):
        assert (await session.call(number, "echo", {"value": 1})).HasField("result_json")
    probe.release_all()
    await session.responses(2)


async def test_trap_05_a_slow_handler_costs_fast_calls_nothing(
    session: RawSession, probe: Probe
) -> None:
    async def latencies() -> list[float]:
        measured = []
        for number in range(200):
            began = time.perf_counter()
            await session.call(number, "echo", {"value": 1})
            measured.append(time.perf_counter() - began)
        return measured

    await latencies()
    alone = await latencies()
    await session.send(tool("slow", "hold", {"key": "a"}))
    await on(probe.began["a"])
    beside = await latencies()
    probe.gates["a"].set()
    await session.response("slow")
    assert median(beside) < median(alone) + 0.005
    # A busy machine has outliers of its own; what waits for a slow handler has nothing else.
    assert quantiles(beside, n=100)[-1] < quantiles(alone, n=100)[-1] + 0.25


async def test_trap_05_64_requests_finish_in_any_order_and_none_is_mixed_up(
    session: RawSession, probe: Probe
) -> None:
    keys = [str(n) for n in range(64)]
    await session.send(*[tool(f"id-{key}", "hold", {"key": key}) for key in keys])
    await on(probe.began["63"])
    shuffled = [keys[(index * 37) % 64] for index in range(64)]
    for key in shuffled:
        probe.gates[key].set()
        response = (await session.responses(1))[0]
        assert (response.id.text, text_of(response)) == (f"id-{key}", key)


async def test_trap_06_a_failing_handler_leaves_the_session_as_it_was(
    session: RawSession, probe: Probe
) -> None:
    await session.send(tool("slow", "hold", {"key": "a"}))
    for number in range(20):
        await session.call(number, "crash")
        await session.call(number, "forge", {"code": -32603})
    assert (await session.call(99, "echo", {"value": 1})).HasField("result_json")
    probe.gates["a"].set()
    assert text_of(await session.response("slow")) == "a"


async def test_trap_06_tools_do_not_outlive_their_stream(session: RawSession, probe: Probe) -> None:
    keys = [str(n) for n in range(10)]
    await session.send(*[tool(key, "hold", {"key": key}) for key in keys])
    await on(probe.began["9"])
    session.cancel()
    for key in keys:
        await on(probe.cancelled[key])


async def test_trap_06_ids_and_slots_come_back_after_timeouts_and_cancellations(
    serve: Serve, opened: OpenSession, probe: Probe
) -> None:
    session = await opened(await serve(max_in_flight=1))
    for _ in range(20):
        await session.send(tool(1, "hold", {"key": "a"}))
        await session.send(cancelled(1))
        await session.next("request_settled")
        late = tool(1, "hold", {"key": "a"})
        late.timeout.FromMilliseconds(1)
        await session.send(late)
        assert (await session.response(1)).error.code == 4
        # The answer frees the id at once; the handler ends on its own.
    probe.gates["a"].set()
    assert text_of(await session.call(1, "hold", {"key": "a"})) == "a"


async def test_trap_09_one_clients_calls_never_wait_for_anothers(
    server: Server, opened: OpenSession, probe: Probe
) -> None:
    busy = await opened(server)
    await busy.send(*[tool(n, "hold", {"key": "a"}) for n in range(100)])
    await busy.send(*[tool(100 + n, "block", {"key": "b"}) for n in range(10)])
    await on(probe.thread_began["b"])
    quick = await opened(server)
    for number in range(20):
        assert (await quick.call(number, "echo", {"value": 1})).HasField("result_json")
    probe.release_all()
    await busy.responses(110)


async def test_trap_09_the_log_level_of_one_client_is_not_anothers(
    server: Server, opened: OpenSession
) -> None:
    loud, quiet = await opened(server), await opened(server)
    levels: dict[str, list[str]] = {}
    for name, session, level in (("loud", loud, "debug"), ("quiet", quiet, "error")):
        asked = {"io.modelcontextprotocol/logLevel": level}
        await session.send(tool(1, "say", {}, **asked))
        await session.response(1)
        levels[name] = [
            json.loads(item.envelope.notification.params_json)["level"]
            for item in session.seen
            if item.envelope.notification.method == "notifications/message"
        ]
    assert levels == {"loud": ["debug", "info", "error"], "quiet": ["error"]}


# Trap 12.


def imported(module: Path) -> set[tuple[str, str]]:
    """The names that a module imports of the SDK, with where from."""
    found = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in SDK:
            found |= {(node.module or "", alias.name) for alias in node.names}
        if isinstance(node, ast.Import):
            found |= {(each.name, "") for each in node.names if each.name.split(".")[0] in SDK}
    return found


SDK = {"mcp", "mcp_types"}
INTERNALS = REPOSITORY / "server/mcpgrpc_server/sdk/internals.py"
CLIENT_MODULES = sorted((REPOSITORY / "clients/python/mcpgrpc").rglob("*.py"))
SERVER_MODULES = sorted((REPOSITORY / "server/mcpgrpc_server").rglob("*.py"))
USED_OF_THE_SDK = sorted(
    imported(INTERNALS) | {name for module in CLIENT_MODULES for name in imported(module)}
)


@pytest.mark.parametrize(
    ("module", "name"), USED_OF_THE_SDK, ids=[".".join(each) for each in USED_OF_THE_SDK]
)
def test_trap_12_the_sdk_still_has(module: str, name: str) -> None:
    found = importlib.import_module(module)
    assert not name or hasattr(found, name), f"the SDK has moved {module}.{name}"


def test_trap_12_the_attributes_of_the_sdk_that_are_used_still_stand() -> None:
    uses: list[tuple[object, str]] = [
        (internals.ServerRunner, "on_request"),
        (internals.ServerRunner, "on_notify"),
        (internals.Connection, "for_loop"),
        (internals.Connection, "from_envelope"),
        (internals.Connection, "protocol_version"),
        (MCPServer, "_lowlevel_server"),
        (LowlevelServer, "server_info_stamp"),
        (LowlevelServer, "get_request_handler"),
        (LowlevelServer, "add_request_handler"),
        (LowlevelServer, "middleware"),
        (internals.ListenHandler, "_bus"),
        (internals.RequestStateBoundary, "_security"),
        (internals.RequestStateSecurity, "codec"),
        (internals.RequestStateSecurity, "ephemeral"),
    ]
    for owner, name in uses:
        known = hasattr(owner, name) or name in init_names(owner)
        assert known, f"the SDK has moved {owner}.{name}"


def init_names(owner: Any) -> set[str]:
    """What `__init__` sets."""
    return set(owner.__init__.__code__.co_names)


@pytest.mark.parametrize("module", SERVER_MODULES, ids=lambda module: module.stem)
def test_trap_12_only_one_module_of_the_server_names_the_sdk(module: Path) -> None:
    if module != INTERNALS:
        assert imported(module) == set()
