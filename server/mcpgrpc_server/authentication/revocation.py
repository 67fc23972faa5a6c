"""Ends the acceptance of streams whose credential was taken back while they are open.

It proves nothing and ends no request: a stream that loses its credential takes no more of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, TypeAlias

from mcpgrpc_server.host import StreamHost
from mcpgrpc_server.identity import Identity

Holds: TypeAlias = Callable[[Identity], bool]
"""Whether what proved an identity is still in force."""


LOOK_SECONDS: Final = 1.0
"""How often every open stream is looked at. A look is a few lookups in memory for each."""


async def watch_revocations(host: StreamHost, holds: Holds) -> None:
    """Look at every open stream, again and again, until cancelled."""
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        for stream in host.open_streams():
            if not holds(stream.caller.identity):
                stream.lose_credential()
