"""Proves API keys, in `x-api-key` or `authorization: Bearer mcpgrpc_…`.

It takes no other credential and does not insist on any.
"""

from __future__ import annotations

from mcpgrpc_server.authentication.api_keys import ApiKeys
from mcpgrpc_server.authentication.presented import CredentialKind
from mcpgrpc_server.authentication.rpc_interception import RpcInterceptor, RpcOpening
from mcpgrpc_server.identity import NotProvenError


class ApiKeyInterceptor(RpcInterceptor):
    """Refuses an API key that proves nobody.

    Args:
        keys: those that are taken.
    """

    def __init__(self, keys: ApiKeys) -> None:
        self._keys = keys

    async def before(self, rpc: RpcOpening) -> None:
        """Prove the key that is presented, if one is."""
        if rpc.presented is None or rpc.presented.kind is not CredentialKind.API_KEY:
            return
        try:
            identity = self._keys.prove(rpc.presented.secret)
        except NotProvenError as error:
            await rpc.refuse(str(error))
        rpc.by_credential(identity)
