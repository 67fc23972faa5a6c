"""What every connection of a merged server shares.

It answers nothing.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from typing import Any

from mcpgrpc_server.merge.background import Background
from mcpgrpc_server.merge.bounds import MergeBounds
from mcpgrpc_server.merge.capabilities import ServerInfo, object_of
from mcpgrpc_server.merge.catalogues import Catalogues
from mcpgrpc_server.merge.member import Member


@dataclass(slots=True)
class MergeHost:
    """The common ground.

    Attributes:
        members: all of them, in their order.
        info: who the merged server says it is.
        bounds: what bounds it.
        background: tasks that outlive a connection.
        catalogues: the catalogues of the stateless era.
        capabilities: what each member said last that it can do, by its place and the method that
            it was asked by; stands for a member that is down.
    """

    members: Sequence[Member]
    info: ServerInfo
    bounds: MergeBounds
    background: Background
    catalogues: Catalogues
    capabilities: dict[tuple[int, str], dict[str, Any]] = field(default_factory=dict)

    def heard(self, member: int, method: str, result: dict[str, Any]) -> None:
        """A member has said what it can do, in answer to `initialize` or `server/discover`."""
        self.capabilities[member, method] = object_of(result.get("capabilities"))

    def capabilities_of_all(self, method: str, answered: Container[int]) -> list[dict[str, Any]]:
        """What members can do, in their order: those that answered now, and those that are down.

        Args:
            method: `initialize` or `server/discover`, whose capabilities differ.
            answered: the places of those that answered it.
        """
        return [
            self.capabilities.get((at, method), {})
            for at, member in enumerate(self.members)
            if at in answered or not member.serving
        ]
