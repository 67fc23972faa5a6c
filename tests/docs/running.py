"""Runs what a document shows: its files in a folder of their own, real processes, a real server."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.docs.documents import ROOT, Document

MAX_SECONDS = 25
COMMAND = (sys.executable, "-m", "mcpgrpc.cli.main")
_ADDRESS_ROW = re.compile(r"^ +address +(\S+)$")


@dataclass(frozen=True)
class Workshop:
    """Where the blocks of one document run."""

    folder: Path

    def lay_out(self, document: Document) -> None:
        """Write the files that the document shows."""
        for block in document.blocks:
            if block.directive.startswith("file: "):
                name = block.directive.removeprefix("file: ")
                (self.folder / name).write_text(block.text, encoding="utf-8")

    def app(self, name: str) -> Path:
        """A file of the document, or else of the project."""
        path = self.folder / name
        return path if path.exists() else ROOT / name

    async def run(self, *words: str, path: Path | None = None) -> str:
        """Run a process to its end and give its output; it must end with 0."""
        process = await asyncio.create_subprocess_exec(
            *words,
            cwd=self.folder,
            env=_environment(path or self.folder),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            async with asyncio.timeout(MAX_SECONDS):
                output, _ = await process.communicate()
        finally:
            _end(process)
        text = output.decode()
        assert process.returncode == 0, (
            f"{' '.join(words)} ended with {process.returncode}:\n{text}"
        )
        return text

    @asynccontextmanager
    async def serving(self, app: str) -> AsyncIterator[str]:
        """Serve an app with `mcpgrpc serve` on a free port; gives the address."""
        process = await asyncio.create_subprocess_exec(
            *COMMAND,
            *("serve", str(self.app(app)), "--listen", "127.0.0.1:0"),
            cwd=self.folder,
            env=_environment(self.folder),
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            yield await _address_of(process)
        finally:
            _end(process)
            await process.wait()


async def _address_of(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(MAX_SECONDS):
        async for line in process.stdout:
            if found := _ADDRESS_ROW.match(line.decode().rstrip()):
                return found[1]
    raise AssertionError("the server ended before it answered")


def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()


def _environment(path: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MCPGRPC_")}
    return kept | {"PYTHONPATH": str(path), "NO_COLOR": "1", "COLUMNS": "200"}
