"""Rounds of `requestState` that begin on one replica and end on another, by keys that are given."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from mcp.server import Server as LowlevelServer
from mcp.server.request_state import RequestStateBoundary, RequestStateSecurity

from mcpgrpc_server import Server, ServerSettings, SettingsError
from mcpgrpc_server.fleet import state_keys
from mcpgrpc_server.fleet.state_keys import parse_secrets, ring_from_secret
from mcpgrpc_server.sdk.sealing import has_process_key, seals
from mcpgrpc_server.watched_file import WatchedFile
from mcpgrpc_server.workers import sealing
from tests.fleet.replicas import SECONDS, WAYS, Round, booked, fleet_app, reached, replica

OLD, NEW, OTHER = (letter * 32 for letter in "onx")


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with asyncio.timeout(SECONDS), AsyncExitStack() as stack:
        yield stack


def written(path: Path, *secrets: str) -> str:
    """A file of keys, swapped in as Kubernetes does; gives its path."""
    fresh = path.with_suffix(".fresh")
    fresh.write_text("# seals first\n" + "\n".join(secrets) + "\n", encoding="ascii")
    fresh.chmod(0o600)
    fresh.replace(path)
    return str(path)


@pytest.mark.parametrize("way", WAYS)
async def test_trap_15_a_round_that_began_on_one_replica_ends_on_another(
    stack: AsyncExitStack, tmp_path: Path, way: str
) -> None:
    keys = written(tmp_path / "keys", NEW)
    calls = [
        await stack.enter_async_context(reached(server, way))
        for server in [await stack.enter_async_context(replica(state_keys=keys)) for _ in range(2)]
    ]
    for begins, ends in (calls, reversed(calls)):
        assert booked(await (await Round.begin(begins)).answer(ends))


@pytest.mark.parametrize("way", WAYS)
async def test_without_keys_in_common_another_replica_refuses_the_round(
    stack: AsyncExitStack, way: str
) -> None:
    one, other = [
        await stack.enter_async_context(reached(await stack.enter_async_context(replica()), way))
        for _ in range(2)
    ]
    began = await Round.begin(one)
    assert not booked(await began.answer(other))
    assert booked(await began.answer(one))


async def test_a_state_that_was_changed_or_sealed_by_strangers_is_refused(
    stack: AsyncExitStack, tmp_path: Path
) -> None:
    ours = await stack.enter_async_context(replica(state_keys=written(tmp_path / "ours", NEW)))
    theirs = await stack.enter_async_context(
        replica(state_keys=written(tmp_path / "theirs", OTHER))
    )
    call = await stack.enter_async_context(reached(ours, "session"))
    foreign = await stack.enter_async_context(reached(theirs, "session"))
    began = await Round.begin(call)
    last = "A" if began.state[-5] != "A" else "B"
    for state in (
        (await Round.begin(foreign)).state,
        began.state[:-5] + last + began.state[-4:],
        began.state[: len(began.state) // 2],
        "v1.",
        "{}",
        "",
    ):
        assert not booked(await began.answer(call, state)), state
    assert booked(await began.answer(call))


async def test_keys_are_rotated_without_a_lost_round(
    stack: AsyncExitStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state_keys, "WatchedFile", partial(WatchedFile, interval_seconds=0))
    files = [tmp_path / "one", tmp_path / "other"]
    calls = []
    for file in files:
        server = await stack.enter_async_context(replica(state_keys=written(file, OLD)))
        calls.append(await stack.enter_async_context(reached(server, "session")))
    oldest = await Round.begin(calls[0])
    for step in ((OLD, NEW), (NEW, OLD), (NEW,)):
        # Each step reaches one replica before the other, as a roll-out does.
        for file in files:
            before = [await Round.begin(call) for call in calls]
            written(file, *step)
            rounds = [*before, *[await Round.begin(call) for call in calls]]
            answers = [await each.answer(call) for each in rounds for call in calls]
            assert all(map(booked, answers)), step
    assert not booked(await oldest.answer(calls[0]))


async def test_keys_that_the_app_was_made_with_go_before_those_of_the_server(
    stack: AsyncExitStack, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    keys = written(tmp_path / "keys", NEW)
    app = fleet_app(request_state_security=RequestStateSecurity(keys=[OLD]))
    own = await stack.enter_async_context(replica(app, state_keys=keys))
    plain = await stack.enter_async_context(replica(state_keys=keys))
    calls = [await stack.enter_async_context(reached(each, "session")) for each in (own, plain)]
    began = await Round.begin(calls[0])
    assert booked(await began.answer(calls[0]))
    assert not booked(await began.answer(calls[1]))
    assert caplog.text.count("state_keys is not used") == 1


async def test_processes_that_were_given_one_secret_open_what_the_others_sealed(
    stack: AsyncExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "_shared", [NEW.encode()])
    servers = [await stack.enter_async_context(replica()) for _ in range(2)]
    calls = [await stack.enter_async_context(reached(each, "session")) for each in servers]
    assert booked(await (await Round.begin(calls[0])).answer(calls[1]))


async def test_a_stopped_server_leaves_the_app_as_it_was(
    stack: AsyncExitStack, tmp_path: Path
) -> None:
    app = fleet_app()
    keys = written(tmp_path / "keys", NEW)
    async with replica(app, state_keys=keys) as server, reached(server, "session") as call:
        began = await Round.begin(call)
    again = await stack.enter_async_context(replica(app))
    call = await stack.enter_async_context(reached(again, "session"))
    assert not booked(await began.answer(call))
    assert booked(await (await Round.begin(call)).answer(call))


def test_the_key_of_a_low_level_server_is_known_as_one_of_the_process() -> None:
    plain: LowlevelServer[Any] = LowlevelServer("plain")
    assert not seals(plain)
    policy = RequestStateSecurity.ephemeral(ttl=5, audience="somebody")
    assert (policy.ttl, policy.audience) == (5, "somebody")
    plain.middleware.append(RequestStateBoundary(policy, default_audience=None))
    assert seals(plain)
    assert has_process_key(plain)
    given: LowlevelServer[Any] = LowlevelServer("given")
    own = RequestStateSecurity(keys=[OLD])
    given.middleware.append(RequestStateBoundary(own, default_audience=None))
    assert seals(given)
    assert not has_process_key(given)


def test_a_file_has_a_secret_a_line_and_the_first_seals() -> None:
    text = f"# made in May\r\n\n  {NEW}  \n{OLD}\n{NEW}\n"
    assert parse_secrets(text.encode()) == (NEW.encode(), OLD.encode())


@pytest.mark.parametrize(
    "text",
    ["# nothing", "topsecret", "\n".join(f"{number:032}" for number in range(9))],
    ids=["none", "short", "too many"],
)
def test_a_file_that_cannot_be_used_refuses_the_start_and_its_error_quotes_nothing(
    tmp_path: Path, text: str
) -> None:
    path = tmp_path / "keys"
    path.write_text(text, encoding="ascii")
    with pytest.raises(SettingsError, match="cannot use the state keys in") as refused:
        Server(fleet_app(), settings=ServerSettings(state_keys=str(path)))
    assert "topsecret" not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_given_secret_is_long_enough() -> None:
    with pytest.raises(ValueError, match="at least 32 bytes, not 5"):
        ring_from_secret(b"short")


SDK_FIRST = "from mcp.server import MCPServer; from mcpgrpc_server import Server"
SDK_LAST = "from mcpgrpc_server import Server; from mcp.server import MCPServer"


@pytest.mark.parametrize("imports", [SDK_FIRST, SDK_LAST])
def test_the_keys_of_the_process_are_known_whatever_a_program_imports_first(imports: str) -> None:
    program = f"""
{imports}
from mcpgrpc_server.sdk.internals import lowlevel_server
from mcpgrpc_server.sdk.sealing import has_process_key
print(has_process_key(lowlevel_server(MCPServer("shared"))))
"""
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert ran.stdout == "True\n"
