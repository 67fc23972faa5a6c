"""The event loop that serves: asyncio's own, or uvloop.

It runs nothing on the loop; `serving` does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeAlias

from mcpgrpc_server.settings import SettingsError

LoopFactory: TypeAlias = Callable[[], asyncio.AbstractEventLoop]


def loop_factory(name: str) -> LoopFactory:
    """What makes the loop of a setting `event_loop`.

    Raises:
        SettingsError: uvloop is asked for by name and not installed.
    """
    if name == "asyncio":
        return asyncio.new_event_loop
    try:
        from uvloop import new_event_loop
    except ModuleNotFoundError:
        if name == "uvloop":
            raise SettingsError(
                "event_loop is uvloop, which is not installed: pip install 'mcpgrpc[uvloop]'"
            ) from None
        return asyncio.new_event_loop
    factory: LoopFactory = new_event_loop
    return factory


def check_running(name: str) -> None:
    """Refuse a setting `event_loop` that the program around a server does not keep.

    Raises:
        SettingsError: uvloop is asked for by name, and another loop runs.
    """
    running = type(asyncio.get_running_loop())
    if name == "uvloop" and not running.__module__.startswith("uvloop"):
        raise SettingsError(
            f"event_loop is uvloop, but the program's own loop is {running.__module__}."
            f"{running.__qualname__}: run it with uvloop.run(…), or let mcpgrpc_server.serve run it"
        )
