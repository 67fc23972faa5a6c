"""One legacy session over several members: who of them takes part, and who joins later.

It does not route requests. What the client said at the beginning is kept, and told to a member that
was down then and comes back.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import Enum
from typing import Any, Final

from mcpgrpc.binding import errors, json_text
from mcpgrpc.v1 import envelope_pb2, errors_pb2
from mcpgrpc_server.backend import Client, ClientNotification, ServerCall
from mcpgrpc_server.merge import answers, capabilities, json_edit
from mcpgrpc_server.merge.background import Background
from mcpgrpc_server.merge.capabilities import Introduction
from mcpgrpc_server.merge.host import MergeHost
from mcpgrpc_server.merge.kinds import KINDS
from mcpgrpc_server.merge.link import MemberLink
from mcpgrpc_server.merge.news import News

logger = logging.getLogger(__name__)

INITIALIZE: Final = "initialize"

UNAVAILABLE_RETRY_SECONDS: Final = 1.0
"""How soon a member that is up and could just not take a session in is asked again, at most: it
says no at once, so asking costs little, but every list of the client would ask."""


class Part(Enum):
    """How a member takes part in the session."""

    NOT_YET = "not yet"
    TAKES_PART = "takes part"
    LEFT_OUT = "left out"


class LegacySession:
    """The session of one client.

    Args:
        host: what connections share.
        client: the client.
        links: the ways to all members, in their order.
        forget_lists: called when others take part than before.
        background: tasks of the connection.
    """

    def __init__(
        self,
        host: MergeHost,
        client: Client,
        links: Sequence[MemberLink],
        forget_lists: Callable[[], None],
        background: Background,
    ) -> None:
        self._host = host
        self._client = client
        self._links = links
        self._forget_lists = forget_lists
        self._background = background
        self._parts = [Part.NOT_YET for _ in links]
        self._joining: dict[int, asyncio.Task[None]] = {}
        self._retry_at = [0.0 for _ in links]
        self._initialize: ServerCall | None = None
        self._initialized: ClientNotification | None = None
        self._level: ServerCall | None = None
        self._capabilities: dict[str, Any] = {}
        self._news = News(self._tell, background)

    def links(self) -> list[MemberLink]:
        """Those that can be asked now. Before `initialize` that is everyone, who will refuse."""
        begun = self._initialize is not None
        return [
            link
            for link in self._links
            if link.serving and (not begun or self._parts[link.at] is Part.TAKES_PART)
        ]

    async def usable(self, link: MemberLink) -> bool:
        """Whether a member can be asked; one that is just joining is waited for."""
        joining = self._joining.get(link.at)
        if joining is not None:
            await asyncio.shield(joining)
        return link in self.links()

    async def initialize(self, call: ServerCall) -> envelope_pb2.JsonRpcResponse:
        """Begin the session with every member that is up; one that fails is left out."""
        asked = [link for link in self._links if link.serving]
        said = await self._background.within(
            self._host.bounds.initialize_timeout_seconds,
            {link.at: link.ask(call) for link in asked},
            "initializing a session",
        )
        introductions = {}
        for link in asked:
            result = self._taken_in(link, said.get(link.at))
            if result is not None:
                introductions[link.at] = Introduction(link.name, result)
        if not introductions:
            return self._first_refusal(asked, said)
        self._forget_lists()
        for at, introduction in introductions.items():
            self._host.heard(at, INITIALIZE, introduction.result)
        self._capabilities = capabilities.merged_capabilities(
            self._host.capabilities_of_all(INITIALIZE, introductions)
        )
        result = capabilities.initialize_result(
            list(introductions.values()), self._capabilities, self._host.info
        )
        self._initialize = _replayed(call, result["protocolVersion"])
        return answers.result(result)

    async def initialized(self, notification: ClientNotification) -> None:
        """The client has taken the handshake's result: so have the members that take part."""
        self._initialized = notification
        await asyncio.gather(*(link.tell(notification) for link in self.links()))

    def level_was_set(self, call: ServerCall) -> None:
        """Remember the client's log level for members that join later."""
        self._level = call

    def member_changed(self, link: MemberLink, serving: bool) -> None:
        """A member has come or gone: take it in, and tell the client that the lists have changed.

        A member that took part before finds its session again by itself.
        """
        if self._initialize is None or self._parts[link.at] is Part.LEFT_OUT:
            return
        if self._parts[link.at] is Part.TAKES_PART:
            self._tell_lists_changed()
        elif serving:
            self._join(link)

    def retry(self) -> None:
        """Ask members again that are up and have not answered `initialize`, not too often."""
        now = asyncio.get_running_loop().time()
        for link in self._links:
            is_due = self._parts[link.at] is Part.NOT_YET and now >= self._retry_at[link.at]
            if self._initialize is not None and link.serving and is_due:
                self._join(link)

    def _join(self, link: MemberLink) -> None:
        if link.at in self._joining:
            return
        task = self._background.spawn(self._take_in(link), f"initializing {link.name}")
        self._joining[link.at] = task
        task.add_done_callback(lambda _: self._joining.pop(link.at, None))

    async def _take_in(self, link: MemberLink) -> None:
        """Have a member join, and tell the client."""
        timeout = self._host.bounds.initialize_timeout_seconds
        said = await self._background.within(timeout, {link.at: self._told(link)}, INITIALIZE)
        result = self._taken_in(link, said.get(link.at))
        if result is not None:
            self._host.heard(link.at, INITIALIZE, result)
            self._forget_lists()
            self._tell_lists_changed()

    async def _told(self, link: MemberLink) -> envelope_pb2.JsonRpcResponse:
        """Tell a member what the client said at the beginning; gives its answer to that."""
        assert self._initialize is not None
        request = answers.own_call(INITIALIZE, None, modern=False).request
        answer = await link.ask(replace(self._initialize, request=request))
        if answers.result_object(answer) is None:
            return answer
        if self._initialized is not None:
            await link.tell(self._initialized)
        # It takes part from here on, so an `initialized` that comes later reaches it as well.
        self._parts[link.at] = Part.TAKES_PART
        if self._level is not None:
            await link.ask(self._level)
        return answer

    def _taken_in(
        self, link: MemberLink, answer: envelope_pb2.JsonRpcResponse | None
    ) -> dict[str, Any] | None:
        """Settle whether a member takes part; what it said of itself if it does."""
        result = answers.result_object(answer)
        if result is not None:
            self._parts[link.at] = Part.TAKES_PART
            return result
        is_refused = answer is not None and answer.reason == errors_pb2.ERROR_REASON_UNSPECIFIED
        self._parts[link.at] = Part.LEFT_OUT if is_refused else Part.NOT_YET
        waits = UNAVAILABLE_RETRY_SECONDS
        if answer is None:
            waits = self._host.bounds.initialize_retry_seconds
        self._retry_at[link.at] = asyncio.get_running_loop().time() + waits
        why = answer.error.message[:200] if answer is not None else "it did not answer in time"
        logger.warning("%s does not take part in a session: %s", link.name, why)
        link.give_up()
        return None

    def _first_refusal(
        self, asked: Sequence[MemberLink], said: dict[int, envelope_pb2.JsonRpcResponse]
    ) -> envelope_pb2.JsonRpcResponse:
        self._parts = [Part.NOT_YET for _ in self._links]
        for link in asked:
            answer = said.get(link.at)
            if answer is not None and answers.is_error(answer):
                return answer
            if answer is not None:
                return errors.failure(errors.INTERNAL_ERROR, f"{link.name} answered no JSON object")
        return answers.unavailable(asked[0].name if asked else self._links[0].name)

    def _tell_lists_changed(self) -> None:
        # Before it has ended the handshake, the client has no list yet.
        if self._initialized is not None:
            methods = {
                kind.changed_method for kind in KINDS if kind.capability in self._capabilities
            }
            self._news.add(sorted(methods))

    async def _tell(self, method: str, uri: str | None) -> None:
        await self._client.notify(method, None, None)


def _replayed(call: ServerCall, version: str) -> ServerCall:
    """The client's `initialize` as a member hears it later: in the revision agreed on by then."""
    params = {**(call.params or {}), "protocolVersion": version}
    text = call.params_json
    if text is not None:
        text = json_edit.with_member(text, "protocolVersion", json_text.dump(version))
    return replace(call, params=params, params_json=text, door=None)
