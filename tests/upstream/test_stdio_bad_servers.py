"""Stdio upstreams that write rubbish: nobody hangs, and nobody gets what is not his."""

from __future__ import annotations

import logging

import pytest

from mcpgrpc.v1 import errors_pb2
from mcpgrpc_server.upstream.stdio.limits import StdioLimits
from tests.upstream.stdio_servers import (
    LIFELINE,
    READY,
    RESULT,
    python,
    saying,
)
from tests.upstream.stdio_upstream import (
    lifelines,
    lost,
    result_of,
    soon,
    upstream,
)


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


async def test_a_long_line_is_skipped_while_nobody_waits() -> None:
    source = LIFELINE + (
        "os.write(1, b'x' * 10 + b'\\n'); sys.stdout.write('x' * 3_000_000 + '\\n')\n"
        "sys.stdout.flush()\n" + READY + "sys.stdin.readline()\n"
        'print(\'{"jsonrpc":"2.0","id":1,"result":{}}\', flush=True); sys.stdin.read()'
    )
    limits = StdioLimits(max_message_bytes=100_000)
    async with lifelines() as lines, upstream(python(source, str(lines.port)), limits) as up:
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
