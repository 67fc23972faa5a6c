"""`mcpgrpc serve --upstream-command …` as people type it: the banner, misuse, and how it ends."""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

import mcpgrpc
from mcpgrpc.cli.main import main
from mcpgrpc_server import SettingsError
from mcpgrpc_server.upstream.backend import UpstreamBackend
from mcpgrpc_server.upstream.connectors import UrlConnector
from mcpgrpc_server.upstream.settings import UpstreamTable
from tests.upstream.offered import EXAMPLES, ended, plain

COMMAND = [sys.executable, "-m", "mcpgrpc.cli.main", "serve", "--listen", "127.0.0.1:0"]
SECONDS = 30


def environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MCPGRPC_")}
    return kept | {"COLUMNS": "200", "NO_COLOR": "1"}


def words(kind: str, name: str) -> str:
    """The hand-written upstream as people type a command."""
    return shlex.join(plain(kind, name)["command"])


@dataclass
class Serving:
    """A `serve` that answers."""

    process: asyncio.subprocess.Process
    banner: str

    @property
    def address(self) -> str:
        found = re.search(r"^ +address +(\S+)$", self.banner, re.MULTILINE)
        assert found is not None, self.banner
        return found[1]

    @property
    def tools(self) -> str:
        found = re.search(r"^ +tools +(.+)$", self.banner, re.MULTILINE)
        assert found is not None, self.banner
        return found[1]


@asynccontextmanager
async def serving(*options: str) -> AsyncIterator[Serving]:
    """Start it and read the banner to its last line."""
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        *options,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=environment(),
        cwd=EXAMPLES.parent,
    )
    assert process.stdout is not None
    lines: list[str] = []
    try:
        async with asyncio.timeout(SECONDS):
            while not lines or not lines[-1].startswith("  try"):
                line = (await process.stdout.readline()).decode()
                assert line, "".join(lines)
                lines.append(line)
        yield Serving(process, "".join(lines))
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def process_of(client: mcpgrpc.Client) -> int:
    return int((await client.call_tool("process")).content[0].text or "")


async def test_an_upstream_is_served_under_its_own_name_and_ends_with_the_server() -> None:
    async with serving("--upstream-command", words("dual", "hand-written")) as server:
        assert server.banner.startswith("hand-written answers over gRPC\n")
        assert server.tools.startswith("echo, steps, hold")
        async with (
            mcpgrpc.Client(server.address) as modern,
            mcpgrpc.Client(server.address, mode="legacy") as legacy,
        ):
            pids = {await process_of(modern), await process_of(legacy)}
            assert len(pids) == 2
            server.process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(SECONDS):
                assert await server.process.wait() == 0
        for pid in pids:
            await ended(pid)


async def test_an_app_and_upstreams_are_served_as_one_and_a_kill_leaves_nothing_behind() -> None:
    app = str(EXAMPLES / "greeting.py")
    options = ["--upstream-command", f"hand={words('legacy', 'x')}"]
    options += ["--upstream-command", "gone=/no/such/program"]
    async with serving(app, *options) as server:
        assert server.tools.startswith("greet, echo, steps")
        async with mcpgrpc.Client(server.address) as client:
            greeted = await client.call_tool("greet", {"name": "Ada"})
            assert greeted.content[0].text == "Hello, Ada!"
            pid = await process_of(client)
        server.process.send_signal(signal.SIGKILL)
        await ended(pid)


async def test_the_command_of_the_readme_serves_what_it_says() -> None:
    readme = (EXAMPLES.parent / "README.md").read_text(encoding="utf-8")
    shown = re.search(r"mcpgrpc serve (--upstream-command '[^']+')", readme)
    assert shown is not None
    words = shown[1].replace(".venv/bin/python", shlex.quote(sys.executable))
    async with serving(*shlex.split(words)) as server, mcpgrpc.Client(server.address) as client:
        greeted = await client.call_tool("greet", {"name": "Ada"})
        assert greeted.content[0].text == "Hello, Ada!"


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ([], "APP is missing"),
        ([], "--upstream-command or --upstream-url"),
        (["--upstream-url", "https://user:pw@h/mcp"], "a credential belongs into headers"),
        (["--upstream-command", " "], "the command is empty"),
        (["--upstream-command", "a=x", "--upstream-url", "a=http://h/"], "two upstreams are"),
    ],
)
def test_misuse_is_one_line(
    options: list[str],
    why: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in [name for name in os.environ if name.startswith("MCPGRPC_")]:
        monkeypatch.delenv(name)
    assert main(["serve", *options]) == 2
    said = capsys.readouterr().err
    assert why in said
    assert said.count("\n") == 1
    assert "pw" not in said


async def test_a_ca_file_that_cannot_be_used_is_misuse() -> None:
    table = UpstreamTable.model_validate({"url": "https://127.0.0.1:9/", "tls_ca": "/no/such/file"})
    backend = UpstreamBackend(UrlConnector("a", table))
    with pytest.raises(SettingsError, match="upstream a: the CA file '/no/such/file' cannot be"):
        async with backend.lifespan():
            pass
