"""The everything-server of the SDK under the URL of each arrangement that the suite runs against.

They are real processes with the commands that a user types; this module judges nothing.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.conformance.processes import MCPGRPC, started

PACKAGE = "examples/servers/everything-server/"
FREE = "127.0.0.1:0"
STDIO_APP = Path(__file__).with_name("stdio_app.py")


@dataclass(frozen=True)
class Workshop:
    """Where the everything-server lies, and where the processes write what they say."""

    sources: Path
    logs: Path

    @property
    def folder(self) -> Path:
        return self.sources / PACKAGE

    @property
    def app(self) -> str:
        return f"{self.folder / 'mcp_everything_server' / 'server.py'}:mcp"

    def http_app(self) -> AbstractAsyncContextManager[str]:
        """The SDK's server with the SDK's Streamable HTTP, as its own command runs it."""
        return started(
            [sys.executable, "-m", "mcp_everything_server", "--port", "0"],
            r"Uvicorn running on (http://\S+)",
            self.logs / "app.log",
            {"PYTHONPATH": str(self.folder)},
        )

    def serve(
        self, *words: str, answers: str = r"^ +address +(\S+)$"
    ) -> AbstractAsyncContextManager[str]:
        command = [MCPGRPC, "serve", *words, "--listen", FREE]
        return started(command, answers, self.logs / "serve.log")

    def gateway(self, address: str) -> AbstractAsyncContextManager[str]:
        command = [MCPGRPC, "gateway", address, "--listen", FREE]
        return started(command, r"^(http://\S+) is in front of", self.logs / "gateway.log")


@asynccontextmanager
async def _sdk_alone(workshop: Workshop) -> AsyncIterator[str]:
    async with workshop.http_app() as url:
        yield f"{url}/mcp"


@asynccontextmanager
async def _gateway(workshop: Workshop) -> AsyncIterator[str]:
    async with workshop.serve(workshop.app) as address, workshop.gateway(address) as url:
        yield url


@asynccontextmanager
async def _serve_http(workshop: Workshop) -> AsyncIterator[str]:
    words = (workshop.app, "--http", FREE)
    async with workshop.serve(*words, answers=r"^ +http +(\S+)$") as url:
        yield url


@asynccontextmanager
async def _upstream_url(workshop: Workshop) -> AsyncIterator[str]:
    async with (
        workshop.http_app() as upstream,
        workshop.serve("--upstream-url", f"{upstream}/mcp") as address,
        workshop.gateway(address) as url,
    ):
        yield url


@asynccontextmanager
async def _upstream_command(workshop: Workshop) -> AsyncIterator[str]:
    command = shlex.join([sys.executable, str(STDIO_APP), str(workshop.folder)])
    async with (
        workshop.serve("--upstream-command", command) as address,
        workshop.gateway(address) as url,
    ):
        yield url


Arrangement = Callable[[Workshop], AbstractAsyncContextManager[str]]
BASELINE: Final = "sdk-alone"
ARRANGEMENTS: Final[dict[str, Arrangement]] = {
    BASELINE: _sdk_alone,
    "gateway": _gateway,
    "serve-http": _serve_http,
    "upstream-url": _upstream_url,
    "upstream-command": _upstream_command,
}
"""From the bar to what is held to it, by the name that expected_failures.toml uses."""
