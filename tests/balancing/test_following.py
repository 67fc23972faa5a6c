"""A name that is followed: how often it is asked for, and what holds while nobody answers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from mcpgrpc.balancing.resolving import Following
from mcpgrpc.targets import ServiceName, listed_addresses, service_name
from tests.balancing.replicas import MAX_SECONDS, PORT, Names

NAME = ServiceName("tools.example", PORT)


class Heard:
    """What the follower was told."""

    def __init__(self) -> None:
        self.addresses: list[Sequence[str]] = []
        self.changed = asyncio.Event()

    def __call__(self, addresses: Sequence[str]) -> None:
        self.addresses.append(addresses)
        self.changed.set()


async def test_a_change_is_told_once_and_what_was_known_holds_while_nobody_answers() -> None:
    names, heard = Names("10.0.0.1:1"), Heard()
    following = Following(NAME, names, 0.1, heard)
    following.start()
    try:
        async with asyncio.timeout(MAX_SECONDS):
            await names.asked_again(2)
            names.failure = OSError("no name server")
            await names.asked_again(2)
            names.failure, names.addresses = None, ()
            await names.asked_again(2)
            assert heard.addresses == [("10.0.0.1:1",)]
            assert following.failure == "the name has no address"
            heard.changed.clear()
            names.addresses = ("10.0.0.1:1", "10.0.0.2:1")
            await heard.changed.wait()
    finally:
        following.stop()
    assert heard.addresses[-1] == ("10.0.0.1:1", "10.0.0.2:1")


async def test_in_a_hurry_a_name_is_asked_for_before_its_interval_is_over() -> None:
    names = Names("10.0.0.1:1")
    following = Following(NAME, names, 3600, Heard())
    following.start()
    try:
        await names.asked_again()
        following.hurry()
        await names.asked_again()
    finally:
        following.stop()


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("dns:///tools:50051", ServiceName("tools", 50051)),
        ("dns:tools.ns.svc:1", ServiceName("tools.ns.svc", 1)),
        ("dns:///[::1]:4", ServiceName("::1", 4)),
        ("dns://10.0.0.1/tools:1", None),
        ("tools:50051", None),
        ("unix:/run/mcp.sock", None),
    ],
    ids=str,
)
def test_a_service_is_named_by_dns(target: str, name: ServiceName | None) -> None:
    assert service_name(target) == name


@pytest.mark.parametrize(
    ("target", "addresses"),
    [
        ("127.0.0.1:1, 127.0.0.2:1", ("127.0.0.1:1", "127.0.0.2:1")),
        ("ipv4:127.0.0.1:1,127.0.0.1:2", ("127.0.0.1:1", "127.0.0.1:2")),
        ("[::1]:1,[::1]:1", ("[::1]:1",)),
        ("127.0.0.1:1", ()),
        ("unix:/a,b", ()),
    ],
    ids=str,
)
def test_a_list_has_several_addresses(target: str, addresses: tuple[str, ...]) -> None:
    assert listed_addresses(target) == addresses
