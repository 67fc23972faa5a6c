"""What each member is asked to listen to for one subscription, and what they honour together.

It opens no subscription.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from mcpgrpc_server.backend import ServerCall
from mcpgrpc_server.merge import routing
from mcpgrpc_server.merge.kinds import CHANGED_METHODS
from mcpgrpc_server.merge.link import MemberLink
from mcpgrpc_server.merge.scope import Scope, with_param

FILTER: Final = "notifications"
URIS: Final = "resourceSubscriptions"


@dataclass(slots=True)
class Share:
    """One member's part of a subscription.

    Attributes:
        link: the way to the member.
        call: the request as the member gets it.
        wanted: its filter.
        offered: the URIs in it, mapped to what the client calls them.
        honoured: what the member agreed to; None before it has said so.
    """

    link: MemberLink
    call: ServerCall
    wanted: dict[str, Any]
    offered: dict[str, str] = field(default_factory=dict)
    honoured: dict[str, Any] | None = None

    def agreed(self) -> dict[str, Any]:
        """What counts as honoured, in the client's terms.

        All that is wanted of a member that has not answered: it will be asked again.
        """
        agreed = self.wanted if self.honoured is None else self.honoured
        uris = agreed.get(URIS)
        if not isinstance(uris, list):
            return agreed
        return {**agreed, URIS: [self.offered.get(uri, uri) for uri in uris]}


async def shares_of(call: ServerCall, scope: Scope) -> list[Share]:
    """The shares of everyone who has one, whether up or down.

    Flags go to everybody; a URI to the members that have it, or to everybody where nobody is known
    to. A filter of another form goes to everybody as it is, who will refuse it.
    """
    wanted = (call.params or {}).get(FILTER)
    if not isinstance(wanted, dict) or not _are_uris(wanted.get(URIS)):
        return [Share(link, call, {}) for link in scope.everyone]
    uris = await _uris_by_member(wanted.get(URIS) or [], scope)
    shares = (_share(call, link, wanted, uris.get(link.at, {})) for link in scope.everyone)
    # An empty filter is a subscription as well, which hears nothing.
    return [share for share in shares if share.wanted or not wanted]


def honoured_together(wanted: Mapping[str, Any], shares: Iterable[Share]) -> dict[str, Any]:
    """What the client is told: what any member honours, its URIs in the client's order."""
    together: dict[str, Any] = {}
    uris: list[str] = []
    for share in shares:
        agreed = share.agreed()
        together = {**agreed, **together}
        uris += agreed.get(URIS) or []
    asked = wanted.get(URIS)
    if isinstance(asked, list) and URIS in together:
        together[URIS] = [uri for uri in asked if uri in uris]
    return {key: value for key, value in together.items() if value or value is None}


def changed_methods(wanted: Mapping[str, Any]) -> list[str]:
    """The notifications of changed lists that a filter asks for."""
    return [method for flag, method in CHANGED_METHODS.items() if wanted.get(flag) is True]


def _are_uris(asked: object) -> bool:
    return asked is None or (isinstance(asked, list) and all(isinstance(uri, str) for uri in asked))


async def _uris_by_member(asked: Iterable[str], scope: Scope) -> dict[int, dict[str, str]]:
    by_member: dict[int, dict[str, str]] = {}
    for uri in asked:
        found = await routing.candidates(uri, scope)
        for target in found:
            by_member.setdefault(target.member, {})[target.own] = uri
        for link in scope.everyone if not found else ():
            by_member.setdefault(link.at, {})[uri] = uri
    return by_member


def _share(
    call: ServerCall, link: MemberLink, wanted: dict[str, Any], offered: dict[str, str]
) -> Share:
    own = {key: value for key, value in wanted.items() if key != URIS}
    if offered:
        own[URIS] = list(offered)
    asked = call if own == wanted else with_param(call, FILTER, own)
    return Share(link, asked, own, offered)
