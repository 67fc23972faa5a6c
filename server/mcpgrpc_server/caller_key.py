"""What two requests of one caller have in common: the key under which a caller is counted.

It proves nothing. A caller without identity is known by the address that it connects from alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from mcpgrpc_server.identity import Identity, IdentityKind

if TYPE_CHECKING:
    # A caller keeps its own key, so it is the one that imports.
    from mcpgrpc_server.caller import Caller

CallerKey: TypeAlias = tuple[str, ...]


def identity_key(identity: Identity) -> CallerKey:
    """The same for every credential of one caller: how it is proven, who says so, and its name."""
    return identity.kind.value, str(identity.claims.get("iss", "")), identity.subject


def caller_key(caller: Caller) -> CallerKey:
    """As `identity_key`; anonymous callers are told apart by host, however many ports they use."""
    return caller.key


def key_at(peer: str, identity: Identity) -> CallerKey:
    """The key of whoever calls from a peer as an identity."""
    if identity.kind is IdentityKind.ANONYMOUS:
        return IdentityKind.ANONYMOUS.value, _host(peer)
    return identity_key(identity)


def _host(peer: str) -> str:
    """GRPC names a peer "ipv4:10.0.0.7:50312", "ipv6:%5B::1%5D:50312" or "unix:"."""
    family, _, address = peer.partition(":")
    return peer if family not in ("ipv4", "ipv6") else address.rpartition(":")[0]
