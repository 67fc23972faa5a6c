"""Whoever stops waiting stops the handler, and nobody else."""

from __future__ import annotations

import asyncio

import pytest

from tests.contract.caller import GaveUp
from tests.contract.conftest import Connect
from tests.contract.journal import Journal
from tests.contract.routes import SERVED

MAX_SECONDS = 10


async def test_cancelling_the_task_cancels_the_handler(connect: Connect, journal: Journal) -> None:
    async with connect() as caller, asyncio.timeout(MAX_SECONDS):
        call = asyncio.create_task(caller.call_tool("wait"))
        await journal.started.wait()
        call.cancel()
        await asyncio.wait({call})
        assert call.cancelled()
        await journal.cancelled.wait()
        assert (await caller.call_tool("add", {"a": 1, "b": 1}))["structuredContent"]


async def test_a_timeout_ends_the_call_and_cancels_the_handler(
    connect: Connect, journal: Journal
) -> None:
    async with connect() as caller, asyncio.timeout(MAX_SECONDS):
        gave_up = False
        try:
            await caller.call_tool("wait", timeout_seconds=0.1)
        except GaveUp:
            gave_up = True
        assert gave_up
        await journal.cancelled.wait()
        assert (await caller.call_tool("add", {"a": 1, "b": 1}))["structuredContent"]


@pytest.mark.wires(*SERVED, "upstream-http")
async def test_leaving_cancels_what_still_runs(connect: Connect, journal: Journal) -> None:
    async with asyncio.timeout(MAX_SECONDS):
        async with connect() as caller:
            call = asyncio.create_task(caller.call_tool("wait"))
            await journal.started.wait()
        await journal.cancelled.wait()
        await asyncio.wait({call})
        assert call.exception() is not None


async def test_cancelling_one_call_leaves_the_others_alone(
    connect: Connect, journal: Journal
) -> None:
    async with connect() as caller, asyncio.timeout(MAX_SECONDS):
        doomed = asyncio.create_task(caller.call_tool("wait"))
        held = asyncio.create_task(caller.call_tool("hold", {"number": 7, "together": 1}))
        await journal.started.wait()
        await journal.all_holding.wait()
        doomed.cancel()
        await journal.cancelled.wait()
        journal.gates[7].set()
        assert (await held)["content"][0]["text"] == "7"


async def test_a_call_that_is_cancelled_before_it_was_sent_leaves_nothing_behind(
    connect: Connect,
) -> None:
    async with connect() as caller, asyncio.timeout(MAX_SECONDS):
        call = asyncio.create_task(caller.call_tool("add", {"a": 1, "b": 1}))
        call.cancel()
        await asyncio.wait({call})
        assert call.cancelled()
        assert (await caller.call_tool("add", {"a": 1, "b": 2}))["structuredContent"]
