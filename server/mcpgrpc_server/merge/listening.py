"""One open `subscriptions/listen` over several members: one acknowledgement, the events of all.

It does not end when a member's part does: that part is opened again, and the client is told that
what it keeps of the member may be old. It ends when the client cancels it or the server completes
it.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Iterable, Sequence
from typing import Any, Final

from mcpgrpc.binding import errors, json_text
from mcpgrpc.binding.ids import Id
from mcpgrpc.stream.writer import StreamClosedError
from mcpgrpc.v1 import envelope_pb2, errors_pb2
from mcpgrpc_server.backend import Client, ServerCall
from mcpgrpc_server.merge import answers, shares
from mcpgrpc_server.merge.capabilities import object_of
from mcpgrpc_server.merge.kinds import UPDATED_METHOD
from mcpgrpc_server.merge.member_client import ListChanged, MemberClient
from mcpgrpc_server.merge.news import News
from mcpgrpc_server.merge.progress import ProgressTokens
from mcpgrpc_server.merge.scope import Scope
from mcpgrpc_server.merge.shares import Share
from mcpgrpc_server.merge.uris import UriMap

logger = logging.getLogger(__name__)

ACKNOWLEDGED_METHOD: Final = "notifications/subscriptions/acknowledged"
SUBSCRIPTION_ID_META_KEY: Final = "io.modelcontextprotocol/subscriptionId"

MAX_PAUSE_SECONDS: Final = 30.0
"""The longest pause before a member that ends its part, or refuses it, is asked again."""


class Listening:
    """A subscription of one client.

    Args:
        call: its request.
        client: the client.
        scope: who can be asked.
        list_changed: hears of changed lists, before the client does.
    """

    def __init__(
        self, call: ServerCall, client: Client, scope: Scope, list_changed: ListChanged
    ) -> None:
        self._call = call
        self._client = client
        self._scope = scope
        self._list_changed = list_changed
        self._wanted = object_of((call.params or {}).get(shares.FILTER))
        self._parts: dict[int, _Part] = {}
        self._acknowledged = asyncio.Event()
        self._is_over = False
        self._news = News(self._tell_news, scope.background)

    async def run(self) -> envelope_pb2.JsonRpcResponse:
        """Listen until cancelled; an answer only where nobody can listen."""
        if not self._scope.links:
            return self._scope.anybody_unavailable()
        background = self._scope.background
        for share in await shares.shares_of(self._call, self._scope):
            self._parts[share.link.at] = _Part(share, self)
        parts = list(self._parts.values())
        tasks = [background.spawn(part.run(), "listening to a member") for part in parts]
        try:
            await self._wait_settled(parts)
            refusals = [part.refusal for part in parts if part.refusal is not None]
            if refusals and len(refusals) == len(parts):
                return refusals[0]
            await self._acknowledge(parts)
            # For ever: the client cancels, or the server completes the subscription.
            await asyncio.get_running_loop().create_future()
        finally:
            for task in tasks:
                task.cancel()
            self._is_over = True
            # Who waits for it to tell something waits no longer.
            self._acknowledged.set()
        raise AssertionError("a subscription ends by being cancelled")

    def member_changed(self, member: int, serving: bool) -> None:
        """A member has come or gone."""
        part = self._parts.get(member)
        if part is not None:
            part.member_changed(serving)

    async def tell(self, method: str, params_json: str | None) -> None:
        """Pass an event on, behind the acknowledgement.

        Raises:
            StreamClosedError: the subscription or the stream is over.
        """
        await self._acknowledged.wait()
        if self._is_over:
            raise StreamClosedError("the subscription is over")
        await self._client.notify(method, params_json, self._call.request.id)

    def may_be_old(self, methods: Sequence[str], uris: Iterable[str] = ()) -> None:
        """Tell the client that lists and resources may have changed unheard."""
        self._news.add(methods)
        for uri in uris:
            self._news.add([UPDATED_METHOD], uri)

    def client_of(self, part: _Part) -> _PartClient:
        """The client as a member's part sees it."""
        return _PartClient(part, self, self._client, self._list_changed)

    def offered_uri(self, member: int, uri: str) -> str:
        """What a member's URI is offered as, as far as is known."""
        uris = UriMap.known(self._scope.host.members, self._scope.catalogue)
        return uris.offered(member, uri)

    async def _tell_news(self, method: str, uri: str | None) -> None:
        params = {"_meta": {SUBSCRIPTION_ID_META_KEY: self._call.request.id}}
        await self.tell(method, json_text.dump(params if uri is None else {**params, "uri": uri}))

    async def _wait_settled(self, parts: Sequence[_Part]) -> None:
        """Wait until everyone has acknowledged or refused, as long as a list may take."""
        bounds = self._scope.host.bounds
        waiting = {part.share.link.at: part.settled.wait() for part in parts}
        await self._scope.background.within(bounds.list_timeout_seconds, waiting, "subscribing")

    async def _acknowledge(self, parts: Sequence[_Part]) -> None:
        heard = [part.share for part in parts if part.refusal is None]
        params = {
            "_meta": {SUBSCRIPTION_ID_META_KEY: self._call.request.id},
            shares.FILTER: shares.honoured_together(self._wanted, heard),
        }
        await self._client.notify(
            ACKNOWLEDGED_METHOD, json_text.dump(params), self._call.request.id
        )
        self._acknowledged.set()


class _Part:
    """One member's part, opened again whenever it ends.

    Attributes:
        share: what the member is asked to listen to.
        settled: set once the member has said whether it listens, or is down and cannot.
        refusal: why it does not listen, and will not be asked again; None otherwise.
    """

    def __init__(self, share: Share, listening: Listening) -> None:
        self.share = share
        self.settled = asyncio.Event()
        self.refusal: envelope_pb2.JsonRpcResponse | None = None
        self._listening = listening
        self._up = asyncio.Event()
        self._is_heard = False
        # Whether something may have happened that nobody heard.
        self._missed_some = False
        self._attempts = 0
        self._set_up(share.link.serving)

    async def run(self) -> None:
        """Listen to the member for as long as the subscription lasts."""
        while True:
            await self._up.wait()
            answer = await self._listen()
            self._is_heard = False
            if self._is_final(answer):
                self.refusal = answer
                self._settle()
                return
            self._missed_some = True
            self._attempts += 1
            await asyncio.sleep(_pause_seconds(self._attempts))

    def acknowledged(self, honoured: dict[str, Any]) -> None:
        """The member listens."""
        self.share.honoured = honoured
        self._is_heard = True
        self._settle()

    def member_changed(self, serving: bool) -> None:
        """The member has come or gone. One that has come has news once it listens."""
        self._set_up(serving)
        self._attempts = 0
        if not serving:
            self._listening.may_be_old(self._methods())
        elif self._is_heard or self.refusal is not None:
            self._settle()

    def _settle(self) -> None:
        self.settled.set()
        if self._missed_some:
            self._missed_some = False
            uris = self.share.offered.values() if self._is_heard else ()
            self._listening.may_be_old(self._methods(), uris)

    async def _listen(self) -> envelope_pb2.JsonRpcResponse:
        link = self.share.link
        connection = link.member.backend.connect(self._listening.client_of(self))
        try:
            return await connection.handle_request(self.share.call)
        except Exception:
            logger.exception("%s raised on %s", link.name, self.share.call.request.method)
            return errors.failure(errors.INTERNAL_ERROR, "Internal server error")
        finally:
            await connection.aclose()

    def _is_final(self, answer: envelope_pb2.JsonRpcResponse) -> bool:
        """Whether the member does not want to be asked again.

        That is one that refuses before it has ever listened, or that does not know subscriptions.
        A member that was lost, or that completed its part, is asked again.
        """
        if not answers.is_error(answer) or answer.reason != errors_pb2.ERROR_REASON_UNSPECIFIED:
            return False
        return self.share.honoured is None or answers.is_unknown_method(answer)

    def _methods(self) -> list[str]:
        return shares.changed_methods(self.share.wanted)

    def _set_up(self, serving: bool) -> None:
        if serving:
            self._up.set()
        else:
            self._up.clear()
            self._missed_some = True
            self.settled.set()


class _PartClient(MemberClient):
    """The client of a subscription, for one member: its events go through the subscription."""

    def __init__(
        self, part: _Part, listening: Listening, client: Client, list_changed: ListChanged
    ) -> None:
        super().__init__(
            part.share.link.at, client, list_changed, listening.offered_uri, ProgressTokens()
        )
        self._part = part
        self._listening = listening

    async def notify(
        self, method: str, params_json: str | None, related_request_id: Id | None
    ) -> None:
        """An event, or the acknowledgement, which the client gets from the subscription itself."""
        if method == ACKNOWLEDGED_METHOD:
            self._part.acknowledged(_honoured(params_json))
        else:
            await self._listening.tell(method, self.noted(method, params_json))

    def _offered(self, uri: str) -> str:
        asked = self._part.share.offered.get(uri)
        return asked if asked is not None else super()._offered(uri)


def _honoured(params_json: str | None) -> dict[str, Any]:
    try:
        params = json_text.parse_object(params_json or "{}")
    except json_text.JsonTextError:
        params = None
    return object_of((params or {}).get(shares.FILTER))


def _pause_seconds(attempt: int) -> float:
    """From half of it to the whole: a quarter of a second, and twice that each time."""
    longest = min(MAX_PAUSE_SECONDS, 0.25 * 2.0 ** min(attempt, 10))
    return longest * random.uniform(0.5, 1.0)  # noqa: S311  # jitter, not a secret
