"""What all members list of one kind, under the names by which a client knows it: immutable.

It does not know who is up: what a member listed last stays named while it is down.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mcpgrpc_server.merge import templates
from mcpgrpc_server.merge.kinds import Kind
from mcpgrpc_server.merge.listing import Listing
from mcpgrpc_server.merge.member import Member
from mcpgrpc_server.merge.names import Named, offered_names


@dataclass(frozen=True, slots=True)
class Target:
    """Where something is.

    Attributes:
        member: the member's place in the order of the members.
        own: what that member calls it.
    """

    member: int
    own: str


class Offer:
    """The things of one kind.

    Args:
        kind: which.
        members: every member, in their order.
        listings: what they list, by their place; a member that never listed anything is not there.
    """

    def __init__(
        self, kind: Kind, members: Sequence[Member], listings: Mapping[int, Listing]
    ) -> None:
        self._kind = kind
        self._members = members
        self._listings = listings
        self._offered = offered_names([self._named(at) for at in range(len(members))])
        self._targets = {
            name: Target(member, own)
            for member, names in enumerate(self._offered)
            for own, name in names.items()
        }

    def target(self, offered: str) -> Target | None:
        """Where what a client names is; None for what nobody lists."""
        return self._targets.get(offered)

    def knows(self, member: int, own: str) -> bool:
        """Whether a member is known to list something."""
        return own in self._offered[member]

    def offered(self, member: int, own: str) -> str:
        """What something of a member is offered as.

        What it has not listed keeps its name, or gets the prefix where that name is another's.
        """
        name = self._offered[member].get(own)
        if name is not None:
            return name
        taken = own in self._targets or self._wants_prefix(member)
        return self._prefix(member) + own if taken else own

    def renamed(self, member: int) -> dict[str, str]:
        """What a member offers under another name than its own, by its own."""
        return {own: name for own, name in self._offered[member].items() if name != own}

    def has_renamed(self, member: int) -> bool:
        """Whether there is such."""
        return any(name != own for own, name in self._offered[member].items())

    def matching(self, uri: str) -> list[Target]:
        """For templates: those whose URI this can be, one for each member, with its own URI."""
        found: dict[int, Target] = {}
        for template, target in self._targets.items():
            if target.member not in found and templates.matches(template, uri):
                prefix_length = len(template) - len(target.own)
                found[target.member] = Target(target.member, uri[prefix_length:])
        return [found[member] for member in sorted(found)]

    def may_have(self, member: int) -> bool:
        """Whether a member has such a list, or nobody has seen that it has none."""
        return member not in self._listings or self.supports(member)

    def has_listed(self, member: int) -> bool:
        """Whether a member's list was ever read."""
        return member in self._listings

    def supports(self, member: int) -> bool:
        """Whether a member has such a list, as far as is known."""
        listing = self._listings.get(member)
        return listing is not None and listing.is_supported

    def beyond_bounds(self, offered: str) -> Target | None:
        """Where what nobody is known to list may be: a list that goes on beyond what is read."""
        for member, listing in sorted(self._listings.items()):
            if not listing.is_whole:
                prefix = self._prefix(member)
                return Target(member, offered.removeprefix(prefix))
        return None

    def _named(self, member: int) -> Named:
        listing = self._listings.get(member)
        keys = listing.keys if listing is not None else ()
        return Named(self._prefix(member), keys, self._wants_prefix(member))

    def _prefix(self, member: int) -> str:
        each = self._members[member]
        return each.uri_prefix if self._kind.is_uri else each.name_prefix

    def _wants_prefix(self, member: int) -> bool:
        return self._members[member].always_prefix and not self._kind.is_uri
