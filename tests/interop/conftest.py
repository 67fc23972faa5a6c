"""What the real parts of others meet: our commands as processes, and Node with its packages."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
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


@asynccontextmanager
async def served(
    log: Path, *words: str, environment: Mapping[str, str] | None = None
) -> AsyncIterator[str]:
    """Run `mcpgrpc serve`; gives its address."""
    command = [MCPGRPC, "serve", *words, "--listen", FREE]
    async with started(command, r"^ +address +(\S+)$", log, environment) as address:
        yield address


@asynccontextmanager
async def door_to(address: str, log: Path, *words: str) -> AsyncIterator[str]:
    """Run `mcpgrpc gateway`; gives its URL without a path."""
    command = [MCPGRPC, "gateway", address, "--listen", FREE, *words]
    async with started(command, r"^(http://\S+)/mcp is in front of", log) as url:
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


def program(*names: str, package: str) -> str:
    """The path of a program of this machine; without it the test is skipped, and in CI it fails."""
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        reason = f"there is no {names[0]} on the PATH: install your system's package {package}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@pytest.fixture(scope="session")
def node() -> Node:
    """Node and the packages, installed on first use."""
    return installed()


@pytest.fixture(scope="session")
async def everything(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """The address of `examples/everything.py`; no test depends on what another did to it."""
    log = tmp_path_factory.mktemp("everything") / "serve.log"
    async with served(log, str(EXAMPLES / "everything.py")) as address:
        yield address
