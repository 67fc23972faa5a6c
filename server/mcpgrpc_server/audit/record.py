"""The lines of the audit: fields for a log, the same for every kind of event.

It writes to the logger "mcpgrpc.audit" and decides nothing about where lines go. No field ever
holds a credential; the log's own redaction stands behind that.
"""

from __future__ import annotations

import logging
import re
from typing import Any, Final

from mcpgrpc_server.backend import ServerCall
from mcpgrpc_server.caller import Caller

_log: Final = logging.getLogger("mcpgrpc.audit")

MAX_ARGUMENT_CHARACTERS: Final = 1024
"""Of the arguments in a line; how many bytes there were is said in any case."""

# W3C Trace Context: version, trace id, parent id, flags.
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")


def write(event: str, **facts: Any) -> None:
    """Log one line, of level INFO."""
    _log.info("audit", extra={"event": event, **facts})


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


def call_facts(call: ServerCall, caller: Caller, *, with_arguments: bool) -> dict[str, Any]:
    """What is asked."""
    params = call.params or {}
    target = params.get("name", params.get("uri"))
    params_json = call.params_json or ""
    facts: dict[str, Any] = {
        "method": call.request.method,
        "target": target if isinstance(target, str) else None,
        "argument_bytes": len(params_json.encode("utf-8", "surrogatepass")),
        "trace_id": trace_id(call, caller),
    }
    if with_arguments:
        facts["arguments"] = _without_meta(params)
    return facts


def trace_id(call: ServerCall, caller: Caller) -> str | None:
    """The trace that a request belongs to: `_meta` before a door's headers before metadata."""
    meta = (call.params or {}).get("_meta")
    said = [meta.get("traceparent") if isinstance(meta, dict) else None]
    if call.door is not None:
        said += [each.value for each in call.door.headers if each.name == "traceparent"]
    said.append(caller.headers.get("traceparent"))
    for traceparent in said:
        if isinstance(traceparent, str) and (found := _TRACEPARENT.fullmatch(traceparent)):
            return found[1]
    return None


def _without_meta(params: dict[str, Any]) -> str:
    shown = str({name: value for name, value in params.items() if name != "_meta"})
    return shown[:MAX_ARGUMENT_CHARACTERS]
