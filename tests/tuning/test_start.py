"""What a server loads before it answers: imports are nearly all of the time that a start takes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tuning.served import MAX_SECONDS, environment

OPTIONAL = {
    "cryptography.x509",
    "jwt",
    "limits",
    "mcpgrpc.client",
    "mcpgrpc.gateway.app",
    "mcpgrpc_server.merge",
    "mcpgrpc_server.rate_limits.counters",
    "mcpgrpc_server.rights.stage",
    "mcpgrpc_server.upstream.backend",
    "redis",
}
"""What only some settings need."""

SERVED = """
import json, os, signal, sys
from mcp.server import MCPServer
from mcpgrpc_server import ServerSettings, serve

def told(server, summary):
    print(*sys.modules)
    os.kill(os.getpid(), signal.SIGTERM)

settings = ServerSettings(listen=["127.0.0.1:0"], **json.loads(sys.argv[1]))
serve(MCPServer("small"), settings=settings, on_ready=told)
"""

OF_UPSTREAMS = """
import sys
from mcpgrpc_server import Server, ServerSettings

Server(None, settings=ServerSettings(upstream_command=["true"]))
print(*sys.modules)
"""

EXPERIMENTS = """
import os, sys

class Watcher:
    def find_spec(self, name, path=None, target=None):
        if name == "grpc":
            print(os.environ.get("GRPC_EXPERIMENTS"))

sys.meta_path.insert(0, Watcher())
from mcpgrpc.cli.main import main
sys.exit(main(["serve", "missing.py", *sys.argv[1:]]))
"""


def output_of(program: str, *words: str, folder: Path | None = None) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program, *words],
        capture_output=True,
        text=True,
        timeout=MAX_SECONDS,
        check=False,
        cwd=folder,
        env=environment(),
    )
    assert done.stdout, done.stderr
    return done.stdout


def loaded(program: str, *words: str) -> set[str]:
    return set(output_of(program, *words).split())


def test_a_small_app_is_served_without_what_its_settings_do_not_ask_for() -> None:
    assert loaded(SERVED, "{}") & OPTIONAL == set()


@pytest.mark.parametrize(
    ("settings", "needed"),
    [
        pytest.param({"rate_limit": "9/minute"}, {"limits"}, id="rate-limit"),
        pytest.param(
            {"jwt_issuer": "http://127.0.0.1:1", "jwt_audience": ["here"]},
            {"jwt"},
            id="tokens",
        ),
    ],
)
def test_a_setting_loads_what_it_needs(settings: dict[str, object], needed: set[str]) -> None:
    assert needed <= loaded(SERVED, json.dumps(settings))


def test_an_upstream_alone_is_served_without_what_serves_apps_and_what_merges() -> None:
    modules = loaded(OF_UPSTREAMS)
    assert "mcpgrpc_server.upstream.backend" in modules
    assert modules & {"mcpgrpc_server.sdk.app", "mcpgrpc_server.merge.backend"} == set()


def test_a_room_of_the_server_is_imported_without_the_others() -> None:
    modules = loaded("import sys, mcpgrpc_server.rights.policy; print(*sys.modules)")
    assert modules & {"grpc", "mcp", "pydantic", "mcpgrpc_server.server"} == set()


def test_every_public_name_is_there_whatever_was_imported_before() -> None:
    program = """
import mcpgrpc_server.server, mcpgrpc_server.serving, mcpgrpc_server
names = [getattr(mcpgrpc_server, name) for name in mcpgrpc_server.__all__]
print(*(callable(each) for each in names))
"""
    assert set(output_of(program).split()) == {"True"}


@pytest.mark.parametrize(
    ("option", "experiments"),
    [
        ("--grpc-event-engine", "None"),
        ("--no-grpc-event-engine", "-event_engine_client,-event_engine_listener"),
    ],
)
def test_grpc_learns_of_its_experiments_before_it_is_imported(
    option: str, experiments: str, tmp_path: Path
) -> None:
    # gRPC reads the variable while it is imported, and never again.
    assert output_of(EXPERIMENTS, option, folder=tmp_path).split() == [experiments]
