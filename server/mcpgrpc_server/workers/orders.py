"""What a worker is told at its start: everything, so that every worker is told the same.

It travels over the private pair of sockets and never in arguments or the environment, where other
processes and the worker's children would read it: settings hold secrets.
"""

from __future__ import annotations

import pickle
import sys
from dataclasses import dataclass, field

from mcpgrpc_server.settings import ServerSettings


@dataclass(frozen=True, slots=True)
class Orders:
    """The start of one worker.

    Attributes:
        number: 1 to the number of workers; a replacement has its predecessor's.
        app: the APP of the command; None where the settings name upstreams alone.
        settings: as in force in the supervisor, with the ports that it holds.
        command: what the reader of the banner types for this program.
        sealing_key: what all workers of this start seal with.
        search_path: where the supervisor finds modules.
    """

    number: int
    app: str | None
    settings: ServerSettings
    command: str
    sealing_key: bytes = field(repr=False)
    search_path: tuple[str, ...] = field(default_factory=lambda: tuple(sys.path))

    def packed(self) -> bytes:
        """For the worker, whose own supervisor packs it: nobody else writes into that pair."""
        return pickle.dumps(self)


def unpacked(payload: bytes) -> Orders:
    """What the supervisor packed."""
    orders = pickle.loads(payload)  # noqa: S301 - written by the process that started this one
    assert isinstance(orders, Orders)
    return orders
