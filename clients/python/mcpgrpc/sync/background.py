"""The event loop behind every `SyncClient` of the process, in a thread of its own.

It does not know what it runs. There is one for the process, and it stays until the process ends:
gRPC binds its poller to every loop that was ever used with it, and an event for one that is closed
raises in whichever loop hears of it.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import threading
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

from mcpgrpc.errors import UsageError

Result = TypeVar("Result")

END_SECONDS: Final = 5.0
"""How long the end of the process waits for the thread."""


class Background:
    """An event loop that runs in a daemon thread."""

    def __init__(self) -> None:
        self._process = os.getpid()
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(_report)
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="mcpgrpc-sync", daemon=True
        )
        self._thread.start()

    def run(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        """Run a coroutine to its end and give its result, or raise what it raises.

        Any thread may call it, several at once. What interrupts the waiting, such as
        KeyboardInterrupt, cancels the coroutine.

        Raises:
            UsageError: the caller is the loop's own thread, which would wait for itself, or a
                process that was forked from the one with the thread.
        """
        try:
            self._check_caller()
        except UsageError:
            coroutine.close()
            raise
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            return future.result()
        finally:
            # Nothing happens to one that is done; otherwise the waiting was interrupted.
            future.cancel()

    def end(self) -> None:
        """Stop the loop and its thread; what runs is left where it is."""
        if self._process == os.getpid() and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(END_SECONDS)

    def _check_caller(self) -> None:
        if threading.current_thread() is self._thread:
            raise UsageError(
                "a callback of a SyncClient calls a SyncClient, which would wait for itself:"
                " hand the work to another thread"
            )
        if self._process != os.getpid():
            raise UsageError(
                "this SyncClient was opened before the process was forked: open it afterwards"
            )


class _Shared:
    """The one background of this process, begun when it is first needed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._background: Background | None = None

    def get(self) -> Background:
        with self._lock:
            if self._background is None:
                self._background = Background()
                atexit.register(self._background.end)
            return self._background

    def forget(self) -> None:
        """A forked process has the objects but not the thread, and perhaps a lock that is held."""
        self._lock = threading.Lock()
        self._background = None


_shared: Final = _Shared()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_shared.forget)


def background() -> Background:
    """The background of this process."""
    return _shared.get()


def _report(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Report what nobody handled, but not that gRPC wakes every loop for one byte to read."""
    is_of_poller = "PollerCompletionQueue" in context.get("message", "")
    if not (is_of_poller and isinstance(context.get("exception"), BlockingIOError)):
        loop.default_exception_handler(context)
