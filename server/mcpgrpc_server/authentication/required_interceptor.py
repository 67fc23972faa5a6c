"""The last word on who calls: nothing unproven goes on, and nobody where somebody is needed.

It proves nothing itself; the interceptors before it do.
"""

from __future__ import annotations

from collections.abc import Collection

from mcpgrpc_server.authentication.rpc_interception import RpcInterceptor, RpcOpening
from mcpgrpc_server.identity import ANONYMOUS, current_identity


class RequiredInterceptor(RpcInterceptor):
    """Stands behind every interceptor that proves something.

    Args:
        taken: what a caller can prove itself with here, in words.
        allow_anonymous: callers without any proof are let in.
        open_services: full names of services that need none. What is presented to them must still
            hold.
    """

    def __init__(
        self, taken: str, *, allow_anonymous: bool, open_services: Collection[str]
    ) -> None:
        self._taken = taken
        self._allow_anonymous = allow_anonymous
        self._open_services = frozenset(open_services)

    async def before(self, rpc: RpcOpening) -> None:
        """Refuse what is presented and not proven, and whom nothing proves."""
        if rpc.presented is not None and not rpc.is_proven:
            await rpc.refuse(f"no {rpc.presented.kind.value} is taken here: use {self._taken}")
        if current_identity.get() is not ANONYMOUS or self._allow_anonymous:
            return
        if rpc.service not in self._open_services:
            await rpc.refuse(f"credentials are needed: {self._taken}")
