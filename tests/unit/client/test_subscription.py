"""A subscription by hand: acknowledged first, bounded, ended once."""

from __future__ import annotations

import pytest

from mcpgrpc.client.listening import (
    ACKNOWLEDGED_METHOD,
    MAX_WAITING_EVENTS,
    Notification,
    Subscription,
    wanted_changes,
)
from mcpgrpc.errors import ConnectionLost, McpGrpcError

EVENT = Notification("notifications/tools/list_changed", {})


async def test_events_come_in_order_and_the_acknowledgement_is_none() -> None:
    subscription = Subscription()
    other = Notification("notifications/resources/updated", {"uri": "x:"})
    for event in (Notification(ACKNOWLEDGED_METHOD, {}), EVENT, other):
        subscription.deliver(event)
    await subscription.wait_acknowledged(1)
    subscription.end(None)
    assert [event async for event in subscription] == [EVENT, other]


async def test_what_arrived_before_a_loss_is_still_read() -> None:
    subscription = Subscription()
    subscription.deliver(EVENT)
    subscription.end(ConnectionLost("gone", execution="MAYBE"))
    assert await anext(subscription) == EVENT
    with pytest.raises(ConnectionLost, match="gone"):
        await anext(subscription)


async def test_a_reader_that_falls_too_far_behind_is_told() -> None:
    subscription = Subscription()
    for _ in range(MAX_WAITING_EVENTS + 10):
        subscription.deliver(EVENT)
    read = [await anext(subscription) for _ in range(MAX_WAITING_EVENTS)]
    assert read == [EVENT] * MAX_WAITING_EVENTS
    with pytest.raises(McpGrpcError, match="listen again"):
        await anext(subscription)


async def test_one_that_ends_before_it_is_acknowledged_says_why() -> None:
    refused = Subscription()
    refused.end(ConnectionLost("gone", execution="MAYBE"))
    with pytest.raises(ConnectionLost):
        await refused.wait_acknowledged(1)
    closed = Subscription()
    closed.end(None)
    with pytest.raises(McpGrpcError, match="closed the subscription at once"):
        await closed.wait_acknowledged(1)


def test_a_filter_names_only_what_is_wanted() -> None:
    assert wanted_changes(True, False, False, ()) == {"toolsListChanged": True}
    assert wanted_changes(False, False, False, ["a:", "b:"]) == {
        "resourceSubscriptions": ["a:", "b:"]
    }
