"""Progress tokens and subscription ids, between what clients chose and what an upstream is told.

It is text in, text out. Clients that share an upstream session all begin at token 1 and id 1, so
there each request has a number of its own, which stands for both.
"""

from __future__ import annotations

from typing import Any, Final

from mcpgrpc.binding import json_members, json_text
from mcpgrpc.binding.ids import Id

PROGRESS_METHOD: Final = "notifications/progress"
PROGRESS_TOKEN: Final = "progressToken"  # noqa: S105 - the name of a member
SUBSCRIPTION_ID_META_KEY: Final = "io.modelcontextprotocol/subscriptionId"

_META: Final = "_meta"


def has_token(params: dict[str, Any] | None) -> bool:
    """Whether a request asks for progress."""
    meta = (params or {}).get(_META)
    return isinstance(meta, dict) and PROGRESS_TOKEN in meta


def with_token(params_json: str, number: int) -> tuple[str, str]:
    """A request's params with a number as its token, and the token that stood there, as text.

    To be called where `has_token` holds. Raises ValueError when a member stands twice.
    """
    members = json_members.cut(params_json)
    meta = json_members.cut(members[_META])
    token = meta[PROGRESS_TOKEN]
    meta[PROGRESS_TOKEN] = str(number)
    members[_META] = json_members.join(meta)
    return json_members.join(members), token


def with_clients_token(params_json: str, token: str) -> str:
    """The params of a progress notification with the token that its client chose."""
    members = json_members.cut(params_json)
    members[PROGRESS_TOKEN] = token
    return json_members.join(members)


def with_subscription_id(object_json: str, client_id: Id) -> str:
    """Params or a result that carry a subscription id, with the one that the client knows."""
    members = json_members.cut(object_json)
    meta = json_members.cut(members.get(_META, "{}"))
    meta[SUBSCRIPTION_ID_META_KEY] = json_text.dump(client_id)
    members[_META] = json_members.join(meta)
    return json_members.join(members)
