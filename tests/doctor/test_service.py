"""What a doctor finds in a service: fine, closed, down, full of others, or with another clock."""

from __future__ import annotations

import time
from email.utils import formatdate
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from mcpgrpc.binding.limits import MIB
from mcpgrpc.credentials import ApiKeyFile
from mcpgrpc.doctor import Level, service
from mcpgrpc.doctor.rpcs import Told
from mcpgrpc.v1 import session_pb2
from mcpgrpc_server import Server, ServerSettings
from tests.authentication.key_ring import KeyRing
from tests.doctor.examined import CHECKS, examined, levels, serving


async def test_a_server_that_is_fine_is_found_so() -> None:
    async with serving() as server:
        found = await examined(server.addresses[0])
    assert levels(found, Level.OK) == set(CHECKS)
    assert found["versions"].found == "adder 1.2 speaks MCP 2026-07-28"
    assert found["reflection"].found == "on"
    assert found["round trip"].facts["p50_ms"] > 0
    assert found["limits"].facts["max_in_flight"] == ServerSettings().max_in_flight
    assert abs(found["clock"].facts["skew_seconds"]) <= 1


async def test_a_socket_is_looked_at_as_well(tmp_path: Path) -> None:
    async with serving(listen=[f"unix:{tmp_path}/s"]) as server:
        found = await examined(server.addresses[0])
    assert levels(found, Level.OK) == set(CHECKS) - {"connect"} | {"connect"}


async def test_reflection_may_be_off() -> None:
    async with serving(reflection=False) as server:
        found = await examined(server.addresses[0])
    assert found["reflection"].level is Level.OK
    assert found["reflection"].found.startswith("off")


async def test_a_caller_without_a_credential_is_told_what_to_give(tmp_path: Path) -> None:
    async with serving(api_keys=KeyRing().save(tmp_path / "keys.toml")) as server:
        found = await examined(server.addresses[0])
    assert levels(found, Level.FAILED) == {"authentication"}
    assert found["authentication"].advice == "give --token-file or --api-key-file"
    assert levels(found, Level.SKIPPED) == {"versions", "limits"}


async def test_a_credential_is_good_or_not_and_never_shown(tmp_path: Path) -> None:
    ring = KeyRing()
    good, wrong = tmp_path / "good", tmp_path / "wrong"
    good.write_text(ring.good)
    wrong.write_text(ring.good[:-1] + ("A" if ring.good[-1] != "A" else "B"))
    async with serving(api_keys=ring.save(tmp_path / "keys.toml")) as server:
        taken = await examined(server.addresses[0], token=ApiKeyFile(good))
        refused = await examined(server.addresses[0], token=ApiKeyFile(wrong))
    assert levels(taken, Level.OK) == set(CHECKS)
    assert taken["authentication"].found == "the credential is taken; without one it is not"
    assert levels(refused, Level.FAILED) == {"authentication"}
    assert "expiry" in refused["authentication"].advice
    assert wrong.read_text() not in repr(refused)


async def test_a_service_that_is_down_is_told_from_a_server_that_is(tmp_path: Path) -> None:
    settings = ServerSettings.model_validate(
        {"listen": ["127.0.0.1:0"], "upstreams": {"gone": {"command": f"{tmp_path}/nothing"}}}
    )
    async with Server(None, settings=settings) as server:
        found = await examined(server.addresses[0])
    assert found["health"].level is Level.FAILED
    assert found["health"].found == "the server is NOT_SERVING"


async def test_a_grpc_server_of_something_else_is_seen() -> None:
    class Serving(health_pb2_grpc.HealthServicer):  # type: ignore[misc]
        async def Check(self, request: object, context: object) -> object:  # noqa: N802
            return health_pb2.HealthCheckResponse(status=1)

    server = grpc.aio.server()
    health_pb2_grpc.add_HealthServicer_to_server(Serving(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        found = await examined(f"127.0.0.1:{port}")
    finally:
        await server.stop(None)
    assert found["health"].level is Level.OK
    assert found["authentication"].level is Level.FAILED
    assert "something else" in found["authentication"].advice
    assert found["clock"].level is Level.SKIPPED


def failed(code: grpc.StatusCode) -> Told:
    nothing = grpc.aio.Metadata()
    return Told(error=grpc.aio.AioRpcError(code, nothing, nothing, "too large"))


def test_a_large_request_that_does_not_come_through_points_at_the_proxy() -> None:
    settings = session_pb2.Settings(max_frame_bytes=16 * MIB, max_in_flight=1)
    found = service.limits(settings, failed(grpc.StatusCode.RESOURCE_EXHAUSTED))
    assert (found.level, "proxy" in found.advice) == (Level.WARNING, True)
    assert service.limits(settings, None).level is Level.OK


def test_a_server_with_larger_messages_than_the_client_takes_is_warned_of() -> None:
    settings = session_pb2.Settings(max_frame_bytes=64 * MIB)
    assert service.limits(settings, None).level is Level.WARNING


@pytest.mark.parametrize(
    ("ahead_seconds", "level"),
    [(0, Level.OK), (-10, Level.WARNING), (10, Level.WARNING), (90, Level.FAILED)],
)
def test_clocks_that_differ_are_found(ahead_seconds: float, level: Level) -> None:
    date = formatdate(time.time() + ahead_seconds, usegmt=True)
    found = service.clock(Told("SERVING", headers={"date": date}))
    assert found.level is level
    assert found.facts["skew_seconds"] == pytest.approx(ahead_seconds, abs=1.5)


@pytest.mark.parametrize("date", ["", "yesterday", "Mon, 99 Nov 2026 00:00:00 GMT"])
def test_a_date_that_is_none_is_no_date(date: str) -> None:
    assert service.clock(Told("SERVING", headers={"date": date})).level is Level.SKIPPED


def test_a_way_that_is_slow_is_warned_of() -> None:
    assert service.round_trip([0.3] * 3).level is Level.WARNING
    assert service.round_trip([0.003] * 3).level is Level.OK
    assert service.round_trip([]).level is Level.SKIPPED
