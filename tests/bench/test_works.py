"""The works of the benchmark against real servers: one that answers rightly, one that does not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

import pytest
from mcp.server import MCPServer

import mcpgrpc.testing
from bench.client.blocks import Block, fresh_numbers
from bench.client.callers import lean, sdk_grpc
from bench.client.works import FACTOR, MODULUS, ToolCaller, WrongAnswerError, second_term, work_of
from bench.fillers import MIN_SIZE, filler, is_filler
from bench.servers import tools

CLIENTS: Final = {"lean": lean, "sdk": sdk_grpc}
WORKS: Final[dict[str, dict[str, Any]]] = {
    "add": {},
    "text": {"size": 2_000},
    "progress": {"steps": 10},
    "wait": {"seconds": 0},
}


def wrong_app() -> MCPServer[Any]:
    """The same tools; each answers what another call should get."""
    app = MCPServer("wrong", log_level="WARNING")

    @app.tool()
    async def add(a: int, b: int) -> int:
        return a + 1 + second_term(a + 1)

    @app.tool(structured_output=False)
    async def text(size: int, number: int) -> str:
        return filler(size, number + 1)

    @app.tool()
    async def progress(steps: int) -> int:
        return steps

    @app.tool()
    async def wait(seconds: float) -> float:
        return seconds + 1

    return app


@pytest.fixture(params=list(CLIENTS))
def client(request: pytest.FixtureRequest) -> Any:
    return CLIENTS[request.param]


@pytest.fixture
async def right(client: Any) -> AsyncIterator[ToolCaller]:
    async with mcpgrpc.testing.serving(tools.app) as address, client(address, {}) as caller:
        yield caller


@pytest.fixture
async def wrong(client: Any) -> AsyncIterator[ToolCaller]:
    async with mcpgrpc.testing.serving(wrong_app()) as address, client(address, {}) as caller:
        yield caller


@pytest.mark.parametrize("name", list(WORKS))
async def test_the_right_answer_passes(right: ToolCaller, name: str) -> None:
    work = work_of(right, name, WORKS[name])
    for number in (1, 2, 3):
        await work(number)


@pytest.mark.parametrize("name", list(WORKS))
async def test_the_answer_of_another_call_does_not_pass(wrong: ToolCaller, name: str) -> None:
    with pytest.raises(WrongAnswerError):
        await work_of(wrong, name, WORKS[name])(1)


async def test_a_list_passes_with_the_right_number_of_tools_alone(client: Any) -> None:
    async with mcpgrpc.testing.serving(tools.fifty) as address, client(address, {}) as caller:
        await work_of(caller, "list", {"count": tools.TOOLS_OF_LIST})(1)
        with pytest.raises(WrongAnswerError):
            await work_of(caller, "list", {"count": 49})(1)


def test_a_work_that_does_not_exist_is_refused() -> None:
    nobody: Any = None
    with pytest.raises(KeyError):
        work_of(nobody, "nothing", {})


async def test_a_block_counts_the_calls_that_it_checked() -> None:
    seen: list[int] = []

    async def work(number: int) -> None:
        seen.append(number)
        await asyncio.sleep(0)

    figures = await Block(work, fresh_numbers()).run(4, 0.01, 1)
    assert sorted(seen) == list(range(1, len(seen) + 1))
    assert figures["calls"] == len(seen)
    assert figures["rate"] == pytest.approx(len(seen) / figures["seconds"])
    assert figures["p50_ms"] <= figures["p99_ms"] <= figures["max_ms"]


async def test_a_block_with_one_wrong_answer_gives_no_figures() -> None:
    async def work(number: int) -> None:
        await asyncio.sleep(0)
        if number == 3:
            raise WrongAnswerError("three")

    with pytest.raises(ExceptionGroup) as failed:
        await Block(work, fresh_numbers()).run(4, 60, 1)
    assert failed.group_contains(WrongAnswerError)


def test_arguments_differ_from_call_to_call() -> None:
    terms = [second_term(number) for number in range(1, 10_001)]
    assert len(set(terms)) == len(terms)
    assert second_term(MODULUS + 1) == FACTOR


@pytest.mark.parametrize("size", [MIN_SIZE, 27, 500, 4_096, 1_000_000])
def test_a_filler_is_known_by_its_size_and_number(size: int) -> None:
    text = filler(size, 12)
    assert is_filler(text, size, 12)
    assert not is_filler(text, size, 13)
    assert not is_filler(text, size + 1, 12)


def test_a_filler_that_is_damaged_in_its_middle_is_noticed() -> None:
    text = filler(5_000, 1)
    assert not is_filler(text[:2_400] + "#" * 200 + text[2_600:], 5_000, 1)


def test_a_filler_has_room_for_its_number() -> None:
    with pytest.raises(ValueError, match="at least"):
        filler(MIN_SIZE - 1, 1)
