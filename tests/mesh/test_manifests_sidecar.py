"""The example of a stdio server as a sidecar, run as its settings say."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import pytest

import mcpgrpc
from tests.conformance.processes import MCPGRPC, started
from tests.interop.conftest import run
from tests.interop.programs import required
from tests.mesh.manifests import ROOT, config_map, container, mounted
from tests.mesh.replicas import network

PLACE = "examples/stdio-sidecar"
SECONDS = 30.0

pytestmark = pytest.mark.timeout(120)


def settings(host: str) -> str:
    """What is shipped, on an address of the test's own, with a stdio server that is there."""
    told = container(PLACE, "mcpgrpc-time")
    path = told["args"][told["args"].index("--config") + 1]
    volume = mounted(PLACE, path, told)
    assert volume is not None
    text = config_map(PLACE, volume)[Path(path).name]
    (command,) = (each["command"] for each in tomllib.loads(text)["upstreams"].values())
    shown = ", ".join(f'"{word}"' for word in command)
    there = f'"{sys.executable}", "{ROOT / "examples" / "greeting.py"}"'
    for before, after in ((shown, there), ("127.0.0.1:", f"{host}:"), ("0.0.0.0:", f"{host}:")):
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    return text


async def test_an_agent_calls_the_stdio_server_on_the_loopback_of_its_pod(tmp_path: Path) -> None:
    host = f"{network()}.1"
    path = tmp_path / "mcpgrpc.toml"
    path.write_text(settings(host), encoding="utf-8")
    command = [MCPGRPC, "serve", "--config", str(path)]
    async with started(command, "(answers over gRPC)", tmp_path / "log"):
        probe = [required("grpc-health-probe"), f"-addr={host}:50052", "-service=readiness"]
        assert (await run(probe, environment={})).code == 0
        async with mcpgrpc.Client(f"{host}:50051") as client:
            called = await client.call_tool("greet", {"name": "Ada"}, timeout=SECONDS)
    assert called.structured_content == {"result": "Hello, Ada!"}
