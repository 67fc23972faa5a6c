"""An app that tells how its process is tuned, and the real `mcpgrpc serve` around it."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from mcpgrpc import Client

MAX_SECONDS = 40
APP = """
import asyncio, gc, os, sys
from mcp.server import MCPServer

app = MCPServer("tuned")
frozen_before = gc.get_freeze_count()

@app.tool()
async def tuning() -> dict[str, object]:
    tasks = os.listdir("/proc/self/task") if sys.platform == "linux" else []
    return {
        "loop": type(asyncio.get_running_loop()).__module__,
        "frozen": gc.get_freeze_count() - frozen_before,
        "collects": gc.isenabled(),
        "cpus": [sorted(os.sched_getaffinity(int(task))) for task in tasks],
    }
"""


def environment() -> dict[str, str]:
    """This process's environment without what would tune a server."""
    return {
        name: text
        for name, text in os.environ.items()
        if not name.startswith("MCPGRPC_") and name != "GRPC_EXPERIMENTS"
    }


async def tuning_of(folder: Path, *options: str) -> dict[str, Any]:
    """What the process of `mcpgrpc serve APP OPTIONS` says of itself, once it serves."""
    app = folder / "tuned.py"
    app.write_text(APP)
    async with (
        asyncio.timeout(MAX_SECONDS),
        _address(str(app), *options) as address,
        Client(address) as client,
    ):
        result = await client.call_tool("tuning", {})
        assert isinstance(result.structured_content, dict)
        return result.structured_content


@asynccontextmanager
async def _address(*words: str) -> AsyncIterator[str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "mcpgrpc.cli.main", "serve", *words, "--listen", "127.0.0.1:0"),
        env=environment(),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    try:
        async for line in process.stdout:
            if line.split()[:1] == [b"address"]:
                yield line.split()[1].decode()
                break
        else:
            raise AssertionError(f"serve ended with {await process.wait()}")
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
