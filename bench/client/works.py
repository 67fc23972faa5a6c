"""The kinds of work: what a call asks, and the check of its answer, the same for every peer.

Arguments follow from the number of the call, so no two calls ask the same and no answer of another
call can pass.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol, TypeAlias

from bench.fillers import is_filler

FACTOR: Final = 7_919
MODULUS: Final = 1_000_003

Work: TypeAlias = Callable[[int], Awaitable[None]]
"""Does the call of a number and checks its answer."""


class WrongAnswerError(Exception):
    """A peer answered what was not asked; the block does not count."""


class ToolCaller(Protocol):
    """A client of a server with the tools of the benchmark."""

    @property
    def call_tool(self) -> Callable[[str, dict[str, Any]], Awaitable[Any]]:
        """The client's own method, without a layer of ours around it."""
        ...

    def value(self, result: Any) -> Any:
        """The value in a result."""
        ...

    def text(self, result: Any) -> str:
        """The text in a result."""
        ...

    async def tool_names(self) -> list[str]:
        """A list of tools, asked of the server."""
        ...

    async def progress(self, steps: int) -> list[float]:
        """Call the tool that reports progress; gives what was reported."""
        ...


def second_term(number: int) -> int:
    """What is added to a number: differs from call to call, and follows from it."""
    return number * FACTOR % MODULUS


def adding(caller: ToolCaller, tool: str = "add") -> Work:
    """Calls of a tool that adds."""
    call_tool, value = caller.call_tool, caller.value

    async def work(number: int) -> None:
        term = number * FACTOR % MODULUS
        answer = value(await call_tool(tool, {"a": number, "b": term}))
        if answer != number + term:
            raise WrongAnswerError(f"{tool}({number}, {term}) gave {answer!r}")

    return work


def fetching(caller: ToolCaller, size: int) -> Work:
    """Calls whose results are large texts."""
    call_tool, text = caller.call_tool, caller.text

    async def work(number: int) -> None:
        answer = text(await call_tool("text", {"size": size, "number": number}))
        if not is_filler(answer, size, number):
            raise WrongAnswerError(f"text {number} of {size} characters gave {len(answer)} others")

    return work


def listing(caller: ToolCaller, count: int) -> Work:
    """Lists of tools."""

    async def work(number: int) -> None:
        del number
        names = await caller.tool_names()
        if len(names) != count or len(set(names)) != count:
            raise WrongAnswerError(f"a list of {count} tools gave {len(names)}")

    return work


def progressing(caller: ToolCaller, steps: int) -> Work:
    """Calls with many notifications each, counted and in order."""

    async def work(number: int) -> None:
        # Fewer by the number, so that calls differ.
        wanted = steps - number % 3
        reported = await caller.progress(wanted)
        if reported != [float(step) for step in range(1, wanted + 1)]:
            raise WrongAnswerError(f"{wanted} notifications were asked for; {len(reported)} came")

    return work


def waiting(caller: ToolCaller, seconds: float) -> Work:
    """Calls of a handler that takes its time."""
    call_tool, value = caller.call_tool, caller.value

    async def work(number: int) -> None:
        wanted = seconds + number % 10 / 1000
        if value(await call_tool("wait", {"seconds": wanted})) != wanted:
            raise WrongAnswerError(f"a wait of {wanted} s gave something else")

    return work


def work_of(caller: ToolCaller, name: str, options: dict[str, Any]) -> Work:
    """The work of a name.

    Raises:
        KeyError: there is none of that name.
    """
    return WORKS[name](caller, **options)


WORKS: Final[dict[str, Callable[..., Work]]] = {
    "add": adding,
    "text": fetching,
    "list": listing,
    "progress": progressing,
    "wait": waiting,
}
