"""URIs between what members call their resources and what clients call them.

It does not read resources. A URI that no two members share is the same on both sides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mcpgrpc.binding.json_text import JsonTextError
from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server.merge import json_edit, templates
from mcpgrpc_server.merge.catalogue import Catalogue
from mcpgrpc_server.merge.kinds import RESOURCES, TEMPLATES
from mcpgrpc_server.merge.member import Member
from mcpgrpc_server.merge.offer import Offer, Target

RESULT_PATHS: Final[dict[str, tuple[json_edit.Path, ...]]] = {
    "resources/read": (("contents", json_edit.EACH, "uri"),),
    "tools/call": (
        ("content", json_edit.EACH, "uri"),
        ("content", json_edit.EACH, "resource", "uri"),
    ),
    "prompts/get": (
        ("messages", json_edit.EACH, "content", "uri"),
        ("messages", json_edit.EACH, "content", "resource", "uri"),
        ("messages", json_edit.EACH, "content", json_edit.EACH, "uri"),
        ("messages", json_edit.EACH, "content", json_edit.EACH, "resource", "uri"),
    ),
}
"""Where results name resources: their contents, links to them, resources embedded in content."""

MAX_SUBSCRIBED_URIS: Final = 1024
"""Subscriptions whose URI is remembered for one client; the oldest are forgotten first, and from
then on mapped as every other URI."""


@dataclass(frozen=True, slots=True)
class UriMap:
    """Both ways, as far as the offers know.

    Attributes:
        members: all of them, in their order.
        resources: the resources they list.
        templates: the templates they list.
    """

    members: Sequence[Member]
    resources: Offer
    templates: Offer

    @classmethod
    def known(cls, members: Sequence[Member], catalogue: Catalogue) -> UriMap:
        """What is known now."""
        return cls(members, catalogue.known(RESOURCES), catalogue.known(TEMPLATES))

    def has_renamed(self, member: int) -> bool:
        """Whether anything of a member is offered under another URI."""
        return self.resources.has_renamed(member) or self.templates.has_renamed(member)

    def offered(self, member: int, uri: str) -> str:
        """What a URI of a member is offered as.

        One that it does not list takes after the template that it comes from.
        """
        if self.resources.knows(member, uri):
            return self.resources.offered(member, uri)
        for template in self.templates.renamed(member):
            if templates.matches(template, uri):
                return self.members[member].uri_prefix + uri
        return uri

    def prefixed(self, uri: str) -> Target | None:
        """Where a URI with a member's prefix is, listed or not."""
        scheme, plus, own = uri.partition("+")
        for at, member in enumerate(self.members):
            if plus and member.uri_prefix == f"{scheme.lower()}+":
                return Target(at, own)
        return None


class SubscribedUris:
    """What a client calls the resources that it subscribed to, where that is not their own URI."""

    def __init__(self) -> None:
        self._offered: dict[Target, str] = {}

    def add(self, target: Target, offered: str) -> None:
        """The client subscribes, or ends it: updates may still be on their way."""
        if target.own == offered:
            return
        self._offered.pop(target, None)
        self._offered[target] = offered
        if len(self._offered) > MAX_SUBSCRIBED_URIS:
            del self._offered[next(iter(self._offered))]

    def offered(self, member: int, own: str) -> str | None:
        """What the client calls it; None where it did not subscribe to it under another URI."""
        return self._offered.get(Target(member, own))


async def with_offered_uris(
    response: envelope_pb2.JsonRpcResponse,
    method: str,
    member: int,
    members: Sequence[Member],
    catalogue: Catalogue,
    asked: tuple[str, str] = ("", ""),
) -> envelope_pb2.JsonRpcResponse:
    """A member's result with the URIs that the client knows; itself where none is another.

    `asked` is the URI of the request itself, where it has one: the member's and the client's. May
    wait for the lists of resources, where nobody has read them yet.
    """
    paths = RESULT_PATHS.get(method)
    if paths is None or '"uri"' not in response.result_json:
        return response
    await catalogue.read_once(RESOURCES)
    await catalogue.read_once(TEMPLATES)
    uris = UriMap.known(members, catalogue)
    own, offered = asked
    if own == offered and not uris.has_renamed(member):
        return response
    try:
        text = json_edit.with_strings(
            response.result_json,
            paths,
            lambda uri: offered if uri == own else uris.offered(member, uri),
        )
    except JsonTextError:
        return response
    return envelope_pb2.JsonRpcResponse(result_json=text)
