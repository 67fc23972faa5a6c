"""A legacy session under requests of the modern era, for the callers of one identity.

It declares no capability of a client, so its upstream asks nobody anything. What cannot be
translated is said to be unknown, as a modern server would say of a method that it does not have.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any, Final

from mcpgrpc.binding import errors, json_text
from mcpgrpc.errors import ConnectionLost, McpGrpcError
from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server.backend import ServerCall
from mcpgrpc_server.upstream import addressing, log_levels, translation
from mcpgrpc_server.upstream.deliveries import Deliveries
from mcpgrpc_server.upstream.handshake import Met
from mcpgrpc_server.upstream.listens import (
    LIST_KINDS,
    UPDATED_METHOD,
    Listen,
    ListenTable,
    honoured,
)
from mcpgrpc_server.upstream.session import Asked
from mcpgrpc_server.upstream.shared import SharedListener, until_behind

logger = logging.getLogger(__name__)

OWN_REQUEST_SECONDS: Final = 10.0
"""How long an upstream may take for a subscription or a log level."""


class TranslatedSession(SharedListener):
    """The modern requests of one identity's callers at a legacy upstream.

    Args:
        met: the upstream, and a session with it that is initialised.
    """

    def __init__(self, met: Met) -> None:
        super().__init__()
        self.session = met.session
        self._about = met.about
        self._capabilities = met.capabilities
        info = met.server_info
        self._server_info_json = None if info is None else json_text.dump(info)
        self._listens = ListenTable(self.pass_on)
        self._level: int | None = None
        self._subscribing = asyncio.Lock()
        self._unsubscribing: set[asyncio.Task[None]] = set()
        self.session.listener = self

    async def close(self) -> None:
        """End the session; what is under way fails."""
        for task in self._unsubscribing:
            task.cancel()
        await self.session.close()

    async def ask(self, call: ServerCall, to: Deliveries) -> envelope_pb2.JsonRpcResponse:
        """Answer a modern request. Raises as `UpstreamSession.ask`, and `RefusedError`."""
        method = call.request.method
        refused = translation.refused(method, call.params)
        if refused is not None:
            return refused
        if method == translation.DISCOVER_METHOD:
            return translation.discovered(self._about)
        asked = Asked(next(self.session.numbers), method, to, call.request.id)
        try:
            if asked.is_listen:
                return await self._listen(asked, call.params)
            params_json = self._params(call, asked)
        except ValueError as error:
            return errors.failure(errors.INVALID_PARAMS, str(error))
        await self._want_logs(asked, call.params)
        answer = await self.session.ask(asked, params_json)
        return translation.modern_answer(method, answer, self._server_info_json)

    def heard(self, notification: envelope_pb2.JsonRpcNotification, asked: Asked | None) -> None:
        """A notification goes to those whose it certainly is."""
        method = notification.method
        params_json = notification.params_json if notification.HasField("params_json") else "{}"
        try:
            if method in LIST_KINDS or method == UPDATED_METHOD:
                self._listens.heard(method, params_json)
            elif asked is not None and asked.client_id is not None:
                self._heard_of(asked, method, params_json)
        except ValueError as error:
            logger.debug("dropped %s: %s", method, error)

    def _heard_of(self, asked: Asked, method: str, params_json: str) -> None:
        if method == addressing.PROGRESS_METHOD:
            if asked.token is not None:
                params_json = addressing.with_clients_token(params_json, asked.token)
                self.pass_on(asked, method, params_json)
        elif method != log_levels.LOG_METHOD or _wants(asked, params_json):
            self.pass_on(asked, method, params_json)

    @staticmethod
    def _params(call: ServerCall, asked: Asked) -> str:
        """The params as the upstream takes them."""
        if call.params_json is None:
            raise AssertionError("a modern request has params")
        params_json = translation.legacy_params(call.params_json)
        if addressing.has_token(call.params):
            params_json, asked.token = addressing.with_token(params_json, asked.number)
        return params_json

    async def _want_logs(self, asked: Asked, params: dict[str, Any] | None) -> None:
        """Have the upstream send the log messages that a request asks for."""
        asked.min_level = log_levels.rank_asked_for(params)
        if asked.min_level is None or not isinstance(self._capabilities.get("logging"), dict):
            return
        if self._level is not None and self._level <= asked.min_level:
            return
        self._level = asked.min_level
        level = {"level": log_levels.LEVELS[asked.min_level]}
        with contextlib.suppress(TimeoutError):
            await self.session.ask_itself(log_levels.SET_LEVEL_METHOD, level, OWN_REQUEST_SECONDS)

    async def _listen(
        self, asked: Asked, params: dict[str, Any] | None
    ) -> envelope_pb2.JsonRpcResponse:
        kinds, uris = honoured(params, self._capabilities)
        listen = Listen(asked, kinds, uris)
        return await until_behind(asked, self._serve(listen))

    async def _serve(self, listen: Listen) -> envelope_pb2.JsonRpcResponse:
        """Serve a subscription until it is cancelled or the session is lost."""
        new = self._listens.add(listen)
        try:
            async with self._subscribing:
                for uri in new:
                    if not await self._tell("resources/subscribe", uri):
                        self._listens.refuse(listen, uri)
            self._listens.acknowledge(listen)
            why = await asyncio.shield(self.session.over)
        finally:
            self._remove(listen)
        raise ConnectionLost(why, execution="MAYBE")

    def _remove(self, listen: Listen) -> None:
        uris = self._listens.remove(listen)
        if uris:
            # The client is gone, and does not wait for it.
            task = asyncio.create_task(self._unsubscribe(uris), name="unsubscribing")
            self._unsubscribing.add(task)
            task.add_done_callback(self._unsubscribing.discard)

    async def _unsubscribe(self, uris: list[str]) -> None:
        with contextlib.suppress(McpGrpcError):
            async with self._subscribing:
                for uri in uris:
                    if not self._listens.is_wanted(uri):
                        await self._tell("resources/unsubscribe", uri)

    async def _tell(self, method: str, uri: str) -> bool:
        """Subscribe to a resource, or end that; gives whether the upstream has done so."""
        try:
            answer = await self.session.ask_itself(method, {"uri": uri}, OWN_REQUEST_SECONDS)
        except TimeoutError:
            return False
        return answer.HasField("result_json")


def _wants(asked: Asked, params_json: str) -> bool:
    """Whether a request has asked for such a log message."""
    rank = log_levels.rank_of_message(json_text.parse_object(params_json))
    return asked.min_level is not None and rank is not None and rank >= asked.min_level
