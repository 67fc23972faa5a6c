"""Replicas that can be killed or hang: processes, and what each of them has executed.

They know nothing of how they are balanced.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from tests.balancing.replicas import MAX_SECONDS, PORT, network

SERVED = Path(__file__).with_name("served.py")


class Processes:
    """Replicas at addresses of one network.

    Args:
        keepalive_seconds: how often each writes on an idle stream.
    """

    def __init__(self, keepalive_seconds: float = 30) -> None:
        self._network = network()
        self._keepalive_seconds = keepalive_seconds
        self._processes: dict[str, asyncio.subprocess.Process] = {}
        self._reading: set[asyncio.Task[None]] = set()
        self.by_replica: Counter[str] = Counter()
        self.by_id: Counter[str] = Counter()
        self.changed = asyncio.Condition()

    def address(self, number: int) -> str:
        """Where a replica listens."""
        return f"{self._network}.{number}:{PORT}"

    async def start(self, *numbers: int) -> list[str]:
        """Start replicas, and wait until they serve; gives where."""
        addresses = [self.address(number) for number in numbers]
        await asyncio.gather(*(self._start(address) for address in addresses))
        return addresses

    async def signal(self, address: str, number: int) -> None:
        """Send a signal; when that kills it, it is dead."""
        process = self._processes[address]
        process.send_signal(number)
        if number == signal.SIGKILL:
            await process.wait()

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until what is asked with every execution is true."""
        async with asyncio.timeout(MAX_SECONDS), self.changed:
            await self.changed.wait_for(holds)

    async def close(self) -> None:
        """Kill all of them."""
        for process in self._processes.values():
            if process.returncode is None:
                process.kill()
        await asyncio.gather(*(process.wait() for process in self._processes.values()))
        await asyncio.gather(*self._reading)

    async def _start(self, address: str) -> None:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, str(SERVED), address, str(self._keepalive_seconds)),
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(SERVED.parents[2])},
        )
        self._processes[address] = process
        assert process.stdout is not None
        async with asyncio.timeout(MAX_SECONDS):
            assert await process.stdout.readline() == b"serves\n"
        reading = asyncio.create_task(self._read(address, process.stdout))
        self._reading.add(reading)
        reading.add_done_callback(self._reading.discard)

    async def _read(self, address: str, lines: asyncio.StreamReader) -> None:
        async for line in lines:
            async with self.changed:
                self.by_replica[address] += 1
                self.by_id[line.decode().split()[1]] += 1
                self.changed.notify_all()
