"""One session with an upstream of the modern era, for every client: requests need no other.

It translates nothing. Ids, progress tokens and subscription ids are numbers of its own at the
upstream, and what clients chose towards them.
"""

from __future__ import annotations

import logging

from mcpgrpc.binding import errors
from mcpgrpc.binding.ids import Id
from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server.backend import ServerCall
from mcpgrpc_server.upstream import addressing
from mcpgrpc_server.upstream.deliveries import Deliveries
from mcpgrpc_server.upstream.refusals import malformed
from mcpgrpc_server.upstream.session import Asked, UpstreamSession
from mcpgrpc_server.upstream.shared import SharedListener, until_behind

logger = logging.getLogger(__name__)


class ModernSession(SharedListener):
    """The modern requests of every client.

    Args:
        session: the connection to the upstream, which is open.
    """

    def __init__(self, session: UpstreamSession) -> None:
        super().__init__()
        self.session = session
        session.listener = self

    async def ask(self, call: ServerCall, to: Deliveries) -> envelope_pb2.JsonRpcResponse:
        """Carry a request of a client. Raises as `UpstreamSession.ask`, and `RefusedError`."""
        asked = Asked(next(self.session.numbers), call.request.method, to, call.request.id)
        params_json = call.params_json
        if params_json is not None and addressing.has_token(call.params):
            try:
                params_json, asked.token = addressing.with_token(params_json, asked.number)
            except ValueError as error:
                return errors.failure(errors.INVALID_PARAMS, str(error))
        if not call.request.is_listen:
            return await self.session.ask(asked, params_json)
        answer = await until_behind(asked, self.session.ask(asked, params_json))
        return _named(answer, call.request.id)

    def heard(self, notification: envelope_pb2.JsonRpcNotification, asked: Asked | None) -> None:
        """A notification goes to the client whose request it belongs to, or to nobody."""
        if asked is None or asked.client_id is None:
            logger.debug("dropped %s: it belongs to no request", notification.method)
            return
        params_json = notification.params_json if notification.HasField("params_json") else None
        try:
            self.pass_on(asked, notification.method, _addressed(notification, asked, params_json))
        except ValueError as error:
            logger.debug("dropped %s: %s", notification.method, error)


def _addressed(
    notification: envelope_pb2.JsonRpcNotification, asked: Asked, params_json: str | None
) -> str | None:
    """The params as the client of the request knows them."""
    if notification.method == addressing.PROGRESS_METHOD:
        if asked.token is None or params_json is None:
            raise ValueError("its request asks for no progress")
        return addressing.with_clients_token(params_json, asked.token)
    if asked.is_listen and params_json is not None and asked.client_id is not None:
        return addressing.with_subscription_id(params_json, asked.client_id)
    return params_json


def _named(answer: envelope_pb2.JsonRpcResponse, client_id: Id) -> envelope_pb2.JsonRpcResponse:
    """The end of a subscription under the id that its client knows."""
    if answer.WhichOneof("outcome") != "result_json":
        return answer
    try:
        result_json = addressing.with_subscription_id(answer.result_json, client_id)
    except ValueError:
        return malformed()
    return envelope_pb2.JsonRpcResponse(result_json=result_json)
