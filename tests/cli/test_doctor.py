"""`mcpgrpc doctor` on a terminal and for programs."""

from __future__ import annotations

import json

from tests.cli.conftest import Run


async def test_what_is_fine_is_a_line_each_and_exit_code_0(run: Run, address: str) -> None:
    done = await run("doctor", address)
    assert (done.code, done.err) == (0, "")
    lines = [line.split() for line in done.out.splitlines()]
    assert [words[0] for words in lines] == ["ok"] * 10


async def test_what_failed_comes_with_advice_and_exit_code_1(run: Run) -> None:
    done = await run("doctor", "127.0.0.1:1")
    assert (done.code, done.err) == (1, "")
    failed, advice = done.out.splitlines()[1:3]
    assert failed.startswith("failed   connect")
    assert "mcpgrpc serve" in advice


async def test_a_program_gets_one_json_document(run: Run, address: str) -> None:
    done = await run("doctor", address, "--output", "json")
    told = json.loads(done.out)
    assert (done.code, told["ok"]) == (0, True)
    assert {each["level"] for each in told["findings"]} == {"ok"}
    assert set(told["findings"][0]) == {"check", "level", "found", "advice", "facts"}


async def test_a_program_is_told_what_failed(run: Run) -> None:
    done = await run("doctor", "127.0.0.1:1", "--output", "json")
    assert (done.code, json.loads(done.out)["ok"]) == (1, False)
