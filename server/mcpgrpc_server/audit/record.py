"""The lines of the audit: fields for a log, the same for every kind of event.

It writes to the logger "mcpgrpc.audit" and decides nothing about where lines go. No field ever
holds a credential; the log's own redaction stands behind that.
"""

from __future__ import annotations

import logging
from typing import Any, Final

from mcpgrpc.logs.correlation import FIELD, current_id, trace_id
from mcpgrpc.logs.redaction import Redaction
from mcpgrpc_server.backend import ServerCall
from mcpgrpc_server.caller import Caller
from mcpgrpc_server.correlation import traceparents

_log: Final = logging.getLogger("mcpgrpc.audit")

MAX_ARGUMENT_CHARACTERS: Final = 1024
"""Of the arguments in a line; how many bytes there were is said in any case."""


def write(event: str, facts: dict[str, Any]) -> None:
    """Log one line, of level INFO, with the id of the request that is being handled, if any."""
    if not is_written():
        return
    # Made straight: `Logger.info` would walk the stack only to find that it was called from here.
    line = write.__code__.co_firstlineno
    made = _log.makeRecord(_log.name, logging.INFO, __file__, line, "audit", (), None, "write")
    vars(made).update({"event": event, **facts})
    if correlation_id := current_id():
        vars(made)[FIELD] = correlation_id
    _log.handle(made)


def is_written() -> bool:
    """Whether lines go anywhere at all."""
    return _log.isEnabledFor(logging.INFO)


def caller_facts(caller: Caller) -> dict[str, Any]:
    """Who it is and where it connects from."""
    identity = caller.identity
    return {
        "subject": identity.subject,
        "kind": identity.kind.value,
        "actor": identity.actor,
        "peer": caller.peer,
    }


def call_facts(
    call: ServerCall, caller: Caller, with_arguments: Redaction | None
) -> dict[str, Any]:
    """What is asked.

    Args:
        call: the request.
        caller: who sends it.
        with_arguments: what is hidden in its arguments; None where they are left out whole.
    """
    params = call.params or {}
    target = params.get("name", params.get("uri"))
    traced = map(trace_id, traceparents(caller, call))
    facts: dict[str, Any] = {
        "method": call.request.method,
        "target": target if isinstance(target, str) else None,
        "argument_bytes": _utf8_bytes(call.params_json or ""),
        "trace_id": next(filter(None, traced), call.trace_id) or None,
    }
    if with_arguments is not None:
        facts["arguments"] = _without_meta(params, with_arguments)
    return facts


def _utf8_bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def _without_meta(params: dict[str, Any], redaction: Redaction) -> str:
    kept = {name: value for name, value in params.items() if name != "_meta"}
    return str(redaction.members(kept))[:MAX_ARGUMENT_CHARACTERS]
