"""A command as a child process: what it sees, what it says, and that nothing of it is left."""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path

import pytest

from mcpgrpc.errors import ConnectError
from mcpgrpc_server.upstream.stdio.environment import child_environment
from mcpgrpc_server.upstream.stdio.process import ChildProcess, Command, split_command
from tests.upstream.stdio_servers import LIFELINE, python
from tests.upstream.stdio_upstream import NAME, Lifelines, lifelines, output_of, soon

OBEDIENT = LIFELINE + "say(os.getpid()); sys.stdin.read(); say('end of input')"
DEAF = LIFELINE + "say(os.getpid()); signal.pause()"
STUBBORN = LIFELINE + (
    "signal.signal(signal.SIGTERM, signal.SIG_IGN); say(os.getpid())\nwhile True: signal.pause()"
)
PARENT = LIFELINE + (
    "subprocess.Popen([sys.executable, '-I', '-S', '-c', sys.argv[2], sys.argv[1]])\n"
    "say('parent'); sys.stdin.read()"
)


@pytest.fixture
async def lines() -> AsyncIterator[Lifelines]:
    async with lifelines() as lines:
        yield lines


@pytest.fixture
def first_process_of_a_container() -> Iterator[None]:
    """This process gets the orphans of its children, as the first one of a container does."""
    set_child_subreaper = partial(ctypes.CDLL(None).prctl, 36)
    assert set_child_subreaper(1, 0, 0, 0) == 0
    yield
    set_child_subreaper(0, 0, 0, 0)


async def started(command: Command) -> ChildProcess:
    return await soon(ChildProcess.start(NAME, command))


@pytest.mark.parametrize(
    ("text", "argv"),
    [
        ("npx -y server", ("npx", "-y", "server")),
        (
            "'/opt/my server/run' --root \"/a b\" $HOME",
            ("/opt/my server/run", "--root", "/a b", "$HOME"),
        ),
        ("run '' # no comment", ("run", "", "#", "no", "comment")),
    ],
)
def test_a_command_is_split_by_the_words_of_a_shell(text: str, argv: tuple[str, ...]) -> None:
    assert split_command(text) == argv


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is empty"),
        ("  \t", "is empty"),
        ("'' --flag", "is empty"),
        ("npx 'server", "no closing quotation"),
        ("npx \\", "no escaped character"),
        ("npx \0", "NUL"),
    ],
)
def test_a_command_that_is_none_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why) as refused:
        split_command(text)
    assert "\n" not in str(refused.value)


async def test_a_command_sees_only_the_variables_that_are_allowed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("MCPGRPC_TOKEN", "AWS_SECRET_ACCESS_KEY", "PYTHONPATH", "LC_ALL", "PASSED"):
        monkeypatch.setenv(name, f"our {name}")
    environment = child_environment(
        os.environ, passed_names=["PASSED", "NOT_SET"], given={"GIVEN": "value"}
    )
    printing = python(
        "import json, os; print(json.dumps(dict(os.environ)))", environment=environment
    )
    seen = json.loads(await output_of(printing))
    assert seen.pop("PASSED") == "our PASSED"
    assert seen.pop("GIVEN") == "value"
    assert seen.pop("LC_ALL") == "our LC_ALL"
    assert seen.pop("PATH") == os.environ["PATH"]
    assert set(seen) <= {
        *("HOME", "LANG", "LC_CTYPE", "LOGNAME", "SHELL", "TERM", "TMPDIR", "TZ", "USER"),
        *(name for name in os.environ if name.startswith("LC_")),
    }


def test_our_own_settings_are_passed_on_only_by_name() -> None:
    ours = {"MCPGRPC_LISTEN": "127.0.0.1:1", "HOME": "/home/us"}
    assert child_environment(ours) == {"HOME": "/home/us"}
    assert child_environment(ours, ["MCPGRPC_LISTEN"]) == ours
    assert child_environment(ours, given={"HOME": "/other"}) == {"HOME": "/other"}


@pytest.mark.parametrize(
    ("passed", "given"),
    [(["A=B"], {}), ([""], {}), ([], {"A\0": "secret"}), ([], {"A": "sec\0ret"})],
)
def test_what_cannot_be_a_variable_is_refused_without_its_value(
    passed: list[str], given: dict[str, str]
) -> None:
    with pytest.raises(ValueError, match="environment") as refused:
        child_environment({}, passed, given)
    assert "sec" not in str(refused.value)


async def test_no_shell_stands_between(tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    argument = f"$HOME; touch {marker} && `id`"
    printing = python("import sys; sys.stdout.write(sys.argv[1])", argument)
    assert (await output_of(printing)).decode() == argument
    assert not marker.exists()


async def test_a_command_runs_in_its_directory_and_in_a_session_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "here").touch()
    source = "import os; print(os.listdir(), os.getsid(0) == os.getpgid(0) == os.getpid())"
    written = await output_of(python(source, directory=str(tmp_path)))
    assert written.decode().strip() == "['here'] True"


async def test_a_command_that_cannot_be_started_says_why(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_text("#!/bin/sh\n")
    orphaned = tmp_path / "orphaned"
    orphaned.write_text("#!/no/such/interpreter\n")
    orphaned.chmod(0o700)
    nothing = tmp_path / "nothing"
    nothing.write_text("neither a program nor a script")
    nothing.chmod(0o700)
    missing = str(tmp_path / "missing")
    environment = {"PATH": str(tmp_path)}
    for argv, directory, why in (
        (("no-such-command", "secret"), None, "no command 'no-such-command' on PATH"),
        ((missing, "secret"), None, f"no command '{missing}'"),
        ((str(plain), "secret"), None, f"'{plain}' is not executable"),
        ((str(tmp_path), "secret"), None, f"'{tmp_path}' is not executable"),
        ((str(orphaned), "secret"), None, f"'{orphaned}' is there, but not the interpreter"),
        (("orphaned", "secret"), None, "'orphaned' is there, but not the interpreter"),
        ((str(nothing), "secret"), None, f"'{nothing}' is no program"),
        (("./plain", "secret"), str(tmp_path), "'./plain' is not executable"),
        (("sh", "secret"), missing, f"it cannot run in {missing}"),
        (("sh", "secret"), str(plain), f"it cannot run in {plain}"),
        (("a\0b", "secret"), None, "embedded null byte"),
    ):
        with pytest.raises(ConnectError) as refused:
            await started(Command(argv, environment, directory))
        said = str(refused.value)
        assert said.startswith("the upstream 'files' cannot be started: ")
        assert why in said
        assert "secret" not in said
        assert "\n" not in said


async def test_what_may_be_secret_is_not_part_of_how_a_command_is_printed() -> None:
    command = Command(("run", "--key", "hush"), {"TOKEN": "hush"})
    assert "hush" not in repr(command)


async def test_a_command_is_ended_by_the_end_of_its_input(lines: Lifelines) -> None:
    process = await started(python(OBEDIENT, str(lines.port), grace_seconds=30))
    await lines.line()
    assert process.how_it_ended == "is running"
    await soon(process.end())
    assert await lines.line() == "end of input"
    assert process.how_it_ended == "ended with status 0"


async def test_what_a_command_still_writes_does_not_keep_it_from_ending() -> None:
    parting = "import sys; sys.stdin.read(); sys.stdout.write('x' * 5_000_000)"
    process = await started(python(parting, grace_seconds=30))
    await soon(process.end())
    assert process.how_it_ended == "ended with status 0"


async def test_a_command_that_ignores_the_end_of_its_input_is_terminated(lines: Lifelines) -> None:
    process = await started(python(DEAF, str(lines.port), grace_seconds=0.05, terminate_seconds=30))
    await lines.line()
    await soon(process.end())
    assert process.how_it_ended == "was ended by SIGTERM"


async def test_a_command_that_ignores_sigterm_is_killed(lines: Lifelines) -> None:
    process = await started(
        python(STUBBORN, str(lines.port), grace_seconds=0.05, terminate_seconds=0.05)
    )
    await lines.line()
    await soon(process.end())
    assert process.how_it_ended == "was ended by SIGKILL"


async def test_a_command_that_was_ended_is_no_zombie(lines: Lifelines) -> None:
    process = await started(python(DEAF, str(lines.port), grace_seconds=0.05))
    pid = int(await lines.line())
    await soon(process.end())
    with pytest.raises(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)  # noqa: ASYNC222 - returns at once


@pytest.mark.parametrize("child", [DEAF, STUBBORN])
async def test_the_children_of_a_command_end_with_it(lines: Lifelines, child: str) -> None:
    process = await started(
        python(PARENT, str(lines.port), child, grace_seconds=0.05, terminate_seconds=0.2)
    )
    assert {await lines.line(), await lines.line()} >= {"parent"}
    await soon(process.end())
    await lines.end()
    await lines.end()


async def test_the_children_of_a_command_that_has_ended_by_itself_are_ended(
    lines: Lifelines,
) -> None:
    leaving = LIFELINE + (
        "child = subprocess.Popen([sys.executable, '-I', '-S', '-c', sys.argv[2], sys.argv[1]])\n"
        "sys.stdin.readline(); os._exit(3)"
    )
    process = await started(
        python(leaving, str(lines.port), DEAF, grace_seconds=0.05, terminate_seconds=0.2)
    )
    await lines.line()
    await process.pipes.write(b"\n")
    await soon(process.pipes.exited)
    assert process.how_it_ended == "ended with status 3"
    await lines.end()
    await soon(process.end())
    await lines.end()


async def test_orphans_that_become_our_own_children_leave_no_zombies(
    lines: Lifelines, first_process_of_a_container: None
) -> None:
    process = await started(
        python(PARENT, str(lines.port), DEAF, grace_seconds=0.05, terminate_seconds=30)
    )
    told = {await lines.line(), await lines.line()}
    (orphan,) = (int(each) for each in told if each != "parent")
    await soon(process.end())
    with pytest.raises(ChildProcessError):
        os.waitpid(orphan, os.WNOHANG)  # noqa: ASYNC222 - returns at once


async def test_ending_is_done_once_and_for_everybody_who_waits(lines: Lifelines) -> None:
    process = await started(python(DEAF, str(lines.port), grace_seconds=0.05))
    await lines.line()
    await soon(asyncio.gather(process.end(), process.end(), process.end()))
    await soon(process.end())
    await lines.end()


async def test_who_is_cancelled_while_ending_a_command_still_ends_it(lines: Lifelines) -> None:
    process = await started(python(DEAF, str(lines.port), grace_seconds=0.05))
    await lines.line()
    ending = asyncio.create_task(process.end())
    await asyncio.sleep(0)
    ending.cancel()
    await asyncio.wait({ending})
    assert ending.cancelled()
    await lines.end()
    await soon(process.end())


async def test_a_stray_grandchild_that_holds_the_pipes_keeps_nobody_waiting(
    lines: Lifelines,
) -> None:
    # It has left the group, so that no signal of ours reaches it, and reads nothing.
    straying = LIFELINE + (
        "child = subprocess.Popen([sys.executable, '-I', '-S', '-c', sys.argv[2], sys.argv[1]],"
        " start_new_session=True)\n"
        "sys.stdin.buffer.raw.read(1); os._exit(0)"
    )
    process = await started(python(straying, str(lines.port), DEAF))
    stray = int(await lines.line())
    try:
        writing = asyncio.create_task(process.pipes.write(b"x" * 1_000_000))
        await soon(process.pipes.exited)
        await soon(process.end())
        await soon(writing)
    finally:
        os.kill(stray, 9)
