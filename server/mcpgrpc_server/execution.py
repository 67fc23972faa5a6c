"""One admitted request in execution: its task, its cancellation, its deadline.

It does not write answers; whoever starts it says what to do with the response.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Callable
from functools import cache
from typing import Final

import anyio

from mcpgrpc.binding import errors
from mcpgrpc.binding.errors import Refusal
from mcpgrpc.v1 import envelope_pb2, errors_pb2
from mcpgrpc_server.backend import ServerCall
from mcpgrpc_server.pipeline import Next
from mcpgrpc_server.timeouts import Timeouts

logger = logging.getLogger(__name__)

DRAIN_DEADLINE: Final = Refusal(
    errors_pb2.ERROR_REASON_DRAIN_DEADLINE,
    "the request was still running when the drain's grace ended",
)


class Execution:
    """A request that runs.

    A cancellation reaches the handler as one, and again at every await until it ends: a handler
    cannot swallow it. A synchronous tool's thread cannot be cancelled, so its request lasts until
    the thread ends.

    Args:
        call: the request.
        timeout_seconds: how long it may take; None for no limit of its own.
        on_early_answer: called, once, when the request is answered while its handler still runs
            (a timeout, a subscription that the server ends, the end of a drain).
    """

    __slots__ = (
        "_on_early_answer",
        "_scope",
        "_timeout_seconds",
        "began",
        "call",
        "deadline",
        "early_answer",
        "task",
    )

    def __init__(
        self,
        call: ServerCall,
        timeout_seconds: float | None,
        on_early_answer: Callable[[Execution, envelope_pb2.JsonRpcResponse], None],
    ) -> None:
        self.call = call
        self.early_answer: envelope_pb2.JsonRpcResponse | None = None
        """The answer it got while its handler still ran."""
        self._timeout_seconds = timeout_seconds
        self._on_early_answer = on_early_answer
        self.task: asyncio.Task[None] | None = None
        """Where it runs, set by whoever starts it: the event loop itself keeps no task alive."""
        self._scope = _scope_class()()
        self.began = time.monotonic()
        self.deadline = math.inf
        """Until when its handler may run, by `time.monotonic`; set while it runs."""

    async def run(self, proceed: Next, timeouts: Timeouts) -> envelope_pb2.JsonRpcResponse | None:
        """Execute it; None when it was cancelled or answered early.

        Args:
            proceed: the pipeline.
            timeouts: tell it when its time is over.
        """
        if self._timeout_seconds is not None:
            timeouts.begin(self, self.began + self._timeout_seconds)
        response = None
        try:
            with self._scope:
                response = await proceed(self.call)
        except asyncio.CancelledError:
            if _is_cancelled_from_outside():
                raise
            # A handler may await what somebody else cancelled; nobody has cancelled the request.
            logger.exception("%s awaited what was cancelled", self.call.request.method)
            response = errors.failure(errors.INTERNAL_ERROR, "Internal server error")
        except Exception:
            logger.exception("%s failed", self.call.request.method)
            response = errors.failure(errors.INTERNAL_ERROR, "Internal server error")
        finally:
            self.deadline = math.inf
        return None if self.early_answer is not None else response

    @property
    def elapsed_seconds(self) -> float:
        """Since it began."""
        return time.monotonic() - self.began

    def cancel(self) -> None:
        """Cancel the handler."""
        self._scope.cancel()

    def end_with(self, response: envelope_pb2.JsonRpcResponse) -> None:
        """Answer now, and cancel the handler."""
        if self.early_answer is not None or self.call.request.cancelled:
            return
        self.early_answer = response
        self._on_early_answer(self, response)
        self._scope.cancel()

    def time_out(self) -> None:
        """Its time is over: answer so, and cancel the handler."""
        refusal = Refusal(
            errors_pb2.ERROR_REASON_TIMEOUT,
            f"{self.call.request.method} did not finish within {self._timeout_seconds:g} s",
        )
        self.end_with(refusal.response())


@cache
def _scope_class() -> type[anyio.CancelScope]:
    """What anyio makes on this event loop. By anyio's own name every scope is set up twice."""
    return type(anyio.CancelScope())


def _is_cancelled_from_outside() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
