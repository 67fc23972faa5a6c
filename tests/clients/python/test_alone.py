"""The stubs with grpcio and protobuf alone: what a service needs that wants nothing else."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.clients.languages import ROOT

PROGRAM = """
import importlib.abc
import sys

ALLOWED = {"grpc", "google", "mcpgrpc", "typing_extensions"}


class Nothing(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        top, _, below = name.partition(".")
        known = top in ALLOWED or top in sys.stdlib_module_names
        if not known or (top == "mcpgrpc" and below and below.split(".")[0] != "v1"):
            raise ImportError(f"{name} is not there")
        return None


sys.meta_path.insert(0, Nothing())

import os
import grpc
from mcpgrpc.v1 import tools_service_pb2, tools_service_pb2_grpc

for absent in ("mcpgrpc.client", "mcp", "orjson", "pydantic"):
    try:
        __import__(absent)
    except ImportError:
        continue
    raise SystemExit(f"{absent} could be imported, so nothing was proven")

with grpc.insecure_channel(os.environ["MCPGRPC_ADDRESS"]) as channel:
    stub = tools_service_pb2_grpc.ToolsServiceStub(channel)
    request = tools_service_pb2.CallToolRequest(name="add", arguments_json='{"a":1,"b":2}')
    print(stub.CallTool(request, timeout=30).complete.content[0].text.text)
"""


def test_the_stubs_need_grpcio_and_protobuf_alone(environment: dict[str, str]) -> None:
    known = {"MCPGRPC_ADDRESS": environment["MCPGRPC_ADDRESS"]}
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=ROOT,
        env={**os.environ, **known},
        capture_output=True,
        text=True,
        timeout=50,
    )
    assert (run.returncode, run.stdout) == (0, "3\n"), run.stderr


def test_the_example_runs(environment: dict[str, str]) -> None:
    run = subprocess.run(
        [sys.executable, "clients/python/examples/typed.py", environment["MCPGRPC_ADDRESS"]],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=50,
    )
    assert run.returncode == 0, run.stderr
    assert "1 + 2 = 3" in run.stdout
    assert "it tells of: tools_list_changed: true" in run.stdout
