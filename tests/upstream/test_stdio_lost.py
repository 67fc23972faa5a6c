"""Stdio upstreams that end, stop reading or flood: what is lost is told, nothing grows."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator

import pytest

from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server.upstream.stdio.limits import StdioLimits
from tests.upstream.stdio_servers import (
    LIFELINE,
    READY,
    python,
)
from tests.upstream.stdio_upstream import (
    Lifelines,
    lifelines,
    lost,
    notification,
    result_of,
    soon,
    upstream,
)


@pytest.fixture
async def lines() -> AsyncIterator[Lifelines]:
    async with lifelines() as lines:
        yield lines


@pytest.mark.parametrize("at_once", [1, 10])
async def test_the_end_of_the_process_fails_what_is_under_way_and_says_how_it_ended(
    at_once: int,
) -> None:
    dying = python(
        "import sys\nfor _ in range(int(sys.argv[1])): sys.stdin.readline()\nsys.exit(3)",
        str(at_once),
    )
    async with upstream(dying) as up:
        tasks = [up.start(number) for number in range(at_once)]
        for task in tasks:
            error = await lost(task)
            assert error.execution == "MAYBE"
            assert str(error) == (
                "the upstream 'files' ended with status 3 under tools/call, which may have run"
            )
        await soon(up.inbox.is_over.wait())
        assert [str(each) for each in up.inbox.ends] == ["the upstream 'files' ended with status 3"]
        late = await lost(up.start(100))
        assert str(late) == "the upstream 'files' ended with status 3; nothing was sent"
        assert late.execution == "NOT_STARTED"
    assert len(up.inbox.ends) == 1


async def test_a_killed_process_is_told_with_its_signal(lines: Lifelines) -> None:
    async with upstream(python(LIFELINE + READY + "signal.pause()", str(lines.port))) as up:
        task = up.start(1)
        os.kill(int(await lines.line()), signal.SIGKILL)
        assert "'files' was ended by SIGKILL under tools/call" in str(await lost(task))


async def test_an_idle_upstream_that_ends_is_told_as_well() -> None:
    async with upstream(python("raise SystemExit(0)")) as up:
        await soon(up.inbox.is_over.wait())
        assert str(up.inbox.ends[0]) == "the upstream 'files' ended with status 0"


async def test_answers_that_were_written_before_the_end_count() -> None:
    source = (
        "import os, sys\n"
        "for n in range(200): sys.stdin.readline()\n"
        "for n in range(200):\n"
        '    text = \'{"jsonrpc":"2.0","id":%d,"result":{"x":"%s"}}\\n\'\n'
        "    sys.stdout.write(text % (n, 'x' * 300))\n"
        "sys.stdout.flush(); os._exit(1)"
    )
    async with upstream(python(source)) as up:
        answers = await soon(asyncio.gather(*(up.start(number) for number in range(200))))
        assert [each.response.id.integer for each in answers] == list(range(200))
        await soon(up.inbox.is_over.wait())


async def test_half_a_line_at_the_end_is_dropped(caplog: pytest.LogCaptureFixture) -> None:
    source = (
        "import os, sys\n"
        "sys.stdin.readline()\n"
        'sys.stdout.write(\'{"jsonrpc":"2.0","id":1,"result":{}}\'); sys.stdout.flush()\n'
        "os._exit(0)"
    )
    with caplog.at_level(logging.INFO, logger="mcpgrpc.upstream"):
        async with upstream(python(source)) as up:
            assert (await lost(up.start(1))).execution == "MAYBE"
    assert "its output ended in the middle of a line; 36 bytes are dropped" in caplog.text


@pytest.mark.parametrize(("fd", "what"), [(0, "input"), (1, "output")])
async def test_an_upstream_that_closes_a_pipe_is_over_although_it_runs(
    lines: Lifelines, fd: int, what: str
) -> None:
    source = LIFELINE + f"os.read(0, 1); os.close({fd}); {READY} signal.pause()".replace("\n", ";")
    async with upstream(python(source, str(lines.port), grace_seconds=0.05)) as up:
        task = up.start(1)
        error = await lost(task)
        assert str(error).startswith(f"the upstream 'files' closed its {what} under tools/call")
        assert len(up.inbox.ends) == 1
        await lines.end()


async def test_what_was_not_written_when_the_connection_ends_has_not_started(
    lines: Lifelines,
) -> None:
    # It reads one byte, which shows that the first request is on its way, and never another.
    source = LIFELINE + "os.read(0, 1)\n" + READY + "signal.pause()"
    limits = StdioLimits(high_water_bytes=100_000)
    async with upstream(python(source, str(lines.port)), limits) as up:
        under_way = up.start(1, "tools/call", {"x": "x" * 1_000_000})
        pid = int(await lines.line())
        queued = up.start(2, "tools/call", {"x": "x" * 100_000})
        without_room = up.start(3)
        telling = asyncio.create_task(up.carrier.notify(notification("notifications/x")))
        await asyncio.sleep(0)
        assert not telling.done()
        os.kill(pid, signal.SIGKILL)
        assert (await lost(under_way)).execution == "MAYBE"
        for task in (queued, without_room):
            error = await lost(task)
            assert error.execution == "NOT_STARTED"
            assert "was ended by SIGKILL" in str(error)
        await soon(telling)


async def test_a_request_that_was_not_written_is_withdrawn_when_it_is_cancelled(
    lines: Lifelines,
) -> None:
    # It reads on when a file descriptor of the lifeline says so.
    source = LIFELINE + (
        "os.read(0, 1)\n" + READY + "line.recv(1)\n"
        "text = '{' + sys.stdin.readline()\n"
        "rest = sys.stdin.readline()\n"
        'print(\'{"jsonrpc":"2.0","id":3,"result":\' + rest.strip() + \'}\', flush=True)\n'
        "sys.stdin.read()"
    )
    async with upstream(python(source, str(lines.port))) as up:
        up.start(1, "tools/call", {"x": "x" * 1_000_000})
        await lines.line()
        withdrawn = up.start(2)
        last = up.start(3)
        await asyncio.sleep(0)
        withdrawn.cancel()
        await asyncio.wait({withdrawn})
        lines.send(b"x")
        assert result_of(await soon(last))["id"] == 3


async def test_what_an_upstream_leaves_unread_is_bounded(lines: Lifelines) -> None:
    source = LIFELINE + (
        'for n in range(300): print(\'{"jsonrpc":"2.0","id":%d,"method":"ping"}\' % n)\n'
        "sys.stdout.flush(); signal.pause()"
    )
    limits = StdioLimits(max_unread_bytes=2_000_000)
    command = python(source, str(lines.port), grace_seconds=0.05)
    async with upstream(command, limits) as up:
        answer = envelope_pb2.JsonRpcResponse(result_json='{"x":"' + "x" * 10_000 + '"}')
        asked = [await up.asked() for _ in range(300)]
        for _, reply in asked:
            reply(answer)
        await soon(up.inbox.is_over.wait())
        assert str(up.inbox.ends[0]) == "the upstream 'files' does not read its input"
        await lines.end()


async def test_a_flood_of_notifications_is_read_only_as_fast_as_it_is_taken(
    lines: Lifelines,
) -> None:
    # It tells how much it could write before nobody took any more.
    source = LIFELINE + (
        "import select\n"
        "sys.stdin.readline()\n"
        'text = b\'{"jsonrpc":"2.0","method":"notifications/x","params":{"x":"%s"}}\\n\''
        " % (b'x' * 1_000)\n"
        "left = text * 10_000\n"
        "os.set_blocking(1, False)\n"
        "while left and select.select([], [1], [], 0.5)[1]: left = left[os.write(1, left):]\n"
        "say(len(text) * 10_000 - len(left))\n"
        "os.set_blocking(1, True)\n"
        "while left: left = left[os.write(1, left):]\n"
        'os.write(1, b\'{"jsonrpc":"2.0","id":1,"result":{}}\\n\')\n'
        "sys.stdin.read()"
    )
    async with upstream(python(source, str(lines.port))) as up:
        up.inbox.gate.clear()
        task = up.start(1)
        written = int(await lines.line())
        assert 0 < written < 2_000_000
        assert up.inbox.notifications.qsize() <= 1
        up.inbox.gate.set()
        assert result_of(await soon(task)) == {}
        assert up.inbox.notifications.qsize() == 10_000


async def test_a_flood_leaves_others_their_turn() -> None:
    flooding = python(
        "import os, sys\n"
        "sys.stdin.readline()\n"
        'text = b\'{"jsonrpc":"2.0","method":"notifications/x"}\\n\' * 2_000\n'
        "while True: os.write(1, text)",
        grace_seconds=0.05,
    )
    async with upstream(flooding) as up:
        up.start(1)
        await up.told()
        # One read of the pipe holds some 1,400 of them.
        for _ in range(5):
            before = up.inbox.notifications.qsize()
            await asyncio.sleep(0)
            assert up.inbox.notifications.qsize() - before < 3_000
