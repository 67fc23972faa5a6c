"""The signals that end a server: the first one drains, the second one ends the process.

It drains nothing itself: whoever serves waits for the first.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from typing import Final

SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


def _nothing() -> None:
    """Who runs alone takes nobody along."""


def first_signal(at_second: Callable[[], None] = _nothing) -> asyncio.Future[int]:
    """Resolved by the first signal; the second one ends the process, by itself.

    Args:
        at_second: called right before that.
    """
    loop = asyncio.get_running_loop()
    first: asyncio.Future[int] = loop.create_future()

    def received(number: int) -> None:
        if first.done():
            at_second()
            # Not an exception: whatever hangs the drain must not be able to catch it.
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        first.set_result(number)

    for number in SIGNALS:
        loop.add_signal_handler(number, received, number)
    return first
