"""What the contract's app went through, for tests that wait for it."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Journal:
    """One for each test; the app runs in the test's own event loop.

    Attributes:
        started: the tool `wait` runs.
        cancelled: it was cancelled.
        gates: what the tool `hold` waits for, by name.
        holding: names that `hold` waits for now.
        seen: whatever handlers noted.
    """

    started: asyncio.Event = field(default_factory=asyncio.Event)
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)
    gates: defaultdict[int, asyncio.Event] = field(
        default_factory=lambda: defaultdict(asyncio.Event)
    )
    holding: set[int] = field(default_factory=set)
    all_holding: asyncio.Event = field(default_factory=asyncio.Event)
    seen: list[Any] = field(default_factory=list)

    async def wait(self) -> None:
        """Wait for ever, and say so."""
        self.started.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise

    async def hold(self, number: int, together: int) -> None:
        """Wait at a gate; `all_holding` is set when so many do."""
        self.holding.add(number)
        if len(self.holding) == together:
            self.all_holding.set()
        await self.gates[number].wait()
