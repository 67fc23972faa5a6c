"""The garbage collector around a start: at rest while modules load, and blind to them afterwards.

It changes no threshold: what a request makes is collected as ever.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_at_rest() -> Iterator[None]:
    """Around imports of our own: what modules make stays, so looking through it is for nothing."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def freeze() -> None:
    """Take everything that is reachable now out of what the collector looks at, for good.

    Blocks for one full collection, a tenth of a second with the SDK: else the start's own garbage
    would stay as well.
    """
    gc.collect()
    gc.freeze()
