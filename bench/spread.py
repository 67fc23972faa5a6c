"""Medians, ranges and percentiles of repeated figures, and ratios of figures taken in turn.

It measures nothing and words nothing.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Spread:
    """What repeats of one figure say.

    Attributes:
        median: what is quoted.
        low: the lowest of the repeats.
        high: the highest.
        count: how many repeats there were.
    """

    median: float
    low: float
    high: float
    count: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Self:
        """The spread of at least one value.

        Raises:
            ValueError: there is none.
        """
        if not values:
            raise ValueError("no repeat came to its end")
        return cls(statistics.median(values), min(values), max(values), len(values))


def paired_ratios(these: Sequence[float | None], those: Sequence[float | None]) -> list[float]:
    """These over those, repeat by repeat: what slows the machine for a while slows both of a pair.

    A repeat that one of them did not finish (None) is left out, as is one beyond the shorter list.
    """
    return [
        this / that
        for this, that in zip(these, those, strict=False)
        if this is not None and that is not None and that > 0
    ]


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that `percent` of all do not exceed (nearest rank).

    Raises:
        ValueError: there is no value, or the percentage is not within 0 and 100.
    """
    if not values:
        raise ValueError("there is no value")
    if not 0 <= percent <= 100:
        raise ValueError(f"{percent} is no percentage")
    rank = math.ceil(len(values) * percent / 100)
    return sorted(values)[max(rank, 1) - 1]


def in_turn(names: Sequence[str], repeat: int) -> list[str]:
    """The order of a repeat: there and back, so that none always runs behind the same other.

    It begins with another one each time: at the start of a round a machine may be cooler.
    """
    first = (repeat // 2) % len(names) if names else 0
    order = [*names[first:], *names[:first]]
    return order if repeat % 2 == 0 else order[::-1]
