"""One client of a merged server: which of its messages go where.

It holds no rule of its own; each method has its room (`pages`, `routing`, `session`, `listening`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Final, TypeAlias

from mcpgrpc.binding import json_text
from mcpgrpc.binding.era import Era
from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server.backend import Client, ClientNotification, ServerCall
from mcpgrpc_server.merge import answers, capabilities, json_edit, pages, routing
from mcpgrpc_server.merge.background import Background
from mcpgrpc_server.merge.capabilities import Introduction
from mcpgrpc_server.merge.catalogue import Catalogue
from mcpgrpc_server.merge.host import MergeHost
from mcpgrpc_server.merge.kinds import BY_LIST_METHOD, KINDS, Kind, changed_kinds
from mcpgrpc_server.merge.link import MemberLink
from mcpgrpc_server.merge.listening import SUBSCRIPTION_ID_META_KEY, Listening
from mcpgrpc_server.merge.member_client import MemberClient
from mcpgrpc_server.merge.progress import PROGRESS_KEY, ProgressTokens
from mcpgrpc_server.merge.scope import Scope, SessionSource
from mcpgrpc_server.merge.session import INITIALIZE, LegacySession
from mcpgrpc_server.merge.uris import SubscribedUris, UriMap

DISCOVER: Final = "server/discover"

Handler: TypeAlias = Callable[
    ["MergedConnection", ServerCall], Awaitable[envelope_pb2.JsonRpcResponse]
]


class MergedConnection:
    """A client's connection to all members.

    Args:
        host: what connections share.
        client: the client.
        closed: called when the client is gone.
    """

    def __init__(
        self, host: MergeHost, client: Client, closed: Callable[[MergedConnection], None]
    ) -> None:
        self._host = host
        self._client = client
        self._closed = closed
        self._background = Background()
        self._tokens = ProgressTokens()
        self._subscribed = SubscribedUris()
        self._links = [
            MemberLink(at, member, self._client_for(at), self._background)
            for at, member in enumerate(host.members)
        ]
        self._session = LegacySession(
            host, client, self._links, self._forget_lists, self._background
        )
        self._listenings: set[Listening] = set()

    async def handle_request(self, call: ServerCall) -> envelope_pb2.JsonRpcResponse:
        """Answer a request of either era."""
        method = call.request.method
        kind = BY_LIST_METHOD.get(method)
        if kind is not None:
            self._session.retry()
            return await pages.list_page(call, kind, self._scope(call))
        kind = routing.BY_NAME.get(method)
        if kind is not None:
            return await routing.by_name(call, kind, self._scope(call))
        handler = _HANDLERS.get(method)
        if handler is None:
            return await routing.in_turn(call, self._scope(call))
        return await handler(self, call)

    async def handle_notification(self, notification: ClientNotification) -> None:
        """Hand a notification to everyone, and progress to who waits for it."""
        if notification.method == "notifications/progress":
            await self._progress(notification)
        elif notification.method == "notifications/initialized":
            await self._session.initialized(notification)
        else:
            modern = notification.era is Era.MODERN
            links = self._serving() if modern else self._session.links()
            await asyncio.gather(*(link.tell(notification) for link in links))

    def listen_completion(self, call: ServerCall) -> envelope_pb2.JsonRpcResponse:
        """The result that ends a subscription."""
        meta = {
            SUBSCRIPTION_ID_META_KEY: call.request.id,
            capabilities.SERVER_INFO_META_KEY: self._host.info.json,
        }
        return answers.result({"resultType": "complete", "_meta": meta})

    async def aclose(self) -> None:
        """Let every member forget the client, bounded in time."""
        self._closed(self)
        timeout = self._host.bounds.close_timeout_seconds
        await self._background.close(timeout)
        closing = {link.at: link.aclose() for link in self._links}
        await self._host.background.within(timeout, closing, "closing a connection")

    def member_changed(self, member: int, serving: bool) -> None:
        """A member has come or gone."""
        self._forget_lists()
        self._session.member_changed(self._links[member], serving)
        for listening in self._listenings:
            listening.member_changed(member, serving)

    async def _ping(self, call: ServerCall) -> envelope_pb2.JsonRpcResponse:
        """Answered here, for the members; the newer era has none."""
        if answers.is_modern(call):
            return answers.unknown_method(call.request.method)
        return answers.result({})

    async def _initialize(self, call: ServerCall) -> envelope_pb2.JsonRpcResponse:
        return await self._session.initialize(call)

    async def _discover(self, call: ServerCall) -> envelope_pb2.JsonRpcResponse:
        scope = self._scope(call)
        said = await scope.ask_all(call, scope.links)
        results = {
            at: result
            for at in sorted(said)
            if (result := answers.result_object(said[at])) is not None
        }
        if not results:
            return self._first_refusal(scope, said)
        for at, result in results.items():
            self._host.heard(at, DISCOVER, result)
        everyone_answered = len(results) == len(self._links)
        merged = capabilities.discover_result(
            [Introduction(self._links[at].name, result) for at, result in results.items()],
            capabilities.merged_capabilities(self._host.capabilities_of_all(DISCOVER, results)),
            self._host.info,
            everyone_answered=everyone_answered,
        )
        return answers.result(merged)

    async def _set_level(self, call: ServerCall) -> envelope_pb2.JsonRpcResponse:
        """To everyone; well done where one of them has levels."""
        scope = self._scope(call)
        said = await scope.ask_all(call, scope.links)
        for answer in said.values():
            if not answers.is_error(answer):
                self._session.level_was_set(call)
                return answer
        return self._first_refusal(scope, said)

    async def _complete(self, call: ServerCall) -> envelope_pb2.JsonRpcResponse:
        return await routing.complete(call, self._scope(call))

    async def _read(self, call: ServerCall) -> envelope_pb2.JsonRpcResponse:
        return await routing.read(call, self._scope(call))

    async def _subscribe(self, call: ServerCall) -> envelope_pb2.JsonRpcResponse:
        return await routing.subscribe(call, self._scope(call), self._subscribed)

    async def _listen(self, call: ServerCall) -> envelope_pb2.JsonRpcResponse:
        listening = Listening(call, self._client, self._scope(call), self._list_changed)
        self._listenings.add(listening)
        try:
            return await listening.run()
        finally:
            self._listenings.discard(listening)

    async def _progress(self, notification: ClientNotification) -> None:
        """Hand progress to the member whose request it is about, under the member's own token."""
        params = notification.params or {}
        owner = self._tokens.owner(params.get(PROGRESS_KEY))
        if owner is None:
            return
        member, token = owner
        text = notification.params_json
        if token != params[PROGRESS_KEY]:
            params = {**params, PROGRESS_KEY: token}
            if text is not None:
                text = json_edit.with_member(text, PROGRESS_KEY, json_text.dump(token))
        own = replace(notification, params=params, params_json=text)
        await self._links[member].tell(own)

    def _scope(self, call: ServerCall) -> Scope:
        if answers.is_modern(call):
            catalogue = self._host.catalogues.of(self._client.caller, call)
            links, usable = self._serving(), _is_serving
        else:
            catalogue = self._session_catalogue
            links, usable = self._session.links(), self._session.usable
        return Scope(self._host, catalogue, links, self._links, usable, self._background)

    @cached_property
    def _session_catalogue(self) -> Catalogue:
        last_known = self._host.catalogues.last_known(self._client.caller)
        source = SessionSource(self._session.links, self._host)
        bounds = self._host.bounds
        return Catalogue(self._host.members, source, last_known, bounds, self._background)

    def _serving(self) -> list[MemberLink]:
        return [link for link in self._links if link.serving]

    def _first_refusal(
        self, scope: Scope, said: Mapping[int, envelope_pb2.JsonRpcResponse]
    ) -> envelope_pb2.JsonRpcResponse:
        refusals = [said[at] for at in sorted(said) if answers.is_error(said[at])]
        telling = [answer for answer in refusals if not answers.is_unknown_method(answer)]
        return next(iter(telling or refusals), scope.anybody_unavailable())

    def _client_for(self, member: int) -> MemberClient:
        return MemberClient(
            member, self._client, self._list_changed, self._offered_uri, self._tokens
        )

    def _list_changed(self, method: str) -> None:
        kinds = changed_kinds(method)
        self._host.catalogues.invalidate(kinds)
        self._forget_lists(kinds)

    def _forget_lists(self, kinds: Sequence[Kind] = KINDS) -> None:
        if "_session_catalogue" in self.__dict__:
            self._session_catalogue.invalidate(kinds)

    def _offered_uri(self, member: int, uri: str) -> str:
        """In a legacy session: where resources are updated outside of a request."""
        asked = self._subscribed.offered(member, uri)
        if asked is not None:
            return asked
        return UriMap.known(self._host.members, self._session_catalogue).offered(member, uri)


async def _is_serving(link: MemberLink) -> bool:
    return link.serving


_HANDLERS: Final[Mapping[str, Handler]] = {
    INITIALIZE: MergedConnection._initialize,
    DISCOVER: MergedConnection._discover,
    "ping": MergedConnection._ping,
    "logging/setLevel": MergedConnection._set_level,
    "completion/complete": MergedConnection._complete,
    "resources/read": MergedConnection._read,
    "resources/subscribe": MergedConnection._subscribe,
    "resources/unsubscribe": MergedConnection._subscribe,
    "subscriptions/listen": MergedConnection._listen,
}
