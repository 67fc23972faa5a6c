"""Names turned into addresses, now and again whenever they may have changed.

It opens no connection and judges no address.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import random
import socket
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final, Protocol

from mcpgrpc.targets import ServiceName, host_port

logger = logging.getLogger(__name__)

RESOLVE_SECONDS: Final = 5.0
"""How long one resolution may take; the addresses that are known hold meanwhile."""

MAX_RESOLVING_THREADS: Final = 4
"""Names of a process resolved at once: a name server that hangs holds up no other thread."""

FRESH_SECONDS: Final = 0.5
"""How long an answer is given to others of the same process that ask for the name."""

MAX_RECENT_NAMES: Final = 256

MIN_PAUSE_SECONDS: Final = 0.5
"""Between two resolutions, however many streams are lost at once."""

JITTER: Final = 0.2


class Resolver(Protocol):
    """Gives the addresses of a service's name."""

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        """The addresses now, as `IP:PORT` each, IPv6 in brackets.

        Raises:
            OSError: the name cannot be resolved now.
        """
        ...


class SystemResolver:
    """Asks the system (`getaddrinfo`), in threads of its own.

    Clients of one process that ask for the same name at about the same time share one answer, and
    whoever asks while an answer is awaited waits for that one: so a name server that hangs is asked
    once for each name.
    """

    def __init__(self) -> None:
        self._threads: ThreadPoolExecutor | None = None
        self._recent: OrderedDict[tuple[str, int], _Lookup] = OrderedDict()

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        """The addresses now; raises OSError."""
        lookup = self._recent.get((host, port))
        if lookup is None or lookup.is_old:
            lookup = self._look_up(host, port)
        return await asyncio.shield(asyncio.wrap_future(lookup.answer))

    def forget(self) -> None:
        """A forked process has none of the threads."""
        self._threads = None
        self._recent.clear()

    def _look_up(self, host: str, port: int) -> _Lookup:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(
                MAX_RESOLVING_THREADS, thread_name_prefix="mcpgrpc-resolver"
            )
        lookup = _Lookup(self._threads.submit(_addresses, host, port))
        self._recent[host, port] = lookup
        self._recent.move_to_end((host, port))
        if len(self._recent) > MAX_RECENT_NAMES:
            self._recent.popitem(last=False)
        return lookup


@dataclass(slots=True)
class _Lookup:
    answer: Future[list[str]]
    began: float = field(default_factory=time.monotonic)

    @property
    def is_old(self) -> bool:
        return self.answer.done() and time.monotonic() - self.began > FRESH_SECONDS


def _addresses(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(host_port(str(address[0]), port) for *_, address in found))


SYSTEM_RESOLVER: Final = SystemResolver()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=SYSTEM_RESOLVER.forget)


class Following:
    """Follows the addresses of a name until it is closed.

    What was resolved last holds while the name cannot be resolved, or has no address: a name
    server's failure is none of the servers'.

    Args:
        name: the service.
        resolver: who resolves it.
        interval_seconds: how often.
        changed: called with the addresses, whenever they are others than before.
    """

    def __init__(
        self,
        name: ServiceName,
        resolver: Resolver,
        interval_seconds: float,
        changed: Callable[[Sequence[str]], None],
    ) -> None:
        self._name = name
        self._resolver = resolver
        self._interval_seconds = interval_seconds
        self._changed = changed
        self._known: frozenset[str] = frozenset()
        self._hurry = asyncio.Event()
        self._running: asyncio.Task[None] | None = None
        self.failure = ""
        """Why the name could not be resolved when it was last tried; empty when it could."""

    def start(self) -> None:
        """Resolve now, and go on in the background; again does nothing."""
        if self._running is None:
            self._running = asyncio.create_task(self._run(), name="resolving")

    def hurry(self) -> None:
        """Something happened that a change of addresses may be behind: resolve at once."""
        self._hurry.set()

    def stop(self) -> None:
        """Follow no further."""
        if self._running is not None:
            self._running.cancel()

    async def _run(self) -> None:
        while True:
            self._hurry.clear()
            self.failure = await self._resolve()
            if self.failure:
                name, known = self._name.authority, len(self._known)
                logger.info("%d addresses of %s hold: %s", known, name, self.failure)
            await asyncio.sleep(MIN_PAUSE_SECONDS)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._pause_seconds()):
                    await self._hurry.wait()

    def _pause_seconds(self) -> float:
        pause = self._interval_seconds * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311  # jitter
        return max(0.0, pause - MIN_PAUSE_SECONDS) if self._known else 0.0

    async def _resolve(self) -> str:
        """Resolve once; gives why there is no answer, or nothing."""
        try:
            async with asyncio.timeout(RESOLVE_SECONDS):
                found = await self._resolver.resolve(self._name.host, self._name.port)
        except TimeoutError:
            return f"no answer within {RESOLVE_SECONDS:g} s"
        except OSError as error:
            return error.strerror or str(error)
        if not found:
            return "the name has no address"
        if (addresses := frozenset(found)) != self._known:
            self._known = addresses
            self._changed(found)
        return ""
