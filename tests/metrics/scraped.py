"""A page of metrics, fetched over HTTP and read by Prometheus' own parser.

It is no client of the service.
"""

from __future__ import annotations

import asyncio
import http.client
from dataclasses import dataclass
from typing import Final

from prometheus_client.core import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

OPENMETRICS: Final = "application/openmetrics-text; version=1.0.0"
MAX_SECONDS: Final = 20.0


@dataclass(frozen=True, slots=True)
class Page:
    """The samples of one scrape."""

    samples: tuple[Sample, ...]

    def series(self, name: str, *labels: str) -> dict[tuple[str, ...], float]:
        """The values of a metric, added up over every label that is not named."""
        found: dict[tuple[str, ...], float] = {}
        for sample in self.samples:
            if sample.name == name:
                key = tuple(sample.labels[label] for label in labels)
                found[key] = found.get(key, 0) + sample.value
        return found

    def value(self, name: str, **labels: str) -> float:
        """The sum of a metric's samples that have these labels."""
        wanted = labels.items()
        return sum(
            each.value
            for each in self.samples
            if each.name == name and wanted <= each.labels.items()
        )

    def names(self) -> set[str]:
        """Every name of a sample."""
        return {sample.name for sample in self.samples}


def _fetched(address: str, path: str, accept: str) -> tuple[int, str, str]:
    host, _, port = address.rpartition(":")
    connection = http.client.HTTPConnection(host.strip("[]"), int(port), timeout=MAX_SECONDS)
    try:
        connection.request("GET", path, headers={"Accept": accept})
        answer = connection.getresponse()
        return answer.status, answer.getheader("content-type", ""), answer.read().decode()
    finally:
        connection.close()


async def fetched(address: str, accept: str = OPENMETRICS) -> tuple[int, str, str]:
    """Status, content type and text of the page."""
    return await asyncio.to_thread(_fetched, address, "/metrics", accept)


async def scraped(address: str) -> Page:
    """The page as it is now; what is no OpenMetrics raises."""
    status, _, text = await fetched(address)
    assert status == 200, text
    return Page(tuple(sample for family in parsed(text) for sample in family.samples))


def parsed(text: str) -> list[Metric]:
    """The families of a page in OpenMetrics' text."""
    return list(text_string_to_metric_families(text))  # type: ignore[no-untyped-call]
