"""A coroutine whose first step is taken at once, and the others by the task that awaits it.

It is no task: what it waits for is nobody's until somebody awaits it, so whoever began it can
neither be held up by it nor cancel it.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from typing import Any


class BegunCoroutine:
    """Begins a coroutine; awaiting it once finishes it, and raises what it raises.

    The first step runs in the context of whoever makes this, so it must not ask which task it is.

    Args:
        coroutine: what to run.
    """

    def __init__(self, coroutine: Coroutine[Any, Any, None]) -> None:
        self._coroutine = coroutine
        self._error: BaseException | None = None
        self._waits_for: Any = None
        self._step(coroutine.send, None)

    def __await__(self) -> Generator[Any, Any, None]:
        """Take the other steps."""
        while self._error is None:
            try:
                value = yield self._waits_for
            except BaseException as error:  # noqa: BLE001 - what is thrown is the coroutine's
                self._step(self._coroutine.throw, error)
            else:
                self._step(self._coroutine.send, value)
        if not isinstance(self._error, StopIteration):
            raise self._error

    def close(self) -> None:
        """Give it up."""
        self._coroutine.close()

    def _step(self, resume: Callable[[Any], Any], value: Any) -> None:
        try:
            self._waits_for = resume(value)
        except BaseException as error:  # noqa: BLE001 - it is raised to whoever awaits
            self._error = error
