"""The outgoing queue of one stream: what waits goes together, large envelopes go in pieces.

It does not write or wait: `put` queues, `take_frame` gives what the next frame holds. A frame
takes everything that waits, up to a number of items and bytes; nothing ever waits to fill one.

What belongs to one request keeps its order even when some of it travels in pieces: later items of
the request stay behind the last piece, and the last piece stays behind everything that was queued
before it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from typing import Final, Generic, TypeAlias, TypeVar

from mcpgrpc.binding import fragments
from mcpgrpc.binding.fragments import Piece

Item = TypeVar("Item")

_ITEM_OVERHEAD_BYTES = 12
"""Tags and lengths that an item costs in its frame, at most."""

_FRAME_OVERHEAD_BYTES = 64
"""What the last item and the piece of a frame cost beside their data, at most."""

_MIN_SHARE_BYTES = 1024
"""Smaller pieces would be all overhead, and a peer could make this end cut a message into crumbs.
A peer whose frames are below twice this breaks its own stream."""

MAX_BESIDE: Final = 4
"""Envelopes in pieces beside which small ones need not wait. Each is held whole until its last
piece has gone: a peer that does not read keeps this many times the largest envelope."""


@dataclass(slots=True)
class _Queued(Generic[Item]):
    item: Item
    size_bytes: int
    payload: bytes | None
    """Its bytes, where it is an envelope that may have to travel in pieces."""
    order_key: Hashable
    on_taken: Callable[[], None] | None


@dataclass(slots=True)
class _InPieces(Generic[Item]):
    pieces: Iterator[Piece]
    left_bytes: int
    piece_bytes: int
    order_key: Hashable
    on_taken: Callable[[], None] | None
    sequence: int
    behind: list[_Queued[Item]] = field(default_factory=list)


_Whole: TypeAlias = tuple[Item, int, int, Callable[[], None] | None]
"""An item that goes whole: itself, its bytes, its sequence, and who hears that a frame took it. A
tuple, since one is made for nearly every message."""


class Outbox(Generic[Item]):
    """What waits to be written on one stream.

    Args:
        wrap_fragment: makes the side's own item of a piece.
        max_items: items of a frame, one piece not counted.
        max_bytes: bytes at which no further item joins a frame; a larger item goes alone.
        piece_bytes: the size of a piece.
    """

    def __init__(
        self,
        wrap_fragment: Callable[[Piece], Item],
        *,
        max_items: int,
        max_bytes: int,
        piece_bytes: int,
    ) -> None:
        self._wrap_fragment = wrap_fragment
        self._max_items = max_items
        self._configured_max_bytes = self._max_bytes = max_bytes
        self._configured_piece_bytes = self._piece_bytes = piece_bytes
        self._queue: deque[_Whole[Item]] = deque()
        self._large: deque[_InPieces[Item]] = deque()
        self._sequence = 0
        self._last_fragment_id = 0
        self.max_open_fragments = 0
        """How many envelopes the peer takes in pieces at once; 0 until it says so."""
        self.queued_bytes = 0
        """Bytes of payload that wait."""
        self._bytes_in_pieces = 0

    def takes_whole(self, size_bytes: int) -> bool:
        """Whether an envelope of this size goes whole whatever the peer takes: `put` it then."""
        return size_bytes <= self._piece_bytes

    @property
    def backlog_bytes(self) -> int:
        """Bytes that wait before what is put now.

        An envelope in pieces lets what is small pass, so a few of them count as nothing. They are
        bounded in number and, by the limit on envelopes, in bytes; beyond it all of them count.
        """
        if len(self._large) > MAX_BESIDE:
            return self.queued_bytes
        return self.queued_bytes - self._bytes_in_pieces

    def __bool__(self) -> bool:
        return bool(self._queue or self._large)

    def put(
        self,
        item: Item,
        size_bytes: int,
        on_taken: Callable[[], None] | None = None,
        *,
        order_key: Hashable = None,
    ) -> None:
        """Queue an item that is no envelope; `on_taken` is called when a frame takes it.

        `order_key` is the request that it is about, where it must not overtake it: RequestSettled
        before the last piece of something of the request would free its id too early.
        """
        self.queued_bytes += size_bytes
        if self._large:
            self._enqueue(_Queued(item, size_bytes, None, order_key, on_taken))
        else:
            self._append(item, size_bytes, on_taken)

    def put_payload(
        self,
        item: Item,
        payload: bytes,
        *,
        order_key: Hashable = None,
        on_taken: Callable[[], None] | None = None,
    ) -> None:
        """Queue an envelope, in pieces where it is large and the peer takes them.

        `payload` is the envelope's bytes and `item` the side's item of it, `order_key` the request
        that it belongs to; `on_taken` is called when a frame takes it, or its last piece.
        """
        size_bytes = len(payload)
        self.queued_bytes += size_bytes
        if self._large or size_bytes > self._piece_bytes:
            self._enqueue(_Queued(item, size_bytes, payload, order_key, on_taken))
        else:
            self._append(item, size_bytes, on_taken)

    def fit_frames(self, max_frame_bytes: int) -> None:
        """The peer takes frames up to this size: what is put from now on fits into them.

        A frame holds what is coalesced and one piece, so each gets half of it.
        """
        share_bytes = max(_MIN_SHARE_BYTES, max_frame_bytes // 2 - _FRAME_OVERHEAD_BYTES)
        self._max_bytes = min(self._configured_max_bytes, share_bytes)
        self._piece_bytes = min(self._configured_piece_bytes, share_bytes)

    def take_frame(self) -> list[Item]:
        """The items of the next frame, in order; empty when nothing waits.

        Small items first, then one piece: a large envelope moves on with every frame and delays
        what is small by one piece at most.
        """
        frame: list[Item] = []
        frame_bytes = 0
        queue = self._queue
        while queue and len(frame) < self._max_items:
            item, size_bytes, _, on_taken = queue[0]
            if frame and frame_bytes + size_bytes > self._max_bytes:
                break
            queue.popleft()
            frame.append(item)
            frame_bytes += size_bytes + _ITEM_OVERHEAD_BYTES
            self.queued_bytes -= size_bytes
            if on_taken is not None:
                on_taken()
        if self._large and frame_bytes <= self._max_bytes:
            self._take_piece(frame)
        return frame

    def clear(self) -> None:
        """Forget everything: the stream is over."""
        self._queue.clear()
        self._large.clear()
        self.queued_bytes = self._bytes_in_pieces = 0

    def _enqueue(self, queued: _Queued[Item]) -> None:
        before = self._large_of(queued.order_key) if self._large else None
        if before is not None:
            before.behind.append(queued)
        elif (
            queued.size_bytes > self._piece_bytes
            and queued.payload is not None
            and self.max_open_fragments > 0
        ):
            self._cut(queued, queued.payload)
        else:
            self._append(queued.item, queued.size_bytes, queued.on_taken)

    def _append(self, item: Item, size_bytes: int, on_taken: Callable[[], None] | None) -> None:
        self._sequence += 1
        self._queue.append((item, size_bytes, self._sequence, on_taken))

    def _cut(self, queued: _Queued[Item], payload: bytes) -> None:
        self._sequence += 1
        self._last_fragment_id += 1
        pieces = fragments.cut(self._last_fragment_id, payload, self._piece_bytes)
        self._bytes_in_pieces += len(payload)
        self._large.append(
            _InPieces(
                pieces,
                len(payload),
                self._piece_bytes,
                queued.order_key,
                queued.on_taken,
                self._sequence,
            )
        )

    def _large_of(self, order_key: Hashable) -> _InPieces[Item] | None:
        if order_key is None:
            return None
        return next((large for large in self._large if large.order_key == order_key), None)

    def _take_piece(self, frame: list[Item]) -> None:
        """Append the next piece of the open envelope whose turn it is."""
        head = self._queue[0][2] if self._queue else self._sequence + 1
        # What was cut is finished even when the peer takes no more pieces from now on: it would
        # wait for ever, and all that stands behind it.
        at_once = max(1, self.max_open_fragments)
        for index in range(min(len(self._large), at_once)):
            large = self._large[index]
            is_last = large.left_bytes <= large.piece_bytes
            if is_last and head < large.sequence:
                continue
            del self._large[index]
            frame.append(self._next_piece(large))
            if is_last:
                self._finish(large)
            else:
                self._large.insert(min(len(self._large), at_once - 1), large)
            return

    def _next_piece(self, large: _InPieces[Item]) -> Item:
        piece = next(large.pieces)
        large.left_bytes -= len(piece.data)
        self._bytes_in_pieces -= len(piece.data)
        self.queued_bytes -= len(piece.data)
        return self._wrap_fragment(piece)

    def _finish(self, large: _InPieces[Item]) -> None:
        if large.on_taken is not None:
            large.on_taken()
        for queued in large.behind:
            self._enqueue(queued)
