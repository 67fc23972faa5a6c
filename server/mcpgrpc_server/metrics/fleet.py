"""The figures of a server's fleet, read where it counts them at each scrape.

It counts nothing, and knows no Redis.
"""

from __future__ import annotations

from collections.abc import Callable

from mcpgrpc_server.fleet.counts import FleetCounts
from mcpgrpc_server.metrics.tallies import AskedCounter, AskedGauge, Figure, Labels


def fleet_figures(counts: FleetCounts) -> tuple[Figure, ...]:
    """What can be seen of a membership: in touch or not, keys, and changes by what became of them.

    Args:
        counts: where they stand; read from any thread.
    """
    return (
        AskedGauge(
            "mcpgrpc_fleet_connected",
            "1 while this server is in touch with its fleet through Redis",
            (),
            _alone(lambda: counts.is_connected),
        ),
        AskedGauge(
            "mcpgrpc_fleet_state_keys",
            "Keys of the ring in Redis that open states here",
            (),
            _alone(lambda: counts.keys),
        ),
        AskedCounter(
            "mcpgrpc_fleet_lost",
            "How often Redis was lost, or could not be reached at first",
            (),
            _alone(lambda: counts.times_away),
        ),
        AskedCounter(
            "mcpgrpc_fleet_resyncs",
            "How often listeners were told that everything may have changed",
            (),
            _alone(lambda: counts.resynchronised),
        ),
        AskedCounter(
            "mcpgrpc_fleet_changes",
            "Changes that the app published, or that came from other servers",
            ("what",),
            lambda: {
                ("published",): counts.published,
                ("received",): counts.received,
                ("too_large",): counts.too_large,
                ("unreadable",): counts.unreadable,
            },
        ),
    )


def _alone(ask: Callable[[], int]) -> Callable[[], dict[Labels, float]]:
    return lambda: {(): ask()}
