"""A merged server as a backend: it comes and goes with its members, and says what it has."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from mcpgrpc.testing import serving
from mcpgrpc_server.backend import Backend
from mcpgrpc_server.identity import Identity, IdentityKind
from mcpgrpc_server.merge.answers import own_call
from mcpgrpc_server.merge.bounds import MergeBounds
from tests.merge.apps import app, paginated
from tests.merge.conftest import LEGACY_SESSION, MODERN_SESSION, merged
from tests.merge.members import (
    Fragile,
    Recorder,
    Response,
    Scripted,
    initialized_as,
    never,
    tools,
)


class Lived(Scripted):
    """Notes its life, and can fail on the way up."""

    def __init__(self, together: asyncio.Barrier, error: Exception | None = None) -> None:
        super().__init__({})
        self._together = together
        self._error = error
        self.life: list[str] = []

    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        # Passes only when all members come up side by side.
        await self._together.wait()
        if self._error is not None:
            raise self._error
        self.life.append("up")
        yield
        self.life.append("down")


async def test_members_come_up_side_by_side_and_go_down_with_the_server() -> None:
    together = asyncio.Barrier(2)
    members = [Lived(together), Lived(together)]
    async with serving(merged(a=members[0], b=members[1])):
        assert [member.life for member in members] == [["up"], ["up"]]
    assert [member.life for member in members] == [["up", "down"], ["up", "down"]]


async def test_a_member_that_cannot_come_up_fails_the_start_and_the_others_go_down() -> None:
    together = asyncio.Barrier(2)
    well, ill = Lived(together), Lived(together, RuntimeError("no licence"))
    with pytest.raises(RuntimeError, match="no licence"):
        async with serving(merged(a=well, b=ill)):
            pass
    assert well.life == ["up", "down"]


async def test_its_summary_has_the_tools_under_the_names_that_clients_see() -> None:
    down = Fragile(app("c"), serving=False)
    backend = merged("b", a=app("a", "x"), b=paginated("b", "y"), c=down)
    async with backend.lifespan():
        summary = await backend.summary()
    assert summary.name == "merged"
    assert [tool["name"] for tool in summary.tools] == ["x", "only_a", "link_a", "b_y"]


async def test_it_is_a_backend_and_can_be_a_member_itself() -> None:
    inner: Backend = merged(a=app("a", "x"), b=app("b", "x"))
    async with MODERN_SESSION.connect(merged(inner=inner, c=app("c", "a_x"))) as client:
        assert (await client.call_tool("inner_a_x")).content[0].text == "a says x"
        assert (await client.call_tool("b_x")).content[0].text == "b says x"
        assert (await client.call_tool("c_a_x")).content[0].text == "c says a_x"


def caller(subject: str, issuer: str = "i") -> Identity:
    return Identity(subject, IdentityKind.JWT, claims={"iss": issuer})


async def test_lists_are_read_for_each_caller_alone_and_shared_between_its_clients() -> None:
    member = Scripted({"tools/list": tools("x"), "tools/call": '{"content":[]}'})
    backend = merged(a=member)
    for identity in (caller("me"), caller("me"), caller("you"), caller("me", "j")):
        client = Recorder(identity)
        connection = backend.connect(client)
        await connection.handle_request(call("x"))
        await connection.aclose()
    reads = [
        seen.identity
        for seen, asked in zip(member.callers, member.asked, strict=True)
        if asked.request.method == "tools/list"
    ]
    assert reads == [caller("me"), caller("you"), caller("me", "j")]


def call(name: str) -> Any:
    return own_call("tools/call", {"_meta": {}, "name": name}, modern=True)


async def test_catalogues_are_bounded_in_number() -> None:
    member = Scripted({"tools/list": tools("x"), "tools/call": '{"content":[]}'})
    backend = merged(a=member, bounds=MergeBounds(max_catalogues=2))
    for subject in ("a", "b", "c", "c", "b", "a"):
        client = Recorder(caller(subject))
        connection = backend.connect(client)
        await connection.handle_request(call("x"))
        await connection.aclose()
    # Three callers and room for two: the first is read again, the last two are not.
    assert member.methods().count("tools/list") == 4


async def test_a_client_that_leaves_ends_what_is_asked_for_it() -> None:
    asked, ended = asyncio.Event(), asyncio.Event()

    async def forever(call: Any, client: Any) -> Response:
        asked.set()
        try:
            return await never(call, client)
        finally:
            ended.set()

    member = Scripted({"initialize": initialized_as("2025-11-25"), "tools/list": forever})
    async with serving(merged(a=member)) as address:
        async with LEGACY_SESSION.client(address) as client:
            waiting = asyncio.create_task(client.list_tools())
            await asyncio.wait_for(asked.wait(), 20)
        await asyncio.wait_for(ended.wait(), 20)
        await asyncio.wait({waiting})
        assert waiting.exception() is not None
