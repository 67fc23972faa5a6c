"""Counting on the way of every request: one lookup, and never a series for an invented name."""

from __future__ import annotations

import pytest

from mcpgrpc_server.metrics.request_series import RequestCounts, RequestDurations
from mcpgrpc_server.metrics.rpc_counter import RpcCounter
from mcpgrpc_server.metrics.tallies import ITEMS_BOUNDS, Counter, Histogram
from mcpgrpc_server.telemetry import Outcome


class Labels:
    """Says which labels a request has, and notes that it was asked."""

    def __init__(self) -> None:
        self.tools = {"add"}
        self.asked: list[str | None] = []

    def __call__(self, method: str, name: str | None) -> tuple[str, str, bool]:
        self.asked.append(name)
        return method, name if name in self.tools else "other", name in self.tools


@pytest.fixture
def labels() -> Labels:
    return Labels()


@pytest.fixture
def items() -> Histogram:
    return Histogram("items", "Items", ("direction",), ITEMS_BOUNDS)


@pytest.fixture
def counter(labels: Labels, items: Histogram) -> RpcCounter:
    return RpcCounter("Session", labels, items, Counter("bytes", "Bytes", ("direction",)))


def end(
    counter: RpcCounter,
    name: str,
    outcome: Outcome = Outcome.OK,
    era: str = "modern",
    trace_id: str = "",
) -> None:
    counter.request_began()
    counter.request_ended("tools/call", name, era, outcome, 0.002, trace_id)


def counted(counter: RpcCounter) -> dict[tuple[str, ...], float]:
    family = RequestCounts(counter.series.items).family()
    return {
        (sample.labels["tool"], sample.labels["era"], sample.labels["outcome"]): sample.value
        for sample in family.samples
    }


def test_requests_count_by_era_and_outcome(counter: RpcCounter) -> None:
    for outcome in (Outcome.OK, Outcome.OK, Outcome.ERROR):
        end(counter, "add", outcome)
    end(counter, "add", era="legacy")
    assert counted(counter) == {
        ("add", "modern", "ok"): 2,
        ("add", "modern", "error"): 1,
        ("add", "legacy", "ok"): 1,
    }
    assert counter.in_flight == 0


def test_durations_are_of_all_eras_together(counter: RpcCounter) -> None:
    end(counter, "add")
    end(counter, "add", Outcome.FAILED, era="legacy")
    samples = RequestDurations(counter.series.items).family().samples
    counts = [sample for sample in samples if sample.name.endswith("_count")]
    assert [(sample.labels["tool"], sample.value) for sample in counts] == [("add", 2)]


def test_a_request_that_runs_is_in_flight(counter: RpcCounter) -> None:
    counter.request_began()
    assert counter.in_flight == 1


def test_the_labels_of_a_known_tool_are_asked_for_once(counter: RpcCounter, labels: Labels) -> None:
    for _ in range(3):
        end(counter, "add")
    assert labels.asked == ["add"]


def test_invented_names_share_a_series_and_none_is_remembered(
    counter: RpcCounter, labels: Labels
) -> None:
    for number in range(1000):
        end(counter, f"invented {number}")
    assert counted(counter) == {("other", "modern", "ok"): 1000}
    assert len(labels.asked) == 1000


def test_a_tool_that_is_gone_has_no_series_of_its_own_any_more(
    counter: RpcCounter, labels: Labels
) -> None:
    end(counter, "add")
    labels.tools = set()
    counter.forget()
    end(counter, "add")
    assert counted(counter) == {("add", "modern", "ok"): 1, ("other", "modern", "ok"): 1}


def test_the_trace_of_a_request_is_the_exemplar_of_its_bucket(counter: RpcCounter) -> None:
    end(counter, "add", trace_id="4bf92f3577b34da6a3ce929d0e0e4736")
    samples = RequestDurations(counter.series.items).family().samples
    exemplars = {
        sample.labels["le"]: sample.exemplar for sample in samples if sample.exemplar is not None
    }
    assert [each.labels for each in exemplars.values()] == [
        {"trace_id": "4bf92f3577b34da6a3ce929d0e0e4736"}
    ]
    assert list(exemplars) == ["0.0025"]


def test_frames_count_by_their_direction(counter: RpcCounter, items: Histogram) -> None:
    counter.frame_received(3, 100)
    counter.frame_sent(1, 50)
    samples = items.family().samples
    sums = {
        sample.labels["direction"]: sample.value
        for sample in samples
        if sample.name.endswith("_sum")
    }
    assert sums == {"received": 3, "sent": 1}
