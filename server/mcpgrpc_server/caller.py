"""What is known of a caller besides its messages: peer, identity and headers.

It is never an input to authentication: that happened before, and credentials are gone from here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server.caller_key import CallerKey, key_at
from mcpgrpc_server.identity import ANONYMOUS, Identity

PROTOCOL_VERSION_HEADER: Final = "mcp-protocol-version"

_CREDENTIAL_HEADERS: Final = frozenset(
    {
        "authorization",
        "proxy-authorization",
        "cookie",
        "set-cookie",
        "x-api-key",
        "x-forwarded-client-cert",
    }
)
"""Never shown to an application, whatever they hold: secrets, and what anybody could forge."""


def visible_headers(pairs: Iterable[tuple[str, str | bytes]]) -> dict[str, str]:
    """Headers or metadata as an application may see them: text, lower case, no credentials.

    Values of a repeated name are joined with ", " as HTTP does; binary metadata is left out.
    """
    headers: dict[str, str] = {}
    for name, value in pairs:
        key = name.lower()
        if key in _CREDENTIAL_HEADERS or isinstance(value, bytes):
            continue
        headers[key] = f"{headers[key]}, {value}" if key in headers else value
    return headers


@dataclass(frozen=True)
class Caller:
    """The other end of a stream or of a Call.

    Attributes:
        peer: the transport's address of it, as gRPC names it.
        identity: who it is.
        headers: the metadata that it opened the RPC with, without credentials.
        rpc: the RPC's name, as `rpc_names` has it; empty for a caller within this process.
    """

    peer: str
    identity: Identity = ANONYMOUS
    headers: Mapping[str, str] = field(default_factory=dict)
    rpc: str = ""

    @cached_property
    def key(self) -> CallerKey:
        """Under what the caller is counted, found once: every request of a stream asks for it."""
        return key_at(self.peer, self.identity)


class RequestHeaders(Mapping[str, str]):
    """The headers of one request: the stream's metadata overlaid by the door's, made when read.

    `mcp-protocol-version` is always there. Most tools never look, so nothing is copied until one
    does.
    """

    __slots__ = ("_caller", "_door", "_made", "_protocol_version")

    def __init__(
        self, caller: Caller, door: envelope_pb2.DoorContext | None, protocol_version: str
    ) -> None:
        self._caller = caller
        self._door = door
        self._protocol_version = protocol_version
        self._made: dict[str, str] | None = None

    def _headers(self) -> dict[str, str]:
        if self._made is None:
            door = self._door.headers if self._door is not None else ()
            self._made = {
                **self._caller.headers,
                **visible_headers((header.name, header.value) for header in door),
                PROTOCOL_VERSION_HEADER: self._protocol_version,
            }
        return self._made

    def __getitem__(self, name: str) -> str:
        return self._headers()[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._headers())

    def __len__(self) -> int:
        return len(self._headers())

    def __repr__(self) -> str:
        return f"RequestHeaders({self._headers()!r})"
