"""A POST for each request: Streamable HTTP of the revision without sessions (2026-07-28).

It keeps no stream and no session. Closing the response of a request is its cancellation.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import httpx2

from mcpgrpc.binding import codec, errors, ids, json_text
from mcpgrpc.stream.carrier import Exchange, Inbox
from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server.upstream.http import failures
from mcpgrpc_server.upstream.http import headers as http_headers
from mcpgrpc_server.upstream.http.endpoint import (
    MAX_EXCHANGES,
    MAX_MESSAGE_BYTES,
    HttpEndpoint,
    endpoint_log,
)
from mcpgrpc_server.upstream.http.exchange import AnswerReader, Deliver
from mcpgrpc_server.upstream.http.incoming import Incoming
from mcpgrpc_server.upstream.http.param_headers import DeclaredHeaders
from mcpgrpc_server.upstream.http.under_way import ExchangesUnderWay, Settle

_DISCOVER: Final = "server/discover"
_CALL_TOOL: Final = "tools/call"
_LIST_TOOLS: Final = "tools/list"
_TOOLS_CHANGED: Final = "notifications/tools/list_changed"

# What servers without this revision answer to its first request where they answer no JSON-RPC.
_UNKNOWN_TO_OLDER_SERVERS: Final = frozenset({400, 404, 405, 406, 415, 422, 501})


class HttpCallCarrier:
    """Carries each request in a POST of its own; see `Carrier`.

    Args:
        name: of the upstream, for messages.
        url: of its MCP endpoint; http or https.
        headers: what the settings send there.
        inbox: who hears notifications. Nothing else comes unasked in this era.
        client: sends requests; stays open when this is closed.
        max_message_bytes: of an answer and of a notification.
        max_exchanges: at once, listens among them; further requests are refused (OVERLOADED).
    """

    def __init__(
        self,
        name: str,
        url: str,
        headers: Mapping[str, str],
        inbox: Inbox,
        client: httpx2.AsyncClient,
        *,
        max_message_bytes: int = MAX_MESSAGE_BYTES,
        max_exchanges: int = MAX_EXCHANGES,
    ) -> None:
        self._name = name
        self._endpoint = HttpEndpoint(name, url, headers, client)
        self._max_message_bytes = max_message_bytes
        self._log = endpoint_log(name)
        self._incoming = Incoming(inbox, self._log, None)
        self._declared = DeclaredHeaders(self._list_page, self._log)
        self._under_way = ExchangesUnderWay(name, max_exchanges)

    async def open(self) -> None:
        """Nothing: there is no connection but those of requests."""

    async def exchange(self, exchange: Exchange) -> envelope_pb2.Envelope:
        """Carry a request; see `Carrier.exchange`.

        Every JSON-RPC error of the upstream is the answer as it stands. A `server/discover` that a
        server refuses by an HTTP status alone, as servers of older revisions do, is answered
        -32601.

        Raises:
            ConnectError: no connection; nothing was sent.
            ConnectionLost: it broke, or ended without an answer.
            ServiceError: the upstream refuses this server by an HTTP status (HttpRefusal), a
                message is too large, or there is no room for the request.
        """
        request = exchange.envelope.request
        try:
            text = codec.text_from_envelope(exchange.envelope)
        except codec.InvalidMessageError as error:
            return _answer(request, errors.failure(error.code, str(error)))
        return await self._under_way.run(request.method, partial(self._carry, request, text))

    async def notify(self, envelope: envelope_pb2.Envelope) -> None:
        """Nothing: this revision has no notifications of the client over HTTP."""

    async def close(self) -> None:
        """Close the responses under way, which cancels their requests."""
        self._under_way.end("this server closed it")
        await self._declared.close()
        await self._under_way.wait_done()
        self._log.close()

    async def _carry(self, request: envelope_pb2.JsonRpcRequest, text: str, settle: Settle) -> None:
        params = http_headers.params_of(request)
        headers = http_headers.call_headers(request.method, params)
        if request.method == _CALL_TOOL:
            await self._call_tool(request, text, headers, params, settle)
        else:
            await self._post(request, text, headers, settle)

    async def _call_tool(
        self,
        request: envelope_pb2.JsonRpcRequest,
        text: str,
        headers: dict[str, str],
        params: dict[str, Any],
        settle: Settle,
    ) -> None:
        """Call a tool, and once more when its upstream misses headers that can be made."""
        refusals: list[envelope_pb2.Envelope] = []

        def settle_or_correct(answer: envelope_pb2.Envelope) -> None:
            mismatch = answer.response.error.code == errors.HEADER_MISMATCH
            (refusals.append if mismatch else settle)(answer)

        declared = self._declared.headers(params)
        await self._post(request, text, headers | declared, settle_or_correct)
        if not refusals:
            return
        corrected = await self._declared.corrected(params, declared)
        if corrected is None:
            settle(refusals[0])
        else:
            await self._post(request, text, headers | corrected, settle)

    async def _post(
        self,
        request: envelope_pb2.JsonRpcRequest,
        text: str,
        headers: Mapping[str, str],
        settle: Settle,
        deliver: Deliver | None = None,
    ) -> None:
        reader = AnswerReader(
            self._name,
            request,
            deliver or partial(self._deliver, ids.from_message(request.id)),
            self._max_message_bytes,
            self._log,
        )
        async with self._endpoint.request("POST", request.method, headers, text) as response:
            try:
                answer = await reader.read(response)
            except (failures.HttpRefusal, failures.HttpFailure) as error:
                answer = self._of_older_server(request, error)
            if answer is None:
                why = "its event stream ended without an answer"
                raise failures.lost(self._name, request.method, why)
            settle(answer)
            await reader.drain()

    async def _deliver(self, related: ids.Id | None, envelope: envelope_pb2.Envelope) -> None:
        if envelope.notification.method == _TOOLS_CHANGED:
            self._declared.forget()
        await self._incoming.deliver(related, envelope)

    async def _list_page(self, params: dict[str, Any]) -> dict[str, Any]:
        """A page of the upstream's tools, for this carrier alone; see `ListPage`."""
        request = envelope_pb2.JsonRpcRequest(
            id=ids.to_message("mcpgrpc-tools"),
            method=_LIST_TOOLS,
            params_json=json_text.dump(params),
        )
        text = codec.text_from_envelope(envelope_pb2.Envelope(request=request))
        answers: list[envelope_pb2.Envelope] = []
        headers = http_headers.call_headers(_LIST_TOOLS, params)
        await self._post(request, text, headers, answers.append, _ignore)
        return json_text.parse_object(answers[0].response.result_json or "{}") or {}

    def _of_older_server(
        self,
        request: envelope_pb2.JsonRpcRequest,
        error: failures.HttpRefusal | failures.HttpFailure,
    ) -> envelope_pb2.Envelope:
        """The answer that an HTTP status stands for where a server does not know the method."""
        if request.method != _DISCOVER or error.status not in _UNKNOWN_TO_OLDER_SERVERS:
            if isinstance(error, failures.HttpRefusal):
                self._log.line(error.message)
            raise error
        message = f"the upstream {self._name!r} has no {_DISCOVER} (HTTP {error.status})"
        return _answer(request, errors.failure(errors.METHOD_NOT_FOUND, message))


async def _ignore(_envelope: envelope_pb2.Envelope) -> None:
    """Nobody asked for what comes beside the carrier's own requests."""


def _answer(
    request: envelope_pb2.JsonRpcRequest, response: envelope_pb2.JsonRpcResponse
) -> envelope_pb2.Envelope:
    response.id.CopyFrom(request.id)
    return envelope_pb2.Envelope(response=response)
