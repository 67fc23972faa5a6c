"""Switches that cannot be had: each is refused with its reason, and none is passed over."""

from __future__ import annotations

import os
import sys

import pytest

from mcpgrpc_server import Server, ServerSettings, SettingsError
from mcpgrpc_server.tuning.cpu_affinity import pin
from mcpgrpc_server.tuning.event_engine import turn_event_engine_off
from mcpgrpc_server.tuning.event_loop import loop_factory
from tests.cli.app import Watched, build

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="it is Linux that pins")
WITHOUT = "-event_engine_client,-event_engine_listener"


def test_uvloop_that_is_not_installed_is_refused_with_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "uvloop", None)
    with pytest.raises(SettingsError, match=r"pip install 'mcpgrpc\[uvloop\]'"):
        loop_factory("uvloop")


def test_auto_is_asyncio_where_uvloop_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvloop", None)
    loop = loop_factory("auto")()
    loop.close()
    assert type(loop).__module__.startswith("asyncio.")


async def test_a_server_on_another_loop_than_the_one_that_is_named_does_not_start() -> None:
    server = Server(
        build(Watched()), settings=ServerSettings(listen=["127.0.0.1:0"], event_loop="uvloop")
    )
    with pytest.raises(SettingsError, match="event_loop is uvloop, but"):
        await server.start()


@on_linux
@pytest.mark.parametrize("good", [False, True], ids=["alone", "beside-a-good-one"])
def test_a_cpu_that_is_not_there_is_refused_and_nothing_changes(good: bool) -> None:
    before = os.sched_getaffinity(0)
    away = (os.cpu_count() or 1) + 900
    with pytest.raises(SettingsError, match=f"names CPU {away}, which this process cannot run on"):
        pin({away, *([min(before)] if good else [])})
    assert os.sched_getaffinity(0) == before


def test_pinning_elsewhere_than_on_linux_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(SettingsError, match="cpu_affinity needs Linux, and this is darwin"):
        pin({0})


def test_the_event_engine_is_not_turned_off_once_grpc_is_imported() -> None:
    environment: dict[str, str] = {}
    with pytest.raises(SettingsError, match=f"start the process with GRPC_EXPERIMENTS={WITHOUT}"):
        turn_event_engine_off(environment)
    assert environment == {}


def test_a_process_that_was_started_without_the_event_engine_stays_as_it_is() -> None:
    environment = {"GRPC_EXPERIMENTS": f"other,{WITHOUT}"}
    turn_event_engine_off(environment)
    assert environment == {"GRPC_EXPERIMENTS": f"other,{WITHOUT}"}


def test_other_experiments_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "grpc")
    environment = {"GRPC_EXPERIMENTS": "other"}
    turn_event_engine_off(environment)
    assert environment == {"GRPC_EXPERIMENTS": f"other,{WITHOUT}"}


def test_a_server_within_a_program_that_has_grpc_cannot_do_without_the_event_engine() -> None:
    with pytest.raises(SettingsError, match="once gRPC is imported"):
        Server(build(Watched()), settings=ServerSettings(grpc_event_engine=False))
