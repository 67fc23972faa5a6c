"""What the real parts of others meet: our commands as processes, and Node with its packages."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.processes import MCPGRPC, started
from tests.node.installed import Node, installed

EXAMPLES = Path(__file__).parents[2] / "examples"
FREE = "127.0.0.1:0"
RUN_SECONDS = 60


@dataclass(frozen=True)
class Commands:
    """`mcpgrpc serve` and `mcpgrpc gateway`, as a user types them."""

    logs: Path

    @asynccontextmanager
    async def serve(self, *words: str) -> AsyncIterator[str]:
        """Give the address of a server."""
        command = [MCPGRPC, "serve", *words, "--listen", FREE]
        async with started(command, r"^ +address +(\S+)$", self.logs / "serve.log") as address:
            yield address

    @asynccontextmanager
    async def door(self, *words: str) -> AsyncIterator[str]:
        """Give the URL, without a path, of a door in front of `examples/everything.py`."""
        async with self.serve(str(EXAMPLES / "everything.py")) as address:
            command = [MCPGRPC, "gateway", address, "--listen", FREE, *words]
            says = r"^(http://\S+)/mcp is in front of"
            async with started(command, says, self.logs / "gateway.log") as url:
                yield url


@dataclass(frozen=True)
class Ended:
    """What a program of others said."""

    code: int
    output: str
    errors: str

    @property
    def json(self) -> Any:
        return json.loads(self.output)


async def run(command: Sequence[str], *, stdin: str = "", environment: Mapping[str, str]) -> Ended:
    """Run a program to its end."""
    process = await asyncio.create_subprocess_exec(
        *command,
        env=dict(environment),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(RUN_SECONDS):
            output, errors = await process.communicate(stdin.encode())
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode is not None
    return Ended(process.returncode, output.decode(), errors.decode())


@pytest.fixture(scope="session")
def node() -> Node:
    """Node and the packages, installed on first use."""
    return installed()


@pytest.fixture
async def commands(tmp_path: Path) -> Commands:
    """Our commands, with logs of this test."""
    return Commands(tmp_path)
