"""Whether a backend can serve now, and who hears when that changes.

It does not find out by itself: the backend says so, and health follows.
"""

from __future__ import annotations

from collections.abc import Callable


class Availability:
    """A switch that tells its watchers when it turns; belongs to one event loop.

    Args:
        serving: what holds until `set` is called.
    """

    def __init__(self, *, serving: bool) -> None:
        self._serving = serving
        self._watchers: list[Callable[[bool], None]] = []

    @property
    def serving(self) -> bool:
        """Whether requests can be answered now."""
        return self._serving

    def set(self, *, serving: bool) -> None:
        """Say that the backend can serve, or that it cannot; watchers hear of changes alone."""
        if serving == self._serving:
            return
        self._serving = serving
        for changed in tuple(self._watchers):
            changed(serving)

    def watch(self, changed: Callable[[bool], None]) -> None:
        """Call `changed` at every change from now on; it must not block."""
        self._watchers.append(changed)
