"""Very many clients that come back at once: none is refused, and no connection is over-full."""

from __future__ import annotations

import asyncio
import signal

import grpc
import pytest

from mcpgrpc import Client
from mcpgrpc.errors import ConnectionLost
from mcpgrpc.shared_channels import STREAMS_PER_CONNECTION, SharedLease, lease_channel
from tests.balancing.processes import Processes
from tests.balancing.replicas import MODERN

SESSIONS = 2_500
STORM_SECONDS = 240


# The bound of other tests is for what takes a moment; this one opens 5,000 streams.
@pytest.mark.timeout(STORM_SECONDS + 60)
async def test_2500_sessions_of_one_process_open_and_open_again_when_their_server_was_killed(
    processes: Processes,
) -> None:
    [address] = await processes.start(1)
    clients = [
        Client(address, mode=MODERN, connect_timeout_seconds=STORM_SECONDS) for _ in range(SESSIONS)
    ]
    async with asyncio.timeout(STORM_SECONDS):
        await asyncio.gather(*(client.__aenter__() for client in clients))
        try:
            await processes.signal(address, signal.SIGKILL)
            coming = asyncio.create_task(processes.start(1))
            await asyncio.gather(*(answered(client, str(n)) for n, client in enumerate(clients)))
            await coming
        finally:
            await asyncio.gather(*(client.__aexit__(None, None, None) for client in clients))
    assert set(processes.by_id.values()) == {1}
    assert len(processes.by_id) == SESSIONS


async def answered(client: Client, call: str) -> None:
    """A call that is answered; one that was sent before its end was seen died with the server."""
    try:
        await client.call_tool("count", {"call": call}, timeout=STORM_SECONDS)
    except ConnectionLost:
        await client.call_tool("count", {"call": call}, timeout=STORM_SECONDS)


async def test_streams_ride_together_up_to_the_bound_of_a_connection() -> None:
    leases = [lease_channel("127.0.0.1:1") for _ in range(STREAMS_PER_CONNECTION + 1)]
    own = lease_channel("127.0.0.1:1", beside=channels(leases))
    other = lease_channel("127.0.0.1:2")
    try:
        assert len(channels(leases)) == 2
        assert own.channel not in channels(leases)
        assert other.channel not in channels(leases)
    finally:
        for lease in (*leases, own, other):
            await lease.close()
    last = lease_channel("127.0.0.1:1")
    assert last.channel not in channels(leases)
    await last.close()


def channels(leases: list[SharedLease]) -> set[grpc.aio.Channel]:
    return {lease.channel for lease in leases}
