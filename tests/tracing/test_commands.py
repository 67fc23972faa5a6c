"""The commands as processes: `OTEL_*` asks for traces, a real receiver takes them."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.conformance.processes import MCPGRPC, started
from tests.doors.door import META, http_client, messages_of, modern_request
from tests.interop.conftest import EXAMPLES, served
from tests.tracing.receiver import Receiver, receiving

RUN_SECONDS = 60
EVERYTHING = str(EXAMPLES / "everything.py")
PLAIN = Path(__file__).parents[1] / "upstream" / "plain_upstream.py"
ADD = {"name": "add", "arguments": {"a": 1, "b": 2}}
SUM = json.dumps(ADD["arguments"])
BRIDGED = json.dumps(
    {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {**ADD, "_meta": META}}
)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as opened:
        yield opened


@pytest.fixture(scope="module")
async def everything(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """A server that nobody has asked for traces."""
    log = tmp_path_factory.mktemp("everything") / "serve.log"
    async with served(log, EVERYTHING) as address:
        yield address


async def ran(*words: str, stdin: str = "", **variables: str) -> tuple[int | None, str, str]:
    """A command run to its end: code, output, errors."""
    process = await asyncio.create_subprocess_exec(
        *words,
        env={**os.environ, "COLUMNS": "300", **variables},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(RUN_SECONDS):
        output, errors = await process.communicate(stdin.encode())
    return process.returncode, output.decode(), errors.decode()


async def called(address: str, **variables: str) -> tuple[int | None, str, str]:
    """`mcpgrpc call` of a sum."""
    return await ran(MCPGRPC, "call", address, "add", "--json", SUM, **variables)


@asynccontextmanager
async def door_to(address: str, log: Path, environment: Mapping[str, str]) -> AsyncIterator[str]:
    """`mcpgrpc gateway`, with variables of its own; gives its URL without a path."""
    command = [MCPGRPC, "gateway", address, "--listen", "127.0.0.1:0"]
    async with started(command, r"^(http://\S+)/mcp is in front of", log, environment) as url:
        yield url


async def test_what_commands_make_is_one_tree_at_a_real_receiver(
    receiver: Receiver, tmp_path: Path
) -> None:
    asked = {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint}
    door = asked | {"OTEL_SERVICE_NAME": "door"}
    log = tmp_path / "serve.log"
    async with served(log, EVERYTHING, environment=asked) as address:
        assert await called(address, **asked, OTEL_SERVICE_NAME="desk") == (0, "3\n", "")
        async with door_to(address, tmp_path / "door.log", door) as url, http_client() as http:
            content, headers = modern_request("tools/call", ADD)
            answer = await http.post(f"{url}/mcp", content=content, headers=headers)
            assert "result" in messages_of(answer)[0]
        _, output, _ = await ran(
            *(MCPGRPC, "bridge", address), stdin=f"{BRIDGED}\n", **asked, OTEL_SERVICE_NAME="bridge"
        )
        assert json.loads(output)["id"] == 1
    # Each has ended, and has sent what was left.
    for outermost in ("desk: CLIENT", "door: SERVER", "bridge: SERVER"):
        assert await receiver.tree(f"{outermost} tools/call add", 2) == [
            f"{outermost} tools/call add",
            "  mcpgrpc: SERVER tools/call add",
        ]
    assert "opentelemetry" not in log.read_text(encoding="utf-8")


@pytest.mark.skipif(sys.platform != "linux", reason="workers share ports on Linux alone")
async def test_each_worker_sends_the_spans_of_what_it_served(
    receiver: Receiver, tmp_path: Path
) -> None:
    asked = {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint}
    options = ("--workers", "2")
    async with served(tmp_path / "serve.log", EVERYTHING, *options, environment=asked) as address:
        assert await called(address, **asked, OTEL_SERVICE_NAME="desk") == (0, "3\n", "")
    assert await receiver.tree("desk: CLIENT tools/call add", 2) == [
        "desk: CLIENT tools/call add",
        "  mcpgrpc: SERVER tools/call add",
    ]


async def test_a_command_as_upstream_is_started_beside_an_exporter(
    receiver: Receiver, tmp_path: Path
) -> None:
    asked = {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint}
    upstream = shlex.join([sys.executable, "-S", "-E", str(PLAIN), "modern", "plain"])
    words = ("--upstream-command", upstream)
    async with served(tmp_path / "serve.log", *words, environment=asked) as address:
        code, _, errors = await ran(MCPGRPC, "call", address, "seen", "--json", "{}", **asked)
        assert (code, errors) == (0, "")
    assert await receiver.tree("mcpgrpc: SERVER tools/call seen", 3) == [
        "mcpgrpc: CLIENT tools/call seen",
        "  mcpgrpc: SERVER tools/call seen",
        "    mcpgrpc: CLIENT tools/call seen",
    ]


async def test_a_sampler_that_takes_nothing_sends_nothing(
    receiver: Receiver, everything: str
) -> None:
    asked = {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint, "OTEL_TRACES_SAMPLER": "always_off"}
    assert await called(everything, **asked) == (0, "3\n", "")
    assert receiver.received == []


async def test_a_collector_that_is_not_there_costs_a_line(everything: str) -> None:
    code, output, errors = await called(
        everything, OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:1"
    )
    assert (code, output) == (0, "3\n")
    assert errors.count("\n") == 1
    assert errors.startswith("mcpgrpc: ")


async def test_traces_on_the_console_leave_the_output_alone(everything: str) -> None:
    code, output, errors = await called(everything, OTEL_TRACES_EXPORTER="console")
    assert (code, output) == (0, "3\n")
    assert '"name": "tools/call add"' in errors


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"OTEL_TRACES_EXPORTER": "carrier-pigeon"}, "carrier-pigeon"),
        (
            {"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "smoke"},
            "grpc and http/protobuf",
        ),
    ],
    ids=["exporter", "protocol"],
)
async def test_what_cannot_be_used_is_said_in_a_line_and_the_work_is_done(
    everything: str, variables: dict[str, str], said: str
) -> None:
    code, output, errors = await called(everything, **variables)
    assert (code, output, errors.count("\n")) == (0, "3\n", 1)
    assert errors.startswith("mcpgrpc: no traces: ")
    assert said in errors


MAIN = """
import sys
for name in sys.argv.pop(1).split(","):
    sys.modules[name] = None
from mcpgrpc.cli.main import main
code = main(sys.argv[1:])
print(sorted(name for name in sys.modules if name.partition(".")[0] == "opentelemetry"))
sys.exit(code)
"""


async def test_a_missing_extra_is_said_in_a_line_and_the_work_is_done(everything: str) -> None:
    command = (sys.executable, "-c", MAIN, "opentelemetry.sdk", "call", everything, "add")
    code, output, errors = await ran(*command, "--json", SUM, OTEL_TRACES_EXPORTER="otlp")
    assert (code, output.splitlines()[0]) == (0, "3")
    assert errors.count("\n") == 1
    assert "pip install 'mcpgrpc[otel]'" in errors


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"OTEL_SDK_DISABLED": "true", "OTEL_TRACES_EXPORTER": "otlp"},
        {"OTEL_TRACES_EXPORTER": "none"},
    ],
    ids=["nothing", "disabled", "none"],
)
async def test_a_command_that_is_not_asked_for_traces_loads_nothing(
    everything: str, variables: dict[str, str]
) -> None:
    command = (sys.executable, "-c", MAIN, "nothing", "call", everything, "add", "--json", SUM)
    assert await ran(*command, **variables) == (0, "3\n[]\n", "")
