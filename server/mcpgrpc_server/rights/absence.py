"""The answer to a request for a name that the caller may not know: as if nothing had it.

It writes no such answer itself. Apps, upstreams and eras each have words of their own for an
unknown name, and any other words would tell that this one exists; so the question is asked about a
name that certainly does not, and the answer given for the one that was meant.
"""

from __future__ import annotations

import secrets
from dataclasses import replace

from mcpgrpc.binding import json_text
from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server.backend import ServerCall
from mcpgrpc_server.pipeline import Next
from mcpgrpc_server.rights.vocabulary import Kind

STAND_IN_BYTES = 12
"""Of randomness: nobody can register a tool of that name."""


async def answer_as_absent(
    call: ServerCall, kind: Kind, path: tuple[str, ...], name: str, proceed: Next
) -> envelope_pb2.JsonRpcResponse:
    """Ask for a name that does not exist in place of `name`, and put `name` into the answer.

    Args:
        call: the request.
        kind: what the name would be the name of.
        path: the members of params that lead to it, such as ("ref", "name").
        name: what the caller asked for.
        proceed: answers the changed request.
    """
    token = secrets.token_hex(STAND_IN_BYTES)
    stand_in = f"absent://{token}" if kind is Kind.RESOURCE else f"absent-{token}"
    params = _replaced(call.params or {}, path, stand_in)
    asked = replace(call, params=params, params_json=json_text.dump(params))
    response = await proceed(asked)
    in_json = json_text.dump(name)[1:-1]
    match response.WhichOneof("outcome"):
        case "result_json":
            response.result_json = response.result_json.replace(stand_in, in_json)
        case "error":
            error = response.error
            error.message = error.message.replace(stand_in, name)
            if error.HasField("data_json"):
                error.data_json = error.data_json.replace(stand_in, in_json)
    return response


def _replaced(members: dict[str, object], path: tuple[str, ...], name: str) -> dict[str, object]:
    first, *rest = path
    if not rest:
        return {**members, first: name}
    inner = members[first]
    return {
        **members,
        first: _replaced(inner, tuple(rest), name) if isinstance(inner, dict) else {},
    }
