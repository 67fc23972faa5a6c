"""What a server tells while it works: progress, log messages, changes."""

from __future__ import annotations

import pytest

from tests.contract.caller import Hooks, refusal
from tests.contract.conftest import Connect
from tests.contract.features import NOTES_URI

CHANGED = "notifications/tools/list_changed"
UPDATED = ("notifications/resources/updated", {"uri": NOTES_URI})


async def test_progress_arrives_in_order_and_before_the_result(connect: Connect) -> None:
    reports: list[tuple[float, float | None, str | None]] = []
    async with connect() as caller:
        await caller.call_tool(
            "steps", {"total": 20}, on_progress=lambda *report: reports.append(report)
        )
        assert reports == [(step, 20, f"step {step}") for step in range(1, 21)]


async def test_progress_that_nobody_asked_for_is_not_sent(connect: Connect) -> None:
    hooks = Hooks()
    async with connect(hooks) as caller:
        await caller.call_tool("steps", {"total": 3})
    assert hooks.notifications == []


@pytest.mark.eras("modern")
async def test_a_call_that_asks_for_log_messages_gets_those_of_its_level(connect: Connect) -> None:
    hooks = Hooks(log_level="info")
    async with connect(hooks) as caller:
        await caller.call_tool("log", {"text": "low disk"})
        heard = [
            (method, params["level"], params["data"], params["logger"])
            for method, params in hooks.notifications
        ]
    assert heard == [("notifications/message", "warning", "low disk", "contract")]


@pytest.mark.eras("modern")
async def test_a_call_that_does_not_ask_gets_no_log_messages(connect: Connect) -> None:
    hooks = Hooks()
    async with connect(hooks) as caller:
        await caller.call_tool("log", {"text": "low disk"})
    assert hooks.notifications == []


@pytest.mark.eras("legacy")
async def test_a_legacy_client_gets_every_log_message(connect: Connect) -> None:
    hooks = Hooks()
    async with connect(hooks) as caller:
        await caller.call_tool("log", {"text": "low disk"})
        levels = [params["level"] for _, params in hooks.notifications]
    assert levels == ["debug", "warning"]


@pytest.mark.eras("legacy")
async def test_a_legacy_client_hears_of_changes_on_its_session(connect: Connect) -> None:
    hooks = Hooks()
    async with connect(hooks) as caller:
        await caller.call_tool("announce")
        # What belongs to the session may follow the result; a ping comes behind it.
        await caller.request("ping")
    assert [method for method, _ in hooks.notifications] == [CHANGED, UPDATED[0]]
    assert hooks.notifications[1][1]["uri"] == NOTES_URI


@pytest.mark.eras("modern")
async def test_a_subscription_hears_what_it_asked_for_once_acknowledged(connect: Connect) -> None:
    async with (
        connect() as caller,
        caller.listen(tools=True, resource_uris=(NOTES_URI,)) as events,
    ):
        await caller.call_tool("announce")
        heard = [await events.next(), await events.next()]
    assert heard == [(CHANGED, {}), UPDATED]


@pytest.mark.eras("modern")
async def test_a_subscription_does_not_hear_what_it_did_not_ask_for(connect: Connect) -> None:
    async with (
        connect() as caller,
        caller.listen(resource_uris=(NOTES_URI,)) as first,
        caller.listen(tools=True) as second,
    ):
        await caller.call_tool("announce")
        await caller.call_tool("announce")
        assert await first.next() == UPDATED
        assert await second.next() == (CHANGED, {})


@pytest.mark.eras("modern")
async def test_calls_go_on_beside_a_subscription_and_after_it(connect: Connect) -> None:
    async with connect() as caller:
        async with caller.listen(tools=True):
            assert (await caller.call_tool("add", {"a": 1, "b": 1}))["structuredContent"]
        async with caller.listen(tools=True) as again:
            await caller.call_tool("announce")
            assert await again.next() == (CHANGED, {})


@pytest.mark.eras("legacy")
async def test_a_legacy_session_has_no_subscriptions(connect: Connect) -> None:
    async with connect() as caller:
        error = await refusal(caller.request("subscriptions/listen", {"notifications": {}}))
    assert error.code == -32601
