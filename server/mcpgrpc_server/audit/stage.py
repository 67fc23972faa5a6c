"""The outermost stage of the pipeline: one line for each request, once it is over.

It changes nothing about a request or its answer.
"""

from __future__ import annotations

import asyncio
import time
from contextvars import ContextVar
from typing import Any, Final

from mcpgrpc.binding.errors import reason_name
from mcpgrpc.logs.redaction import Redaction
from mcpgrpc.v1 import envelope_pb2, errors_pb2
from mcpgrpc_server.audit import record
from mcpgrpc_server.backend import ServerCall
from mcpgrpc_server.caller import Caller
from mcpgrpc_server.pipeline import Next

decision: Final[ContextVar[str]] = ContextVar("decision", default="")
"""What a stage decided that the answer must not tell, such as that a tool is hidden."""


class AuditStage:
    """Writes down every request.

    Args:
        with_arguments: with its arguments, which may be confidential, but for what this hides;
            None without them.
    """

    def __init__(self, with_arguments: Redaction | None = None) -> None:
        self._with_arguments = with_arguments

    async def handle(
        self, call: ServerCall, caller: Caller, proceed: Next
    ) -> envelope_pb2.JsonRpcResponse:
        """Let it be answered, and say how that went."""
        if not record.is_written():
            return await proceed(call)
        began = time.monotonic()
        token = decision.set("")
        ended: dict[str, Any] = {"outcome": "failed"}
        try:
            response = await proceed(call)
            ended = _ending(response)
            return response
        except asyncio.CancelledError:
            ended = {"outcome": "cancelled"}
            raise
        finally:
            record.write(
                "request",
                {
                    **record.caller_facts(caller),
                    **record.call_facts(call, caller, self._with_arguments),
                    **ended,
                    "decision": decision.get() or None,
                    "duration_seconds": round(time.monotonic() - began, 6),
                },
            )
            decision.reset(token)


def _ending(response: envelope_pb2.JsonRpcResponse) -> dict[str, Any]:
    if response.WhichOneof("outcome") != "error":
        return {"outcome": "ok"}
    if response.reason == errors_pb2.ERROR_REASON_UNSPECIFIED:
        return {"outcome": "error", "code": response.error.code}
    reason = reason_name(response.reason)
    return {"outcome": "refused", "code": response.error.code, "reason": reason}
