"""The result of a request, and what it is told meanwhile, as the messages of the typed services.

It neither sends nor waits.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server.typed.reading import UnheldError, members_of, read_members, string_of

COMPLETE: Final = "complete"
"""The `resultType` of a finished request, and what an absent one stands for."""

PROGRESS_KEY: Final = "progressToken"
"""Says whose progress it is: on an RPC of its own, its."""


def read_result(result_json: str, response: Any) -> None:
    """Put a result into the field of a response that its `resultType` names.

    What has no such field, or what that cannot hold, is its `other` or `other_result`.
    """
    kind: str | None = None
    try:
        members = members_of(result_json)
        kind = string_of(members["resultType"]) if "resultType" in members else COMPLETE
        if kind in ("complete", "input_required") and kind in response.DESCRIPTOR.fields_by_name:
            held = getattr(response, kind)
            held.SetInParent()
            read_members(members, held, ("resultType",))
            return
    except (UnheldError, RecursionError):
        response.Clear()
    has_events = "other_result" in response.DESCRIPTOR.fields_by_name
    other = response.other_result if has_events else response.other
    other.result_type = kind or ""
    other.result_json = result_json


def read_notification(
    notification: envelope_pb2.JsonRpcNotification, response: Any, events: Mapping[str, str]
) -> None:
    """Put a notification into the field of an event that is named for its method.

    What has no such field, or what that cannot hold, is its `other_notification`.

    Args:
        notification: of the request.
        response: a new event.
        events: the field of each method that has one.
    """
    name = events.get(notification.method)
    params_json = notification.params_json if notification.HasField("params_json") else None
    try:
        if name is not None:
            held = getattr(response, name)
            held.SetInParent()
            members = {} if params_json is None else members_of(params_json)
            read_members(members, held, (PROGRESS_KEY,))
            return
    except (UnheldError, RecursionError):
        response.Clear()
    response.other_notification.method = notification.method
    if params_json is not None:
        response.other_notification.params_json = params_json
