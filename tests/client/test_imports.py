"""The base install: a client without the SDK, pydantic and the command line, imported lightly."""

from __future__ import annotations

import subprocess
import sys

BLOCKER = """
import sys

BLOCKED = {"mcp", "mcp_types", "pydantic", "pydantic_settings", "typer", "rich", "anyio", "httpx"}

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in BLOCKED | {"mcpgrpc_server"}:
            raise ModuleNotFoundError(f"{name} is not installed", name=name)
        return None

sys.meta_path.insert(0, Blocker())
"""


def run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", BLOCKER + code],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_client_needs_neither_the_sdk_nor_pydantic_nor_typer() -> None:
    code = """
import mcpgrpc
from mcpgrpc import ApiKeyFile, ChannelSecurity, Client, TokenFile
import mcpgrpc.testing
Client("127.0.0.1:1", token=TokenFile("x"), security=ChannelSecurity(tls=True))
print("fine")
"""
    assert run(code) == "fine\n"


def test_the_transport_without_the_sdk_says_what_is_missing() -> None:
    code = """
import mcpgrpc
try:
    mcpgrpc.transport()
except ImportError as error:
    print(error)
"""
    assert "mcp" in run(code)


def test_importing_the_package_loads_no_grpc() -> None:
    code = """
import sys
import mcpgrpc
heavy = {"grpc", "google.protobuf", "orjson", "asyncio", "importlib.metadata"}
print(sorted(heavy & set(sys.modules)))
"""
    assert run(code) == "[]\n"
