"""The messages of one HTTP response: bounded, ordered, and there again for who comes back."""

from __future__ import annotations

import asyncio

from mcpgrpc.gateway.event_stream import KEPT_BYTES, KEPT_EVENTS, MAX_UNREAD_EVENTS, EventStream


async def test_events_come_in_order_and_end_with_the_final_one() -> None:
    stream = EventStream()
    stream.put("one")
    reader = stream.attach()
    stream.put("two", final=True)
    stream.put("too late")
    read = [await reader.next(), await reader.next(), await reader.next()]
    assert [event and event.text for event in read] == ["one", "two", None]


async def test_another_reader_goes_on_where_the_last_one_stopped_and_ends_it() -> None:
    stream = EventStream()
    first = stream.attach()
    waiting = asyncio.create_task(first.next())
    await asyncio.sleep(0)
    second = stream.attach()
    assert await waiting is None
    stream.put("one")
    taken = await second.next()
    assert taken is not None
    assert taken.text == "one"


async def test_events_that_were_read_are_there_for_who_names_the_one_before() -> None:
    stream = EventStream()
    reader = stream.attach()
    for text in ("one", "two"):
        stream.put(text)
        await reader.next()
    reader.close()
    again = await stream.attach(after=1).next()
    assert again is not None
    assert again.text == "two"


async def test_a_reader_that_is_behind_makes_the_server_wait_and_loses_nothing() -> None:
    stream = EventStream()
    reader = stream.attach()
    for number in range(MAX_UNREAD_EVENTS + KEPT_EVENTS):
        stream.put(str(number))
    waiting = asyncio.create_task(stream.room())
    await asyncio.sleep(0)
    assert not waiting.done()
    texts = [
        event.text for _ in range(MAX_UNREAD_EVENTS + KEPT_EVENTS) if (event := await reader.next())
    ]
    assert texts == [str(number) for number in range(MAX_UNREAD_EVENTS + KEPT_EVENTS)]
    await waiting


async def test_a_reader_that_goes_lets_the_server_go_on() -> None:
    stream = EventStream()
    reader = stream.attach()
    for _ in range(MAX_UNREAD_EVENTS):
        stream.put("x")
    waiting = asyncio.create_task(stream.room())
    await asyncio.sleep(0)
    reader.close()
    await waiting


async def test_without_a_reader_the_oldest_go_and_the_last_stays() -> None:
    stream = EventStream()
    for number in range(KEPT_EVENTS * 2):
        stream.put(str(number))
    first = await stream.attach().next()
    assert first is not None
    assert first.text == str(KEPT_EVENTS)
    stream.release()
    stream.put("x" * (2 * KEPT_BYTES), final=True)
    last = await stream.attach().next()
    assert last is not None
    assert last.final
