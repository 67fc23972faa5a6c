"""What an upstream says unasked, on its way to the inbox: notifications, requests, cancellations.

It reads no HTTP. It says which request a message belongs to: the one whose response carried it.
"""

from __future__ import annotations

from mcpgrpc.binding import ids, json_text
from mcpgrpc.binding.core import CANCELLED_METHOD
from mcpgrpc.binding.ids import Id
from mcpgrpc.stream.carrier import Inbox
from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server.upstream.bounded_log import BoundedLog
from mcpgrpc_server.upstream.http.server_requests import ServerRequests


class Incoming:
    """Hands on what comes unasked.

    Args:
        inbox: who hears it.
        log: where messages go that have no place.
        server_requests: the upstream's own requests; None in an era that has none.
    """

    def __init__(
        self, inbox: Inbox, log: BoundedLog, server_requests: ServerRequests | None
    ) -> None:
        self._inbox = inbox
        self._log = log
        self._server_requests = server_requests

    async def deliver(self, related: Id | None, envelope: envelope_pb2.Envelope) -> None:
        """Hand on a message that is no response, and wait until there is room for another.

        Args:
            related: the request whose response carried it; None for the standalone stream.
            envelope: the message.
        """
        if related is not None:
            envelope.related_request_id.CopyFrom(ids.to_message(related))
        if envelope.WhichOneof("message") == "request":
            await self._request(envelope)
        elif not self._is_cancellation(envelope.notification):
            self._inbox.notification(envelope, related)
        await self._inbox.caught_up()

    async def _request(self, envelope: envelope_pb2.Envelope) -> None:
        if self._server_requests is None:
            self._log.line("sent a request, which its revision of MCP does not have")
            return
        await self._server_requests.ask(envelope)

    def _is_cancellation(self, notification: envelope_pb2.JsonRpcNotification) -> bool:
        """Carry out the upstream's cancellation of a request of its own."""
        if self._server_requests is None or notification.method != CANCELLED_METHOD:
            return False
        request_id = _cancelled_id(notification)
        if request_id is None or not self._server_requests.is_open(request_id):
            self._log.line("cancelled a request that it does not wait for")
        else:
            self._inbox.request_cancelled(request_id)
        return True


def _cancelled_id(notification: envelope_pb2.JsonRpcNotification) -> Id | None:
    params = json_text.parse_object(notification.params_json) if notification.params_json else None
    request_id = (params or {}).get("requestId")
    return request_id if ids.is_id(request_id) else None
