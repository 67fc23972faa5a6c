"""The stage of the pipeline above the rights: under a policy no result is everybody's.

It neither keeps nor announces anything; `backend` does, below the rights.
"""

from __future__ import annotations

from mcpgrpc.caching.rules import CACHEABLE_METHODS
from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server.backend import ServerCall
from mcpgrpc_server.caching.announcing import make_private
from mcpgrpc_server.caller import Caller
from mcpgrpc_server.pipeline import Next


class PrivateStage:
    """Takes `cacheScope: public` back, which an app says without knowing the policy.

    A gateway may give a public result to anybody: lists would be given to callers from whom the
    policy hides some of their entries, and resources to those who may not read them.
    """

    async def handle(
        self,
        call: ServerCall,
        caller: Caller,  # whoever it is
        proceed: Next,
    ) -> envelope_pb2.JsonRpcResponse:
        """Let it be answered, privately."""
        response = await proceed(call)
        if call.request.method in CACHEABLE_METHODS:
            make_private(response)
        return response
