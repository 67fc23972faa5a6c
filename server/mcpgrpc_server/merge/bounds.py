"""What bounds a merged server: its waits, its catalogues, how often members are asked for lists.

It holds no bound of a stream; `mcpgrpc_server.host` does.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MergeBounds:
    """The bounds of a merged server.

    Attributes:
        list_timeout_seconds: how long a member may take for its lists, for `server/discover` and to
            acknowledge a subscription. One that takes longer is left out as if it were down.
        initialize_timeout_seconds: the same for `initialize`, during which a stream reads nothing;
            below the minute that the stream itself allows.
        initialize_retry_seconds: how soon a member that did not answer `initialize` is asked again
            in the same session.
        catalogue_seconds: for how long what a member listed is taken as current, where it names no
            longer time to live. Names that are known are routed without waiting for a renewal.
        max_catalogue_seconds: the longest time to live that a member can ask for.
        max_catalogues: catalogues of the modern era kept at once, and callers whose last known
            names are kept; those unused for longest go first.
        max_pages: pages of one list of one member that are read.
        max_items: items of one list of one member that are remembered.
        renewal_burst: renewals that unknown names can cause at once, for each list of a catalogue.
        renewals_per_second: how fast that allowance comes back.
        close_timeout_seconds: how long a client that left may keep members busy.
    """

    list_timeout_seconds: float = 5.0
    initialize_timeout_seconds: float = 30.0
    initialize_retry_seconds: float = 30.0
    catalogue_seconds: float = 10.0
    max_catalogue_seconds: float = 300.0
    max_catalogues: int = 256
    max_pages: int = 100
    max_items: int = 10_000
    renewal_burst: int = 8
    renewals_per_second: float = 1.0
    close_timeout_seconds: float = 5.0
