"""One Call at the server: a single stateless request, its notifications and its response.

It keeps no window, no era and no session: the RPC is the request.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final

import anyio
import grpc

from mcpgrpc.binding import errors, json_text
from mcpgrpc.binding.core import Answer, StartRequest, StreamCore
from mcpgrpc.binding.era import Era, EraGate
from mcpgrpc.binding.errors import Refusal, reason_name, retry_after_seconds
from mcpgrpc.binding.ids import Id
from mcpgrpc.binding.limits import KIB
from mcpgrpc.stream.requests import Waiting
from mcpgrpc.stream.writer import StreamClosedError
from mcpgrpc.v1 import envelope_pb2, errors_pb2, mcp_service_pb2
from mcpgrpc_server import mirrors, pipeline
from mcpgrpc_server.backend import ServerCall
from mcpgrpc_server.caller import Caller
from mcpgrpc_server.execution import DRAIN_DEADLINE, Execution
from mcpgrpc_server.host import StreamHost
from mcpgrpc_server.one_way_client import OneWayClient
from mcpgrpc_server.session.expiry import TokenExpiry
from mcpgrpc_server.session.requests import outcome_of, target_name
from mcpgrpc_server.session.watch import stalled
from mcpgrpc_server.status import (
    ERROR_CODE_KEY,
    STATUS_TIMEOUT_SECONDS,
    abort_unread,
)
from mcpgrpc_server.telemetry import RequestInfo
from mcpgrpc_server.timeouts import Timeouts

logger = logging.getLogger(__name__)


FIRST_WINDOW_BYTES: Final = 32 * KIB
"""What a client takes unread on every new HTTP/2 stream, with room to spare."""


class StreamStalledError(Exception):
    """The client did not read for too long."""


class CallExchange(OneWayClient):
    """Serves one Call.

    Args:
        host: what the server's RPCs share.
        caller: who opened it.
        context: gRPC's side of the RPC.
        rpc: its name, for telemetry.
    """

    def __init__(
        self,
        host: StreamHost,
        caller: Caller,
        context: grpc.aio.ServicerContext[Any, Any],
        rpc: str,
    ) -> None:
        super().__init__(caller)
        self._host = host
        self._context = context
        self._write_lock = asyncio.Lock()
        self._opened = False
        self._over = False
        self._execution: Execution | None = None
        self._info = host.stream_info(rpc, caller)
        self._expiry = TokenExpiry(host.bounds, self.begin_drain, self.end_drain)

    async def serve(self, message: mcp_service_pb2.CallRequest) -> None:
        """Answer the call; raises as `context.abort` does when the service itself refuses it."""
        # Until the last write: a drain waits for the answer, not only for the handler.
        self._host.enter(self)
        self._expiry.follow(self.caller.identity)
        try:
            await self._serve(message)
        except StreamStalledError:
            await self._refuse(stalled(self._host.bounds.stall_timeout_seconds).response())
        except StreamClosedError:
            logger.debug("dropped the answer of a call that is over")
        finally:
            self._expiry.stop()
            self._host.leave(self)

    async def _serve(self, message: mcp_service_pb2.CallRequest) -> None:
        core: StreamCore[Waiting] = StreamCore(self._host.limits, EraGate(Era.MODERN))
        door = message.door if message.HasField("door") else None
        envelope = envelope_pb2.Envelope(request=message.request, door=door)
        effect = core.receive_envelope(envelope)
        if isinstance(effect, Answer):
            await self._answer(effect.response)
        elif isinstance(effect, StartRequest):
            wrong = self._mirrors_wrong(effect)
            response = wrong if wrong is not None else await self._execute(effect)
            response.id.CopyFrom(message.request.id)
            await self._answer(response)

    def _mirrors_wrong(self, start: StartRequest) -> envelope_pb2.JsonRpcResponse | None:
        """The answer to a request that the metadata beside it contradicts."""
        metadata = self._context.invocation_metadata() or ()
        wrong = mirrors.contradiction(metadata, start.request.method, target_name(start.params))
        return None if wrong is None else errors.failure(errors.HEADER_MISMATCH, wrong)

    async def notify(
        self,
        method: str,
        params_json: str | None,
        related_request_id: Id | None,  # everything on a Call belongs to it
    ) -> None:
        """Send a notification; waits while the client does not read."""
        notification = envelope_pb2.JsonRpcNotification(method=method, params_json=params_json)
        try:
            await self._write(mcp_service_pb2.CallResponse(notification=notification))
        except StreamStalledError as stall:
            if self._execution is not None:
                limit = self._host.bounds.stall_timeout_seconds
                self._execution.end_with(stalled(limit).response())
            raise StreamClosedError(str(stall)) from None

    @property
    def queued_bytes(self) -> int:
        """Nothing: a message that cannot be written is waited for."""
        return 0

    def lose_credential(self) -> None:
        """What proved the caller was taken back."""
        self._expiry.end_now()

    def begin_drain(self, grace_seconds: float) -> None:  # the host keeps the time
        """A subscription completes; any other request runs on."""
        execution = self._execution
        if execution is not None and execution.call.request.is_listen:
            execution.end_with(self._connection.listen_completion(execution.call))

    def end_drain(self) -> int:
        """End the request, answering it."""
        if self._execution is None:
            return 0
        self._execution.end_with(DRAIN_DEADLINE.response())
        return 1

    async def _execute(self, start: StartRequest) -> envelope_pb2.JsonRpcResponse:
        call = ServerCall.of(start, Era.MODERN)
        self._connection = self._host.backend.connect(self)
        early: asyncio.Future[envelope_pb2.JsonRpcResponse] = (
            asyncio.get_running_loop().create_future()
        )
        execution = Execution(
            call, self._context.time_remaining(), lambda _, response: early.set_result(response)
        )
        self._execution = execution
        info = RequestInfo(
            self._info, call.request.id, call.request.method, target_name(call.params), "modern"
        )
        counter = self._host.telemetry.counter(self._info)
        self._host.telemetry.request_started(info)
        if counter is not None:
            counter.request_began()
        running = asyncio.create_task(self._run(execution), name=call.request.method)
        response: envelope_pb2.JsonRpcResponse | None = None
        try:
            waited: set[asyncio.Future[Any]] = {running, early}
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            response = early.result() if early.done() else running.result()
            if response is None:
                raise asyncio.CancelledError
            return response
        finally:
            if response is None:
                call.request.cancelled = True
                execution.cancel()
            outcome, seconds = outcome_of(response, call.request), execution.elapsed_seconds
            self._host.telemetry.request_finished(info, outcome, seconds)
            if counter is not None:
                facts = (info.method, info.name, info.era, outcome, seconds, call.trace_id)
                counter.request_ended(*facts)
            self._host.spawn(self._tear_down(running), "tearing down a call")

    async def _run(self, execution: Execution) -> envelope_pb2.JsonRpcResponse | None:
        proceed = pipeline.bind(self._host.stages, self, self._connection)
        timeouts = Timeouts((execution,))
        try:
            return await execution.run(proceed, timeouts)
        finally:
            timeouts.stop()

    async def _tear_down(self, running: asyncio.Task[Any]) -> None:
        await asyncio.wait({running})
        await self._connection.aclose()

    async def _answer(self, response: envelope_pb2.JsonRpcResponse) -> None:
        """Write the response as the last message; an error of the service is the status instead."""
        if response.reason != errors_pb2.ERROR_REASON_UNSPECIFIED:
            await self._refuse(response)
        too_large = self._beyond_limit(response)
        if too_large is not None:
            await self._refuse(too_large.response())
        if response.WhichOneof("outcome") == "error":
            code = str(response.error.code)
            self._context.set_trailing_metadata(((ERROR_CODE_KEY, code),))
        await self._write(mcp_service_pb2.CallResponse(response=response))
        self._over = True

    async def _refuse(self, response: envelope_pb2.JsonRpcResponse) -> None:
        self._host.telemetry.refused(self._info, reason_name(response.reason))
        refusal = Refusal(
            response.reason,
            response.error.message,
            execution=response.execution,
            retry_after_seconds=retry_after_seconds(_data(response)),
        )
        await abort_unread(self._context, refusal, STATUS_TIMEOUT_SECONDS)

    def _beyond_limit(self, response: envelope_pb2.JsonRpcResponse) -> Refusal | None:
        limit = self._host.limits.max_frame_bytes
        size_bytes = response.ByteSize()
        if size_bytes <= limit:
            return None
        return Refusal(
            errors_pb2.ERROR_REASON_MESSAGE_TOO_LARGE,
            f"the result of {size_bytes} bytes is beyond the message limit of {limit} bytes",
        )

    async def _write(self, message: mcp_service_pb2.CallResponse) -> None:
        """Write one message; the lock is gRPC's rule of one writer at a time.

        Raises:
            StreamStalledError: the client has not read for the stall timeout.
            StreamClosedError: the call is over.
        """
        async with self._write_lock:
            if self._over:
                raise StreamClosedError("the call is over")
            try:
                # Shielded: after a write that was given up half-way gRPC refuses the next one.
                with anyio.fail_after(self._host.bounds.stall_timeout_seconds, shield=True):
                    await self._open_for(message)
                    await self._context.write(message)
            except TimeoutError:
                self._over = True
                raise StreamStalledError("the client does not read") from None
            except grpc.aio.BaseError:
                self._over = True
                raise StreamClosedError("the call is over") from None

    async def _open_for(self, message: mcp_service_pb2.CallResponse) -> None:
        """Send the metadata ahead of what may have to wait for the client.

        gRPC cannot send a status while the metadata waits behind a message that nobody reads. The
        usual Call, one small response, saves itself the extra step.
        """
        is_small_answer = message.HasField("response") and message.ByteSize() <= FIRST_WINDOW_BYTES
        if not self._opened and not is_small_answer:
            self._opened = True
            await self._context.send_initial_metadata(())


def _data(response: envelope_pb2.JsonRpcResponse) -> Any:
    """The data of a refusal of our own, which is JSON."""
    data_json = response.error.data_json
    return json_text.parse(data_json) if data_json else None
