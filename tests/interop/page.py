"""A web page in Chromium, of any origin, whose scripts a test writes.

Names under `.example` are this machine by the browser's own rules: pages come from origins that
are not local although every byte is.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.interop.conftest import program
from tests.node.installed import Node

SCRIPT = Path(__file__).with_name("browser.mjs")
NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
RULES: Final = "MAP *.example 127.0.0.1"
STEP_SECONDS: Final = 30
HTML: Final = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 15\r\n"
    b"connection: close\r\n\r\n<!doctype html>"
)


@dataclass(frozen=True)
class Page:
    """A page that is open."""

    process: asyncio.subprocess.Process

    async def fetch(self, url: str, **init: Any) -> dict[str, Any]:
        """What `fetch` gives to the page's script: status, headers and text, or an error."""
        return await self.ask({"fetch": [url, init]})

    async def socket(self, url: str, message: dict[str, Any]) -> dict[str, Any]:
        """What a WebSocket answers to its first message: text, or an error."""
        return await self.ask({"socket": [url, json.dumps({"jsonrpc": "2.0", **message})]})

    async def ask(self, step: dict[str, Any]) -> dict[str, Any]:
        """Take a step of `browser.mjs`."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(step).encode() + b"\n")
        async with asyncio.timeout(STEP_SECONDS):
            line = await self.process.stdout.readline()
        assert line, "the browser ended; what it said is in the output of this test"
        said: dict[str, Any] = json.loads(line)
        return said


@asynccontextmanager
async def opened(url: str, node: Node, home: Path) -> AsyncIterator[Page]:
    """Open the page at `url` in a browser of its own."""
    executable = program(*NAMES, package="chromium")
    work = {"packages": str(node.packages), "executable": executable, "rules": RULES}
    process = await asyncio.create_subprocess_exec(
        str(node.executable),
        str(SCRIPT),
        env={"HOME": str(home), "PATH": os.environ["PATH"]},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 24,
    )
    page = Page(process)
    try:
        await page.ask({**work, "page": url})
        yield page
    finally:
        await _end(process)


async def _end(process: asyncio.subprocess.Process) -> None:
    """Let it close the browser, which the end of its input asks for."""
    try:
        async with asyncio.timeout(STEP_SECONDS):
            await process.communicate(b"")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@asynccontextmanager
async def web_server() -> AsyncIterator[int]:
    """Answer every request with an empty page; gives the port."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A browser opens connections ahead of need, closes some unused and drops others.
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(HTML)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
