"""`mcpgrpc serve`, as a process of its own: what it prints, obeys and refuses."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from mcpgrpc.cli import serve as serve_command
from mcpgrpc.cli import serve_options
from mcpgrpc.cli.main import main
from mcpgrpc_server.settings import ServerSettings
from mcpgrpc_server.settings_sources import TABLES, option_name
from tests.cli.conftest import COMMAND, MAX_SECONDS, Finished, Run, environment

APP = """
from mcp.server import MCPServer

app = MCPServer("tested")


@app.tool()
def add(a: int, note: str) -> str:
    return f"{a} {note}"


@app.tool()
def other() -> str:
    return "other"
"""


class Serving:
    """A `mcpgrpc serve` that has said it is ready."""

    def __init__(self, process: asyncio.subprocess.Process, banner: dict[str, str]) -> None:
        self.process = process
        self.banner = banner

    @property
    def address(self) -> str:
        return self.banner["address"]

    async def end(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """The exit code after a signal, and what stood on standard error."""
        self.process.send_signal(number)
        async with asyncio.timeout(MAX_SECONDS):
            _, err = await self.process.communicate()
        return self.process.returncode or 0, err.decode()


@pytest.fixture
def app_file(tmp_path: Path) -> str:
    path = tmp_path / "served_app.py"
    path.write_text(APP, encoding="utf-8")
    return str(path)


@asynccontextmanager
async def serving(*words: str, **more: str) -> AsyncIterator[Serving]:
    """Runs `mcpgrpc serve` until the block ends."""
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        "serve",
        *words,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment(**more),
    )
    try:
        async with asyncio.timeout(MAX_SECONDS):
            told = await banner(process)
        yield Serving(process, told)
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def banner(process: asyncio.subprocess.Process) -> dict[str, str]:
    """What stands behind each label; the first line is under ""."""
    assert process.stdout is not None
    assert process.stderr is not None
    found = {"": (await process.stdout.readline()).decode().strip()}
    assert found[""], (await process.stderr.read()).decode()
    while "try" not in found:
        label, _, text = (await process.stdout.readline()).decode().strip().partition(" ")
        found[label] = text.strip()
    return found


async def health_of(target: str) -> str:
    async with grpc.aio.insecure_channel(target) as channel:
        check = health_pb2_grpc.HealthStub(channel).Check
        answer = await check(health_pb2.HealthCheckRequest(), timeout=MAX_SECONDS)
        return str(health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status))


async def services_at(target: str) -> list[str]:
    request = reflection_pb2.ServerReflectionRequest(list_services="")
    async with grpc.aio.insecure_channel(target) as channel:
        stub = reflection_pb2_grpc.ServerReflectionStub(channel)
        async for answer in stub.ServerReflectionInfo(iter([request]), timeout=MAX_SECONDS):
            return [each.name for each in answer.list_services_response.service]
    return []


Here = Callable[..., Finished]


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    """Runs `mcpgrpc serve` in this process, for what ends before anything is served."""

    def finished(*words: str, **more: str) -> Finished:
        for name in [name for name in os.environ if name.startswith("MCPGRPC_")]:
            monkeypatch.delenv(name)
        for name, text in environment(**more).items():
            monkeypatch.setenv(name, text)
        code = main(["serve", *words])
        out, err = capsys.readouterr()
        return Finished(code, out, err)

    return finished


async def refused(run: Run, code: int, *words: str, **more: str) -> str:
    """The one line with which a command ends that cannot serve."""
    return reason(await run("serve", *words, **more), code)


def reason(ended: Finished, code: int) -> str:
    """The one line that a command says when it ends with a code."""
    assert ended.code == code, ended
    assert ended.out == ""
    assert ended.err.count("\n") == 1, ended.err
    assert ended.err.startswith("mcpgrpc: ")
    return ended.err.removeprefix("mcpgrpc: ").strip()


async def test_an_app_of_the_readers_own_is_served_and_what_to_do_next_is_printed(
    app_file: str,
) -> None:
    async with serving(app_file, "--listen", "127.0.0.1:0") as server:
        port = server.address.removeprefix("127.0.0.1:")
        assert int(port) > 0
        assert server.banner == {
            "": "tested answers over gRPC",
            "address": f"127.0.0.1:{port}",
            "tools": "add, other",
            "security": "plaintext, no credentials asked for; only this machine can connect",
            "health": "grpc.health.v1, reflection on",
            "try": f"mcpgrpc call 127.0.0.1:{port} add a=1 note=example",
        }
        assert await health_of(server.address) == "SERVING"
        assert "mcpgrpc.v1.McpService" in await services_at(server.address)


async def test_the_command_that_is_printed_answers(app_file: str, run: Run) -> None:
    async with serving(app_file, "--listen", "127.0.0.1:0") as server:
        program, *words = server.banner["try"].split()
        ended = await run(*words)
    assert program == "mcpgrpc"
    assert (ended.code, ended.err) == (0, "")
    assert "1 example" in ended.out


async def test_every_listener_is_served(app_file: str, tmp_path: Path) -> None:
    listeners = ("--listen", "127.0.0.1:0", "--listen", f"unix:{tmp_path}/s")
    async with serving(app_file, *listeners) as server:
        targets = server.address.split(", ")
        assert targets[1] == f"unix:{tmp_path}/s"
        assert [await health_of(target) for target in targets] == ["SERVING", "SERVING"]


async def test_reflection_can_be_turned_off(app_file: str) -> None:
    async with serving(app_file, "--listen", "127.0.0.1:0", "--no-reflection") as server:
        assert server.banner["health"] == "grpc.health.v1, reflection off"
        async with grpc.aio.insecure_channel(server.address) as channel:
            stub = reflection_pb2_grpc.ServerReflectionStub(channel)
            # Nothing is written: a write that races with the refusal hides it as INTERNAL.
            code = await stub.ServerReflectionInfo(timeout=10).code()
        assert code is grpc.StatusCode.UNIMPLEMENTED


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_drains_and_ends_well(app_file: str, number: int) -> None:
    async with serving(app_file, "--listen", "127.0.0.1:0") as server:
        code, err = await server.end(number)
    assert code == 0
    told = [json.loads(line) for line in err.splitlines()]
    assert [each["message"] for each in told] == ["drain started", "drain finished"]


async def test_the_log_is_text_and_as_talkative_as_it_is_told(app_file: str) -> None:
    quiet = ("--log-level", "warning")
    async with serving(app_file, "--listen", "127.0.0.1:0", *quiet) as server:
        assert await server.end() == (0, "")
    text = ("--log-format", "text", "--drain-grace", "7")
    async with serving(app_file, "--listen", "127.0.0.1:0", *text) as server:
        _, err = await server.end()
    assert "INFO     mcpgrpc.server: drain started grace_seconds=7.0" in err


async def test_a_port_that_is_taken_is_told_and_no_other_is_used(app_file: str, run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        said = await refused(run, 1, app_file, "--listen", address)
    assert said.startswith(f"cannot listen on {address}: ")
    assert "in use" in said


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("x = ", "app.py does not import: SyntaxError: "),
        ("import not_installed_at_all", "No module named 'not_installed_at_all'"),
        ("x = 1", "app.py holds no server"),
        (f"{APP}\nsecond = MCPServer('second')", "app.py holds 2 servers: app, second"),
    ],
)
async def test_an_app_that_cannot_be_served_is_told_in_one_line(
    tmp_path: Path, run: Run, source: str, said: str
) -> None:
    (tmp_path / "app.py").write_text(source, encoding="utf-8")
    assert said in await refused(run, 1, str(tmp_path / "app.py"), "--listen", "127.0.0.1:0")


async def test_an_app_that_is_not_there_is_told_in_one_line(run: Run) -> None:
    assert (await refused(run, 1, "nowhere.py")).startswith("there is no file nowhere.py")
    assert (await refused(run, 1, "nowhere_module")).startswith("there is no module nowhere_module")


async def test_an_app_whose_start_fails_is_told_and_its_traceback_logged(
    tmp_path: Path, run: Run
) -> None:
    source = """
from contextlib import asynccontextmanager

from mcp.server import MCPServer


@asynccontextmanager
async def lifespan(server):
    raise ConnectionError("no database")
    yield


app = MCPServer("failing", lifespan=lifespan)
"""
    (tmp_path / "failing.py").write_text(source, encoding="utf-8")
    ended = await run("serve", str(tmp_path / "failing.py"), "--listen", "127.0.0.1:0")
    *logged, last = ended.err.splitlines()
    assert (ended.code, ended.out) == (1, "")
    assert last.endswith("failing.py failed: ConnectionError: no database")
    exceptions = [json.loads(line).get("exception") for line in logged]
    assert any(each and each["type"] == "ConnectionError" for each in exceptions)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "APP is missing"),
        (("app.py", "--max-in-flight", "0"), "max_in_flight (option --max-in-flight): "),
        (("app.py", "--drain-grace", "soon"), "drain_grace_seconds (option --drain-grace): "),
        (("app.py", "--listen", "50051"), "HOST:PORT"),
        (("app.py", "--listen", "0.0.0.0:0"), "--insecure"),
        (("app.py", "--listen", "0.0.0.0:0", "--insecure"), "--allow-anonymous"),
        (("app.py", "--log-level", "loud"), "log_level (option --log-level): "),
        (("app.py", "--config", "nowhere.toml"), "nowhere.toml"),
        (("app.py", "--max-inflight", "3"), "--max-inflight"),
    ],
)
def test_a_wrong_command_line_ends_with_two_and_the_reason(
    here: Here, words: tuple[str, ...], said: str
) -> None:
    assert said in reason(here(*words), 2)


def test_what_is_in_force_is_shown_with_where_it_came_from(tmp_path: Path, here: Here) -> None:
    config = tmp_path / "mcpgrpc.toml"
    config.write_text("max_in_flight = 5\nmax_listens = 6\nreflection = false\n", encoding="utf-8")
    words = ("--print-config", "--config", str(config), "--max-in-flight", "7")
    ended = here(*words, MCPGRPC_MAX_LISTENS="8")
    assert (ended.code, ended.err) == (0, "")
    lines = ended.out.splitlines()
    assert "max_in_flight = 7  # option --max-in-flight" in lines
    assert "max_listens = 8  # environment MCPGRPC_MAX_LISTENS" in lines
    assert f"reflection = false  # file {config}" in lines
    assert "max_json_depth = 512  # default" in lines
    # Upstreams are tables of their own, and there is none.
    assert len(lines) == len(ServerSettings.model_fields) - 1


def test_the_file_can_be_named_in_the_environment(tmp_path: Path, here: Here) -> None:
    config = tmp_path / "mcpgrpc.toml"
    config.write_text("max_in_flight = 5\n", encoding="utf-8")
    ended = here("--print-config", MCPGRPC_CONFIG=str(config))
    assert f"max_in_flight = 5  # file {config}" in ended.out
    ended = here("--print-config", MCPGRPC_CONFIG="")
    assert (ended.code, "max_in_flight = 1024  # default" in ended.out) == (0, True)


def test_a_misspelt_variable_is_told_and_does_not_stop_the_server(here: Here) -> None:
    ended = here("--print-config", MCPGRPC_MAX_INFLIGHT="3")
    assert ended.code == 0
    assert "MCPGRPC_MAX_INFLIGHT" in ended.err
    assert "did you mean MCPGRPC_MAX_IN_FLIGHT?" in ended.err


async def test_without_what_serving_needs_the_extra_is_named() -> None:
    program = (
        "import sys; sys.modules['pydantic_settings'] = None\n"
        "from mcpgrpc.cli.main import main; sys.exit(main(['serve', 'app.py']))"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stderr=asyncio.subprocess.PIPE, env=environment()
    )
    async with asyncio.timeout(MAX_SECONDS):
        _, err = await process.communicate()
    assert process.returncode == 1
    assert err.decode() == (
        "mcpgrpc: serving needs pydantic_settings, which is not installed:"
        " pip install 'mcpgrpc[server]'\n"
    )


def test_the_help_names_every_option(here: Here) -> None:
    ended = here("--help")
    assert ended.code == 0
    for field in ServerSettings.model_fields.keys() - {TABLES}:
        assert option_name(field) in ended.out


def test_every_setting_has_an_option_of_its_kind() -> None:
    options = {option.field: option for option in serve_options.OPTIONS}
    assert options.keys() == ServerSettings.model_fields.keys() - {TABLES}
    for name in options:
        field = ServerSettings.model_fields[name]
        assert options[name].names.split("/")[0] == option_name(name)
        assert (options[name].kind is bool) == (field.annotation is bool), name


@pytest.mark.parametrize(
    ("called", "shown"),
    [
        ("{folder}/on path/mcpgrpc", "mcpgrpc"),
        ("{folder}/off path/mcpgrpc", "'{folder}/off path/mcpgrpc'"),
        ("{folder}/mcpgrpc/cli/main.py", "mcpgrpc"),
    ],
)
def test_the_next_command_begins_with_what_the_reader_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, called: str, shown: str
) -> None:
    for name in ("on path", "off path"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "mcpgrpc").touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "on path"))
    monkeypatch.setattr(sys, "argv", [called.format(folder=tmp_path)])
    assert serve_command._own_name() == shown.format(folder=tmp_path)
