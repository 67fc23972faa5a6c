"""What a person sees, on a real pseudo-terminal."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import re
import struct
import termios

from tests.cli.app import HOSTILE
from tests.cli.conftest import COMMAND, MAX_SECONDS, environment

ROWS, COLUMNS = 50, 200
COLOURS_AND_MOVES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def read_all(terminal: int) -> bytes:
    """All that is written to a terminal until nobody holds its other side."""
    chunks = []
    with contextlib.suppress(OSError):
        while chunk := os.read(terminal, 65536):
            chunks.append(chunk)
    return b"".join(chunks)


async def see(*words: str, typed: str = "") -> tuple[int, str]:
    """Runs a command on a terminal of its own; gives its exit code and all that was shown."""
    terminal, its_side = os.openpty()
    fcntl.ioctl(its_side, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    try:
        process = await asyncio.create_subprocess_exec(
            *COMMAND, *words, stdin=its_side, stdout=its_side, stderr=its_side, env=environment()
        )
        os.close(its_side)
        os.write(terminal, typed.encode())
        async with asyncio.timeout(MAX_SECONDS):
            shown = await asyncio.to_thread(read_all, terminal)
            code = await process.wait()
    finally:
        os.close(terminal)
    return code, shown.decode().replace("\r\n", "\n")


async def test_tools_are_drawn_as_a_table(address: str) -> None:
    code, shown = await see("tools", address)
    assert code == 0
    assert f"Tools of {address}" in shown
    assert "Find names." in shown
    assert "─" in shown


async def test_json_is_json_on_a_terminal_too(address: str) -> None:
    _, shown = await see("tools", address, "--output", "json")
    assert shown.startswith('{\n  "tools": [')


async def test_control_characters_of_a_tool_do_not_reach_the_terminal(address: str) -> None:
    code, shown = await see("call", address, "hostile")
    assert (code, shown) == (0, "\\u001b]0;owned\\u0007\\u001b[2Jred\\u009b31m\n")
    assert HOSTILE not in shown


async def test_progress_is_shown_while_a_tool_runs_and_then_removed(address: str) -> None:
    code, shown = await see("call", address, "steps", "total=3")
    assert code == 0
    text = COLOURS_AND_MOVES.sub("", shown)
    assert "step 3" in text
    assert text.splitlines()[-1].endswith("done")


async def test_a_tools_question_is_asked_and_answered(address: str) -> None:
    code, shown = await see("call", address, "order", "title=Dune", typed="2\n\n")
    assert code == 0
    assert "How many of Dune?" in shown
    assert "How many copies (integer): " in shown
    assert shown.endswith("2 of Dune, gift=False\n")


async def test_an_answer_of_another_type_is_asked_for_again(address: str) -> None:
    code, shown = await see("call", address, "order", "title=Dune", typed="two\n2\ntrue\n")
    assert code == 0
    assert "'two' is not integer" in shown
    assert shown.endswith("2 of Dune, gift=True\n")


async def test_three_wrong_answers_are_enough(address: str) -> None:
    code, shown = await see("call", address, "order", "title=Dune", typed="a\nb\nc\n")
    assert code == 1
    assert "copies was not given in 3 tries" in shown


async def test_a_question_can_be_declined(address: str) -> None:
    code, _ = await see("call", address, "order", "title=Dune", typed="\x04")
    assert code == 1


async def test_a_mistake_is_one_line_on_a_terminal(address: str) -> None:
    code, shown = await see("call", address, "search", "limit=\x1b[2J", "query=x")
    assert code == 2
    assert len(shown.splitlines()) == 1
    assert "\x1b" not in shown
