"""Stdio upstreams that misbehave: nobody hangs, nobody gets what is not his, nothing grows."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator

import pytest

from mcpgrpc.errors import ConnectionLost
from mcpgrpc.v1 import envelope_pb2, errors_pb2
from mcpgrpc_server.upstream.stdio_limits import StdioLimits
from tests.upstream.stdio_upstream import (
    LIFELINE,
    RESULT,
    Lifelines,
    lifelines,
    notification,
    python,
    result_of,
    saying,
    soon,
    upstream,
)

READY = "say(os.getpid())\n"


@pytest.fixture
async def lines() -> AsyncIterator[Lifelines]:
    async with lifelines() as lines:
        yield lines


async def lost(task: asyncio.Task[envelope_pb2.Envelope]) -> ConnectionLost:
    """Why an exchange was lost."""
    with pytest.raises(ConnectionLost) as error:
        await soon(task)
    return error.value


@pytest.mark.parametrize(
    "rubbish",
    [
        "listening on port 8080",
        "",
        " \t\r",
        "null",
        "7",
        '"text"',
        "[]",
        f"[{RESULT}]",
        "{}",
        '{"level":30,"id":ID,"error":"a log line","msg":"x"}',
        '{"jsonrpc":"2.0"}',
        '{"jsonrpc":"2.0","method":7}',
        '{"jsonrpc":"2.0","method":"notifications/message","params":[]}',
        '{"jsonrpc":"2.0","method":"notifications/message","params":{}',
        '{"jsonrpc":"2.0","method":"notifications/cancelled"}',
        '{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"what?"}}',
        '{"jsonrpc":"2.0","error":{"code":-32700,"message":"what?"}}',
        '{"result":{"a":{"id":ID}',
        '{"jsonrpc":"2.0","method":"x","params":{"a":NaN}}',
        "caf\udce9",
        "\udcff\udcfe",
        "\ufeff{}",
        "NUL" * 100,
        "{" * 10_000,
        "[" * 100_000,
        '{"a":' * 2_000 + "1" + "}" * 2_000,
        "9" * 10_000,
    ],
    ids=lambda text: ascii(text[:40]),
)
async def test_rubbish_on_standard_output_is_skipped_and_the_next_message_works(
    rubbish: str,
) -> None:
    async with upstream(saying(rubbish, RESULT)) as up:
        for number in range(2):
            assert result_of(await up.ask(number)) == {"ok": True}
        assert up.inbox.notifications.empty()
        assert up.inbox.requests.empty()
        assert up.inbox.ends == []


@pytest.mark.parametrize(
    "answer",
    [
        '{"jsonrpc":"2.0","id":ID,"result":"text"}',
        '{"jsonrpc":"2.0","id":ID,"result":null}',
        '{"jsonrpc":"2.0","id":ID,"result":{},"error":{"code":1,"message":"both"}}',
        '{"jsonrpc":"2.0","id":ID,"error":"text"}',
        '{"jsonrpc":"2.0","id":ID,"error":{"code":"1","message":"x"}}',
        '{"jsonrpc":"1.0","id":ID,"result":{}}',
        '{"jsonrpc":"2.0","id":ID,"result":{},"result":{}}',
        '{"result":[1],"jsonrpc":"2.0","id":ID}',
        '{"jsonrpc":"2.0","id":ID,"result":{"text":"caf\udce9"}}',
        '{"jsonrpc":"2.0","id":ID,"result":{"text":"cut o',
        '{"id":ID,"jsonrpc":"2.0","error":{"code":1,',
    ],
)
async def test_who_waits_for_an_answer_that_is_none_is_told_at_once(answer: str) -> None:
    async with upstream(saying(answer)) as up:
        response = (await up.ask(7)).response
        assert response.id.integer == 7
        assert response.error.code == -32603
        assert response.error.message == "an answer of the upstream 'files' is not JSON-RPC"
        assert up.inbox.ends == []


async def test_a_question_that_is_none_is_answered_with_an_error() -> None:
    asking = python(
        "import sys\n"
        "for line in sys.stdin:\n"
        "    if 'tools/call' in line:\n"
        '        print(\'{"jsonrpc":"2.0","id":"q","method":"ping","params":[]}\', flush=True)\n'
        "    else:\n"
        '        print(\'{"jsonrpc":"2.0","id":1,"result":\' + line.strip() + "}", flush=True)\n'
    )
    async with upstream(asking) as up:
        said = result_of(await up.ask(1))
    assert (said["id"], said["error"]["code"]) == ("q", -32603)


async def test_what_is_skipped_is_logged_but_nobodys_data(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO, logger="mcpgrpc.upstream"):
        async with upstream(
            saying("debug: \x1b[1mhere", '{"jsonrpc":"2.0","private":"data"}', "[1]", RESULT)
        ) as up:
            await up.ask(1)
    messages = [record.getMessage() for record in caplog.records]
    assert len(messages) == 3
    assert all(each.startswith("files: ") for each in messages)
    assert "debug: \\x1b[1mhere" in messages[0]
    assert "private" not in messages[1]
    assert {record.levelname for record in caplog.records} == {"WARNING"}


async def test_a_flood_of_rubbish_is_summed_up_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    flood = python(
        "import sys\n"
        "for line in sys.stdin:\n"
        "    sys.stdout.write('rubbish\\n' * 5_000)\n"
        '    print(\'{"jsonrpc":"2.0","id":1,"result":{}}\', flush=True)\n'
    )
    with caplog.at_level(logging.INFO, logger="mcpgrpc.upstream"):
        async with upstream(flood) as up:
            await up.ask(1)
    messages = [record.getMessage() for record in caplog.records]
    hidden = sum(int(each.split()[2]) for each in messages if each.endswith("not shown"))
    shown = sum(1 for each in messages if not each.endswith("not shown"))
    assert shown + hidden == 5_000
    assert shown < 2_500


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


@pytest.mark.parametrize(
    "answer",
    [
        '{"jsonrpc":"2.0","id":ID,"result":{"x":"LONG"}}',
        '{"id":ID,"jsonrpc":"2.0","result":{"x":"LONG"}}',
        '{"result":{"x":"LONG"},"jsonrpc":"2.0","id":ID}',
        '{"result":{"x":"LONG"},"id":ID,"jsonrpc":"2.0"}\r',
        '{"jsonrpc":"2.0","id":ID,"error":{"code":1,"message":"LONG"}}',
    ],
)
async def test_an_answer_that_is_too_long_fails_its_request_alone(answer: str) -> None:
    async with upstream(saying(answer), StdioLimits(max_message_bytes=100_000)) as up:
        other = up.start(8, "wait")
        response = (await up.ask(7)).response
        assert response.id.integer == 7
        assert response.reason == errors_pb2.ERROR_REASON_MESSAGE_TOO_LARGE
        assert "sent an answer of 200" in response.error.message
        assert not other.done()
        assert up.inbox.ends == []


async def test_a_notification_that_is_too_long_is_skipped() -> None:
    long = '{"jsonrpc":"2.0","method":"notifications/message","params":{"data":"LONG"}}'
    async with upstream(saying(long, RESULT), StdioLimits(max_message_bytes=100_000)) as up:
        assert result_of(await up.ask(1)) == {"ok": True}
        assert up.inbox.notifications.empty()


async def test_a_question_that_is_too_long_is_answered_with_an_error() -> None:
    long = '{"method":"ping","params":{"x":"LONG"},"jsonrpc":"2.0","id":"q"}'
    asking = python(
        "import sys\n"
        "sys.stdin.readline()\n"
        "print(sys.argv[1], flush=True)\n"
        'print(\'{"jsonrpc":"2.0","id":1,"result":\' + input() + "}", flush=True)\n',
        long.replace("LONG", "x" * 100_000),
    )
    async with upstream(asking, StdioLimits(max_message_bytes=50_000)) as up:
        said = result_of(await up.ask(1))
    assert (said["id"], said["error"]["code"]) == ("q", 8)


async def test_a_long_message_that_may_be_anybodys_answer_ends_the_connection() -> None:
    limits = StdioLimits(max_message_bytes=100_000)
    async with upstream(saying('{"x":"LONG"}', RESULT), limits) as up:
        error = await lost(up.start(1))
        assert "'files' sent a line of 200008 bytes, which is too long" in str(error)
        assert error.execution == "MAYBE"
        await soon(up.inbox.is_over.wait())
    assert len(up.inbox.ends) == 1


async def test_a_long_line_is_skipped_while_nobody_waits(lines: Lifelines) -> None:
    source = LIFELINE + (
        "os.write(1, b'x' * 10 + b'\\n'); sys.stdout.write('x' * 3_000_000 + '\\n')\n"
        "sys.stdout.flush()\n" + READY + "sys.stdin.readline()\n"
        'print(\'{"jsonrpc":"2.0","id":1,"result":{}}\', flush=True); sys.stdin.read()'
    )
    limits = StdioLimits(max_message_bytes=100_000)
    async with upstream(python(source, str(lines.port)), limits) as up:
        await lines.line()
        assert result_of(await up.ask(1)) == {}


async def test_a_bug_above_loses_the_connection_and_hangs_nobody(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> None:
        raise RuntimeError("a bug")

    log = '{"jsonrpc":"2.0","method":"notifications/message","params":{}}'
    async with upstream(saying(log, RESULT, grace_seconds=0.05)) as up:
        monkeypatch.setattr(up.inbox, "notification", failing)
        error = await lost(up.start(1))
        assert error.execution == "MAYBE"
        await soon(up.inbox.is_over.wait())
    assert "a bug" in caplog.text
