"""Whose progress a client reports: the tokens of the members' requests to it, told apart.

It does not report anything. A member chooses its tokens as if it were alone, so two can choose the
same; the second one then gets another for as long as both requests wait.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mcpgrpc.binding import ids, json_text
from mcpgrpc.binding.ids import Id
from mcpgrpc_server.merge import json_edit

PROGRESS_KEY = "progressToken"


class ProgressTokens:
    """The tokens of one client's stream."""

    def __init__(self) -> None:
        self._owners: dict[Id, tuple[int, Id]] = {}
        self._numbers = itertools.count(1)

    @contextmanager
    def waiting(self, member: int, params_json: str | None) -> Iterator[str | None]:
        """Hold the token of a member's request while it waits; gives the params to send."""
        own = _token(params_json)
        if own is None or params_json is None:
            yield params_json
            return
        token = self._free(own)
        self._owners[token] = (member, own)
        try:
            yield params_json if token is own else _with_token(params_json, token)
        finally:
            del self._owners[token]

    def owner(self, token: object) -> tuple[int, Id] | None:
        """The member that waits under a token of the client, and what it calls it."""
        return self._owners.get(token) if ids.is_id(token) else None

    def _free(self, own: Id) -> Id:
        token = own
        while token in self._owners:
            token = f"{own}-{next(self._numbers)}"
        return token


def _token(params_json: str | None) -> Id | None:
    if params_json is None or PROGRESS_KEY not in params_json:
        return None
    try:
        params: Any = json_text.parse_object(params_json) or {}
    except json_text.JsonTextError:
        return None
    meta = params.get("_meta")
    token = meta.get(PROGRESS_KEY) if isinstance(meta, dict) else None
    return token if ids.is_id(token) else None


def _with_token(params_json: str, token: Id) -> str:
    meta = json_edit.members(params_json)["_meta"]
    return json_edit.with_member(
        params_json, "_meta", json_edit.with_member(meta, PROGRESS_KEY, json_text.dump(token))
    )
