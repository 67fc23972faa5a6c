"""Several workers on one port: that all serve, what is said of them, and where they are refused."""

from __future__ import annotations

import asyncio
import signal
import socket
from pathlib import Path

import grpc
import pytest

from mcpgrpc.v1 import request_pb2, tools_service_pb2
from mcpgrpc_server import ServerSettings, SettingsError, serve
from mcpgrpc_server.workers.refusals import check_workers
from tests.workers.conftest import (
    SECONDS,
    connection,
    health_of,
    one_to_each,
    serving,
    started,
    text_of,
)

pytestmark = pytest.mark.timeout(300)


async def test_every_worker_serves_on_the_same_port_and_one_banner_says_how_many() -> None:
    async with serving() as workers:
        async with one_to_each(workers.address, 2) as connections:
            assert workers.process.pid not in connections
            # Each says on the port that all share that it serves.
            assert await health_of(workers.address) == "SERVING"
        assert workers.banner["workers"] == "2"
        assert sum(line.startswith("counted answers") for line in workers.out) == 1


async def test_lines_of_the_log_say_which_worker_wrote_them() -> None:
    async with serving() as workers:
        workers.process.send_signal(signal.SIGTERM)
        assert await workers.ended() == 0
        began = [each["worker"] for each in workers.records() if each["message"] == "drain started"]
    assert sorted(began) == [1, 2]


async def test_a_question_that_one_worker_asked_is_answered_at_another() -> None:
    context = request_pb2.RequestContext(client_capabilities_json='{"elicitation": {"form": {}}}')
    order = tools_service_pb2.CallToolRequest(
        name="order", arguments_json='{"title": "Emma"}', context=context
    )
    async with serving() as workers, one_to_each(workers.address, 2) as connections:
        one, other = connections.values()
        asked = (await one.ask(order)).input_required
        (key,) = asked.input_requests
        order.retry.request_state = asked.request_state
        order.retry.input_responses_json[key] = '{"action": "accept", "content": {"copies": 3}}'
        assert text_of(await other.ask(order)) == "3 of Emma"
        # Another start has another key.
        async with serving() as stranger, connection(stranger.address) as third:
            with pytest.raises(grpc.aio.AioRpcError, match="requestState"):
                await third.ask(order)


async def test_a_port_that_somebody_else_has_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0), reuse_port=True) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        async with started("--workers", "2", "--listen", address) as workers:
            assert await workers.ended() == 1
    assert workers.lines[-1].startswith(f"mcpgrpc: cannot listen on {address}: ")
    assert "in use" in workers.lines[-1]


async def test_a_second_service_with_workers_does_not_join_the_first() -> None:
    async with serving() as workers:
        async with started("--workers", "2", "--listen", workers.address) as second:
            assert await second.ended() == 1
        assert f"cannot listen on {workers.address}" in second.lines[-1]


async def test_an_app_that_cannot_be_served_is_told_once_and_at_once(tmp_path: Path) -> None:
    app = tmp_path / "broken.py"
    app.write_text("import not_installed_at_all\n", encoding="utf-8")
    async with started("--workers", "2", app=str(app)) as workers:
        assert await workers.ended() == 1
    assert workers.out == []
    assert [line for line in workers.lines if "not_installed_at_all" in line] == [workers.lines[-1]]
    assert workers.lines[-1].startswith("mcpgrpc: ")


async def test_a_worker_loads_nothing_from_the_current_folder_in_the_place_of_a_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pydantic.py").write_text("raise RuntimeError('not this one')\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    async with serving() as workers, one_to_each(workers.address, 2):
        pass


@pytest.mark.parametrize(
    ("given", "said"),
    [
        pytest.param({"listen": ["unix:/tmp/one.sock"]}, "HOST:PORT", id="unix"),
        pytest.param({"http": "127.0.0.1:0"}, "mcpgrpc gateway", id="http"),
        pytest.param({"rate_limit": "5/second"}, "--redis", id="rate-limit"),
        pytest.param({"rate_limit_tool": ["add=5/second"]}, "--redis", id="tool-limit"),
    ],
)
def test_what_workers_cannot_keep_is_refused_with_what_to_do(
    given: dict[str, object], said: str
) -> None:
    with pytest.raises(SettingsError, match=said) as refused:
        check_workers(ServerSettings.model_validate({"workers": 2, **given}))
    assert str(refused.value).startswith("workers is 2, but ")
    assert "\n" not in str(refused.value)


def test_rate_limits_that_are_counted_together_are_taken() -> None:
    limited = {"rate_limit": "5/second", "redis": "redis://127.0.0.1/0"}
    check_workers(ServerSettings.model_validate({"workers": 2, **limited}))


async def test_a_refusal_is_one_line_and_nothing_is_started() -> None:
    async with started("--workers", "2", "--http", "127.0.0.1:0") as workers:
        assert await workers.ended() == 2
    assert len(workers.lines) == 1
    assert workers.lines[0].startswith("mcpgrpc: workers is 2, but ")


def test_an_object_is_not_served_by_several_processes() -> None:
    with pytest.raises(SettingsError, match="mcpgrpc serve FILE"):
        serve(object(), settings=ServerSettings(workers=2))


async def test_both_addresses_of_two_listeners_are_shared() -> None:
    async with serving("--listen", "127.0.0.1:0") as workers, asyncio.timeout(SECONDS):
        first, second = workers.address.split(", ")
        assert first != second
        async with one_to_each(first, 2) as one, one_to_each(second, 2) as other:
            assert set(one) == set(other)
