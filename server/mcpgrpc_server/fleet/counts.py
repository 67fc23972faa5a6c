"""What happened between this server and its fleet, counted for whoever shows it.

It has no names of metrics and no page.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class FleetCounts:
    """Counts since the start, of one event loop; read from any thread.

    Attributes:
        is_connected: 1 while Redis answers.
        times_away: how often it was lost, or could not be reached at first.
        published: changes of this server that Redis took.
        received: changes of other servers.
        unreadable: messages on the channel that are none of this format.
        too_large: changes that no message may hold, known here alone.
        resynchronised: how often listeners were told that everything may have changed.
        keys: of the ring in Redis that this server opens states with.
    """

    is_connected: int = 0
    times_away: int = 0
    published: int = 0
    received: int = 0
    unreadable: int = 0
    too_large: int = 0
    resynchronised: int = 0
    keys: int = 0
