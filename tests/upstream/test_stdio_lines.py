"""The parts of the stdio side that need no process: lines, what is queued, what is logged."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpgrpc_server.upstream.bounded_log import BoundedLog
from mcpgrpc_server.upstream.stdio.incoming import IncomingMessages
from mcpgrpc_server.upstream.stdio.lines import EDGE_BYTES, Line, LineSplitter, LongLine
from mcpgrpc_server.upstream.stdio.outgoing_lines import BATCH_BYTES, OutgoingLines
from mcpgrpc_server.upstream.stdio.pending import Pending
from mcpgrpc_server.upstream.stdio.unreadable import Kind, Trace, trace
from tests.upstream.stdio_upstream import RecordingInbox, soon

PIECES = st.lists(st.binary(max_size=30) | st.sampled_from([b"\n", b"\r\n", b"x" * 50]))


def split(pieces: list[bytes], max_line_bytes: int) -> tuple[list[Line], Line | None]:
    splitter = LineSplitter(max_line_bytes)
    return [line for piece in pieces for line in splitter.feed(piece)], splitter.rest()


def size_of(line: Line | None) -> int:
    if line is None:
        return 0
    return line.size_bytes if isinstance(line, LongLine) else len(line)


@given(pieces=PIECES)
def test_lines_are_the_same_however_the_bytes_arrive(pieces: list[bytes]) -> None:
    *lines, rest = b"".join(pieces).split(b"\n")
    assert split(pieces, 10_000) == (lines, rest or None)


@given(pieces=PIECES, max_line_bytes=st.integers(0, 60))
def test_a_line_is_kept_whole_exactly_up_to_the_bound(
    pieces: list[bytes], max_line_bytes: int
) -> None:
    *lines, rest = b"".join(pieces).split(b"\n")
    found, found_rest = split(pieces, max_line_bytes)
    assert [size_of(line) for line in (*found, found_rest)] == [
        len(each) for each in (*lines, rest)
    ]
    for line, whole in zip(found, lines, strict=True):
        assert isinstance(line, LongLine) == (len(whole) > max_line_bytes)
        assert line == whole or isinstance(line, LongLine)


@pytest.mark.parametrize("piece_bytes", [1, 7, 1000, 100_000])
def test_of_a_long_line_the_ends_are_kept(piece_bytes: int) -> None:
    whole = b"".join(b"%d," % number for number in range(10_000))
    data = whole + b"\nnext\n"
    pieces = [data[at : at + piece_bytes] for at in range(0, len(data), piece_bytes)]
    lines, rest = split(pieces, 5_000)
    assert lines == [LongLine(whole[:EDGE_BYTES], whole[-EDGE_BYTES:], len(whole)), b"next"]
    assert rest is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b'{"jsonrpc":"2.0","id":7,"result":1}', Trace(Kind.ANSWER, 7)),
        (b'{"jsonrpc":"2.0","id":"7","result":1}', Trace(Kind.ANSWER, "7")),
        (b'{"jsonrpc":"2.0","id":7.0,"result":1}', Trace(Kind.UNKNOWN)),
        (b'{"jsonrpc":"2.0","id":true,"result":1}', Trace(Kind.UNKNOWN)),
        (b'{"jsonrpc":"2.0","id":7,"method":1}', Trace(Kind.REQUEST, 7)),
        (b'{"jsonrpc":"2.0","method":1}', Trace(Kind.NOTIFICATION)),
        (b'{"id":7,"result":1}', Trace(Kind.UNKNOWN)),
        (b'{"jsonrpc":"2.0","id":7}', Trace(Kind.UNKNOWN)),
        (b'[{"jsonrpc":"2.0","id":7,"result":{}}]', Trace(Kind.UNKNOWN)),
        (b' { "jsonrpc" : "2.0" , "id" : -7 , "result" : {', Trace(Kind.ANSWER, -7)),
        (b'{"jsonrpc":"2.0","id":007,"result":{', Trace(Kind.UNKNOWN)),
        (b'{"jsonrpc":"2.0","id":9999999999999999999,"result":{', Trace(Kind.UNKNOWN)),
        (b'{"jsonrpc":"2.0","id":"\xff","result":{', Trace(Kind.UNKNOWN)),
        (b'{"jsonrpc":"2.0","id":7', Trace(Kind.UNKNOWN)),
        (b'{"id":7,"result":{', Trace(Kind.UNKNOWN)),
        (b'{"result":{"x":1},"jsonrpc":"2.0","id":7', Trace(Kind.UNKNOWN)),
        (b'{"result":{"x":"\xff","jsonrpc":"2.0","id":7}', Trace(Kind.UNKNOWN)),
    ],
)
def test_what_a_line_was_to_be_is_told_only_where_it_is_certain(
    text: bytes, expected: Trace
) -> None:
    assert trace(text) == expected


@pytest.mark.parametrize(
    ("head", "tail", "expected"),
    [
        (b'{"jsonrpc":"2.0","id":7,"result":{', b"}}", Trace(Kind.ANSWER, 7)),
        (b'{"result":{', b'},"jsonrpc":"2.0","id":7}', Trace(Kind.ANSWER, 7)),
        (b'{"result":{', b'} , "id" : "a" , "jsonrpc" : "2.0" } \r', Trace(Kind.ANSWER, "a")),
        (b'{"result":{', b',"jsonrpc":"2.0","id":7}}', Trace(Kind.UNKNOWN)),
        (b'{"result":"', b',\\"jsonrpc\\":\\"2.0\\",\\"id\\":7}', Trace(Kind.UNKNOWN)),
        (b'{"jsonrpc":"2.0","method":"x","params":{', b'},"id":7}', Trace(Kind.REQUEST, 7)),
        (b'{"jsonrpc":"2.0","method":"x","params":{', b"}}", Trace(Kind.NOTIFICATION)),
        (b'{"level":30,"msg":"', b'","jsonrpc":"2.0","id":7}', Trace(Kind.UNKNOWN)),
    ],
)
def test_a_long_line_is_judged_by_its_ends(head: bytes, tail: bytes, expected: Trace) -> None:
    assert trace(LongLine(head, tail, 20_000_000)) == expected


@given(
    line=st.binary()
    | st.text().map(lambda text: text.encode("utf-8", "surrogatepass"))
    | st.sampled_from([b'{"jsonrpc":"2.0","id":', b'{"jsonrpc":"2.0","method":"']).flatmap(
        lambda start: st.binary(max_size=40).map(lambda rest: start + rest)
    )
)
async def test_no_line_can_do_more_than_be_skipped(line: bytes) -> None:
    log = BoundedLog("files", logging.DEBUG, lines_per_window=0)
    answers: list[object] = []
    incoming = IncomingMessages("files", RecordingInbox(), Pending(0), answers.append, log, 10)
    incoming.take(line)
    incoming.take(LongLine(line[:EDGE_BYTES], line[-EDGE_BYTES:], 20_000_000))
    log.close()
    assert len(answers) <= 2


async def test_who_waits_for_room_goes_on_in_the_order_of_asking() -> None:
    lines = OutgoingLines(high_water_bytes=10)
    lines.put(b"x" * 30)
    order: list[int] = []

    async def send(number: int) -> None:
        await lines.room()
        order.append(number)
        lines.put(b"y" * 10)

    sending = [asyncio.create_task(send(number)) for number in range(5)]
    await asyncio.sleep(0)
    assert order == []
    for waited in range(5):
        assert await soon(lines.next_batch())
        await soon(sending[waited])
        assert order == list(range(waited + 1))
        assert lines.queued_bytes == 10


async def test_nobody_overtakes_who_waits_for_room() -> None:
    lines = OutgoingLines(high_water_bytes=10)
    lines.put(b"x" * 30)
    order: list[str] = []

    async def send(who: str) -> None:
        await lines.room()
        order.append(who)
        lines.put(b"y")

    waiting = asyncio.create_task(send("waiting"))
    await asyncio.sleep(0)
    await lines.next_batch()
    await soon(send("newcomer"))
    await soon(waiting)
    assert order == ["waiting", "newcomer"]


async def test_a_line_that_was_withdrawn_is_not_sent_and_makes_room() -> None:
    lines = OutgoingLines(high_water_bytes=10)
    first, second = lines.put(b"first"), lines.put(b"x" * 20)
    assert lines.withdraw(second)
    assert not lines.withdraw(second)
    await soon(lines.room())
    assert await soon(lines.next_batch()) == b"first"
    assert not lines.withdraw(first)
    assert lines.queued_bytes == 0


async def test_lines_that_wait_go_out_together_up_to_a_bound() -> None:
    lines = OutgoingLines(high_water_bytes=10**9)
    for _ in range(100):
        lines.put(b"x" * 1_000)
    first = await soon(lines.next_batch())
    assert BATCH_BYTES <= len(first) < BATCH_BYTES + 1_000
    assert len(first) + len(await soon(lines.next_batch())) == 100_000


async def test_the_end_wakes_who_waits_for_room_and_who_writes() -> None:
    full, empty = OutgoingLines(high_water_bytes=1), OutgoingLines(high_water_bytes=1)
    full.put(b"xx")
    waiting = asyncio.gather(full.room(), full.room(), empty.next_batch())
    await asyncio.sleep(0)
    full.close()
    empty.close()
    _, _, batch = await soon(waiting)
    assert batch == b""
    full.put(b"late")
    assert full.queued_bytes == 0


class Lines(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.queue: asyncio.Queue[tuple[str, str]] = asyncio.Queue()

    def emit(self, record: logging.LogRecord) -> None:
        self.queue.put_nowait((record.levelname, record.getMessage()))


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Iterator[Lines]:
    caplog.set_level(logging.INFO, logger="mcpgrpc.upstream")
    handler = Lines()
    logging.getLogger("mcpgrpc.upstream").addHandler(handler)
    yield handler
    logging.getLogger("mcpgrpc.upstream").removeHandler(handler)


async def test_lines_beyond_the_rate_become_their_number_also_when_nothing_follows(
    logged: Lines,
) -> None:
    log = BoundedLog("files", logging.INFO, lines_per_window=2, window_seconds=0.05)
    for text in "abc":
        log.line(text)
    log.line("d", logging.WARNING)
    assert [await soon(logged.queue.get()) for _ in range(3)] == [
        ("INFO", "files: a"),
        ("INFO", "files: b"),
        ("WARNING", "files: … 2 lines not shown"),
    ]
    log.line("e")
    assert await soon(logged.queue.get()) == ("INFO", "files: e")
    log.close()


async def test_what_was_not_shown_is_summed_up_at_the_end(logged: Lines) -> None:
    log = BoundedLog("files", logging.INFO, lines_per_window=0, window_seconds=3600)
    log.line("a")
    log.close()
    log.close()
    assert logged.queue.get_nowait() == ("INFO", "files: … 1 line not shown")
    assert logged.queue.empty()


async def test_a_line_is_cleaned_before_it_is_cut(logged: Lines) -> None:
    log = BoundedLog("files", logging.INFO, ["secret" * 100])
    log.line("x" * 900 + "secret" * 100 + "\x1b[2J Authorization: Bearer abc")
    _, text = logged.queue.get_nowait()
    assert "secret" not in text
    assert "abc" not in text
    assert "\x1b" not in text
