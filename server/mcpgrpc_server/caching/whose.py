"""Whose a private result is: everything besides the params that an app may answer by, as a digest.

It proves nothing about a caller, and holds no credential: those are gone before.
"""

from __future__ import annotations

import hashlib

from mcpgrpc.caching.circumstances import circumstances
from mcpgrpc_server.backend import ServerCall
from mcpgrpc_server.caller import Caller
from mcpgrpc_server.caller_key import caller_key


def whose(call: ServerCall, caller: Caller) -> bytes:
    """The same for two requests that no app can tell apart by who sends them and how.

    Who calls, who acts for it, what its credential allows and says besides, and the headers; a
    renewed credential that says something else is another caller's as far as this goes.
    """
    identity = caller.identity
    door = () if call.door is None else ((each.name, each.value) for each in call.door.headers)
    said = (
        caller_key(caller),
        identity.actor,
        sorted(identity.scopes),
        sorted((name, repr(value)) for name, value in identity.claims.items()),
        circumstances(caller.headers.items()),
        circumstances(door),
    )
    return hashlib.sha256(repr(said).encode(errors="surrogatepass")).digest()
