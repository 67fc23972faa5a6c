"""What an application may answer by besides a request's params: the headers that it gets to see.

It knows no credential: those are kept apart before, and never come here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

_ABOUT_THE_MESSAGE: Final = frozenset(
    {
        # How one message travels.
        *("accept", "accept-encoding", "connection", "content-length", "content-type"),
        *("date", "keep-alive", "te", "transfer-encoding"),
        *("grpc-accept-encoding", "grpc-encoding", "grpc-timeout"),
        # What traces tell one message from the next by.
        *("traceparent", "tracestate", "x-request-id", "x-correlation-id", "x-amzn-trace-id"),
        *("x-cloud-trace-context", "b3", "x-b3-traceid", "x-b3-spanid", "x-b3-parentspanid"),
        *("x-b3-sampled", "x-b3-flags"),
        # Said in the message itself as well.
        *("mcp-method", "mcp-name"),
    }
)
"""Headers that differ between requests which mean the same. Any other keeps answers apart: better
asked twice than answered for somebody else."""


def circumstances(
    headers: Iterable[tuple[str, str | bytes]],
) -> tuple[tuple[str, str | bytes], ...]:
    """The headers that an answer may depend on, in an order of their own.

    Args:
        headers: names in lower case, with their values; no credentials.
    """
    kept = (pair for pair in headers if pair[0] not in _ABOUT_THE_MESSAGE)
    return tuple(sorted(kept, key=lambda pair: (pair[0], str(pair[1]))))
