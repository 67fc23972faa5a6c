"""The words of a rate limit: so many requests in so much time, of everything or of one tool.

It counts nothing; `counters` does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from limits import RateLimitItem

MAX_REQUESTS: Final = 1_000_000
"""In one window: each request in it is remembered until the window has moved past it."""

MAX_WINDOW_SECONDS: Final = 86_400

EVERY_TOOL: Final = "*"


@dataclass(frozen=True, slots=True)
class Budget:
    """So many requests of one caller in a moving window.

    Attributes:
        item: how many in how long, as the `limits` library has it.
        text: the same for people.
        tool: which tool's calls are counted, "*" for each tool by itself; None for all requests.
    """

    item: RateLimitItem
    text: str
    tool: str | None = None


def checked_rate(text: str) -> str:
    """The text itself, such as "100/minute", or "" for no limit. Raises ValueError else."""
    if text:
        _budget(text, None)
    return text


def checked_tool_rate(text: str) -> str:
    """The text itself, such as "search=10/minute". Raises ValueError else."""
    _tool_budget(text)
    return text


def budgets_of(rate: str, tool_rates: list[str]) -> tuple[Budget, ...]:
    """The budgets of checked texts, those of tools first: what they refuse costs nothing else."""
    by_tool = tuple(_tool_budget(text) for text in tool_rates)
    return (*by_tool, _budget(rate, None)) if rate else by_tool


def _tool_budget(text: str) -> Budget:
    tool, equals, rate = text.rpartition("=")
    if not equals or not tool:
        raise ValueError("a tool's limit is TOOL=NUMBER/second, minute, hour or day")
    return _budget(rate, tool)


def _budget(text: str, tool: str | None) -> Budget:
    # Every start reads the settings; only one with a limit need load the library, with all its
    # kinds of storage.
    from limits import parse

    try:
        item = parse(text)
    except ValueError:
        raise ValueError("a limit is NUMBER/second, minute, hour or day") from None
    if not 0 < item.amount <= MAX_REQUESTS or item.get_expiry() > MAX_WINDOW_SECONDS:
        raise ValueError(f"a limit has 1 to {MAX_REQUESTS} requests in at most a day")
    return Budget(item, text.strip(), tool)
