"""Commands that are started for the suite: what is said of one that does not answer."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.conformance.processes import ProcessError, started


def command(program: str) -> list[str]:
    return [sys.executable, "-c", program]


async def test_a_command_that_answers_is_known_by_what_it_says(tmp_path: Path) -> None:
    program = "print('starting'); print('answers at 7', flush=True); input(); print('over')"
    async with started(command(program), r"answers at (\d)", tmp_path / "log") as found:
        assert found == "7"
    assert (tmp_path / "log").read_text().startswith("starting\nanswers at 7\n")


async def test_a_command_that_ends_before_it_answers_is_told_with_what_it_wrote(
    tmp_path: Path,
) -> None:
    program = "raise SystemExit('the port is taken')"
    with pytest.raises(ProcessError, match="the port is taken"):
        async with started(command(program), r"answers at (\d)", tmp_path / "log"):
            pass
