"""Servers and clients of the benchmark as processes: up, down, broken and silent."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bench import processes
from bench.process_figures import cpu_seconds, resident_bytes, usable_cpus
from bench.processes import (
    ClientProcess,
    Pinning,
    ProcessError,
    pinned,
    running_client,
    running_server,
)

ANSWERS = r"^address (\S+)"
SERVES = "import time; print('address here', flush=True); time.sleep(60)"
on_linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux says it")


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_servers_and_clients_have_a_processor_each() -> None:
    pinning = Pinning.of([2, 5, 7])
    assert (pinning.server, pinning.client) == ((2,), (5,))
    assert "2" in pinning.note
    assert "5" in pinning.note


@pytest.mark.parametrize("cpus", [[], [0]], ids=["none", "one"])
def test_results_say_that_nothing_could_be_pinned(cpus: list[int]) -> None:
    pinning = Pinning.of(cpus)
    assert (pinning.server, pinning.client) == ((), ())
    assert pinning.note.startswith("not pinned")


async def test_a_server_runs_while_its_context_is_open(tmp_path: Path) -> None:
    command = [sys.executable, "-c", SERVES]
    async with running_server(command, ANSWERS, tmp_path / "log", {}) as server:
        assert server.target == "here"
        assert is_running(server.pid)
    assert not is_running(server.pid)


async def test_a_server_that_does_not_heed_its_end_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "END_SECONDS", 0.1)
    deaf = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SERVES}"
    command = [sys.executable, "-c", deaf]
    async with running_server(command, ANSWERS, tmp_path / "log", {}) as server:
        pass
    assert not is_running(server.pid)


async def test_a_server_that_breaks_says_why(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "raise SystemExit('no such app')"]
    with pytest.raises(ProcessError, match="no such app"):
        async with running_server(command, ANSWERS, tmp_path / "log", {}):
            pass


async def test_a_server_that_says_nothing_is_not_waited_for_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "START_SECONDS", 0.1)
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    with pytest.raises(ProcessError, match="did not say where"):
        async with running_server(command, ANSWERS, tmp_path / "log", {}):
            pass


@on_linux
async def test_a_pinned_command_runs_on_its_processor_alone(tmp_path: Path) -> None:
    cpu = usable_cpus()[-1]
    told = "import os; print('address', *os.sched_getaffinity(0), flush=True)"
    command = pinned([cpu], [sys.executable, "-c", f"{told}; {SERVES}"])
    async with running_server(command, ANSWERS, tmp_path / "log", {}) as server:
        assert server.target == str(cpu)


async def test_settings_of_the_shell_do_not_reach_servers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MCPGRPC_AUDIT", "calls")
    told = "import os; print('address', os.environ.get('MCPGRPC_AUDIT'), os.environ['MINE'])"
    command = [sys.executable, "-c", f"{told}; {SERVES}"]
    variables = {"MINE": "1"}
    async with running_server(command, ANSWERS, tmp_path / "log", variables) as server:
        assert server.target == "None"


@pytest.fixture
async def errand(tmp_path: Path) -> AsyncIterator[ClientProcess]:
    """A client process that connects to nothing before it is asked."""
    spec = {"kind": "never_read", "target": "127.0.0.1:1"}
    async with running_client(spec, (), tmp_path / "log", {}) as client:
        yield client


async def test_a_client_answers_line_by_line(errand: ClientProcess) -> None:
    for _ in range(2):
        assert (await errand.ask({"requests": 0}, 1))["sent"] == 0


async def test_a_command_that_fails_leaves_its_client_up(errand: ClientProcess) -> None:
    with pytest.raises(ProcessError, match="KeyError"):
        await errand.ask({"nothing": 0}, 1)
    assert (await errand.ask({"requests": 0}, 1))["sent"] == 0


async def test_a_client_that_cannot_connect_says_why(tmp_path: Path) -> None:
    spec = {"kind": "nobody", "target": "127.0.0.1:1"}
    with pytest.raises(ProcessError, match="KeyError: 'nobody'"):
        async with running_client(spec, (), tmp_path / "log", {}):
            pass


async def test_a_client_that_does_not_answer_is_given_up(errand: ClientProcess) -> None:
    with pytest.raises(ProcessError, match="did not answer"):
        await errand.answer(0.05)


@on_linux
async def test_the_kernel_tells_the_processor_time_of_another_process(tmp_path: Path) -> None:
    busy = "while time.process_time() < 0.2: pass"
    told = f"import time\n{busy}\nprint('address here', flush=True)\ntime.sleep(60)"
    command = [sys.executable, "-c", told]
    async with running_server(command, ANSWERS, tmp_path / "log", {}) as server:
        assert (cpu_seconds(server.pid) or 0) >= 0.2
        assert (resident_bytes(server.pid) or 0) > 1_000_000
    assert cpu_seconds(server.pid) is None
    assert resident_bytes(server.pid) is None


@on_linux
def test_the_processor_time_of_a_process_is_that_which_it_counts_itself() -> None:
    before = time.process_time()
    told = cpu_seconds(os.getpid())
    after = time.process_time()
    assert told is not None
    assert before <= told <= after
