"""The ledger of own requests: correlation, the peer's window, what certainly did not run.

It does not send or wait. A waiter is whatever the caller wants to have back with the answer.

A request is *waiting* until the window has room, *queued* until its envelope is written, *sent*
until it is answered, and after a cancellation *abandoned* until the peer has settled it: its slot
and its id are taken all that time.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import Enum
from typing import Generic, TypeVar

from mcpgrpc.binding.ids import Id
from mcpgrpc.binding.in_flight import LISTEN_METHOD
from mcpgrpc.binding.limits import UNANNOUNCED_MAX_IN_FLIGHT
from mcpgrpc.v1 import errors_pb2

Waiter = TypeVar("Waiter")


class State(Enum):
    """Where an own request stands."""

    WAITING = "waiting"
    QUEUED = "queued"
    SENT = "sent"
    ABANDONED = "abandoned"


@dataclass(slots=True, eq=False)
class OutgoingRequest(Generic[Waiter]):
    """One request of this end, from submission until the peer is done with it."""

    id: Id
    method: str
    waiter: Waiter
    state: State = State.WAITING
    ordinal: int = field(default=0, init=False)
    """Its place among the requests written on the stream, from 1; 0 while it is not written."""

    @property
    def is_listen(self) -> bool:
        """Whether it is a subscription, which takes no slot of the window."""
        return self.method == LISTEN_METHOD

    @property
    def execution(self) -> errors_pb2.Execution:
        """What is known about execution when its stream is lost now."""
        written = self.state in (State.SENT, State.ABANDONED) and self.ordinal > 0
        return errors_pb2.EXECUTION_MAYBE if written else errors_pb2.EXECUTION_NOT_STARTED


class OutgoingLedger(Generic[Waiter]):
    """The own requests of one stream, in one direction."""

    def __init__(self, window: int = UNANNOUNCED_MAX_IN_FLIGHT) -> None:
        self._window = window
        self._requests: dict[Id, OutgoingRequest[Waiter]] = {}
        self._waiting: deque[OutgoingRequest[Waiter]] = deque()
        self._slots_taken = 0
        self._written = 0
        self._accepted: int | None = None

    def __len__(self) -> int:
        return len(self._requests)

    def __contains__(self, request_id: Id) -> bool:
        return request_id in self._requests

    @property
    def unsettled(self) -> int:
        """Requests but subscriptions that the peer has not settled, and those that wait."""
        return self._slots_taken + len(self._waiting)

    @property
    def accepts_requests(self) -> bool:
        """Whether the peer still takes requests: it has not said GoAway."""
        return self._accepted is None

    def submit(self, request_id: Id, method: str, waiter: Waiter) -> OutgoingRequest[Waiter]:
        """Enter a request. Its state says whether to write it now (QUEUED) or later (WAITING).

        Raises:
            ValueError: the id is taken.
        """
        if request_id in self._requests:
            raise ValueError(f"request id {request_id!r} is in flight on this stream")
        request = OutgoingRequest(request_id, method, waiter)
        self._requests[request_id] = request
        if request.is_listen or self._slots_taken < self._window:
            self._take_slot(request)
        else:
            self._waiting.append(request)
        return request

    def written(self, request: OutgoingRequest[Waiter]) -> None:
        """Its envelope, or the last piece of it, is on the wire."""
        self._written += 1
        request.ordinal = self._written
        if request.state is State.QUEUED:
            request.state = State.SENT

    def resolve(self, request_id: Id) -> OutgoingRequest[Waiter] | None:
        """Take the request that a response answers; None when nobody waits for it.

        An abandoned request that is answered all the same frees its slot, and has no waiter left.
        """
        request = self._requests.get(request_id)
        if request is None or request.state in (State.WAITING, State.QUEUED):
            return None
        self._forget(request)
        return None if request.state is State.ABANDONED else request

    def abandon(self, request: OutgoingRequest[Waiter]) -> bool:
        """Stop waiting for a request; True when the peer has to be told (it may have seen it).

        One that waits for the window is forgotten, and the caller must not write it any more. One
        that is queued goes out all the same: its cancellation follows it.
        """
        if self._requests.get(request.id) is not request or request.state is State.ABANDONED:
            return False
        if request.state is State.WAITING:
            self._waiting.remove(request)
            del self._requests[request.id]
            return False
        request.state = State.ABANDONED
        return True

    def settled(self, request_id: Id) -> OutgoingRequest[Waiter] | None:
        """The peer ended a request without a response. Gives it when somebody waits for it."""
        request = self._requests.get(request_id)
        if request is None or request.state in (State.WAITING, State.QUEUED):
            return None
        self._forget(request)
        return None if request.state is State.ABANDONED else request

    def sendable(self) -> list[OutgoingRequest[Waiter]]:
        """Requests that waited and have a slot now; they are QUEUED, in order of submission."""
        ready = []
        while self._waiting and self._slots_taken < self._window:
            request = self._waiting.popleft()
            self._take_slot(request)
            ready.append(request)
        return ready

    def set_window(self, window: int) -> None:
        """The peer announced its window; a smaller one holds for what is submitted from now on."""
        self._window = window

    def go_away(self, accepted_requests: int) -> list[OutgoingRequest[Waiter]]:
        """The peer takes no more. Removes and gives what it certainly does not run."""
        self._accepted = accepted_requests
        lost = [
            request
            for request in self._requests.values()
            if request.state in (State.WAITING, State.QUEUED) or request.ordinal > accepted_requests
        ]
        return self._remove(lost)

    def close(self) -> list[OutgoingRequest[Waiter]]:
        """The stream is over. Removes and gives every request that somebody still waits for."""
        return self._remove(list(self._requests.values()))

    def _remove(self, lost: list[OutgoingRequest[Waiter]]) -> list[OutgoingRequest[Waiter]]:
        for request in lost:
            if request.state is State.WAITING:
                self._waiting.remove(request)
                del self._requests[request.id]
            else:
                self._forget(request)
        return [request for request in lost if request.state is not State.ABANDONED]

    def _take_slot(self, request: OutgoingRequest[Waiter]) -> None:
        request.state = State.QUEUED
        if not request.is_listen:
            self._slots_taken += 1

    def _forget(self, request: OutgoingRequest[Waiter]) -> None:
        del self._requests[request.id]
        if not request.is_listen:
            self._slots_taken -= 1
