"""The requests under way on one connection: which answer is whose, and what else belongs to whom.

It does not send or receive. Standard output does not say to which request a notification belongs;
what a message names decides, and only where it names nothing a guess that can have one outcome.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from mcpgrpc.binding import ids, json_text
from mcpgrpc.binding.ids import Id
from mcpgrpc.binding.in_flight import LISTEN_METHOD
from mcpgrpc.v1 import envelope_pb2
from mcpgrpc_server.upstream.addressing import PROGRESS_METHOD, SUBSCRIPTION_ID_META_KEY
from mcpgrpc_server.upstream.stdio.outgoing_lines import OutgoingLine

SESSION_METHODS: Final = frozenset(
    {
        "notifications/prompts/list_changed",
        "notifications/resources/list_changed",
        "notifications/resources/updated",
        "notifications/tools/list_changed",
    }
)
"""Notifications that never belong to the request during which they happen to be sent."""


@dataclass(slots=True, eq=False)
class Waiting:
    """A request under way.

    Attributes:
        id: its id.
        method: its method.
        progress_token: what its progress names; None when it wants none.
        line: the request as it is sent.
        answer: the envelope of its response.
    """

    id: Id
    method: str
    progress_token: Id | None
    line: OutgoingLine
    answer: asyncio.Future[envelope_pb2.Envelope]

    def settle(self, envelope: envelope_pb2.Envelope) -> None:
        """It is answered."""
        if not self.answer.done():
            self.answer.set_result(envelope)

    def fail(self, error: Exception) -> None:
        """It will not be answered."""
        if not self.answer.done():
            self.answer.set_exception(error)
            # Nobody may be left to look at it; that is not worth a warning.
            self.answer.exception()


class Pending:
    """Requests by id.

    Args:
        settle_seconds: how long nothing is guessed after a cancellation, while the cancelled
            request may still be speaking.
    """

    def __init__(self, settle_seconds: float) -> None:
        self._settle_seconds = settle_seconds
        self._loop = asyncio.get_running_loop()
        self._requests: dict[Id, Waiting] = {}
        self._listens: dict[Id, Waiting] = {}
        self._tokens: dict[Id, Id] = {}
        self._guess_from = 0.0

    def __len__(self) -> int:
        return len(self._requests) + len(self._listens)

    def check_free(self, request_id: Id) -> None:
        """Raise ValueError when a request of this id is under way."""
        if request_id in self._requests or request_id in self._listens:
            raise ValueError(f"a request with id {request_id!r} is under way")

    def add(self, waiting: Waiting) -> None:
        """A request goes out, under an id that is free."""
        self._table(waiting)[waiting.id] = waiting
        if waiting.progress_token is not None:
            self._tokens[waiting.progress_token] = waiting.id

    def take(self, request_id: Id) -> Waiting | None:
        """The request of an id is over; None when none of this id is under way."""
        waiting = self._requests.get(request_id) or self._listens.get(request_id)
        if waiting is not None:
            self._remove(waiting)
        return waiting

    def take_listen(self, request_id: Id) -> Waiting | None:
        """The subscription of an id is over; None when none of this id is open."""
        return self.take(request_id) if request_id in self._listens else None

    def take_all(self) -> list[Waiting]:
        """Every request is over."""
        waiting = [*self._requests.values(), *self._listens.values()]
        for each in waiting:
            self._remove(each)
        return waiting

    def cancel(self, waiting: Waiting) -> bool:
        """Nobody waits for a request any more; False when it was over before."""
        if self._table(waiting).get(waiting.id) is not waiting:
            return False
        self._remove(waiting)
        return True

    def hold_guesses(self) -> None:
        """A cancelled request may still be speaking."""
        self._guess_from = self._loop.time() + self._settle_seconds

    def related_to(self, method: str, params: Mapping[str, Any]) -> Id | None:
        """The request to which a notification or a request of the server belongs."""
        if method == PROGRESS_METHOD:
            token = params.get("progressToken")
            return self._tokens.get(token) if ids.is_id(token) else None
        meta = params.get("_meta")
        if isinstance(meta, dict) and SUBSCRIPTION_ID_META_KEY in meta:
            subscription = meta[SUBSCRIPTION_ID_META_KEY]
            known = ids.is_id(subscription) and subscription in self._listens
            return subscription if known else None
        if method in SESSION_METHODS:
            return None
        return self._only_one()

    def _only_one(self) -> Id | None:
        if len(self._requests) != 1 or self._loop.time() < self._guess_from:
            return None
        return next(iter(self._requests))

    def _table(self, waiting: Waiting) -> dict[Id, Waiting]:
        return self._listens if waiting.method == LISTEN_METHOD else self._requests

    def _remove(self, waiting: Waiting) -> None:
        del self._table(waiting)[waiting.id]
        token = waiting.progress_token
        # Another request may have brought the same token since.
        if token is not None and self._tokens.get(token) == waiting.id:
            del self._tokens[token]


def progress_token(params_json: str) -> Id | None:
    """The token under which a request wants progress; None when it wants none."""
    if not params_json:
        return None
    meta = (json_text.parse_object(params_json) or {}).get("_meta")
    token = meta.get("progressToken") if isinstance(meta, dict) else None
    return token if ids.is_id(token) else None
