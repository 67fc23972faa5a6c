"""What a server sends unasked, as the lean client hears it: notifications, its own requests.

It sends nothing but answers.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeAlias

from mcpgrpc.binding import errors, ids, json_text
from mcpgrpc.binding.ids import Id
from mcpgrpc.client.listening import Notification, Subscription
from mcpgrpc.errors import RemoteError
from mcpgrpc.stream.carrier import Reply
from mcpgrpc.v1 import envelope_pb2

logger = logging.getLogger(__name__)

ProgressCallback: TypeAlias = Callable[[float, float | None, str | None], None]
NotificationCallback: TypeAlias = Callable[[str, dict[str, Any] | None], None]
RequestCallback: TypeAlias = Callable[[str, dict[str, Any] | None], Awaitable[dict[str, Any]]]

PROGRESS_METHOD: Final = "notifications/progress"


class ServerMessages:
    """Sorts what comes from the server to whoever waits for it.

    Args:
        on_notification: called with every notification that belongs to no call.
        on_request: answers requests of the server (legacy era); without it they are answered
            -32601, and `ping` with an empty result in any case.
    """

    def __init__(
        self,
        on_notification: NotificationCallback | None,
        on_request: RequestCallback | None,
    ) -> None:
        self._on_notification = on_notification
        self._on_request = on_request
        self._answering: dict[Id, asyncio.Task[None]] = {}
        self.progress: dict[Id, ProgressCallback] = {}
        """By progress token, which is the id of the request."""
        self.subscriptions: dict[Id, Subscription] = {}
        """By the id of their request."""

    def notification(self, envelope: envelope_pb2.Envelope, related: Id | None) -> None:
        """A notification of the server."""
        notification = envelope.notification
        try:
            params = _params(notification)
        except json_text.JsonTextError:
            logger.warning("dropped a malformed %s", notification.method)
            return
        subscription = self.subscriptions.get(related) if related is not None else None
        if subscription is not None:
            subscription.deliver(Notification(notification.method, params))
        elif not self._report_progress(notification.method, params):
            self._tell(notification.method, params)

    def request(self, envelope: envelope_pb2.Envelope, reply: Reply) -> None:
        """A request of the server, answered in a task of its own."""
        request_id = ids.from_message(envelope.request.id)
        if request_id is not None:
            task = asyncio.create_task(self._answer(envelope.request, reply))
            self._answering[request_id] = task
            task.add_done_callback(lambda _: self._answering.pop(request_id, None))

    def request_cancelled(self, request_id: Id) -> None:
        """The server does not want an answer any more."""
        task = self._answering.get(request_id)
        if task is not None:
            task.cancel()

    async def caught_up(self) -> None:
        """Callbacks return at once, so there is never anything to wait for."""

    def session_over(self, error: Exception | None) -> None:
        """A legacy session has ended; the next request says so."""
        logger.info("the session's stream is over: %s", error or "it ended")

    def request_stream_close(self, request_id: Id) -> None:
        """Said to doors alone."""

    def standalone_stream_close(self) -> None:
        """Said to doors alone."""

    def close(self) -> None:
        """Answer nothing any more."""
        for task in self._answering.values():
            task.cancel()

    def _report_progress(self, method: str, params: dict[str, Any] | None) -> bool:
        if method != PROGRESS_METHOD or params is None:
            return False
        token, progress = params.get("progressToken"), params.get("progress")
        callback = self.progress.get(token) if ids.is_id(token) else None
        if callback is None or not isinstance(progress, int | float):
            return False
        try:
            callback(progress, params.get("total"), params.get("message"))
        except Exception:
            logger.exception("the progress callback raised")
        return True

    def _tell(self, method: str, params: dict[str, Any] | None) -> None:
        if self._on_notification is None:
            return
        try:
            self._on_notification(method, params)
        except Exception:
            logger.exception("the callback for %s raised", method)

    async def _answer(self, request: envelope_pb2.JsonRpcRequest, reply: Reply) -> None:
        response: envelope_pb2.JsonRpcResponse | None = None
        try:
            response = await self._response(request)
        except RemoteError as error:
            response = errors.failure(error.code, error.message)
        except Exception:
            logger.exception("answering %s raised", request.method)
            response = errors.failure(errors.INTERNAL_ERROR, "Internal error")
        finally:
            reply(response)

    async def _response(self, request: envelope_pb2.JsonRpcRequest) -> envelope_pb2.JsonRpcResponse:
        if request.method == "ping":
            return envelope_pb2.JsonRpcResponse(result_json="{}")
        if self._on_request is None:
            return errors.failure(errors.METHOD_NOT_FOUND, "Method not found", request.method)
        result = await self._on_request(request.method, _params(request))
        return envelope_pb2.JsonRpcResponse(result_json=json_text.dump(result))


def _params(
    call: envelope_pb2.JsonRpcRequest | envelope_pb2.JsonRpcNotification,
) -> dict[str, Any] | None:
    return json_text.parse_object(call.params_json) if call.HasField("params_json") else None
