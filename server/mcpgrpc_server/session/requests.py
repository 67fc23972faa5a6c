"""The requests of one Session in execution: started in order, finished in any, each answered once.

It does not read the stream and does not decide what is admitted.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

from mcpgrpc.binding.core import Notify, StartRequest, StreamCore
from mcpgrpc.binding.encoded import EncodedItem
from mcpgrpc.binding.era import Era
from mcpgrpc.binding.errors import reason_name
from mcpgrpc.binding.in_flight import InFlightRequest
from mcpgrpc.binding.limits import to_seconds
from mcpgrpc.binding.tool_errors import says_error
from mcpgrpc.stream.requests import Waiting
from mcpgrpc.stream.writer import FrameWriter, StreamClosedError
from mcpgrpc.v1 import envelope_pb2, errors_pb2
from mcpgrpc_server.backend import BackendConnection, ClientNotification, ServerCall
from mcpgrpc_server.execution import DRAIN_DEADLINE, Execution
from mcpgrpc_server.pipeline import Next
from mcpgrpc_server.session.client import SessionClient
from mcpgrpc_server.telemetry import Outcome, RequestInfo, StreamCounter, StreamInfo, Telemetry
from mcpgrpc_server.timeouts import Timeouts

logger = logging.getLogger(__name__)


class RunningRequests:
    """What runs for one Session.

    Args:
        core: the rules of the stream.
        client: where answers go.
        connection: the client's connection to the backend.
        proceed: the pipeline to it.
        writer: the stream's writer; a request starts when its outbox has room.
        telemetry: who hears about requests.
        counter: who counts them.
        info: the stream's name there.
        on_idle: called whenever the last request has ended.
    """

    def __init__(
        self,
        core: StreamCore[Waiting],
        client: SessionClient,
        connection: BackendConnection,
        proceed: Next,
        writer: FrameWriter[EncodedItem],
        telemetry: Telemetry,
        counter: StreamCounter | None,
        info: StreamInfo,
        on_idle: Callable[[], None],
    ) -> None:
        self._core = core
        self._client = client
        self._connection = connection
        self._proceed = proceed
        self._writer = writer
        self._telemetry = telemetry
        self._counter = counter
        self._info = info
        self._on_idle = on_idle
        self._running: dict[InFlightRequest, Execution] = {}
        self._timeouts = Timeouts(self._running.values())
        self._loop = asyncio.get_running_loop()
        self._notifying: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._running)

    def start(self, start: StartRequest) -> asyncio.Task[None]:
        """Run a request in a task of its own."""
        envelope = start.envelope
        call = ServerCall.of(start, self._core.era.era)
        timeout = to_seconds(envelope.timeout) if envelope.HasField("timeout") else None
        execution = Execution(call, timeout, self._answer_early)
        self._running[start.request] = execution
        execution.task = task = self._loop.create_task(self._run(execution))
        return task

    def notify(self, effect: Notify, max_pending: int) -> bool:
        """Cancel what a notification cancels and hand it on; False when it had to be dropped."""
        if effect.cancels is not None:
            self._running[effect.cancels].cancel()
        if len(self._notifying) >= max_pending:
            return False
        notification = effect.envelope.notification
        handed_on = ClientNotification(
            notification.method,
            effect.params,
            notification.params_json if notification.HasField("params_json") else None,
            self._core.era.era,
            effect.envelope.door if effect.envelope.HasField("door") else None,
        )
        task = self._loop.create_task(self._hand_on(handed_on))
        self._notifying.add(task)
        task.add_done_callback(self._notifying.discard)
        return True

    def complete_listens(self) -> None:
        """End every subscription with its completion result."""
        for request in self._core.in_flight.listens():
            execution = self._running[request]
            execution.end_with(self._connection.listen_completion(execution.call))

    def end_all(self) -> int:
        """Answer everything that runs as ended by the drain; gives how much that was."""
        ended = list(self._running.values())
        for execution in ended:
            execution.end_with(DRAIN_DEADLINE.response())
        return len(ended)

    def cancel_all(self) -> None:
        """The client is gone: cancel everything."""
        for execution in self._running.values():
            execution.call.request.cancelled = True
            execution.cancel()

    async def wait_ended(self) -> None:
        """Wait until every handler has ended."""
        while tasks := {task for task in self._tasks() if not task.done()}:
            await asyncio.wait(tasks)
        # Its timer would keep the stream in memory for as long as its clients may wait.
        self._timeouts.stop()

    def _tasks(self) -> Iterator[asyncio.Task[None]]:
        yield from self._notifying
        for execution in self._running.values():
            if execution.task is not None:
                yield execution.task

    async def _run(self, execution: Execution) -> None:
        info = None
        if self._telemetry.hears_requests():
            info = self._request_info(execution.call)
            self._telemetry.request_started(info)
        if self._counter is not None:
            self._counter.request_began()
        response = None
        try:
            if not self._writer.has_room:
                await self._writer.room()
            response = await execution.run(self._proceed, self._timeouts)
            if not self._writer.has_room:
                await self._writer.room()
        except StreamClosedError:
            execution.call.request.cancelled = True
        finally:
            self._finish(execution, response, info)

    def _finish(
        self,
        execution: Execution,
        response: envelope_pb2.JsonRpcResponse | None,
        info: RequestInfo | None,
    ) -> None:
        request = execution.call.request
        del self._running[request]
        if execution.early_answer is not None:
            response = execution.early_answer
        elif self._core.answered(request, response) and response is not None:
            self._client.respond(response, request.id, alone=not self._running)
        else:
            self._client.settle(request.id)
        ended_well = response is not None and not response.HasField("error")
        if info is not None or not ended_well or request.cancelled:
            told = info if info is not None else self._request_info(execution.call)
            self._tell_end(told, execution, response)
        if not self._running:
            self._on_idle()
        if self._counter is not None:
            self._count(self._counter, execution, response)

    def _tell_end(
        self,
        told: RequestInfo,
        execution: Execution,
        response: envelope_pb2.JsonRpcResponse | None,
    ) -> None:
        # What ended a request early was told when it did.
        if execution.early_answer is None and response is not None and response.reason:
            self._telemetry.refused(told, reason_name(response.reason))
        outcome = outcome_of(response, execution.call.request)
        self._telemetry.request_finished(told, outcome, execution.elapsed_seconds)

    @staticmethod
    def _count(
        counter: StreamCounter,
        execution: Execution,
        response: envelope_pb2.JsonRpcResponse | None,
    ) -> None:
        call = execution.call
        request, name = call.request, target_name(call.params)
        era = MODERN if request.modern else call.era.value
        outcome = outcome_of(response, request)
        seconds = time.monotonic() - execution.began
        counter.request_ended(request.method, name, era, outcome, seconds, call.trace_id)

    def _answer_early(self, execution: Execution, response: envelope_pb2.JsonRpcResponse) -> None:
        request = execution.call.request
        if response.reason != errors_pb2.ERROR_REASON_UNSPECIFIED:
            reason = reason_name(response.reason)
            self._telemetry.refused(self._request_info(execution.call), reason)
        if self._core.answered(request, response):
            self._client.respond(response, request.id)

    async def _hand_on(self, notification: ClientNotification) -> None:
        try:
            await self._connection.handle_notification(notification)
        except Exception:
            logger.exception("the handler of %s raised", notification.method)

    def _request_info(self, call: ServerCall) -> RequestInfo:
        era = MODERN if call.request.modern else call.era.value
        return RequestInfo(
            self._info, call.request.id, call.request.method, target_name(call.params), era
        )


CALL_METHOD: Final = "tools/call"

MODERN: Final = Era.MODERN.value

_OUTCOMES: Final = {
    errors_pb2.ERROR_REASON_TIMEOUT: Outcome.TIMEOUT,
    errors_pb2.ERROR_REASON_DRAIN_DEADLINE: Outcome.FAILED,
}


# A member of an enumeration takes a lookup in two dictionaries each time.
_OK: Final = Outcome.OK


def outcome_of(response: envelope_pb2.JsonRpcResponse | None, request: InFlightRequest) -> Outcome:
    """How a request ended, for telemetry."""
    if response is None or request.cancelled:
        return Outcome.CANCELLED
    if not response.HasField("error"):
        if request.method != CALL_METHOD:
            return _OK
        return Outcome.TOOL_ERROR if says_error(response.result_json) else _OK
    if response.reason == errors_pb2.ERROR_REASON_UNSPECIFIED:
        return Outcome.ERROR
    return _OUTCOMES.get(response.reason, Outcome.REFUSED)


def target_name(params: dict[str, Any] | None) -> str | None:
    """The tool's or prompt's name or the resource's URI that a request is about."""
    target = params and (params.get("name") or params.get("uri"))
    return target if isinstance(target, str) else None
