"""The table of the peer's requests that this end is working on: a bound, ids, cancellation.

It does not run or answer them. A request holds its id and its slot from `admit` until `settle`,
so a cancelled one whose handler runs on keeps both.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from mcpgrpc.binding.errors import Refusal
from mcpgrpc.binding.ids import Id
from mcpgrpc.v1 import errors_pb2

LISTEN_METHOD: Final = "subscriptions/listen"


@dataclass(slots=True, eq=False)
class InFlightRequest:
    """One request of the peer, from admission to settlement."""

    id: Id
    method: str
    modern: bool = False
    cancelled: bool = field(default=False, init=False)
    """The peer cancelled it: it must not be answered any more."""

    @property
    def is_listen(self) -> bool:
        """Whether it is a subscription, which stays open and takes no slot of the window."""
        return self.method == LISTEN_METHOD


class InFlightTable:
    """The requests in flight of one stream, in one direction."""

    def __init__(self, max_in_flight: int, max_listens: int) -> None:
        self._max_in_flight = max_in_flight
        self._max_listens = max_listens
        self._requests: dict[Id, InFlightRequest] = {}
        self._listens = 0

    def __len__(self) -> int:
        return len(self._requests)

    def admit(self, request_id: Id, method: str) -> InFlightRequest | Refusal:
        """Take a request in, or say why not. A refused one leaves the table as it was."""
        if request_id in self._requests:
            return Refusal(
                errors_pb2.ERROR_REASON_DUPLICATE_ID,
                f"a request with id {request_id!r} is in flight on this stream",
            )
        if method == LISTEN_METHOD:
            if self._listens >= self._max_listens:
                return Refusal(
                    errors_pb2.ERROR_REASON_LISTEN_LIMIT,
                    f"{self._listens} listens are open on this stream, its limit",
                )
            self._listens += 1
        elif len(self._requests) - self._listens >= self._max_in_flight:
            return Refusal(
                errors_pb2.ERROR_REASON_WINDOW_EXCEEDED,
                f"{self._max_in_flight} requests are in flight on this stream, its limit;"
                " wait for a response",
            )
        request = InFlightRequest(request_id, method)
        self._requests[request_id] = request
        return request

    def cancel(self, request_id: Id) -> InFlightRequest | None:
        """Mark a request as cancelled; None when no such request is in flight or it already was."""
        request = self._requests.get(request_id)
        if request is None or request.cancelled:
            return None
        request.cancelled = True
        return request

    def settle(self, request: InFlightRequest) -> None:
        """Free the id and the slot: the response is on its way, or RequestSettled is."""
        if self._requests.get(request.id) is not request:
            raise AssertionError(f"request {request.id!r} was settled before")
        del self._requests[request.id]
        if request.method == LISTEN_METHOD:
            self._listens -= 1

    def all(self) -> list[InFlightRequest]:
        """Every request in flight, in the order of admission."""
        return list(self._requests.values())

    def listens(self) -> list[InFlightRequest]:
        """The open subscriptions, in the order of admission."""
        return [request for request in self._requests.values() if request.is_listen]
