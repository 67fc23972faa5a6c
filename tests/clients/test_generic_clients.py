"""The typed services driven by a program that knows nothing of them: by reflection, by descriptors.

The program is `buf curl`. It speaks gRPC as grpcurl does, with messages in ProtoJSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.clients.languages import ROOT
from tests.clients.serving import served

BUF = str(Path(sys.executable).with_name("buf"))
SERVICES = {
    f"mcpgrpc.v1.{name}Service"
    for name in (
        "Completion",
        "Discovery",
        "Mcp",
        "Prompts",
        "Resources",
        "Subscriptions",
        "Tools",
    )
}


@pytest.fixture(scope="module")
def environment() -> Iterator[dict[str, str]]:
    with served() as server:
        yield server.environment


@pytest.fixture(scope="module")
def descriptors(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `make descriptors` writes."""
    output = tmp_path_factory.mktemp("descriptors") / "descriptors.binpb"
    command = [BUF, "build", "--as-file-descriptor-set", "--output", str(output)]
    subprocess.run(command, cwd=ROOT / "proto", check=True, timeout=50)
    return output


def curl(url: str, *options: str) -> subprocess.CompletedProcess[str]:
    command = [BUF, "curl", "--protocol", "grpc", *options, url]
    return subprocess.run(command, capture_output=True, text=True, timeout=50)


def plain(environment: dict[str, str], rpc: str, request: Any, *options: str) -> list[Any]:
    """The messages that an RPC without TLS answers."""
    url = f"http://{environment['MCPGRPC_ADDRESS']}/mcpgrpc.v1.{rpc}"
    run = curl(url, "--http2-prior-knowledge", "--data", json.dumps(request), *options)
    assert run.returncode == 0, run.stderr
    return messages(run.stdout)


def messages(text: str) -> list[Any]:
    """JSON values, one after the other."""
    found: list[Any] = []
    decoder = json.JSONDecoder()
    while text := text.strip():
        value, end = decoder.raw_decode(text)
        found.append(value)
        text = text[end:]
    return found


ADD = {"name": "add", "argumentsJson": '{"a":1,"b":2}'}


def test_reflection_lists_every_service(environment: dict[str, str]) -> None:
    url = f"http://{environment['MCPGRPC_ADDRESS']}"
    run = curl(url, "--http2-prior-knowledge", "--list-services")
    assert run.returncode == 0, run.stderr
    assert set(run.stdout.split()) >= SERVICES


def test_a_tool_is_called_by_reflection(environment: dict[str, str]) -> None:
    (answer,) = plain(environment, "ToolsService/CallTool", ADD)
    assert answer["complete"]["content"] == [{"text": {"text": "3"}}]


def test_a_tool_is_called_by_the_descriptor_set(
    environment: dict[str, str], descriptors: Path
) -> None:
    schema = ("--schema", str(descriptors))
    (answer,) = plain(environment, "ToolsService/CallTool", ADD, *schema)
    assert answer["complete"]["structuredContentJson"] == '{"result":3}'


def test_a_stream_is_watched(environment: dict[str, str]) -> None:
    call = {"name": "steps", "argumentsJson": '{"total":2}'}
    events = plain(environment, "ToolsService/WatchTool", {"call": call})
    assert [next(iter(event)) for event in events] == ["progress", "progress", "result"]


def test_a_resource_of_bytes_is_base64_in_proto_json(environment: dict[str, str]) -> None:
    (answer,) = plain(environment, "ResourcesService/ReadResource", {"uri": "file:///pixel.bin"})
    assert answer["complete"]["contents"][0]["blob"].startswith("AAECAwQF")


def test_an_error_is_a_status_with_its_details(environment: dict[str, str]) -> None:
    url = f"http://{environment['MCPGRPC_ADDRESS']}/mcpgrpc.v1.ToolsService/CallTool"
    run = curl(url, "--http2-prior-knowledge", "--data", '{"name":"nothing"}')
    assert run.returncode != 0
    (error,) = messages(run.stderr)
    assert error["code"] == "invalid_argument"
    assert error["details"][0]["type"] == "google.rpc.ErrorInfo"


def test_a_key_in_the_metadata_opens_a_server_behind_tls(environment: dict[str, str]) -> None:
    url = f"https://{environment['MCPGRPC_TLS_ADDRESS']}/mcpgrpc.v1.DiscoveryService/Discover"
    authority = ("--cacert", environment["MCPGRPC_TLS_CA"])
    refused = curl(url, *authority, "--data", "{}", "--schema", str(ROOT / "proto"))
    assert messages(refused.stderr)[0]["code"] == "unauthenticated"
    bearer = f"authorization: Bearer {environment['MCPGRPC_API_KEY']}"
    key = ("--header", bearer, "--reflect-header", bearer)
    opened = curl(url, *authority, *key, "--data", "{}")
    assert opened.returncode == 0, opened.stderr
    assert messages(opened.stdout)[0]["complete"]["supportedVersions"] == ["2026-07-28"]
