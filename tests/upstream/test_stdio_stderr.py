"""What a command writes to standard error, in the log."""

from __future__ import annotations

import logging
import os

import pytest

from mcpgrpc_server.upstream.stdio.environment import child_environment
from mcpgrpc_server.upstream.stdio.process import Command
from tests.upstream.stdio_servers import (
    python,
)
from tests.upstream.stdio_upstream import (
    output_of,
)


async def logged_by(command: Command, caplog: pytest.LogCaptureFixture) -> list[str]:
    """What is logged of a command that ends by itself."""
    with caplog.at_level(logging.INFO, logger="mcpgrpc.upstream"):
        await output_of(command)
    return [record.getMessage() for record in caplog.records if record.name == "mcpgrpc.upstream"]


async def test_standard_error_is_logged_line_by_line_with_the_name(
    caplog: pytest.LogCaptureFixture,
) -> None:
    source = r"import sys; sys.stderr.buffer.write(b'one\n\n  two \xff\x1b[2J\r\nlast words')"
    assert await logged_by(python(source), caplog) == [
        "files: one",
        "files: two \ufffd\\x1b[2J",
        "files: last words",
    ]
    assert {record.levelname for record in caplog.records} == {"INFO"}


async def test_a_flood_on_standard_error_is_summed_up_and_a_long_line_cut(
    caplog: pytest.LogCaptureFixture,
) -> None:
    source = "import sys\nfor n in range(20_000): sys.stderr.write(f'line {n}\\n')"
    messages = await logged_by(python(source), caplog)
    sums = [int(each.split()[2]) for each in messages if each.endswith("not shown")]
    shown = [each for each in messages if not each.endswith("not shown")]
    assert sums
    assert len(shown) + sum(sums) == 20_000
    assert len(shown) < 10_000
    caplog.clear()
    long_line = "import sys; sys.stderr.write('x' * 5_000_000 + '\\n')"
    (message,) = await logged_by(python(long_line), caplog)
    assert len(message) < 1_000
    assert message.startswith("files: a line of 5000000 bytes, which begins: xxx")


async def test_a_credential_that_a_command_prints_is_not_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    environment = child_environment(
        os.environ, given={"GITHUB_TOKEN": "ghp_0123456789", "MODE": "production"}
    )
    source = (
        "import os, sys; print(os.environ['GITHUB_TOKEN'], os.environ['MODE'], file=sys.stderr)"
    )
    messages = await logged_by(python(source, environment=environment), caplog)
    assert messages == ["files: [redacted] production"]
