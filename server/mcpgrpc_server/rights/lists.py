"""Lists without what a caller may not see. Pages keep their cursors; a page may come out empty.

It asks for nothing itself: it is given the result of a list.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from mcpgrpc.binding import json_text
from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server.rights.decision import Rights
from mcpgrpc_server.rights.vocabulary import LISTS, Kind

_TEMPLATES: Final = "resources/templates/list"
_MEMBERS: Final = {
    "tools/list": "tools",
    "prompts/list": "prompts",
    "resources/list": "resources",
    _TEMPLATES: "resourceTemplates",
}


def without_hidden(
    response: envelope_pb2.JsonRpcResponse, method: str, rights: Rights
) -> envelope_pb2.JsonRpcResponse:
    """The response to a list, with the entries that the caller sees; its text stays if that is all.

    An entry without a name or URI is left out: nobody could say whether it may be seen.
    """
    if response.WhichOneof("outcome") != "result_json":
        return response
    result = json_text.parse_object(response.result_json)
    member = _MEMBERS[method]
    entries = result.get(member) if result is not None else None
    if result is None or not isinstance(entries, list):
        return response
    visible = [entry for entry in entries if _is_seen(entry, method, rights)]
    if len(visible) != len(entries):
        response.result_json = json_text.dump({**result, member: visible})
    return response


def without_hidden_values(
    response: envelope_pb2.JsonRpcResponse, is_seen: Callable[[str], bool]
) -> envelope_pb2.JsonRpcResponse:
    """The response to a completion, with the values that the caller may complete to."""
    if response.WhichOneof("outcome") != "result_json":
        return response
    result = json_text.parse_object(response.result_json) or {}
    completion = result.get("completion")
    values = completion.get("values") if isinstance(completion, dict) else None
    if not isinstance(completion, dict) or not isinstance(values, list):
        return response
    visible = [value for value in values if isinstance(value, str) and is_seen(value)]
    if len(visible) != len(values):
        # `total` would count what is hidden.
        counted = {name: value for name, value in completion.items() if name != "total"}
        result["completion"] = {**counted, "values": visible}
        response.result_json = json_text.dump(result)
    return response


def _is_seen(entry: Any, method: str, rights: Rights) -> bool:
    if not isinstance(entry, dict):
        return False
    if method == _TEMPLATES:
        template = entry.get("uriTemplate")
        return isinstance(template, str) and rights.sees_template(method, template)
    kind = LISTS[method]
    name = entry.get("uri" if kind is Kind.RESOURCE else "name")
    return isinstance(name, str) and rights.sees(method, kind, name)
