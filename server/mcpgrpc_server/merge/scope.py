"""What one request has to do with: who can be asked for it, and what is called how.

It asks nobody.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from mcpgrpc.binding import json_text
from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server.backend import ServerCall
from mcpgrpc_server.merge import answers, json_edit
from mcpgrpc_server.merge.background import Background
from mcpgrpc_server.merge.catalogue import Catalogue
from mcpgrpc_server.merge.host import MergeHost
from mcpgrpc_server.merge.kinds import Kind
from mcpgrpc_server.merge.link import MemberLink
from mcpgrpc_server.merge.listing import Listing, fetch_listing


@dataclass(frozen=True, slots=True)
class Scope:
    """The surroundings of a request.

    Attributes:
        host: what connections share.
        catalogue: what is offered to this caller, or in this session.
        links: the ways to those that can be asked now, in the order of the members.
        everyone: the ways to all members.
        usable: waits until a member that is just joining has joined; whether it can be asked.
        background: tasks of the connection.
    """

    host: MergeHost
    catalogue: Catalogue
    links: Sequence[MemberLink]
    everyone: Sequence[MemberLink]
    usable: Callable[[MemberLink], Awaitable[bool]]
    background: Background

    async def ask_all(
        self, call: ServerCall, links: Sequence[MemberLink]
    ) -> dict[int, envelope_pb2.JsonRpcResponse]:
        """Ask several at once, within the bound of a list; who is late is not in the outcome."""
        return await self.background.within(
            self.host.bounds.list_timeout_seconds,
            {link.at: link.ask(call) for link in links},
            call.request.method,
        )

    def anybody_unavailable(self) -> envelope_pb2.JsonRpcResponse:
        """The answer where nobody can be asked."""
        return answers.unavailable(self.everyone[0].name)


class SessionSource:
    """Reads the lists of members in a legacy session, where each may show its own.

    Args:
        links: gives the members that take part now.
        host: what connections share.
    """

    def __init__(self, links: Callable[[], Sequence[MemberLink]], host: MergeHost) -> None:
        self._links = links
        self._host = host

    def available(self) -> list[int]:
        """Those that take part and are up."""
        return [link.at for link in self._links()]

    async def listing(self, member: int, kind: Kind) -> Listing | envelope_pb2.JsonRpcResponse:
        """What a member lists in this session, or the error that it answers."""
        for link in self._links():
            if link.at == member:
                return await fetch_listing(kind, partial(_page, link, kind), self._host.bounds)
        return answers.unavailable(self._host.members[member].name)


async def _page(link: MemberLink, kind: Kind, cursor: str | None) -> envelope_pb2.JsonRpcResponse:
    params = None if cursor is None else {"cursor": cursor}
    return await link.ask(answers.own_call(kind.list_method, params, modern=False))


def with_param(call: ServerCall, key: str, value: Any) -> ServerCall:
    """A request with one of its params set to another value, or without it for None."""
    params = {name: each for name, each in (call.params or {}).items() if name != key}
    if value is not None:
        params[key] = value
    text = call.params_json
    if text is not None:
        text = json_edit.with_member(text, key, None if value is None else json_text.dump(value))
    return replace(call, params=params, params_json=text)
