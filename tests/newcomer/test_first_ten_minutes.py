"""A newcomer's first ten minutes: a fresh clone, the README's commands, nothing else.

It does not test features: it walks the way that leads to them, with what the README says to type.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
INSTALL_SECONDS = 120
ANSWER_SECONDS = 20

pytestmark = pytest.mark.timeout(600)


WITH_THE_SDK = """
import asyncio, mcp, mcpgrpc
async def main():
    async with mcp.Client(mcpgrpc.transport("127.0.0.1:50051")) as client:
        print(await client.call_tool("search", {"query": "json"}))
asyncio.run(main())
"""


@dataclass(frozen=True)
class FirstServe:
    """What the first `make serve` printed, and what answered beside it."""

    seconds: float
    banner: str
    answer: subprocess.CompletedProcess[str]
    answer_without_address: subprocess.CompletedProcess[str]
    answer_to_the_sdk: subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a clone would hold: the files that git knows or would add, and no more."""
    target = tmp_path_factory.mktemp("newcomer") / "mcpgrpc"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    return target


@pytest.fixture(scope="module")
def first_serve(clone: Path) -> FirstServe:
    """The very first commands in the clone; everything else needs what they installed."""
    began = time.monotonic()
    with serving(["make", "serve"], clone, INSTALL_SECONDS) as banner:
        took = time.monotonic() - began
        call = [".venv/bin/mcpgrpc", "call"]
        return FirstServe(
            seconds=took,
            banner=banner,
            answer=run([*call, "127.0.0.1:50051", "search", "query=json"], clone),
            answer_without_address=run([*call, "search", "query=json"], clone),
            answer_to_the_sdk=run([".venv/bin/python", "-c", WITH_THE_SDK], clone),
        )


@contextmanager
def serving(command: list[str], folder: Path, ready_seconds: float) -> Iterator[str]:
    """Run a serving command until its banner names an address; gives all that it printed."""
    require_default_port()
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=newcomer_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    killer = _kill_after(process, ready_seconds)
    printed = ""
    try:
        for line in process.stdout:
            printed += line
            if "mcpgrpc call" in line:
                break
        killer.cancel()
        assert process.poll() is None, printed
        yield printed
    finally:
        killer.cancel()
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
        rest, _ = process.communicate(timeout=40)
    assert "drain finished" in rest, printed + rest
    # Ctrl-C reaches make as well, which ends by it once the server is done.
    by_make = -signal.SIGINT if command[0] == "make" else 0
    assert process.returncode in (0, by_make), printed + rest


def require_default_port() -> None:
    """The README's commands use the default port; somebody else's server there would answer."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", 50051))
        except OSError:
            pytest.fail("port 50051 is in use: the README's commands cannot be walked")


def _kill_after(process: subprocess.Popen[str], seconds: float) -> threading.Timer:
    timer = threading.Timer(seconds, lambda: os.killpg(process.pid, signal.SIGKILL))
    timer.daemon = True
    timer.start()
    return timer


def newcomer_environment() -> dict[str, str]:
    """The environment without anything that the tests' own venv added."""
    ours = str(ROOT / ".venv")
    path = os.pathsep.join(
        part for part in os.environ["PATH"].split(os.pathsep) if not part.startswith(ours)
    )
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MCPGRPC_", "PYTEST_"))
        and name not in ("VIRTUAL_ENV", "PYTHONPATH")
    }
    return {**kept, "PATH": path}


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command as the newcomer types it."""
    return subprocess.run(
        command,
        cwd=folder,
        env=newcomer_environment(),
        check=False,
        capture_output=True,
        text=True,
        timeout=ANSWER_SECONDS,
    )


def readme_block(marker: str) -> str:
    """The python block of the README behind a comment."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(re.escape(marker) + r"\n```python\n(.*?)```", text, re.DOTALL)
    assert found is not None, marker
    return found[1]


def test_make_serve_installs_what_is_missing_within_two_minutes(first_serve: FirstServe) -> None:
    assert first_serve.seconds < INSTALL_SECONDS


def test_the_banner_says_where_what_how_secured_and_what_to_type_next(
    first_serve: FirstServe,
) -> None:
    banner = first_serve.banner.lower()
    assert "127.0.0.1:50051" in banner
    assert "search" in banner
    assert "plaintext" in banner
    assert ".venv/bin/mcpgrpc call" in banner


def test_the_next_command_answers_with_and_without_the_address(first_serve: FirstServe) -> None:
    assert first_serve.answer.returncode == 0, first_serve.answer.stderr
    assert "json" in first_serve.answer.stdout
    assert "json" in first_serve.answer_without_address.stdout


def test_the_official_sdk_answers_too(first_serve: FirstServe) -> None:
    assert first_serve.answer_to_the_sdk.returncode == 0, first_serve.answer_to_the_sdk.stderr
    assert "json" in first_serve.answer_to_the_sdk.stdout


@pytest.mark.usefixtures("first_serve")
def test_the_readers_own_file_is_served_and_answers_every_client_of_the_readme(
    clone: Path,
) -> None:
    (clone / "my_app.py").write_text(readme_block("<!-- file: my_app.py -->"), encoding="utf-8")
    with serving([".venv/bin/mcpgrpc", "serve", "my_app.py"], clone, ANSWER_SECONDS) as banner:
        assert "calculator" in banner

        called = run([".venv/bin/mcpgrpc", "call", "add", "a=1", "b=2"], clone)
        assert called.returncode == 0, called.stderr
        assert "3" in called.stdout

        text = (ROOT / "README.md").read_text(encoding="utf-8")
        blocks = re.findall(r"<!-- run: [^\n]+ -->\n```python\n(.*?)```", text, re.DOTALL)
        assert len(blocks) == 5
        for block in blocks:
            ran = run([".venv/bin/python", "-c", block], clone)
            assert ran.returncode == 0, ran.stderr


@pytest.mark.usefixtures("first_serve")
def test_a_port_that_is_taken_is_said_and_no_other_is_tried(clone: Path) -> None:
    (clone / "my_app.py").write_text(readme_block("<!-- file: my_app.py -->"), encoding="utf-8")
    with serving([".venv/bin/mcpgrpc", "serve", "my_app.py"], clone, ANSWER_SECONDS):
        second = run([".venv/bin/mcpgrpc", "serve", "my_app.py"], clone)
        assert second.returncode == 1
        assert "50051" in second.stderr
        assert "Traceback" not in second.stderr
