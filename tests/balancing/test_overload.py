"""Servers that have too much to do: what is offered to another one, and how often."""

from __future__ import annotations

import asyncio

import pytest

from mcpgrpc.binding.errors import Refusal
from mcpgrpc.errors import ServiceError
from mcpgrpc.v1 import envelope_pb2, errors_pb2, session_pb2
from tests.balancing.conftest import Connect
from tests.balancing.replicas import MAX_SECONDS
from tests.client.fake_server import Peer, fake_server

OVERLOADED = Refusal(errors_pb2.ERROR_REASON_OVERLOADED, "as much to do as is admitted")


class Busy:
    """Refuses every request while it is asked to."""

    def __init__(self, *, busy: bool) -> None:
        self.busy = busy
        self.asked = 0

    async def script(self, peer: Peer) -> None:
        """One Session."""
        await peer.settings()
        async for request in peer.requests():
            self.asked += 1
            if not self.busy:
                await peer.answer(request.id, "{}")
                continue
            response = OVERLOADED.response()
            response.id.CopyFrom(request.id)
            envelope = envelope_pb2.Envelope(response=response)
            await peer.send(session_pb2.ServerItem(envelope=envelope))


async def test_what_one_server_has_no_room_for_another_does(connect: Connect) -> None:
    busy, idle = Busy(busy=True), Busy(busy=False)
    async with (
        fake_server(busy.script) as first,
        fake_server(idle.script) as second,
        asyncio.timeout(MAX_SECONDS),
    ):
        client = await connect(f"{first.address},{second.address}")
        busy.busy = False
        while not (busy.asked and idle.asked):
            await client.request("tools/list")
        busy.busy, busy.asked = True, 0
        for _ in range(10):
            assert await client.request("tools/list") == {}
        assert busy.asked
        await client.__aexit__(None, None, None)


async def test_where_every_server_has_too_much_to_do_two_are_asked(connect: Connect) -> None:
    every = [Busy(busy=False) for _ in range(3)]
    async with (
        fake_server(every[0].script) as first,
        fake_server(every[1].script) as second,
        fake_server(every[2].script) as third,
        asyncio.timeout(MAX_SECONDS),
    ):
        client = await connect(",".join((first.address, second.address, third.address)))
        while not all(each.asked for each in every):
            await client.request("tools/list")
        asked = sum(each.asked for each in every)
        for each in every:
            each.busy = True
        with pytest.raises(ServiceError) as refused:
            await client.request("tools/list")
        assert (refused.value.reason, refused.value.execution) == ("OVERLOADED", "NOT_STARTED")
        assert sum(each.asked for each in every) == asked + 2
        await client.__aexit__(None, None, None)
