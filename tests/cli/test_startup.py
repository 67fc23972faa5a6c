"""What a command imports, because that is most of the time that a short call takes."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import MAX_SECONDS, environment

HEAVY = {"asyncio", "grpc", "rich", "pydantic", "mcp", "mcp_types", "mcpgrpc_server"}
PROGRAM = """
import sys
from pathlib import Path
from mcpgrpc.cli.main import main
code = main()
print(*sys.modules, file=sys.stderr)
sys.exit(code)
"""


async def imported(*words: str) -> set[str]:
    """The heavy packages that a command line has imported when it ends."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        PROGRAM,
        *words,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env=environment(),
    )
    async with asyncio.timeout(MAX_SECONDS):
        _, err = await process.communicate()
    return HEAVY & set(err.decode().split())


@pytest.mark.parametrize("line", ["--version", "call --bogus", "call localhost search", "read"])
async def test_a_mistake_imports_nothing_heavy(line: str) -> None:
    assert await imported(*line.split()) == set()


async def test_the_help_of_a_command_imports_only_what_draws_it() -> None:
    assert await imported("call", "--help") == {"rich"}


async def test_the_list_of_commands_imports_no_grpc() -> None:
    assert not await imported("--help") & {"grpc", "mcp", "mcpgrpc_server"}


@pytest.mark.parametrize("line", ["tools", "call search query=x", "read file:///example.txt"])
async def test_a_client_command_imports_grpc_and_nothing_else_heavy(
    address: str, line: str
) -> None:
    command, *words = line.split()
    assert await imported(command, address, *words) == {"asyncio", "grpc"}


async def test_health_imports_grpc_and_nothing_else_heavy(address: str) -> None:
    assert await imported("health", address) == {"asyncio", "grpc"}


async def test_keys_imports_of_the_server_no_more_than_its_keys(tmp_path: Path) -> None:
    words = ("keys", "new", "somebody", "--file", str(tmp_path / "keys.toml"))
    assert await imported(*words) == {"mcpgrpc_server"}
    assert (tmp_path / "keys.toml").exists()


async def test_policy_imports_of_the_server_no_more_than_its_policies(tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text('[[rules]]\nsubjects = ["*"]\ntools = ["*"]\n')
    assert await imported("policy", "check", str(policy), "--tool", "any") == {"mcpgrpc_server"}
