"""What one server tells the others of a change, and what waits to be told."""

from __future__ import annotations

import asyncio
import json

import pytest

from mcpgrpc_server.fleet.change import (
    EVERYTHING,
    LISTS_CHANGED,
    MAX_MESSAGE_BYTES,
    UPDATED,
    Change,
    Message,
    decoded,
    encoded,
)
from mcpgrpc_server.fleet.outbox import MAX_WAITING, Outbox

TOOLS = Change(LISTS_CHANGED[0])
CHANGES = [*map(Change, LISTS_CHANGED), Change(UPDATED, "file:///Übersicht?a=\ud800"), EVERYTHING]


@pytest.mark.parametrize("change", CHANGES, ids=range(len(CHANGES)))
def test_a_change_is_read_as_it_was_written(change: Change) -> None:
    data = encoded(Message("me", change))
    assert data is not None
    assert decoded(data) == Message("me", change)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"\xff",
        b"[" * 50_000,
        b'{"v": 1}',
        b'{"v": 2, "from": "me", "method": "*"}',
        b'{"v": 1, "from": "me", "method": "tools/call"}',
        b'{"v": 1, "from": 7, "method": "*"}',
        b'{"v": 1, "from": "me", "method": ["*"]}',
        b'{"v": 1, "from": "me", "method": "notifications/resources/updated"}',
        json.dumps({"v": 1, "from": "me" * MAX_MESSAGE_BYTES, "method": "*"}).encode(),
    ],
    ids=range(11),
)
def test_nothing_else_is_taken_for_a_message(data: bytes) -> None:
    assert decoded(data) is None


def test_a_change_that_no_message_may_hold_is_not_written() -> None:
    assert encoded(Message("me", Change(UPDATED, "x" * MAX_MESSAGE_BYTES))) is None


async def test_the_same_change_waits_once_and_in_its_place() -> None:
    outbox = Outbox()
    other = Change(UPDATED, "file:///a")
    for change in (TOOLS, other, TOOLS):
        outbox.add(change)
    assert [await outbox.take(), await outbox.take()] == [TOOLS, other]
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(outbox.take(), 0)


async def test_a_change_that_comes_while_the_same_is_sent_is_sent_again() -> None:
    outbox = Outbox()
    outbox.add(TOOLS)
    assert await outbox.take() == TOOLS
    outbox.add(TOOLS)
    outbox.sent()
    assert await outbox.take() == TOOLS


async def test_an_outbox_is_empty_when_the_last_change_is_sent() -> None:
    outbox = Outbox()
    await outbox.wait_empty()
    outbox.add(TOOLS)
    await outbox.take()
    waiting = asyncio.ensure_future(outbox.wait_empty())
    outbox.add(TOOLS)  # it could not be sent
    await outbox.take()
    assert not waiting.done()
    outbox.sent()
    await asyncio.wait_for(waiting, 10)


async def test_beyond_its_bound_the_others_are_told_that_everything_may_have_changed() -> None:
    outbox = Outbox()
    for number in range(MAX_WAITING):
        outbox.add(Change(UPDATED, str(number)))
    assert await outbox.take() == Change(UPDATED, "0")
    for number in range(2):
        outbox.add(Change(UPDATED, f"more {number}"))
    outbox.add(TOOLS)
    assert await outbox.take() == EVERYTHING
    outbox.sent()
    await asyncio.wait_for(outbox.wait_empty(), 10)
