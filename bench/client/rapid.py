"""The client of rapidmcp behind the same small face as the clients of this service.

It is in the environment of the benchmarks alone.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

from rapidmcp import Client as RapidClient

PROGRESS_SECONDS: Final = 10.0


class RapidCaller:
    """`rapidmcp.Client`."""

    def __init__(self, client: RapidClient) -> None:
        self.call_tool: Callable[[str, dict[str, Any]], Awaitable[Any]] = client.call_tool
        self._client = client
        self._reported: list[float] = []
        self._arrived = asyncio.Event()
        client.on_notification("progress", self._on_progress)

    def value(self, result: Any) -> Any:
        """The value, which rapidmcp writes as text."""
        return int(result.content[0].text)

    def text(self, result: Any) -> str:
        """The first text."""
        text: str = result.content[0].text
        return text

    async def tool_names(self) -> list[str]:
        """Every tool."""
        return [tool.name for tool in (await self._client.list_tools()).items]

    async def progress(self, steps: int) -> list[float]:
        """What was reported; it is not told by the call, so one call at a time."""
        self._reported.clear()
        await self._client.call_tool("progress", {"steps": steps})
        async with asyncio.timeout(PROGRESS_SECONDS):
            while len(self._reported) < steps:
                self._arrived.clear()
                await self._arrived.wait()
        return list(self._reported)

    def _on_progress(self, payload: str) -> None:
        self._reported.append(float(json.loads(payload)["progress"]))
        self._arrived.set()


@asynccontextmanager
async def rapid(target: str, options: dict[str, Any]) -> AsyncIterator[RapidCaller]:
    """The client of rapidmcp, connected."""
    del options
    async with RapidClient(target) as client:
        yield RapidCaller(client)
