"""The outgoing queue of one stream (decisions 1, 10 and 14)."""

from __future__ import annotations

import functools
from collections.abc import Hashable
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpgrpc.binding import fragments
from mcpgrpc.binding.outbox import MAX_BESIDE, Outbox
from mcpgrpc.v1 import envelope_pb2, mcp_service_pb2, session_pb2

Item = session_pb2.ClientItem
MAX_ITEMS, MAX_BYTES, PIECE_BYTES = 3, 80, 16
OVERHEAD_BYTES = 12


def wrap(piece: fragments.Piece) -> Item:
    return Item(fragment=piece.message())


def new_outbox(max_open_fragments: int = 0) -> Outbox[Item]:
    outbox = Outbox(wrap, max_items=MAX_ITEMS, max_bytes=MAX_BYTES, piece_bytes=PIECE_BYTES)
    outbox.max_open_fragments = max_open_fragments
    return outbox


def envelope_of(name: str, size_bytes: int = 0) -> envelope_pb2.Envelope:
    """An envelope whose method says which it is, of about so many bytes."""
    call = envelope_pb2.JsonRpcNotification(method=name, params_json="x" * size_bytes)
    return envelope_pb2.Envelope(notification=call)


def put(
    outbox: Outbox[Item], name: str, size_bytes: int = 0, order_key: Hashable = None
) -> envelope_pb2.Envelope:
    envelope = envelope_of(name, size_bytes)
    outbox.put_payload(Item(envelope=envelope), envelope.SerializeToString(), order_key=order_key)
    return envelope


def settled(name: str) -> Item:
    request_id = envelope_pb2.RequestId(text=name)
    return Item(request_settled=session_pb2.RequestSettled(request_id=request_id))


@dataclass
class Peer:
    """The other end: what it has received, in order, after reassembly."""

    reassembler: fragments.Reassembler = field(
        default_factory=lambda: fragments.Reassembler(1000, 100_000)
    )
    names: list[str] = field(default_factory=list)
    most_open: int = 0

    def receive(self, frame: list[Item]) -> None:
        wire = mcp_service_pb2.SessionRequest(items=frame).SerializeToString()
        for item in mcp_service_pb2.SessionRequest.FromString(wire).items:
            kind = item.WhichOneof("item")
            if kind == "fragment":
                whole = self.reassembler.add(item.fragment)
                self.most_open = max(self.most_open, len(self.reassembler))
                if whole is not None:
                    self.take(envelope_pb2.Envelope.FromString(whole))
            elif kind == "envelope":
                self.take(item.envelope)
            else:
                self.names.append(item.request_settled.request_id.text)

    def take(self, envelope: envelope_pb2.Envelope) -> None:
        self.names.append(envelope.notification.method)


def drain(outbox: Outbox[Item], peer: Peer | None = None) -> Peer:
    """Take every frame; each must bring something."""
    peer = peer or Peer()
    while outbox:
        frame = outbox.take_frame()
        assert frame, "an outbox that holds something always gives a frame"
        peer.receive(frame)
    assert outbox.take_frame() == []
    assert outbox.queued_bytes == 0
    assert len(peer.reassembler) == 0
    return peer


def kinds(frame: list[Item]) -> list[str | None]:
    return [item.WhichOneof("item") for item in frame]


def test_what_waits_goes_together_in_order() -> None:
    outbox = new_outbox()
    put(outbox, "a")
    outbox.put(settled("b"), 5)
    put(outbox, "c")
    assert kinds(outbox.take_frame()) == ["envelope", "request_settled", "envelope"]
    assert not outbox


def test_a_frame_is_bounded_in_items() -> None:
    outbox = new_outbox()
    for number in range(2 * MAX_ITEMS + 1):
        outbox.put(settled(str(number)), 1)
    assert [len(outbox.take_frame()) for _ in range(4)] == [MAX_ITEMS, MAX_ITEMS, 1, 0]


def test_a_frame_is_bounded_in_bytes_and_a_larger_item_goes_alone() -> None:
    outbox = new_outbox()
    put(outbox, "a", 40)
    put(outbox, "b", 40)
    put(outbox, "large", 1000)
    put(outbox, "c")
    frames = []
    while outbox:
        frames.append([item.envelope.notification.method for item in outbox.take_frame()])
    assert frames == [["a"], ["b"], ["large"], ["c"]]


def test_decision_14_nothing_is_cut_for_a_peer_that_takes_no_pieces() -> None:
    outbox = new_outbox(max_open_fragments=0)
    put(outbox, "large", 1000)
    assert kinds(outbox.take_frame()) == ["envelope"]


def test_decision_14_what_fits_in_a_piece_is_not_cut() -> None:
    outbox = new_outbox(max_open_fragments=1)
    name = "x" * (PIECE_BYTES - envelope_of("x").ByteSize() + 1)
    assert put(outbox, name).ByteSize() == PIECE_BYTES
    put(outbox, name + "x")
    assert kinds(outbox.take_frame()) == ["envelope", "fragment"]
    assert kinds(outbox.take_frame()) == ["fragment"]


def test_decision_14_a_large_envelope_delays_small_ones_by_one_piece_at_most() -> None:
    outbox = new_outbox(max_open_fragments=1)
    put(outbox, "large", 100)
    for number in range(5):
        put(outbox, str(number))
        frame = outbox.take_frame()
        assert kinds(frame) == ["envelope", "fragment"]
        assert len(frame[1].fragment.data) <= PIECE_BYTES


def test_decision_14_the_last_piece_stays_behind_what_was_queued_before_it() -> None:
    outbox = new_outbox(max_open_fragments=1)
    before = [f"before {number}" for number in range(4 * MAX_ITEMS)]
    for name in before:
        put(outbox, name)
    put(outbox, "large", PIECE_BYTES)
    put(outbox, "after")
    names = drain(outbox).names
    assert names[: len(before)] == before
    assert sorted(names[len(before) :]) == ["after", "large"]


def test_decision_14_later_messages_of_a_request_wait_for_its_last_piece() -> None:
    outbox = new_outbox(max_open_fragments=4)
    put(outbox, "notification of 1", 200, order_key=1)
    put(outbox, "small notification of 1", order_key=1)
    put(outbox, "large notification of 1", 200, order_key=1)
    put(outbox, "response of 1", order_key=1)
    put(outbox, "response of 2", order_key=2)
    put(outbox, "of no request")
    assert drain(outbox).names == [
        "response of 2",
        "of no request",
        "notification of 1",
        "small notification of 1",
        "large notification of 1",
        "response of 1",
    ]


def test_decision_11_request_settled_does_not_overtake_pieces_of_its_request() -> None:
    outbox = new_outbox(max_open_fragments=4)
    put(outbox, "notification of 1", 200, order_key=1)
    outbox.put(settled("settled 1"), 5, order_key=1)
    outbox.put(settled("settled 2"), 5, order_key=2)
    assert drain(outbox).names == ["settled 2", "notification of 1", "settled 1"]


def test_decision_4_string_and_integer_ids_order_different_requests() -> None:
    outbox = new_outbox(max_open_fragments=4)
    put(outbox, "of 7", 200, order_key=7)
    put(outbox, 'of "7"', order_key="7")
    assert drain(outbox).names == ['of "7"', "of 7"]


def test_large_envelopes_of_no_request_do_not_wait_for_each_other() -> None:
    outbox = new_outbox(max_open_fragments=2)
    put(outbox, "longer", 300)
    put(outbox, "shorter", 30)
    assert drain(outbox).names == ["shorter", "longer"]


@pytest.mark.parametrize("max_open", [1, 2, 3])
def test_decision_14_no_more_envelopes_are_open_than_the_peer_takes(max_open: int) -> None:
    outbox = new_outbox(max_open)
    for number in range(6):
        put(outbox, f"large {number}", 100 + 20 * number)
    peer = drain(outbox)
    assert peer.most_open == max_open
    assert len(peer.names) == 6


def test_what_is_cut_is_finished_even_when_the_peer_takes_no_more_pieces() -> None:
    outbox = new_outbox(max_open_fragments=2)
    peer = Peer()
    put(outbox, "large", 100, order_key=1)
    peer.receive(outbox.take_frame())
    outbox.max_open_fragments = 0
    put(outbox, "response", order_key=1)
    put(outbox, "another large", 100)
    assert sorted(drain(outbox, peer).names) == ["another large", "large", "response"]


def test_the_taker_is_told_when_a_frame_takes_an_item_or_its_last_piece() -> None:
    outbox = new_outbox(max_open_fragments=1)
    taken: list[str] = []
    outbox.put(settled("settled"), 5, lambda: taken.append("settled"))
    small, large = envelope_of("small"), envelope_of("large", 20)
    assert large.ByteSize() <= 2 * PIECE_BYTES
    for name, envelope in (("large", large), ("small", small)):
        told = functools.partial(taken.append, name)
        payload = envelope.SerializeToString()
        outbox.put_payload(Item(envelope=envelope), payload, on_taken=told)
    outbox.take_frame()
    assert taken == ["settled", "small"]
    outbox.take_frame()
    assert taken == ["settled", "small", "large"]


def test_queued_bytes_count_what_waits_pieces_included() -> None:
    outbox = new_outbox(max_open_fragments=1)
    small, large = put(outbox, "small"), put(outbox, "large", 100, order_key=1)
    behind = put(outbox, "behind", order_key=1)
    assert outbox.queued_bytes == sum(e.ByteSize() for e in (small, large, behind))
    outbox.take_frame()
    assert outbox.queued_bytes == large.ByteSize() - PIECE_BYTES + behind.ByteSize()
    outbox.clear()
    assert outbox.queued_bytes == 0
    assert not outbox


def test_a_few_envelopes_in_pieces_are_no_backlog_and_one_more_makes_all_of_them_one() -> None:
    outbox = new_outbox(max_open_fragments=1)
    small = put(outbox, "small")
    for name in map(str, range(MAX_BESIDE)):
        put(outbox, name, 100)
    assert outbox.backlog_bytes == small.ByteSize()
    put(outbox, "one more", 100)
    assert outbox.backlog_bytes == outbox.queued_bytes
    drain(outbox)
    assert outbox.backlog_bytes == 0


def test_an_envelope_behind_one_in_pieces_is_backlog() -> None:
    outbox = new_outbox(max_open_fragments=1)
    put(outbox, "large", 100, order_key=1)
    behind = put(outbox, "behind", order_key=1)
    assert outbox.backlog_bytes == behind.ByteSize()


@dataclass(frozen=True)
class Put:
    size_bytes: int
    order_key: int | None
    is_signal: bool


@dataclass(frozen=True)
class Take:
    pass


@dataclass(frozen=True)
class PeerTakes:
    max_open_fragments: int


puts = st.builds(
    Put,
    st.one_of(
        st.integers(min_value=0, max_value=12),
        st.integers(min_value=0, max_value=200),
        st.sampled_from([5, 6, 7, 8, 9, 21, 22, 23, 24, 25, 70, 80, 400]),
    ),
    st.sampled_from([None, 1, 1, 2, 3]),
    st.booleans(),
)
takes = st.builds(Take)
steps = st.lists(st.one_of(puts, puts, puts, takes), max_size=30)


@given(st.integers(min_value=0, max_value=4), steps)
def test_any_puts_come_out_complete_in_the_order_of_each_request_and_within_bounds(
    max_open: int, steps: list[Put | Take]
) -> None:
    run = Run(new_outbox(max_open))
    for step in steps:
        run.do(step)
    run.finish()
    assert run.peer.most_open <= max_open


@given(st.lists(st.one_of(puts, puts, takes, st.builds(PeerTakes, st.integers(0, 3))), max_size=30))
def test_any_change_of_what_the_peer_takes_loses_nothing_and_blocks_nothing(
    steps: list[Put | Take | PeerTakes],
) -> None:
    run = Run(new_outbox())
    for step in steps:
        run.do(step)
    run.finish()


class Run:
    """One outbox with a peer, and what must hold between them."""

    def __init__(self, outbox: Outbox[Item]) -> None:
        self.outbox = outbox
        self.peer = Peer()
        self.sizes: dict[str, int] = {}
        self.keys: dict[str, int | None] = {}
        self.taken: list[str] = []
        self.straight: dict[str, list[str]] = {}
        """For each envelope: what was certainly in the queue before it."""

    def do(self, step: Put | Take | PeerTakes) -> None:
        if isinstance(step, Put):
            self.put(step)
        elif isinstance(step, Take):
            self.take()
        else:
            self.outbox.max_open_fragments = step.max_open_fragments

    def put(self, step: Put) -> None:
        name = str(len(self.sizes))
        self.straight[name] = [other for other in self.sizes if self.is_small(other)]
        self.keys[name] = step.order_key
        if step.is_signal:
            self.sizes[name] = 5
            self.outbox.put(
                settled(name), 5, lambda: self.taken.append(name), order_key=step.order_key
            )
            return
        envelope = envelope_of(name, step.size_bytes)
        self.sizes[name] = envelope.ByteSize()
        self.outbox.put_payload(
            Item(envelope=envelope),
            envelope.SerializeToString(),
            order_key=step.order_key,
            on_taken=lambda: self.taken.append(name),
        )

    def is_small(self, name: str) -> bool:
        """Whether it never travels in pieces and never waits for any."""
        return self.sizes[name] <= PIECE_BYTES and self.keys[name] is None

    def take(self) -> None:
        held = self.outbox.queued_bytes
        frame = self.outbox.take_frame()
        pieces = [item for item in frame if item.WhichOneof("item") == "fragment"]
        whole = [item for item in frame if item.WhichOneof("item") != "fragment"]
        assert len(pieces) <= 1
        assert len(whole) <= MAX_ITEMS
        assert all(len(item.fragment.data) <= PIECE_BYTES for item in pieces)
        whole_bytes = sum(item.ByteSize() for item in whole)
        assert len(whole) == 1 or whole_bytes <= MAX_BYTES + OVERHEAD_BYTES
        if whole_bytes > MAX_BYTES + OVERHEAD_BYTES:
            assert not pieces, "what is larger than a frame's bound goes alone"
        assert held == 0 or self.outbox.queued_bytes < held
        self.peer.receive(frame)
        assert self.taken == self.peer.names, "told of each at the frame that completes it"

    def finish(self) -> None:
        while self.outbox:
            self.take()
        assert self.outbox.queued_bytes == 0
        assert len(self.peer.reassembler) == 0
        names = self.peer.names
        assert sorted(names, key=int) == list(self.sizes), "everything once"
        for key in (1, 2, 3):
            of_request = [name for name in names if self.keys[name] == key]
            assert of_request == sorted(of_request, key=int)
        place = {name: index for index, name in enumerate(names)}
        for name, before in self.straight.items():
            assert all(place[other] < place[name] for other in before)
