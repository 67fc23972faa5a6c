"""Who calls over HTTP: what of the request's fields goes to gRPC, and as what.

It checks no credential; the server does. Nothing of one caller is ever used for another.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Final

from starlette.datastructures import Headers

from mcpgrpc.connection import ConnectionOptions
from mcpgrpc.gateway.replies import HttpRefusalError
from mcpgrpc.logs.correlation import HEADER as CORRELATION
from mcpgrpc.v1 import envelope_pb2

CREDENTIALS: Final = ("authorization", "x-api-key")
_FORWARDED: Final = (
    *CREDENTIALS,
    "traceparent",
    "tracestate",
    "baggage",
    "mcp-protocol-version",
    CORRELATION,
)
_NEVER_DATA: Final = frozenset({*CREDENTIALS, "proxy-authorization", "cookie", "set-cookie"})

MAX_METADATA_BYTES: Final = 6 * 1024
"""Of one caller; gRPC rejects metadata above 8 KiB at random, and there is some of its own."""

ERA_KEY: Final = "mcpgrpc-era"


@dataclass(frozen=True, slots=True)
class HttpCaller:
    """The sender of one HTTP request.

    Attributes:
        metadata: what goes to gRPC as metadata; holds credentials, so it is never shown.
        identity: a digest of the credentials: two callers are one when they have the same.
    """

    metadata: tuple[tuple[str, str], ...] = field(repr=False)
    identity: bytes = field(repr=False)

    @classmethod
    def of(cls, headers: Headers) -> HttpCaller:
        """The caller of a request or of a WebSocket's handshake.

        Raises:
            HttpRefusalError: a field stands twice, cannot be metadata, or there is too much.
        """
        counts = Counter(headers.keys())
        metadata = tuple(
            (name, _checked(name, headers[name], counts[name]))
            for name in _FORWARDED
            if name in headers
        )
        if sum(len(name) + len(value) for name, value in metadata) > MAX_METADATA_BYTES:
            message = f"credentials and trace context go up to {MAX_METADATA_BYTES} bytes together"
            raise HttpRefusalError(431, message)
        proof = "\n".join(f"{name}:{value}" for name, value in metadata if name in CREDENTIALS)
        return cls(metadata, hashlib.sha256(proof.encode()).digest())

    @property
    def has_credential(self) -> bool:
        """Whether it presents one; whether that proves anything is the server's to say."""
        return any(name in CREDENTIALS for name, _ in self.metadata)

    def options(self, options: ConnectionOptions, *further: tuple[str, str]) -> ConnectionOptions:
        """How this caller reaches the server: with its own credential, or with none.

        A door never lends its identity to its callers.
        """
        metadata = (*options.metadata, *self.metadata, *further)
        return replace(options, metadata=metadata, token=None)


def door_context(headers: Headers, *, resumable: bool = False) -> envelope_pb2.DoorContext:
    """What the application may know of an HTTP request: its fields without credentials.

    Args:
        headers: the fields.
        resumable: the HTTP client can take up a response stream that the server asks to close.
    """
    context = envelope_pb2.DoorContext(
        can_close_request_stream=resumable, can_close_standalone_stream=resumable
    )
    for name, value in headers.items():
        if name not in _NEVER_DATA:
            context.headers.add(name=name, value=value)
    return context


def _checked(name: str, value: str, count: int) -> str:
    if count > 1:
        raise HttpRefusalError(400, f"the header {name} appears more than once")
    if not value.isascii() or not value.isprintable():
        raise HttpRefusalError(400, f"the header {name} is not printable ASCII")
    return value.strip()
