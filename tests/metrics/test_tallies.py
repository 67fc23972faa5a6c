"""Figures: counted exactly, and given as Prometheus reads them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.openmetrics.exposition import generate_latest as openmetrics
from prometheus_client.registry import Collector

from mcpgrpc_server.metrics.tallies import (
    SECONDS_BOUNDS,
    AskedGauge,
    Counter,
    Figure,
    Gauge,
    Histogram,
    Labels,
)
from tests.metrics.scraped import parsed


class Collected(Collector):
    def __init__(self, figure: Figure) -> None:
        self.figure = figure

    def collect(self) -> list[Metric]:
        return [self.figure.family()]


def page(figure: Figure) -> str:
    registry = CollectorRegistry()
    registry.register(Collected(figure))
    text: str = openmetrics(registry).decode()  # type: ignore[no-untyped-call]
    assert parsed(text)
    return text


def test_a_counter_adds_up_by_its_labels() -> None:
    counter = Counter("calls", "Calls", ("kind",))
    counter.add(("good",))
    counter.add(("good",), 2)
    counter.add(("bad",))
    text = page(counter)
    assert 'calls_total{kind="good"} 3.0' in text
    assert 'calls_total{kind="bad"} 1.0' in text


@pytest.mark.parametrize("kind", [Counter, Gauge])
def test_without_labels_there_is_a_sample_from_the_start(kind: type[Counter | Gauge]) -> None:
    text = page(kind("things", "Things"))
    assert "0.0" in text.splitlines()[2]


def test_with_labels_there_is_none_before_the_first() -> None:
    assert "calls_total{" not in page(Counter("calls", "Calls", ("kind",)))


def test_a_gauge_is_set_and_moved() -> None:
    gauge = Gauge("level", "Level", ("of",))
    gauge.set(5, ("a",))
    gauge.add(("a",), -2)
    assert 'level{of="a"} 3.0' in page(gauge)


def test_a_gauge_that_is_asked_is_asked_at_each_scrape() -> None:
    values: dict[Labels, float] = {("a",): 1.0}
    gauge = AskedGauge("level", "Level", ("of",), lambda: values)
    assert 'level{of="a"} 1.0' in page(gauge)
    values[("a",)] = 2.0
    assert 'level{of="a"} 2.0' in page(gauge)


def test_a_label_may_hold_any_text() -> None:
    counter = Counter("calls", "Calls", ("kind",))
    hostile = 'a"b\\c\nd{}=,ä \U0001f600'
    counter.add((hostile,))
    (family,) = parsed(page(counter))
    assert [each.labels["kind"] for each in family.samples] == [hostile]


@given(st.lists(st.floats(0, 120), max_size=50))
def test_a_histogram_counts_each_observation_in_every_bucket_that_holds_it(
    values: list[float],
) -> None:
    histogram = Histogram("took_seconds", "Took")
    for value in values:
        histogram.observe(value)
    family = histogram.family()
    found = {each.labels.get("le", each.name): each.value for each in family.samples}
    for bound in SECONDS_BOUNDS if values else ():
        assert found[str(bound)] == sum(value <= bound for value in values)
    if values:
        assert found["+Inf"] == found["took_seconds_count"] == len(values)
        assert found["took_seconds_sum"] == pytest.approx(sum(values))


def test_the_buckets_reach_from_100_microseconds_to_a_minute() -> None:
    assert SECONDS_BOUNDS[0] == 100e-6
    assert SECONDS_BOUNDS[-1] == 60
    assert list(SECONDS_BOUNDS) == sorted(set(SECONDS_BOUNDS))


def test_the_exemplar_of_a_bucket_is_its_latest_trace() -> None:
    histogram = Histogram("took_seconds", "Took")
    histogram.observe(0.002, trace_id="a" * 32)
    histogram.observe(0.002, trace_id="b" * 32)
    histogram.observe(3, trace_id="c" * 32)
    (family,) = parsed(page(histogram))
    traces = [each.exemplar.labels["trace_id"] for each in family.samples if each.exemplar]
    assert traces == ["b" * 32, "c" * 32]


def test_the_older_format_is_written_as_well() -> None:
    registry = CollectorRegistry()
    registry.register(Collected(Histogram("took_seconds", "Took")))
    assert b"# TYPE took_seconds histogram" in generate_latest(registry)
