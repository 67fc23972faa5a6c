"""Two cores joined by a wire: whatever happens in whatever order, the rules hold (10, 11, 17, 18).

It drives the cores as `mcpgrpc.stream` and the server do, without either: an end's outbox is a
queue that is written one message at a time, and the wire is another.
"""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass, field
from typing import TypeAlias

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from mcpgrpc.binding import ids
from mcpgrpc.binding.core import Answer, Effect, Ignore, Notify, Resolve, StartRequest, StreamCore
from mcpgrpc.binding.era import EraGate
from mcpgrpc.binding.in_flight import LISTEN_METHOD, InFlightRequest
from mcpgrpc.binding.limits import UNANNOUNCED_MAX_IN_FLIGHT, Limits
from mcpgrpc.binding.outgoing import OutgoingRequest, State
from mcpgrpc.v1 import envelope_pb2, errors_pb2, session_pb2

ID_POOL: tuple[ids.Id, ...] = ("7", "007", "", "a", -1, 2**63 - 1, *range(24))
REFUSALS = {
    errors_pb2.ERROR_REASON_WINDOW_EXCEEDED,
    errors_pb2.ERROR_REASON_LISTEN_LIMIT,
    errors_pb2.ERROR_REASON_DRAINING,
}
Message: TypeAlias = (
    envelope_pb2.Envelope | session_pb2.RequestSettled | session_pb2.Settings | session_pb2.GoAway
)


@dataclass(eq=False)
class Ticket:
    """One request of the model, whatever its id: what its caller and the other side saw."""

    serial: int
    took_slot_after_settings: bool = False
    started: bool = False
    cancel_seen: bool = False
    given_up: bool = False
    outcomes: list[str] = field(default_factory=list)


Own: TypeAlias = OutgoingRequest[Ticket]


class End:
    """One end of the stream: its core, its outbox and the handlers that it runs."""

    def __init__(self, limits: Limits, tickets: list[Ticket]) -> None:
        self.core: StreamCore[Ticket] = StreamCore(limits, EraGate())
        self.limits = limits
        self.tickets = tickets
        self.outbox: deque[tuple[Message, Own | None]] = deque([(limits.settings(), None)])
        self.wire: deque[Message] = deque()
        self.own: list[Own] = []
        self.running: list[tuple[InFlightRequest, Ticket]] = []
        self.has_settings = False

    def submit(self, request_id: ids.Id, method: str) -> None:
        ticket = Ticket(len(self.tickets))
        self.tickets.append(ticket)
        own = self.core.outgoing.submit(request_id, method, ticket)
        self.own.append(own)
        if own.state is State.QUEUED:
            self.enqueue(own)

    def enqueue(self, own: Own) -> None:
        own.waiter.took_slot_after_settings = self.has_settings
        call = envelope_pb2.JsonRpcRequest(
            id=ids.to_message(own.id),
            method=own.method,
            params_json=json.dumps({"serial": own.waiter.serial}),
        )
        self.outbox.append((envelope_pb2.Envelope(request=call), own))

    def enqueue_sendable(self) -> None:
        for own in self.core.outgoing.sendable():
            self.enqueue(own)

    def give_up(self, own: Own) -> None:
        own.waiter.given_up = True
        if self.core.outgoing.abandon(own):
            note = envelope_pb2.JsonRpcNotification(
                method="notifications/cancelled", params_json=json.dumps({"requestId": own.id})
            )
            self.outbox.append((envelope_pb2.Envelope(notification=note), None))
        else:
            assert own.state is State.WAITING
            assert own.execution == errors_pb2.EXECUTION_NOT_STARTED
        self.enqueue_sendable()

    def write(self) -> None:
        message, own = self.outbox.popleft()
        self.wire.append(message)
        if own is not None:
            self.core.outgoing.written(own)

    def finish(self, index: int) -> None:
        request, ticket = self.running.pop(index)
        result = json.dumps({"serial": ticket.serial})
        response = envelope_pb2.JsonRpcResponse(result_json=result)
        if self.core.answered(request, response):
            assert not ticket.cancel_seen, "never answered after its cancellation"
            self.outbox.append((envelope_pb2.Envelope(response=response), None))
        else:
            assert ticket.cancel_seen
            done = session_pb2.RequestSettled(request_id=ids.to_message(request.id))
            self.outbox.append((done, None))

    def receive(self, message: Message) -> None:
        if isinstance(message, session_pb2.Settings):
            self.core.receive_settings(message)
            self.has_settings = True
        elif isinstance(message, session_pb2.GoAway):
            for own in self.core.outgoing.go_away(message.accepted_requests):
                self.conclude(own.waiter, "NOT_STARTED")
        elif isinstance(message, session_pb2.RequestSettled):
            self.carry_out(self.core.receive_settled(message.request_id))
        else:
            self.carry_out(self.core.receive_envelope(message))
        self.enqueue_sendable()

    def carry_out(self, effect: Effect[Ticket]) -> None:
        if isinstance(effect, StartRequest):
            self.start(effect)
        elif isinstance(effect, Answer):
            self.refuse(effect)
        elif isinstance(effect, Notify):
            for request, ticket in self.running:
                ticket.cancel_seen = ticket.cancel_seen or request is effect.cancels
        elif isinstance(effect, Resolve):
            self.resolve(effect)
        else:
            assert isinstance(effect, Ignore)

    def start(self, effect: StartRequest) -> None:
        assert effect.params is not None
        ticket = self.tickets[effect.params["serial"]]
        assert not ticket.started, "started once at most"
        assert not self.core.draining, "what GoAway did not accept is never started"
        assert "NOT_STARTED" not in ticket.outcomes
        ticket.started = True
        assert effect.request.id not in [request.id for request, _ in self.running]
        self.running.append((effect.request, ticket))

    def refuse(self, effect: Answer) -> None:
        assert effect.response.reason in REFUSALS, "the peer keeps the rules about ids and params"
        assert effect.response.execution == errors_pb2.EXECUTION_NOT_STARTED
        self.outbox.append((envelope_pb2.Envelope(response=effect.response), None))

    def resolve(self, effect: Resolve[Ticket]) -> None:
        ticket = effect.request.waiter
        assert effect.envelope is not None, "only what was given up is settled without a response"
        response = effect.envelope.response
        if response.WhichOneof("outcome") == "result_json":
            answered = json.loads(response.result_json)["serial"]
            assert answered == ticket.serial, "an answer goes to the request that it answers"
            self.conclude(ticket, "RESULT")
            return
        if response.reason == errors_pb2.ERROR_REASON_WINDOW_EXCEEDED:
            assert not ticket.took_slot_after_settings, "who keeps the window is never refused"
        self.conclude(ticket, "NOT_STARTED")

    def conclude(self, ticket: Ticket, outcome: str) -> None:
        assert not ticket.given_up, "nobody is told after giving up"
        assert not ticket.outcomes, "each request is answered at most once"
        assert (outcome == "RESULT") <= ticket.started
        assert (outcome == "NOT_STARTED") <= (not ticket.started)
        ticket.outcomes.append(outcome)

    def lose_stream(self) -> None:
        self.outbox.clear()
        for own in self.core.outgoing.close():
            maybe = own.execution == errors_pb2.EXECUTION_MAYBE
            if maybe:
                own.waiter.outcomes.append("MAYBE")
            else:
                self.conclude(own.waiter, "NOT_STARTED")

    def outstanding(self) -> list[Own]:
        return [own for own in self.own if not (own.waiter.outcomes or own.waiter.given_up)]


class TwoEnds(RuleBasedStateMachine):
    """The client is `ends[0]`, the server `ends[1]`; either sends requests, the server drains."""

    @initialize(
        windows=st.tuples(st.sampled_from([2, 1, 4, 20]), st.sampled_from([2, 1, 4, 20])),
        listens=st.integers(0, 2),
    )
    def open_stream(self, windows: tuple[int, int], listens: int) -> None:
        # Both ends share the tickets: a handler's is that of the caller at the other end.
        tickets: list[Ticket] = []
        self.ends = tuple(
            End(Limits(max_in_flight=window, max_listens=listens), tickets) for window in windows
        )
        self.lost = self.half_closed = False

    def can_submit(self, side: int) -> bool:
        end = self.ends[side]
        closed = self.lost or (side == 0 and self.half_closed)
        return not closed and end.core.outgoing.accepts_requests

    @rule(
        side=st.sampled_from([0, 0, 1]),
        request_ids=st.lists(st.sampled_from(ID_POOL), min_size=1, max_size=8),
        method=st.sampled_from(["tools/call", "tools/call", "ping", LISTEN_METHOD]),
    )
    def submit(self, side: int, request_ids: list[ids.Id], method: str) -> None:
        end = self.ends[side]
        for request_id in request_ids:
            if not self.can_submit(side):
                return
            taken = request_id in end.core.outgoing
            try:
                end.submit(request_id, method)
            except ValueError:
                assert taken, "an id is refused only while it is in flight"
                end.tickets.pop()
            else:
                assert not taken, "no id twice in flight"

    def some_end(self, what: str) -> bool:
        return any(getattr(end, what) for end in self.ends)

    @precondition(lambda self: self.some_end("outbox"))
    @rule(side=st.sampled_from([0, 1]), count=st.integers(1, 9))
    def write(self, side: int, count: int) -> None:
        end = self.ends[side]
        for _ in range(min(count, len(end.outbox))):
            end.write()

    @precondition(lambda self: self.some_end("wire"))
    @rule(side=st.sampled_from([0, 1]), count=st.integers(1, 9))
    def deliver(self, side: int, count: int) -> None:
        """Messages written by one side reach the other."""
        for _ in range(min(count, len(self.ends[side].wire))):
            self.deliver_one(side)

    @precondition(lambda self: self.some_end("outbox") or self.some_end("wire"))
    @rule(side=st.sampled_from([0, 1]))
    def write_and_deliver_everything(self, side: int) -> None:
        self.write(side, len(self.ends[side].outbox))
        self.deliver(side, len(self.ends[side].wire))

    def deliver_one(self, side: int) -> None:
        message = self.ends[side].wire.popleft()
        if not self.lost:
            self.ends[1 - side].receive(message)
        elif isinstance(message, envelope_pb2.Envelope) and message.HasField("request"):
            # The other side has lost the stream, and what it had written arrives all the same.
            self.ends[1 - side].receive(message)

    @precondition(lambda self: self.some_end("running"))
    @rule(data=st.data())
    def finish_a_handler(self, data: st.DataObject) -> None:
        end = data.draw(st.sampled_from([end for end in self.ends if end.running]))
        end.finish(data.draw(st.integers(0, len(end.running) - 1)))

    @precondition(lambda self: not self.lost and any(end.outstanding() for end in self.ends))
    @rule(side=st.sampled_from([0, 1]), data=st.data())
    def cancel(self, side: int, data: st.DataObject) -> None:
        outstanding = self.ends[side].outstanding()
        if outstanding and not (side == 0 and self.half_closed):
            self.ends[side].give_up(data.draw(st.sampled_from(outstanding)))

    @rule(side=st.sampled_from([0, 1]), request_id=st.sampled_from(ID_POOL))
    def an_answer_that_nobody_asked_for_arrives(self, side: int, request_id: ids.Id) -> None:
        end = self.ends[side]
        if self.lost or request_id in end.core.outgoing:
            return
        stray = envelope_pb2.JsonRpcResponse(id=ids.to_message(request_id), result_json="{}")
        end.receive(envelope_pb2.Envelope(response=stray))
        end.receive(session_pb2.RequestSettled(request_id=ids.to_message(request_id)))

    @precondition(lambda self: not self.lost and len(self.ends[0].tickets) > 8)
    @rule()
    def go_away(self) -> None:
        server = self.ends[1]
        accepted = server.core.begin_drain()
        server.outbox.append((session_pb2.GoAway(accepted_requests=accepted), None))

    @precondition(lambda self: len(self.ends[0].tickets) > 12)
    @rule()
    def half_close(self) -> None:
        self.half_closed = True

    @precondition(lambda self: not self.lost and len(self.ends[0].tickets) > 12)
    @rule()
    def lose_the_stream(self) -> None:
        self.lost = True
        for end in self.ends:
            end.lose_stream()

    @invariant()
    def windows_hold(self) -> None:
        for end in getattr(self, "ends", ()):
            listens = len(end.core.in_flight.listens())
            assert listens <= end.limits.max_listens
            assert len(end.core.in_flight) - listens <= end.limits.max_in_flight
            assert len(end.core.in_flight) == len(end.running)

    @invariant()
    def what_is_not_started_never_starts(self) -> None:
        for end in getattr(self, "ends", ()):
            for ticket in end.tickets:
                assert not (ticket.started and "NOT_STARTED" in ticket.outcomes)

    def teardown(self) -> None:
        if not hasattr(self, "ends"):
            return
        while any(end.outbox or end.wire or end.running for end in self.ends):
            for side, end in enumerate(self.ends):
                while end.outbox:
                    end.write()
                while end.wire:
                    self.deliver_one(side)
                while end.running:
                    end.finish(0)
                self.drop_what_nobody_reads()
        for end in self.ends:
            assert end.outstanding() == [], "everybody was told, or gave up"
            assert len(end.core.in_flight) == 0
            assert len(end.core.outgoing) == 0
            self.check_that_all_slots_are_free(end)

    def drop_what_nobody_reads(self) -> None:
        if self.lost:
            for end in self.ends:
                end.outbox.clear()

    def check_that_all_slots_are_free(self, end: End) -> None:
        ledger = end.core.outgoing
        window = end.core.peer.max_in_flight if end.has_settings else UNANNOUNCED_MAX_IN_FLIGHT
        states = [ledger.submit(n, "m", Ticket(-1)).state for n in range(window + 1)]
        assert states == [State.QUEUED] * window + [State.WAITING]


def test_two_ends_keep_the_rules_whatever_happens_in_whatever_order() -> None:
    run_state_machine_as_test(TwoEnds, settings=settings(max_examples=120))
