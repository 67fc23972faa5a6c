"""A fresh credential on an open stream: the stream carries on under it, or ends.

It proves nothing itself, and opens no stream to anybody: a credential that is not the caller's own
ends the stream.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from mcpgrpc.binding.errors import Refusal
from mcpgrpc.v1 import errors_pb2
from mcpgrpc_server.host import StreamHost
from mcpgrpc_server.identity import Identity, NotProvenError, ProofUnavailableError, Renew

RENEWAL_REFUSED: Final = Refusal(
    errors_pb2.ERROR_REASON_UNAUTHENTICATED,
    "the fresh credential is not valid, or is another caller's",
    execution=errors_pb2.EXECUTION_MAYBE,
)


class Renewal:
    """Proves the fresh credentials of one stream, one at a time and the newest next.

    Args:
        host: what the server's streams share.
        current: who the caller is now.
        carry_on: the stream goes on under this identity.
        refuse: ends the stream.
    """

    def __init__(
        self,
        host: StreamHost,
        current: Callable[[], Identity],
        carry_on: Callable[[Identity], None],
        refuse: Callable[[Refusal], None],
    ) -> None:
        self._host = host
        self._current = current
        self._carry_on = carry_on
        self._refuse = refuse
        self._newest: str | None = None
        self._is_proving = False

    def present(self, renew: Renew, authorization: str) -> None:
        """Prove a credential in the background; one that waits for its turn is forgotten for it."""
        self._newest = authorization
        if not self._is_proving:
            self._is_proving = True
            self._host.spawn(self._prove_newest(renew), "renewing an identity")

    async def _prove_newest(self, renew: Renew) -> None:
        try:
            while (authorization := self._newest) is not None:
                self._newest = None
                await self._prove(renew, authorization)
        finally:
            self._is_proving = False

    async def _prove(self, renew: Renew, authorization: str) -> None:
        try:
            identity = await renew(authorization)
        except NotProvenError:
            self._refuse(RENEWAL_REFUSED)
            return
        except ProofUnavailableError:
            # The credential before it is as good as it was.
            return
        if identity.is_same_caller(self._current()):
            self._carry_on(identity)
        else:
            self._refuse(RENEWAL_REFUSED)
