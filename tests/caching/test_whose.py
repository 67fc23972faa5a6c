"""Whose a private result is: what makes two requests another caller's, and what does not."""

from __future__ import annotations

from typing import Any

import pytest

from mcpgrpc.binding.era import Era
from mcpgrpc.binding.in_flight import InFlightRequest
from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server.backend import ServerCall
from mcpgrpc_server.caching.whose import whose
from mcpgrpc_server.caller import Caller
from mcpgrpc_server.identity import ANONYMOUS, Identity, IdentityKind

ALICE: dict[str, Any] = {
    "subject": "alice",
    "kind": IdentityKind.JWT,
    "claims": {"iss": "https://issuer.example", "groups": ("readers",)},
}


def digest(
    identity: dict[str, Any] | None = None,
    *,
    peer: str = "ipv4:10.0.0.7:1",
    headers: dict[str, str] | None = None,
    door: dict[str, str] | None = None,
) -> bytes:
    context = None
    if door is not None:
        context = envelope_pb2.DoorContext()
        for name, value in door.items():
            context.headers.add(name=name, value=value)
    call = ServerCall(InFlightRequest("1", "tools/list"), Era.MODERN, None, None, context)
    who = ANONYMOUS if identity is None else Identity(**identity)
    return whose(call, Caller(peer, who, headers or {}))


@pytest.mark.parametrize(
    "other",
    [
        {"subject": "bob"},
        {"kind": IdentityKind.MTLS},
        {"actor": "agent"},
        {"scopes": frozenset({"more"})},
        {"claims": {"iss": "https://other.example", "groups": ("readers",)}},
        {"claims": {"iss": "https://issuer.example", "groups": ("writers",)}},
    ],
    ids=lambda other: next(iter(other)),
)
def test_whatever_differs_in_who_calls_makes_it_another_callers(other: dict[str, Any]) -> None:
    assert digest(ALICE | other) != digest(ALICE)


def test_the_same_caller_is_the_same_on_every_connection_from_anywhere() -> None:
    again = ALICE | {"claims": dict(reversed(ALICE["claims"].items()))}
    assert digest(ALICE, peer="ipv4:10.0.0.7:1") == digest(again, peer="ipv6:%5B::1%5D:2")


def test_callers_without_identity_are_known_by_their_host_alone() -> None:
    assert digest(peer="ipv4:10.0.0.7:1") == digest(peer="ipv4:10.0.0.7:2")
    assert digest(peer="ipv4:10.0.0.7:1") != digest(peer="ipv4:10.0.0.8:1")


@pytest.mark.parametrize("where", ["headers", "door"])
def test_headers_that_the_app_sees_count_and_those_of_the_message_do_not(where: str) -> None:
    said: Any = {where: {"x-tenant": "a", "x-request-id": "1", "content-length": "7"}}
    same: Any = {where: {"x-request-id": "2", "x-tenant": "a", "content-length": "9"}}
    other: Any = {where: {"x-tenant": "b", "x-request-id": "1", "content-length": "7"}}
    assert digest(ALICE, **said) == digest(ALICE, **same)
    assert digest(ALICE, **said) != digest(ALICE, **other)


def test_a_header_of_a_door_is_not_one_of_the_stream() -> None:
    assert digest(headers={"x-tenant": "a"}) != digest(door={"x-tenant": "a"})
