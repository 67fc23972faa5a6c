"""How long results hold, written into those that do not say: `ttlMs` and `cacheScope`.

It keeps nothing, and does not touch what an app said itself.
"""

from __future__ import annotations

from collections.abc import Mapping

from mcpgrpc.caching.hints import hints_of, replaced, with_ttl
from mcpgrpc.v1 import envelope_pb2


def announce(response: envelope_pb2.JsonRpcResponse, method: str, ttls: Mapping[str, int]) -> None:
    """Say how long the result of a method holds, where the settings do and it does not itself.

    An app of the official SDK that says nothing says 0 on the wire, so 0 counts as nothing said.
    A result that is a question to the client, and an error, hold for no time.

    Args:
        response: to a modern request that was no retry.
        method: of the request.
        ttls: milliseconds, by method.
    """
    ttl_ms = ttls.get(method)
    if ttl_ms is None or response.WhichOneof("outcome") != "result_json":
        return
    hints = hints_of(response.result_json)
    if hints is not None and hints.ttl_ms == 0:
        response.result_json = with_ttl(response.result_json, hints, ttl_ms)


def make_private(response: envelope_pb2.JsonRpcResponse) -> None:
    """Let a result say that it is its caller's alone, if it says that it is everybody's."""
    # Most results never name the word, and some are large.
    if '"public"' not in response.result_json:
        return
    hints = hints_of(response.result_json)
    if hints is not None and hints.is_public and hints.scope is not None:
        response.result_json = replaced(response.result_json, hints.scope, '"private"')
